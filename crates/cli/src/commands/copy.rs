//! `af copy`: arrays from one file into another, whatever their stores.

use std::process::ExitCode;

use anyhow::{Context, Result};
use array_format::array::ArrayMeta;
use array_format::codec::{CodecSpec, PipelineRecord};
use array_format::{ArrayFile, ArraySpec};
use serde::Serialize;

use crate::chunks::given_chunks;
use crate::codec;
use crate::failure::usage;
use crate::open::Source;
use crate::pick::Pick;
use crate::target::Target;
use crate::ui::progress::{Progress, Unit};
use crate::ui::{Ui, numbers};
use crate::unfinished::{self, Pace, Plan, Unfinished, bytes_of};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The file to copy into; it is made if it is not there
    #[arg(value_name = "DST")]
    target: String,
    #[command(flatten)]
    pick: Pick,
    /// Another codec: auto, none, lz4, zstd(3), pco(8), shuffle+zstd(3), …
    #[arg(long, value_parser = codec::parse)]
    codec: Option<CodecSpec>,
    /// Other chunks, an extent for each axis, for arrays with as many axes: 16,180,360; 0 is all
    #[arg(long, value_delimiter = ',', value_name = "N,N,…")]
    chunks: Vec<u64>,
    /// Leave arrays alone that are there already with the same type and shape, and go on with one that
    /// was left unfinished, if its source, codec and chunks are the same
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    pace: Pace,
}

#[derive(Serialize)]
struct Report {
    target: String,
    copied: u64,
    skipped: u64,
    bytes: u64,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let source = args.source.open().await?;
    let arrays = args.pick.of(&source)?;
    let message = format!("copied from {}", args.source.file);
    let mut made = Target::open(&args.target, &message).await?;
    let target = &mut made.file;
    for (key, value) in source.file_attributes()? {
        target.set_file_attribute(&key, value.clone())?;
    }
    let bytes = |meta: &ArrayMeta| -> u64 {
        let width = meta.dtype.element_size().unwrap_or(1) as u64;
        meta.elements().saturating_mul(width)
    };
    let total = arrays
        .iter()
        .map(|meta| bytes(meta))
        .fold(0, u64::saturating_add);
    let bar = ui.progress(total, Unit::Bytes, "copying");
    let mut report = Report {
        target: args.target.clone(),
        copied: 0,
        skipped: 0,
        bytes: 0,
    };
    let mut waiting = 0;
    for meta in arrays {
        if target.contains(&meta.name)? {
            let there = target.get_array(&meta.name)?;
            let is_left = unfinished::is_left(target, &meta.name)?;
            let same = there.dtype == meta.dtype && there.shape == meta.shape;
            if args.resume && same && !is_left {
                report.skipped += 1;
                bar.add(bytes(meta));
                continue;
            }
            return Err(usage(format!(
                "{} has an array {} already{}",
                args.target,
                meta.name,
                match args.resume {
                    true => ", of another type or shape",
                    false => "; --resume goes on with a copy that was interrupted",
                }
            )));
        }
        copy(&source, meta, target, &args, &bar)
            .await
            .with_context(|| meta.name.clone())?;
        report.copied += 1;
        report.bytes += bytes(meta);
        waiting += bytes(meta);
        if waiting >= args.pace.commit_every {
            target.flush().await?;
            waiting = 0;
        }
    }
    drop(bar);
    made.finish(ui).await?;
    if ui.json {
        ui.print_json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    ui.line(format!(
        "copied {}, {}, into {}{}",
        numbers::many(report.copied, "array"),
        numbers::bytes(report.bytes),
        report.target,
        match report.skipped {
            0 => String::new(),
            n => format!("; {} were there", numbers::count(n)),
        }
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn copy(
    source: &ArrayFile,
    meta: &ArrayMeta,
    target: &mut ArrayFile,
    args: &Args,
    bar: &Progress,
) -> Result<()> {
    let mut spec = ArraySpec::new(meta.dtype.clone(), meta.shape.iter().copied())
        .dimensions(meta.dimension_names.iter().cloned());
    spec = match given_chunks(&args.chunks, &meta.shape) {
        Some(chunks) => spec.chunks(chunks),
        None => spec
            .chunks(meta.chunk_shape.iter().copied())
            .tile(meta.tile_shape.iter().copied()),
    };
    if let Some(fill) = &meta.fill_value {
        spec = spec.fill(fill.clone());
    }
    spec = spec.codec(match &args.codec {
        Some(codec) => codec.clone(),
        None => codec::parse(&meta.pipeline.to_string()).unwrap_or_else(|_| CodecSpec::auto()),
    });
    for (key, value) in source.attributes(&meta.name)? {
        spec = spec.attribute(key, value.clone());
    }
    let codec = args.codec.as_ref().map(PipelineRecord::from);
    let root = (source.footer().file_id, source.sequence());
    let plan = Plan {
        name: &meta.name,
        spec,
        bytes: bytes_of(&meta.dtype, &meta.shape),
        source: &|| format!("{} of {root:?} by {codec:?}", args.source.file),
        pace: args.pace,
        resume: args.resume,
    };
    let mut array = Unfinished::begin(target, plan)?;
    let width = meta.dtype.element_size().unwrap_or(1) as u64;
    bar.add(array.done() * width);
    for slab in array.rest() {
        let (start, shape) = slab.as_usize();
        let (_, elements) = source
            .read_elements(&meta.name, start.clone(), shape.clone())
            .await?;
        target
            .write_elements(array.at(), start, shape, &elements)
            .await?;
        array.wrote(target, elements.raw_len()).await?;
        bar.add(slab.len() * width);
    }
    array.finish(target)
}
