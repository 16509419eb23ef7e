//! `af import`: files of other formats into one file.

mod gather;
mod sources;
mod stack;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use array_format::codec::CodecSpec;
use array_format::{ArrayFile, ArraySpec, AttributeValue};
use glob::Pattern;
use serde::Serialize;

use crate::chunks;
use crate::codec;
use crate::convert::{self, Format, Variable};
use crate::failure::{FAILED, usage};
use crate::pick;
use crate::ui::{Ui, numbers};
use crate::unfinished::Pace;

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Files, folders with files, or URLs: netCDF-3 and -4, HDF5, Zarr, .npy, .npz, .safetensors,
    /// Parquet, Arrow
    #[arg(value_name = "SRC", required = true)]
    sources: Vec<String>,
    /// The file to import into; it is made if it is not there
    file: String,
    /// The format of all sources; by default each tells by itself
    #[arg(long, short)]
    format: Option<Format>,
    /// In front of the names of arrays, with `/`. By default nothing for one source, and for several
    /// the path of each, without its ending and without what all have in common
    #[arg(long)]
    prefix: Option<String>,
    /// Join the sources along this dimension, in their order; a new one is put in front
    #[arg(long, value_name = "DIM", conflicts_with_all = ["prefix", "resume", "replace", "inherit", "commit_every"])]
    stack: Option<String>,
    /// Variables whose names match, alone
    #[arg(long, value_name = "GLOB", value_parser = pick::parse_glob)]
    only: Vec<Pattern>,
    /// How to compress: auto, none, lz4, zstd(3), pco(8), shuffle+zstd(3), …
    #[arg(long, default_value = "auto", value_parser = codec::parse)]
    codec: CodecSpec,
    /// Chunks, an extent for each axis, for variables with as many axes: 16,180,360; 0 is all
    #[arg(long, value_delimiter = ',', value_name = "N,N,…")]
    chunks: Vec<u64>,
    /// Make chunks a little greater where `af refs` could not refer to their parts otherwise
    #[arg(long, conflicts_with = "chunks")]
    referable: bool,
    /// Give each array the attributes of its source, too, so that `af ls --where` finds it by them
    #[arg(long)]
    inherit: bool,
    /// Leave arrays alone that are there already, and go on with one that was left unfinished, if its
    /// source, codec and chunks are the same
    #[arg(long, conflicts_with = "replace")]
    resume: bool,
    /// Put arrays in the place of those that are there
    #[arg(long)]
    replace: bool,
    /// List variables that cannot be read, such as those with a filter that is not known here, and
    /// import the others
    #[arg(long)]
    skip_unreadable: bool,
    #[command(flatten)]
    pace: Pace,
    /// Read everything back, and compare every value with its source
    #[arg(long)]
    verify: bool,
    /// What the log is to say
    #[arg(long, short)]
    message: Option<String>,
}

/// What an import did.
#[derive(Debug, Default, Serialize)]
struct Report {
    file: String,
    sources: u64,
    arrays: u64,
    /// Arrays that were there already, with --resume.
    present: u64,
    bytes: u64,
    stored: u64,
    /// What could not be brought in, and why.
    skipped: Vec<String>,
    /// Values that were compared with their sources, with --verify.
    verified: Option<u64>,
    /// Arrays that differ from their sources, with --verify.
    different: Vec<String>,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let sources = sources::find(&args)?;
    let mut report = Report {
        file: args.file.clone(),
        sources: sources.len() as u64,
        ..Report::default()
    };
    match &args.stack {
        Some(dimension) => stack::run(&args, &sources, dimension, &mut report, ui).await?,
        None => gather::run(&args, &sources, &mut report, ui).await?,
    }
    let is_same = report.different.is_empty();
    if ui.json {
        ui.print_json(&report)?;
    } else {
        show(&report, ui)?;
    }
    Ok(ExitCode::from(if is_same { 0 } else { FAILED }))
}

fn show(report: &Report, ui: &mut Ui) -> Result<()> {
    /// Remarks of one kind that are shown one by one.
    const SHOWN: usize = 20;
    for skipped in report.skipped.iter().take(SHOWN) {
        ui.note(format!("not imported: {skipped}"));
    }
    if report.skipped.len() > SHOWN {
        ui.note(format!(
            "and {} more; --json lists all",
            report.skipped.len() - SHOWN
        ));
    }
    let mut line = format!(
        "imported {} of {} into {}: {} stored as {}",
        numbers::many(report.arrays, "array"),
        numbers::many(report.sources, "file"),
        report.file,
        numbers::bytes(report.bytes),
        numbers::bytes(report.stored)
    );
    if report.present > 0 {
        line += &format!("; {} were there", numbers::count(report.present));
    }
    ui.line(line)?;
    if let Some(values) = report.verified {
        match report.different.len() {
            0 => ui.line(format!(
                "compared {} with their sources: all are the same",
                numbers::many(values, "value")
            ))?,
            n => {
                for name in &report.different {
                    ui.line(format!("{name} differs from its source"))?;
                }
                ui.line(format!(
                    "{} of {} differ",
                    n,
                    numbers::many(report.arrays, "array")
                ))?;
            }
        }
    }
    Ok(())
}

/// The definition of an array for a variable.
fn spec(args: &Args, variable: &Variable, shape: &[u64], dimensions: &[String]) -> ArraySpec {
    let width = variable.dtype.element_size().unwrap_or(32);
    let chunks = chunks::given_chunks(&args.chunks, shape);
    let chunks = chunks.unwrap_or_else(|| {
        // Of sources that are joined along a new axis each is a part of a chunk.
        let joined = shape.len() - variable.shape.len();
        let source = variable
            .chunks
            .as_ref()
            .map(|own| [&vec![1; joined][..], own].concat());
        let chunks = chunks::chunks(shape, width, source.as_deref());
        match args.referable {
            true => chunks::divisible(chunks, width),
            false => chunks,
        }
    });
    let mut spec = ArraySpec::new(variable.dtype.clone(), shape.iter().copied())
        .chunks(chunks)
        .dimensions(dimensions.iter().cloned())
        .codec(args.codec.clone());
    if let Some(fill) = &variable.fill {
        spec = spec.fill(fill.clone());
    }
    for (key, value) in &variable.attributes {
        spec = spec.attribute(key, value.clone());
    }
    spec
}

/// Whether a variable is wanted.
fn is_wanted(args: &Args, name: &str) -> bool {
    args.only.is_empty() || args.only.iter().any(|glob| pick::matches(glob, name))
}

/// What the log says of a commit.
fn message(args: &Args, what: &str) -> String {
    match &args.message {
        Some(message) => message.clone(),
        None => format!("import of {what}"),
    }
}

/// Stored bytes of all arrays.
fn stored(file: &ArrayFile) -> u64 {
    file.footer().frame_bytes
}

/// Sets an attribute of the file; lists of dimensions that grow are joined.
fn set_file_attribute(file: &mut ArrayFile, key: &str, value: AttributeValue) -> Result<()> {
    let joined = match (file.file_attribute(key)?, value) {
        (Some(AttributeValue::StringList(old)), AttributeValue::StringList(new))
            if key == convert::UNLIMITED =>
        {
            let mut names = old.clone();
            names.extend(new.into_iter().filter(|name| !old.contains(name)));
            AttributeValue::StringList(names)
        }
        (_, value) => value,
    };
    file.set_file_attribute(key, joined)?;
    Ok(())
}

/// No source has a variable that is wanted.
fn nothing(report: &Report) -> anyhow::Error {
    match report.skipped.first() {
        Some(why) => usage(format!("no variable to import: {why}")),
        None => usage("no variable to import; --only leaves none, or the sources have none"),
    }
}
