//! `af vacuum`: objects that serve nobody.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use array_format::merge::{Reason, VacuumOptions};
use serde::Serialize;

use crate::open;
use crate::ui::table::Table;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file: a path or URL
    file: String,
    /// Say what would be removed, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave objects of the last so many hours to writers that may still be at work
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    grace: u64,
}

#[derive(Serialize)]
struct Entry {
    path: String,
    bytes: u64,
    reason: &'static str,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let mut file = open::open_to_write(&args.file, "").await?;
    let mut options = VacuumOptions::default();
    options.dry_run = args.dry_run;
    options.grace = Duration::from_secs(args.grace.saturating_mul(3600));
    let vacuumed = file.vacuum(&options).await?;
    let bytes = vacuumed.bytes();
    let entries: Vec<Entry> = vacuumed
        .orphans
        .into_iter()
        .map(|orphan| Entry {
            path: orphan.path,
            bytes: orphan.bytes,
            reason: match orphan.reason {
                Reason::Unneeded => "given up by a merge",
                Reason::NeverCounted => "never completely written",
                Reason::Tombstone => "a tombstone that is no longer needed",
                Reason::Probe => "the probe of a writer that ended",
                Reason::Unfinished => "left by a writer that ended",
                _ => "not needed",
            },
        })
        .collect();
    if ui.json {
        ui.print_json(&entries)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !entries.is_empty() {
        let mut table = Table::new(&["object", ">bytes", "reason"]);
        for entry in &entries {
            table.row([
                entry.path.clone(),
                numbers::bytes(entry.bytes),
                entry.reason.to_owned(),
            ]);
        }
        ui.table(&table)?;
    }
    let verb = if args.dry_run {
        "would remove"
    } else {
        "removed"
    };
    ui.line(format!(
        "{verb} {}, {}",
        numbers::many(entries.len() as u64, "object"),
        numbers::bytes(bytes)
    ))?;
    Ok(ExitCode::SUCCESS)
}
