//! `af salvage`: what can be read of a damaged file, in a new one.

use std::process::ExitCode;

use anyhow::{Context, Result};
use array_format::ArrayFile;
use serde::Serialize;

use super::verify::Entry;
use crate::failure::DAMAGED;
use crate::open;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The damaged file: a path or URL
    file: String,
    /// The new file, which must not be there yet
    target: String,
}

#[derive(Serialize)]
struct Report {
    complete: bool,
    commit: u64,
    lost_commits: Vec<u64>,
    arrays: u64,
    attributes: u64,
    frames: u64,
    bytes: u64,
    /// Arrays whose definition is of an older commit, and which.
    older: Vec<(String, u64)>,
    damaged_arrays: Vec<String>,
    foreign: Vec<String>,
    problems: Vec<Entry>,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let (store, path) = open::place(&args.file)?;
    let (target, target_path) = open::place(&args.target)?;
    let config = open::config(&format!("salvaged from {}", args.file));
    let saved = ArrayFile::salvage(store, path, target, target_path, config)
        .await
        .with_context(|| format!("nothing of {} was saved", args.file))?;
    let report = Report {
        complete: saved.is_complete(),
        commit: saved.commit,
        lost_commits: saved.lost_commits.clone(),
        arrays: saved.arrays,
        attributes: saved.attributes,
        frames: saved.frames,
        bytes: saved.bytes,
        older: saved
            .older
            .iter()
            .map(|o| (o.array.clone(), o.commit))
            .collect(),
        damaged_arrays: saved
            .damaged_arrays()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        foreign: saved.foreign.clone(),
        problems: saved.problems.iter().map(Entry::from).collect(),
    };
    if ui.json {
        ui.print_json(&report)?;
    } else {
        for problem in &report.problems {
            problem.show(ui)?;
        }
        for (array, commit) in &report.older {
            ui.line(format!(
                "{array}: its definition is that of commit {commit}"
            ))?;
        }
        for object in &report.foreign {
            ui.line(format!("{object} belongs to another file"))?;
        }
        ui.line(format!(
            "saved {}, {} and {} in {}, as of commit {}: {}",
            numbers::many(report.arrays, "array"),
            numbers::many(report.attributes, "attribute"),
            numbers::bytes(report.bytes),
            args.target,
            report.commit,
            match report.complete {
                true => "all there was".to_owned(),
                false => format!(
                    "{} are damaged",
                    numbers::many(report.damaged_arrays.len() as u64, "array")
                ),
            }
        ))?;
    }
    Ok(ExitCode::from(if report.complete { 0 } else { DAMAGED }))
}
