//! `af restore`: an older state as the newest one.

use std::process::ExitCode;

use anyhow::Result;
use array_format::At;
use serde::Serialize;

use crate::open;
use crate::times;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file: a path or URL
    file: String,
    /// The state, by commit number, time or tag; `af log FILE` lists them
    #[arg(value_name = "N|TIME|TAG", value_parser = times::parse_at)]
    at: At,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Report {
    commit: u64,
    arrays_changed: usize,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let mut file = open::open_to_write(&args.file, "").await?;
    let before = file.at(args.at.clone()).await?;
    let diff = file.diff(&before, Default::default()).await?;
    drop(before);
    if !args.dry_run {
        file.restore(args.at.clone()).await?;
    }
    let report = Report {
        commit: file.sequence(),
        arrays_changed: diff.arrays.len(),
    };
    if ui.json {
        ui.print_json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let arrays = numbers::many(report.arrays_changed as u64, "array");
    ui.line(match args.dry_run {
        true => format!("{} would change {arrays}; `af diff` says which", args.at),
        false => format!(
            "commit {}: {} again, {arrays} changed",
            report.commit, args.at
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}
