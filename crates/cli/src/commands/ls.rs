//! `af ls`: the arrays of a file.

use std::process::ExitCode;

use anyhow::Result;
use array_format::array::ArrayMeta;
use array_format::{ArrayFile, StatValue};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::attributes;
use crate::cells::{Cell, bound, dtype_name, statistic};
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
    /// Dimensions, fill values, statistics and attributes, too
    #[arg(long, short)]
    long: bool,
    /// As a tree, by `/` in names
    #[arg(long, conflicts_with_all = ["long", "json"])]
    tree: bool,
}

/// An array.
#[derive(Serialize)]
pub struct Entry {
    pub name: String,
    pub dtype: String,
    pub shape: Vec<u64>,
    pub chunks: Vec<u64>,
    pub dimensions: Vec<String>,
    pub fill: Option<String>,
    pub codec: String,
    /// Bytes of its elements, of those of variable width as far as they are written.
    pub bytes: u64,
    pub stored: u64,
    pub min: Option<Cell>,
    pub max: Option<Cell>,
    pub nulls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Map<String, Value>>,
}

impl Entry {
    pub async fn new(file: &ArrayFile, meta: &ArrayMeta, long: bool) -> Result<Self> {
        let (mut raw, mut stored) = (0, 0);
        for block in file.blocks(&meta.name).await? {
            raw += block.raw_length;
            stored += block.length;
        }
        let width = meta.dtype.element_size().map(|width| width as u64);
        let stats = file.array_stats(&meta.name);
        let bound = |value: Option<&StatValue>| value.map(|value| statistic(&meta.dtype, value));
        let attributes = match long {
            false => None,
            true => Some(attribute_map(file.attributes(&meta.name)?)),
        };
        Ok(Self {
            name: meta.name.clone(),
            dtype: dtype_name(&meta.dtype),
            shape: meta.shape.clone(),
            chunks: meta.chunk_shape.clone(),
            dimensions: meta.dimension_names.clone(),
            fill: meta.fill_value.as_ref().map(ToString::to_string),
            codec: meta.pipeline.to_string(),
            bytes: width.map_or(raw, |width| meta.elements().saturating_mul(width)),
            stored,
            min: bound(stats.and_then(|s| s.min.as_ref())),
            max: bound(stats.and_then(|s| s.max.as_ref())),
            nulls: stats.map(|s| s.null_count),
            attributes,
        })
    }
}

/// Attributes as a JSON object.
pub fn attribute_map(
    attributes: Vec<(String, &array_format::AttributeValue)>,
) -> Map<String, Value> {
    let json = |value| serde_json::to_value(attributes::cell(value)).unwrap_or_default();
    attributes
        .into_iter()
        .map(|(key, value)| (key, json(value)))
        .collect()
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let file = args.source.open().await?;
    let arrays = args.pick.of(&file)?;
    if args.tree {
        tree(&arrays, ui)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut entries = Vec::with_capacity(arrays.len());
    for meta in arrays {
        entries.push(Entry::new(&file, meta, args.long || ui.json).await?);
    }
    if ui.json {
        ui.print_json(&entries)?;
    } else if args.long {
        entries.iter().try_for_each(|entry| long(entry, ui))?;
    } else {
        short(&entries, ui)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn short(entries: &[Entry], ui: &mut Ui) -> Result<()> {
    let mut table = Table::new(&[
        "array", "dtype", ">shape", ">chunks", "codec", ">stored", ">ratio",
    ]);
    for entry in entries {
        table.row([
            entry.name.clone(),
            entry.dtype.clone(),
            numbers::extents(&entry.shape),
            numbers::extents(&entry.chunks),
            entry.codec.clone(),
            numbers::bytes(entry.stored),
            numbers::ratio(entry.bytes, entry.stored),
        ]);
    }
    ui.table(&table)?;
    let sum = |of: fn(&Entry) -> u64| entries.iter().map(of).fold(0, u64::saturating_add);
    ui.note(format!(
        "{}, {} stored as {}",
        numbers::many(entries.len() as u64, "array"),
        numbers::bytes(sum(|e| e.bytes)),
        numbers::bytes(sum(|e| e.stored))
    ));
    Ok(())
}

fn long(entry: &Entry, ui: &mut Ui) -> Result<()> {
    let (bold, dim) = (ui.bold(), ui.dim());
    let axes: Vec<String> = entry
        .dimensions
        .iter()
        .zip(&entry.shape)
        .map(|(name, extent)| format!("{name} = {extent}"))
        .collect();
    ui.line(format!(
        "{bold}{}{bold:#}  {}({})",
        entry.name,
        entry.dtype,
        axes.join(", ")
    ))?;
    ui.line(format!(
        "    {dim}chunks{dim:#} {}  {dim}codec{dim:#} {}  {dim}stored{dim:#} {} of {}, ratio {}",
        numbers::extents(&entry.chunks),
        entry.codec,
        numbers::bytes(entry.stored),
        numbers::bytes(entry.bytes),
        numbers::ratio(entry.bytes, entry.stored),
    ))?;
    let mut line = format!(
        "    {dim}min{dim:#} {}  {dim}max{dim:#} {}",
        bound(entry.min.as_ref()),
        bound(entry.max.as_ref())
    );
    if let Some(nulls) = entry.nulls {
        line += &format!("  {dim}nulls{dim:#} {}", numbers::count(nulls));
    }
    if let Some(fill) = &entry.fill {
        line += &format!("  {dim}fill{dim:#} {fill}");
    }
    ui.line(line)?;
    for (key, value) in entry.attributes.iter().flatten() {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        ui.line(format!("    {key}: {value}"))?;
    }
    Ok(())
}

/// The arrays by the folders in their names.
fn tree(arrays: &[&ArrayMeta], ui: &mut Ui) -> Result<()> {
    #[derive(Default)]
    struct Folder<'a> {
        folders: Vec<(&'a str, Folder<'a>)>,
        arrays: Vec<(&'a str, &'a ArrayMeta)>,
    }
    let mut root = Folder::default();
    for meta in arrays {
        let mut folder = &mut root;
        let mut rest = meta.name.as_str();
        while let Some((name, below)) = rest.split_once('/') {
            let at = folder.folders.iter().position(|(other, _)| *other == name);
            let at = at.unwrap_or_else(|| {
                folder.folders.push((name, Folder::default()));
                folder.folders.len() - 1
            });
            folder = &mut folder.folders[at].1;
            rest = below;
        }
        folder.arrays.push((rest, meta));
    }
    fn show(folder: &Folder<'_>, indent: &str, ui: &mut Ui) -> Result<()> {
        let dim = ui.dim();
        let n = folder.folders.len() + folder.arrays.len();
        let branch = |i: usize| {
            if i + 1 == n {
                ("└── ", "    ")
            } else {
                ("├── ", "│   ")
            }
        };
        for (i, (name, meta)) in folder.arrays.iter().enumerate() {
            ui.line(format!(
                "{indent}{}{name}  {dim}{} {}{dim:#}",
                branch(i).0,
                dtype_name(&meta.dtype),
                numbers::extents(&meta.shape)
            ))?;
        }
        for (i, (name, below)) in folder.folders.iter().enumerate() {
            let (line, more) = branch(folder.arrays.len() + i);
            ui.line(format!("{indent}{line}{name}/"))?;
            show(below, &format!("{indent}{more}"), ui)?;
        }
        Ok(())
    }
    show(&root, "", ui)
}
