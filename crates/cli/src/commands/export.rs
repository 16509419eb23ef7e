//! `af export`: arrays in files of other formats.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::convert::{self, Format};
use crate::failure::usage;
use crate::open::Source;
use crate::pick::Pick;
use crate::ui::{Ui, numbers};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The new file, whose ending says the format: .nc, .npy, .npz, .safetensors
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
    let file = args.source.open().await?;
    let arrays = args.pick.of(&file)?;
    if let (Format::Npy, false) = (format, arrays.len() == 1) {
        return Err(usage(format!(
            "a .npy file holds one array, {} are picked; name one, or write .npz",
            arrays.len()
        )));
    }
    // Beside the target, and put in its place when it is whole.
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    // As any new file: what the user's mask leaves.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder
        .tempfile_in(folder)
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    let out = temporary.as_file_mut();
    let skipped = match format {
        Format::Netcdf => convert::write_netcdf(&file, &arrays, out).await,
        Format::Npz => convert::write_npz(&file, &arrays, out).await,
        Format::Safetensors => convert::write_safetensors(&file, &arrays, out).await,
        Format::Npy => convert::write_npy(&file, arrays[0], out)
            .await
            .map(|()| Vec::new()),
    };
    let skipped = skipped.with_context(|| format!("cannot write {shown}"))?;
    let kept = temporary
        .persist(target)
        .with_context(|| format!("cannot write {shown}"))?;
    let report = Report {
        target: target.clone(),
        arrays: arrays.len(),
        bytes: kept.metadata()?.len(),
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
