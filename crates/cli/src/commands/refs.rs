//! `af refs`: where the bytes of arrays are, for readers that know Zarr.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use array_format_zarr::references::{Options, Refused, Set};
use serde::Serialize;

use crate::failure::usage;
use crate::open::{self, Source};
use crate::pick::Pick;
use crate::refs;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    pick: Pick,
    /// Where to write: a .json file, or a folder that ends in .parquet or .parq for many chunks; by
    /// default JSON is printed
    #[arg(long, short, value_name = "REFS")]
    output: Option<PathBuf>,
    /// Write arrays that cannot be read in place, of up to so many bytes, into the references
    #[arg(long, value_name = "BYTES", default_value_t = 65_536)]
    inline: u64,
    /// What stands before the names of objects, if it is to be another place than this: a copy, or
    /// another way to it
    #[arg(long, value_name = "URL/")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Report {
    output: Option<PathBuf>,
    arrays: usize,
    chunks: usize,
    /// Arrays that are written in.
    inlined: Vec<Why>,
    /// Arrays that are left out.
    refused: Vec<Why>,
}

#[derive(Serialize)]
struct Why {
    name: String,
    why: String,
}

impl From<&Refused> for Why {
    fn from(refused: &Refused) -> Self {
        Self {
            name: refused.name.clone(),
            why: refused.why.clone(),
        }
    }
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let file = args.source.open().await?;
    let arrays = args.pick.of(&file)?;
    let names: Vec<&str> = arrays.iter().map(|meta| meta.name.as_str()).collect();
    let options = Options {
        inline: args.inline,
    };
    let set = Set::of(&file, &names, options).await?;
    let base = match &args.url {
        Some(url) => url.clone(),
        None => base(&args.source.file)?,
    };
    let url = |object: &str| match &args.url {
        // A copy lies under its name alone.
        Some(_) => format!("{base}{}", object.rsplit('/').next().unwrap_or(object)),
        None => format!("{base}{object}"),
    };
    match &args.output {
        None => {
            let out = ui.out();
            serde_json::to_writer(&mut *out, &set.json(url)).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Some(path) => {
            write(&set, path, url).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    let whys = |all: &[Refused]| all.iter().map(Why::from).collect();
    let report = Report {
        arrays: set.arrays.len(),
        chunks: set.arrays.iter().map(|array| array.chunks.len()).sum(),
        inlined: whys(&set.inlined),
        refused: whys(&set.refused),
        output: args.output,
    };
    tell(&report, ui)?;
    Ok(ExitCode::SUCCESS)
}

fn write(set: &Set, path: &Path, url: impl Fn(&str) -> String) -> Result<()> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(std::fs::write(path, set.json(url).to_string())?),
        Some("parquet" | "parq") => refs::write_parquet(set, path, url),
        _ => Err(usage("references end in .json, .parquet or .parq")),
    }
}

fn tell(report: &Report, ui: &mut Ui) -> Result<()> {
    let Some(output) = &report.output else {
        for Why { name, why } in &report.refused {
            ui.note(format!("left out: {name}: {why}"));
        }
        return Ok(());
    };
    if ui.json {
        return ui.print_json(report);
    }
    for Why { name, why } in &report.inlined {
        ui.note(format!("written in: {name}: {why}"));
    }
    for Why { name, why } in &report.refused {
        ui.note(format!("left out: {name}: {why}"));
    }
    ui.line(format!(
        "wrote {} of {} into {}",
        numbers::many(report.chunks as u64, "chunk"),
        numbers::many(report.arrays as u64, "array"),
        output.display()
    ))
}

/// What stands before the paths of objects in their store.
fn base(file: &str) -> Result<String> {
    let (_, path) = open::place(file)?;
    if !file.contains("://") {
        let folder = match Path::new(file).parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = folder.canonicalize()?;
        return Ok(format!("{}/", folder.display()));
    }
    let base = file.strip_suffix(path.as_ref());
    base.map(str::to_owned).ok_or_else(|| {
        usage(format!(
            "cannot tell where the objects of {file} are; say it with --url"
        ))
    })
}
