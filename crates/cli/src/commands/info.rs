//! `af info`: a file as a whole.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use array_format::footer::FORMAT_VERSION;
use array_format::object_store::ObjectStore;
use array_format::{ArrayFile, At};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ls::attribute_map;
use crate::cells::dtype_name;
use crate::counted::Counted;
use crate::open::{self, Source};
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
}

#[derive(Serialize)]
struct Report {
    file: String,
    format_version: String,
    file_id: String,
    commit: u64,
    layers: u64,
    arrays: u64,
    attributes: u64,
    frames: u64,
    /// Stored bytes of elements.
    data_bytes: u64,
    /// Stored bytes of definitions, attributes, statistics and addresses.
    metadata_bytes: u64,
    /// Bytes that compaction would give back.
    reclaimable_bytes: u64,
    dtypes: BTreeMap<String, u64>,
    codecs: BTreeMap<String, u64>,
    file_attributes: Map<String, Value>,
    tags: Vec<String>,
    torn_layers: Vec<u64>,
    /// Requests that opening took, and bytes that came with them.
    open_requests: u64,
    open_bytes: u64,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let (store, path) = open::place(&args.source.file)?;
    let counted = Arc::new(Counted::new(store));
    let store: Arc<dyn ObjectStore> = Arc::clone(&counted) as _;
    let file = open::open_in(store, path, &args.source.file, open::config("")).await?;
    let (open_requests, open_bytes) = counted.so_far();
    let file: ArrayFile = match &args.source.at {
        None => file,
        Some(at) => file.at(At::clone(at)).await?,
    };
    let footer = file.footer();
    let mut dtypes = BTreeMap::new();
    let mut codecs = BTreeMap::new();
    for meta in file.arrays()? {
        *dtypes.entry(dtype_name(&meta.dtype)).or_default() += 1;
        *codecs.entry(meta.pipeline.to_string()).or_default() += 1;
    }
    let report = Report {
        file: args.source.file.clone(),
        format_version: FORMAT_VERSION.map(|n| n.to_string()).join("."),
        file_id: footer.file_id.clone(),
        commit: footer.sequence,
        layers: footer.layers,
        arrays: footer.arrays,
        attributes: footer.attributes,
        frames: footer.frames,
        data_bytes: footer.frame_bytes,
        metadata_bytes: footer.metadata_bytes,
        reclaimable_bytes: file.reclaimable_bytes()?,
        dtypes,
        codecs,
        file_attributes: attribute_map(file.file_attributes()?),
        tags: file.tags()?.into_iter().map(|tag| tag.name).collect(),
        torn_layers: file.torn_layers().to_vec(),
        open_requests,
        open_bytes,
    };
    match ui.json {
        true => ui.print_json(&report)?,
        false => show(&report, ui)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(report: &Report, ui: &mut Ui) -> Result<()> {
    let kinds = |kinds: &BTreeMap<String, u64>| -> String {
        let kinds = kinds
            .iter()
            .map(|(kind, n)| format!("{kind} {}", numbers::count(*n)));
        kinds.collect::<Vec<_>>().join(", ")
    };
    let mut rows = vec![
        ("file", report.file.clone()),
        ("format", format!("version {}", report.format_version)),
        ("id", report.file_id.clone()),
        ("commit", report.commit.to_string()),
        ("layers", numbers::count(report.layers)),
        ("arrays", numbers::count(report.arrays)),
        ("attributes", numbers::count(report.attributes)),
        (
            "data",
            format!(
                "{} in {}",
                numbers::bytes(report.data_bytes),
                numbers::many(report.frames, "frame")
            ),
        ),
        ("metadata", numbers::bytes(report.metadata_bytes)),
        ("reclaimable", numbers::bytes(report.reclaimable_bytes)),
        ("types", kinds(&report.dtypes)),
        ("codecs", kinds(&report.codecs)),
    ];
    if !report.tags.is_empty() {
        rows.push(("tags", report.tags.join(", ")));
    }
    if !report.torn_layers.is_empty() {
        rows.push((
            "torn layers",
            format!("{:?}, passed over; see `af vacuum`", report.torn_layers),
        ));
    }
    rows.push((
        "opened with",
        format!(
            "{}, {}",
            numbers::many(report.open_requests, "request"),
            numbers::bytes(report.open_bytes)
        ),
    ));
    let dim = ui.dim();
    for (what, value) in rows {
        ui.line(format!("{dim}{what:<12}{dim:#} {value}"))?;
    }
    for (key, value) in &report.file_attributes {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        ui.line(format!("{dim}:{dim:#}{key} = {value}"))?;
    }
    Ok(())
}
