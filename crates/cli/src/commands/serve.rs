//! `af serve`: files over HTTP, to people and to programs.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::{Context, Result};
use array_format::At;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::failure::usage;
use crate::open::Source;
use crate::serve::{self, Options};
use crate::times;
use crate::ui::Ui;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files: paths or URLs. Each is served as it is now
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Their state after a commit, by number, time (2026-11-05T12:00Z) or tag
    #[arg(long, value_name = "N|TIME|TAG", value_parser = times::parse_at)]
    at: Option<At>,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, short, default_value_t = 8123)]
    port: u16,
    /// Let pages of other origins read the Zarr stores, as neuroglancer's and vizarr's must: all of
    /// them, or one
    #[arg(long, value_name = "ORIGIN", num_args = 0..=1, default_missing_value = "*")]
    cors: Option<String>,
}

/// A file that is served.
#[derive(Serialize)]
struct Served {
    file: String,
    zarr: String,
    arrays: usize,
    /// Arrays that Zarr cannot see, and why.
    skipped: Vec<String>,
}

#[derive(Serialize)]
struct Report {
    url: String,
    files: Vec<Served>,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let mut site = serve::Site::new(Options { cors: args.cors })?;
    for file in &args.files {
        let source = Source {
            file: file.clone(),
            at: args.at.clone(),
        };
        site.add(file, source.open().await?)?;
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = TcpListener::bind(address).await;
    let listener = match listener {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            return Err(usage(format!(
                "port {} is in use; --port 0 takes a free one",
                args.port
            )));
        }
        listener => listener.with_context(|| format!("cannot listen at {address}"))?,
    };
    let url = format!("http://{}", listener.local_addr()?);
    let files = site.files().map(|(name, file)| Served {
        file: file.shown.clone(),
        zarr: format!("{url}/zarr/{name}"),
        arrays: file.view.arrays().count(),
        skipped: file
            .view
            .skipped()
            .iter()
            .map(|s| format!("{}: {}", s.name, s.why))
            .collect(),
    });
    let report = Report {
        files: files.collect(),
        url,
    };
    match ui.json {
        true => ui.print_json(&report)?,
        false => show(&report, ui)?,
    }
    // Who waits for the address reads it now.
    ui.finish()?;
    serve::run(site, listener).await?;
    Ok(ExitCode::SUCCESS)
}

fn show(report: &Report, ui: &mut Ui) -> Result<()> {
    ui.line(format!("{}  in a browser", report.url))?;
    for file in &report.files {
        ui.line(format!("{}  {} as a Zarr v3 store", file.zarr, file.file))?;
        for skipped in &file.skipped {
            ui.note(format!("not in the Zarr store: {skipped}"));
        }
    }
    ui.line("Ctrl-C ends it")
}
