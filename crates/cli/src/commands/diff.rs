//! `af diff`: what differs between two states of a file, or between two files.

use std::process::ExitCode;

use anyhow::Result;
use array_format::At;
use array_format::history::{AttributeDiff, Change, DiffOptions};
use serde::Serialize;

use crate::attributes;
use crate::cells::Cell;
use crate::failure::{FAILED, usage};
use crate::open;
use crate::times;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file of the first state
    a: String,
    /// The other file; without it, two states of the first one are compared
    b: Option<String>,
    /// The first state, by commit number, time or tag; by default the newest, or, of one file, the
    /// one before the newest
    #[arg(long, value_name = "N|TIME|TAG", value_parser = times::parse_at)]
    from: Option<At>,
    /// The second state; by default the newest
    #[arg(long, value_name = "N|TIME|TAG", value_parser = times::parse_at)]
    to: Option<At>,
    /// Compare elements where stored bytes differ, and count those that differ
    #[arg(long)]
    values: bool,
}

#[derive(Serialize)]
struct Report {
    same: bool,
    arrays: Vec<ArrayEntry>,
    attributes: Vec<AttributeEntry>,
}

#[derive(Serialize)]
struct ArrayEntry {
    name: String,
    change: &'static str,
    chunks: Vec<ChunkEntry>,
    attributes: Vec<AttributeEntry>,
}

#[derive(Serialize)]
struct ChunkEntry {
    chunk: Vec<u64>,
    elements: Option<u64>,
}

#[derive(Serialize)]
struct AttributeEntry {
    key: String,
    before: Option<Cell>,
    after: Option<Cell>,
}

impl From<AttributeDiff> for AttributeEntry {
    fn from(diff: AttributeDiff) -> Self {
        Self {
            key: diff.key,
            before: diff.before.as_ref().map(attributes::cell),
            after: diff.after.as_ref().map(attributes::cell),
        }
    }
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    // 1 means that they differ: whatever fails is 2, as with diff and h5diff.
    match compare(&args, ui).await {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::from(FAILED)),
        Err(error) => {
            Err(error.context(crate::failure::Usage(format!("cannot compare {}", args.a))))
        }
    }
}

async fn compare(args: &Args, ui: &mut Ui) -> Result<bool> {
    let first = open::open(&args.a).await?;
    let second = match &args.b {
        Some(file) => open::open(file).await?,
        None => open::open(&args.a).await?,
    };
    let from = match (&args.from, &args.b) {
        (Some(at), _) => Some(at.clone()),
        (None, Some(_)) => None,
        (None, None) => {
            // The state before the newest that is still there.
            let log = first.log().await?;
            let before = log.iter().skip(1).find(|commit| commit.retained);
            let before = before.ok_or_else(|| {
                usage(format!("{}: no older state is kept; see `af log`", args.a))
            })?;
            Some(At::Commit(before.sequence))
        }
    };
    let first = match from {
        Some(at) => first.at(at).await?,
        None => first,
    };
    let second = match &args.to {
        Some(at) => second.at(at.clone()).await?,
        None => second,
    };
    let mut options = DiffOptions::default();
    options.values = args.values;
    let diff = first.diff(&second, options).await?;
    let report = Report {
        same: diff.is_empty(),
        arrays: diff
            .arrays
            .into_iter()
            .map(|array| ArrayEntry {
                name: array.name,
                change: match array.change {
                    Change::Added => "added",
                    Change::Removed => "removed",
                    Change::Redefined => "redefined",
                    _ => "changed",
                },
                chunks: array
                    .chunks
                    .into_iter()
                    .map(|chunk| ChunkEntry {
                        chunk: chunk.coordinates,
                        elements: chunk.elements,
                    })
                    .collect(),
                attributes: array.attributes.into_iter().map(Into::into).collect(),
            })
            .collect(),
        attributes: diff.attributes.into_iter().map(Into::into).collect(),
    };
    match ui.json {
        true => ui.print_json(&report)?,
        false => show(&report, ui)?,
    }
    Ok(report.same)
}

fn show(report: &Report, ui: &mut Ui) -> Result<()> {
    for attribute in &report.attributes {
        show_attribute("", attribute, ui)?;
    }
    for array in &report.arrays {
        let sign = match array.change {
            "added" => '+',
            "removed" => '-',
            _ => '~',
        };
        let mut line = format!("{sign} {}", array.name);
        if sign == '~' {
            line += &format!("  {}", array.change);
        }
        if !array.chunks.is_empty() {
            line += &format!(", {}", numbers::many(array.chunks.len() as u64, "chunk"));
            if array.chunks.iter().all(|chunk| chunk.elements.is_some()) {
                let elements = array.chunks.iter().filter_map(|chunk| chunk.elements).sum();
                line += &format!(", {}", numbers::many(elements, "element"));
            }
        }
        ui.line(line)?;
        for attribute in &array.attributes {
            show_attribute("    ", attribute, ui)?;
        }
    }
    Ok(())
}

fn show_attribute(indent: &str, attribute: &AttributeEntry, ui: &mut Ui) -> Result<()> {
    let key = &attribute.key;
    match (&attribute.before, &attribute.after) {
        (None, Some(after)) => ui.line(format!("{indent}+ {key}: {after}")),
        (Some(before), None) => ui.line(format!("{indent}- {key}: {before}")),
        (Some(before), Some(after)) => ui.line(format!("{indent}~ {key}: {before} → {after}")),
        (None, None) => Ok(()),
    }
}
