//! `af verify`: damage, and what it hits.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use array_format::ArrayFile;
use array_format::integrity::{Affected, Depth, Problem, Verified, VerifyOptions};
use serde::Serialize;

use crate::failure::DAMAGED;
use crate::open;
use crate::ui::progress::Unit;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file: a path or URL
    file: String,
    /// Read all data, too: every checksum, and every value against the statistics
    #[arg(long)]
    full: bool,
}

#[derive(Serialize)]
struct Report {
    whole: bool,
    commit: u64,
    lost_commits: Vec<u64>,
    checked_pages: u64,
    checked_frames: u64,
    checked_bytes: u64,
    problems: Vec<Entry>,
    /// Arrays whose codec is not known here, and its name: no damage.
    unknown_codecs: Vec<(String, String)>,
}

/// Something that is wrong.
#[derive(Serialize)]
pub struct Entry {
    object: String,
    layer: Option<u64>,
    bytes: Option<(u64, u64)>,
    part: String,
    detail: String,
    /// Arrays that are hit, by name.
    arrays: Vec<String>,
    affects: Vec<String>,
    #[serde(skip)]
    shown: String,
}

impl From<&Problem> for Entry {
    fn from(problem: &Problem) -> Self {
        let arrays = problem.affects.iter().filter_map(Affected::array);
        let mut arrays: Vec<String> = arrays.map(str::to_owned).collect();
        arrays.dedup();
        Self {
            object: problem.object.clone(),
            layer: problem.layer,
            bytes: problem.bytes.as_ref().map(|range| (range.start, range.end)),
            part: problem.part.to_string(),
            detail: problem.detail.clone(),
            arrays,
            affects: problem.affects.iter().map(ToString::to_string).collect(),
            shown: problem.to_string(),
        }
    }
}

impl Entry {
    /// In a line or two.
    pub fn show(&self, ui: &mut Ui) -> Result<()> {
        ui.line(&self.shown)
    }
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let (store, path) = open::place(&args.file)?;
    let bar = Arc::new(ui.progress(0, Unit::Things, "verifying"));
    let mut options = VerifyOptions::quick();
    if args.full {
        options.depth = Depth::Full;
    }
    options.progress = Some(Arc::new(move |done| bar.set(done.frames, done.all_frames)));
    let verified = ArrayFile::diagnose(store, path, open::config(""), &options).await?;
    drop(options);
    let is_whole = verified.is_whole();
    let report = report(&verified);
    match ui.json {
        true => ui.print_json(&report)?,
        false => show(&report, args.full, ui)?,
    }
    Ok(ExitCode::from(if is_whole { 0 } else { DAMAGED }))
}

fn report(verified: &Verified) -> Report {
    let unknown = verified.unknown_codecs.iter();
    Report {
        whole: verified.is_whole(),
        commit: verified.commit,
        lost_commits: verified.lost_commits.clone(),
        checked_pages: verified.checked_pages,
        checked_frames: verified.checked_frames,
        checked_bytes: verified.checked_bytes,
        problems: verified.problems.iter().map(Entry::from).collect(),
        unknown_codecs: unknown
            .map(|u| (u.array.clone(), u.codec.clone()))
            .collect(),
    }
}

fn show(report: &Report, full: bool, ui: &mut Ui) -> Result<()> {
    for problem in &report.problems {
        problem.show(ui)?;
    }
    if !report.lost_commits.is_empty() {
        ui.line(format!(
            "later commits that cannot be read: {:?}",
            report.lost_commits
        ))?;
    }
    for (array, codec) in &report.unknown_codecs {
        ui.line(format!(
            "{array}: codec {codec} is not known here; its checksums are right"
        ))?;
    }
    let what = if full {
        "checked"
    } else {
        "checked the metadata of"
    };
    ui.line(format!(
        "commit {}: {what} {} and {} of metadata, {} read: {}",
        report.commit,
        numbers::many(report.checked_frames, "frame"),
        numbers::many(report.checked_pages, "page"),
        numbers::bytes(report.checked_bytes),
        match report.problems.len() {
            0 if report.whole => "all is well".to_owned(),
            n => numbers::many(n as u64, "problem"),
        }
    ))
}
