//! `af log`: the commits of a file.

use std::process::ExitCode;

use anyhow::Result;
use array_format::history::Kind;
use serde::Serialize;

use crate::open::Source;
use crate::times;
use crate::ui::table::Table;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// At most so many, the newest first
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Entry {
    commit: u64,
    time: String,
    writer: String,
    message: String,
    kind: String,
    arrays: u64,
    frames: u64,
    bytes: u64,
    layer_bytes: u64,
    retained: bool,
    tags: Vec<String>,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let file = args.source.open().await?;
    let log = file.log().await?;
    let shown = log.into_iter().take(args.limit.unwrap_or(usize::MAX));
    let entries: Vec<(i64, Entry)> = shown
        .map(|commit| {
            let entry = Entry {
                commit: commit.sequence,
                time: times::text(commit.time.0),
                writer: commit.writer,
                message: commit.message,
                kind: match commit.kind {
                    Kind::Merge { from } => format!("merge from {from}"),
                    Kind::Restore { of } => format!("restore of {of}"),
                    _ => "commit".to_owned(),
                },
                arrays: commit.arrays,
                frames: commit.frames,
                bytes: commit.bytes,
                layer_bytes: commit.layer_bytes,
                retained: commit.retained,
                tags: commit.tags,
            };
            (commit.time.0, entry)
        })
        .collect();
    if ui.json {
        let entries: Vec<&Entry> = entries.iter().map(|(_, entry)| entry).collect();
        ui.print_json(&entries)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&[
        ">commit",
        "time (UTC)",
        "writer",
        "what",
        ">arrays",
        ">frames",
        ">bytes",
        "kept",
        "message",
    ]);
    for (time, entry) in &entries {
        let tags = entry.tags.iter().map(|tag| format!("[{tag}] "));
        table.row([
            entry.commit.to_string(),
            times::short(*time),
            entry.writer.chars().take(8).collect(),
            entry.kind.clone(),
            numbers::count(entry.arrays),
            numbers::count(entry.frames),
            numbers::bytes(entry.layer_bytes),
            if entry.retained { "yes" } else { "no" }.to_owned(),
            format!("{}{}", tags.collect::<String>(), entry.message),
        ]);
    }
    ui.table(&table)?;
    Ok(ExitCode::SUCCESS)
}
