//! `af compact`: all layers into one.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use array_format::{CompactOptions, Retention, Scope};
use serde::Serialize;

use crate::ui::{Ui, numbers};
use crate::{open, target};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file: a path or URL
    file: String,
    /// Say what compaction would give back, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Merge so many of the newest layers alone
    #[arg(long, value_name = "N")]
    newest: Option<usize>,
    /// Keep so many commits before the newest readable; tagged ones are kept anyway
    #[arg(long, value_name = "N", conflicts_with = "keep_days")]
    keep_commits: Option<usize>,
    /// Keep what was the newest state within so many days readable
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u64>,
}

#[derive(Serialize)]
struct Report {
    reclaimable_bytes: u64,
    layers: u64,
    merged: u64,
    copied_bytes: u64,
    promoted: bool,
    removed_objects: u64,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let mut file = open::open_to_write(&args.file, "").await?;
    let mut report = Report {
        reclaimable_bytes: file.reclaimable_bytes()?,
        layers: file.footer().layers,
        merged: 0,
        copied_bytes: 0,
        promoted: false,
        removed_objects: 0,
    };
    if !args.dry_run {
        let mut options = CompactOptions::default();
        options.scope = args.newest.map_or(Scope::All, Scope::Newest);
        options.retention = match (args.keep_commits, args.keep_days) {
            (Some(commits), _) => Some(Retention::commits(commits)),
            (None, Some(days)) => Some(Retention::age(Duration::from_secs(
                days.saturating_mul(86_400),
            ))),
            (None, None) => None,
        };
        let done = target::compact(&mut file, options, ui).await?;
        report.merged = done.merged;
        report.copied_bytes = done.copied;
        report.promoted = done.promoted;
        report.removed_objects = done.removed;
    }
    if ui.json {
        ui.print_json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let reclaimable = numbers::bytes(report.reclaimable_bytes);
    ui.line(match (args.dry_run, report.merged) {
        (true, _) => format!(
            "{}, {reclaimable} to give back",
            numbers::many(report.layers, "layer")
        ),
        (false, 0) => "nothing to merge".to_owned(),
        (false, merged) => format!(
            "merged {}, copied {}, gave back {reclaimable}",
            numbers::many(merged, "layer"),
            numbers::bytes(report.copied_bytes),
        ),
    })?;
    if !args.dry_run && report.merged > 0 && !report.promoted && args.newest.is_none() {
        ui.note("the merged layer stays beside the base: this store cannot replace objects safely");
    }
    Ok(ExitCode::SUCCESS)
}
