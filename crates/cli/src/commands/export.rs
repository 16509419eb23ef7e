//! `af export`: arrays in files of other formats.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use array_format::ArrayFile;
use serde::Serialize;
use zip::ZipWriter;

use crate::convert::{self, Format, zarr};
use crate::failure::usage;
use crate::open::Source;
use crate::pick::Pick;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The new file, whose ending says the format: .nc, .zarr, .zarr.zip, .npy, .npz, .safetensors,
    /// .parquet, .arrow
    #[arg(value_name = "DST")]
    target: PathBuf,
    #[command(flatten)]
    pick: Pick,
    /// The format, whatever the ending
    #[arg(long, short)]
    format: Option<Format>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    target: PathBuf,
    arrays: usize,
    bytes: u64,
    /// What could not be written, and why.
    skipped: Vec<String>,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let target = &args.target;
    let shown = target.display();
    let format = args.format.or_else(|| Format::of_name(target));
    let format = format.ok_or_else(|| {
        usage(format!(
            "{shown}: the ending says no format; --format says which"
        ))
    })?;
    if target.exists() && !args.force {
        return Err(usage(format!(
            "{shown} is there already; --force replaces it"
        )));
    }
    let file = Arc::new(args.source.open().await?);
    let names: Vec<String> = args
        .pick
        .of(&file)?
        .iter()
        .map(|m| m.name.clone())
        .collect();
    // Beside the target, and put in its place when it is whole.
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let is_folder = format == Format::Zarr && target.extension().is_none_or(|e| e != "zip");
    let written = match is_folder {
        true => write_folder(file, &names, target, folder).await,
        false => write_file(file, &names, format, target, folder).await,
    };
    let (bytes, skipped) = written.with_context(|| format!("cannot write {shown}"))?;
    let report = Report {
        target: target.clone(),
        arrays: names.len() - skipped.len().min(names.len()),
        bytes,
        skipped,
    };
    if ui.json {
        ui.print_json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    for skipped in &report.skipped {
        ui.note(format!("not written: {skipped}"));
    }
    ui.line(format!(
        "wrote {} into {shown}, {}",
        numbers::many(report.arrays as u64, "array"),
        numbers::bytes(report.bytes)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes one file; returns its bytes, and what it could not take.
async fn write_file(
    file: Arc<ArrayFile>,
    names: &[String],
    format: Format,
    target: &Path,
    folder: &Path,
) -> Result<(u64, Vec<String>)> {
    let mut builder = tempfile::Builder::new();
    // As any new file: what the user's mask leaves.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder
        .tempfile_in(folder)
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    let out = temporary.as_file_mut();
    let skipped = match format {
        Format::Zarr => {
            let mut archive = zarr::Archive(ZipWriter::new(out));
            let skipped = zarr::write(file, names, &mut archive).await?;
            archive.0.finish()?;
            skipped
        }
        format => {
            let arrays: array_format::Result<Vec<_>> =
                names.iter().map(|name| file.get_array(name)).collect();
            convert::write(&file, &arrays?, format, out).await?
        }
    };
    let kept = temporary.persist(target)?;
    Ok((kept.metadata()?.len(), skipped))
}

/// The same for a folder.
async fn write_folder(
    file: Arc<ArrayFile>,
    names: &[String],
    target: &Path,
    folder: &Path,
) -> Result<(u64, Vec<String>)> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let temporary = builder
        .tempdir_in(folder)
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    let mut sink = zarr::Folder(temporary.path());
    let skipped = zarr::write(file, names, &mut sink).await?;
    let bytes = size(temporary.path())?;
    // What is replaced stays beside until the new one is in its place.
    let old = match target.exists() {
        true => {
            let old = tempfile::tempdir_in(folder)?;
            fs::rename(target, old.path().join("old"))?;
            Some(old)
        }
        false => None,
    };
    fs::rename(temporary.keep(), target)?;
    drop(old);
    Ok((bytes, skipped))
}

/// Bytes of all files in a folder.
fn size(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        sum += match entry.file_type()?.is_dir() {
            true => size(&entry.path())?,
            false => entry.metadata()?.len(),
        };
    }
    Ok(sum)
}
