//! `af stats`: statistics of arrays, and of their chunks.

use std::process::ExitCode;

use anyhow::Result;
use array_format::array::ArrayMeta;
use array_format::{ArrayFile, DType, StatValue};
use serde::Serialize;

use crate::cells::{Cell, bound, statistic};
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

/// A chunk of which something was written.
#[derive(Debug, Serialize)]
pub struct ChunkEntry {
    name: String,
    chunk: Vec<u64>,
    min: Option<Cell>,
    max: Option<Cell>,
    valid: u64,
    nan: u64,
    stored: u64,
}

impl ChunkEntry {
    pub const HEADINGS: [&str; 6] = ["chunk", ">min", ">max", ">valid", ">NaN", ">stored"];

    /// Those of an array.
    pub async fn all(file: &ArrayFile, meta: &ArrayMeta) -> Result<Vec<Self>> {
        let chunks = file.chunks(&meta.name).await?.into_iter();
        let entries = chunks.map(|chunk| Self {
            name: meta.name.clone(),
            min: cell(&meta.dtype, chunk.stats.min.as_ref()),
            max: cell(&meta.dtype, chunk.stats.max.as_ref()),
            valid: chunk.stats.valid,
            nan: chunk.stats.nan,
            stored: chunk.frames.iter().map(|frame| frame.length).sum(),
            chunk: chunk.coordinates,
        });
        Ok(entries.collect())
    }

    /// What stands under the headings.
    pub fn row(&self) -> [String; 6] {
        [
            format!("{:?}", self.chunk),
            bound(self.min.as_ref()),
            bound(self.max.as_ref()),
            numbers::count(self.valid),
            numbers::count(self.nan),
            numbers::bytes(self.stored),
        ]
    }
}

fn cell(dtype: &DType, value: Option<&StatValue>) -> Option<Cell> {
    value.map(|value| statistic(dtype, value))
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let file = args.source.open().await?;
    let arrays = args.pick.of(&file)?;
    if args.chunks {
        let mut entries = Vec::new();
        for meta in arrays {
            entries.extend(ChunkEntry::all(&file, meta).await?);
        }
        if ui.json {
            ui.print_json(&entries)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = Table::new(&[&["array"], &ChunkEntry::HEADINGS[..]].concat());
        for entry in &entries {
            table.row([entry.name.clone()].into_iter().chain(entry.row()));
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
                min: cell(&meta.dtype, stats.and_then(|s| s.min.as_ref())),
                max: cell(&meta.dtype, stats.and_then(|s| s.max.as_ref())),
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
            bound(entry.min.as_ref()),
            bound(entry.max.as_ref()),
            numbers::count(entry.nulls),
            numbers::count(entry.elements),
        ]);
    }
    ui.table(&table)?;
    Ok(ExitCode::SUCCESS)
}
