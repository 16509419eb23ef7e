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
    #[serde(flatten)]
    totals: Totals,
    /// Requests that opening took, and bytes that came with them.
    open_requests: u64,
    open_bytes: u64,
}

/// What a file holds, and in how many bytes.
#[derive(Serialize)]
pub struct Totals {
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
    let report = Report {
        totals: Totals::of(&args.source.file, &file)?,
        open_requests,
        open_bytes,
    };
    match ui.json {
        true => ui.print_json(&report)?,
        false => show(&report, ui)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Totals {
    /// Those of this file; `name` is what the user calls it.
    pub fn of(name: &str, file: &ArrayFile) -> Result<Self> {
        let footer = file.footer();
        let mut dtypes = BTreeMap::new();
        let mut codecs = BTreeMap::new();
        for meta in file.arrays()? {
            *dtypes.entry(dtype_name(&meta.dtype)).or_default() += 1;
            *codecs.entry(meta.pipeline.to_string()).or_default() += 1;
        }
        Ok(Self {
            file: name.to_owned(),
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
        })
    }

    /// All but the attributes, each with its label.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let kinds = |kinds: &BTreeMap<String, u64>| -> String {
            let kinds = kinds
                .iter()
                .map(|(kind, n)| format!("{kind} {}", numbers::count(*n)));
            kinds.collect::<Vec<_>>().join(", ")
        };
        let mut rows = vec![
            ("file", self.file.clone()),
            ("format", format!("version {}", self.format_version)),
            ("id", self.file_id.clone()),
            ("commit", self.commit.to_string()),
            ("layers", numbers::count(self.layers)),
            ("arrays", numbers::count(self.arrays)),
            ("attributes", numbers::count(self.attributes)),
            (
                "data",
                format!(
                    "{} in {}",
                    numbers::bytes(self.data_bytes),
                    numbers::many(self.frames, "frame")
                ),
            ),
            ("metadata", numbers::bytes(self.metadata_bytes)),
            ("reclaimable", numbers::bytes(self.reclaimable_bytes)),
            ("types", kinds(&self.dtypes)),
            ("codecs", kinds(&self.codecs)),
        ];
        if !self.tags.is_empty() {
            rows.push(("tags", self.tags.join(", ")));
        }
        if !self.torn_layers.is_empty() {
            rows.push((
                "torn layers",
                format!("{:?}, passed over; see `af vacuum`", self.torn_layers),
            ));
        }
        rows
    }
}

fn show(report: &Report, ui: &mut Ui) -> Result<()> {
    let mut rows = report.totals.rows();
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
    for (key, value) in &report.totals.file_attributes {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        ui.line(format!("{dim}:{dim:#}{key} = {value}"))?;
    }
    Ok(())
}
