//! `af stats`: statistics of arrays, and of their chunks.

use std::process::ExitCode;

use anyhow::Result;
use array_format::{DType, StatValue};
use serde::Serialize;

use crate::cells::{Cell, statistic};
use crate::open::Source;
use crate::pick::Pick;
use crate::ui::table::Table;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    pick: Pick,
    /// Those of each chunk
    #[arg(long)]
    chunks: bool,
}

#[derive(Serialize)]
struct ArrayEntry {
    name: String,
    min: Option<Cell>,
    max: Option<Cell>,
    /// Elements that are the fill value or were never written.
    nulls: u64,
    elements: u64,
}

#[derive(Serialize)]
struct ChunkEntry {
    name: String,
    chunk: Vec<u64>,
    min: Option<Cell>,
    max: Option<Cell>,
    valid: u64,
    nan: u64,
    stored: u64,
}

fn bound(dtype: &DType, value: Option<&StatValue>) -> Option<Cell> {
    value.map(|value| statistic(dtype, value))
}

fn shown(cell: Option<&Cell>) -> String {
    cell.map_or_else(|| "–".to_owned(), Cell::to_string)
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let file = args.source.open().await?;
    let arrays = args.pick.of(&file)?;
    if args.chunks {
        let mut entries = Vec::new();
        for meta in arrays {
            for chunk in file.chunks(&meta.name).await? {
                entries.push(ChunkEntry {
                    name: meta.name.clone(),
                    min: bound(&meta.dtype, chunk.stats.min.as_ref()),
                    max: bound(&meta.dtype, chunk.stats.max.as_ref()),
                    valid: chunk.stats.valid,
                    nan: chunk.stats.nan,
                    stored: chunk.frames.iter().map(|frame| frame.length).sum(),
                    chunk: chunk.coordinates,
                });
            }
        }
        if ui.json {
            ui.print_json(&entries)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = Table::new(&[
            "array", "chunk", ">min", ">max", ">valid", ">NaN", ">stored",
        ]);
        for entry in &entries {
            table.row([
                entry.name.clone(),
                format!("{:?}", entry.chunk),
                shown(entry.min.as_ref()),
                shown(entry.max.as_ref()),
                numbers::count(entry.valid),
                numbers::count(entry.nan),
                numbers::bytes(entry.stored),
            ]);
        }
        ui.table(&table)?;
        return Ok(ExitCode::SUCCESS);
    }
    let entries: Vec<ArrayEntry> = arrays
        .iter()
        .map(|meta| {
            let stats = file.array_stats(&meta.name);
            ArrayEntry {
                name: meta.name.clone(),
                min: bound(&meta.dtype, stats.and_then(|s| s.min.as_ref())),
                max: bound(&meta.dtype, stats.and_then(|s| s.max.as_ref())),
                nulls: stats.map_or(0, |s| s.null_count),
                elements: meta.elements(),
            }
        })
        .collect();
    if ui.json {
        ui.print_json(&entries)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["array", ">min", ">max", ">nulls", ">elements"]);
    for entry in &entries {
        table.row([
            entry.name.clone(),
            shown(entry.min.as_ref()),
            shown(entry.max.as_ref()),
            numbers::count(entry.nulls),
            numbers::count(entry.elements),
        ]);
    }
    ui.table(&table)?;
    Ok(ExitCode::SUCCESS)
}
