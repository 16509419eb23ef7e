//! `af`: look into, make, convert, check and maintain `array_format` files.
//!
//! One module a subcommand, under `commands`. Each builds a report that can be serialised, and shows
//! it as text or, with `--json`, as JSON; `docs/cli.md` has the schema.

// What formats share has no user where they are left out.
#![cfg_attr(
    not(all(
        feature = "netcdf",
        feature = "parquet",
        feature = "published",
        feature = "zarr"
    )),
    allow(dead_code)
)]

mod args;
mod attributes;
mod browse;
mod cells;
mod chunks;
mod codec;
mod commands;
mod convert;
mod counted;
mod failure;
mod open;
mod pick;
mod plot;
mod refs;
mod region;
mod serve;
mod slabs;
mod target;
mod times;
mod ui;
mod unfinished;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use ui::Ui;

/// Runs the program with these arguments, the first of which is its name.
pub fn run<I, T>(arguments: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failure; a closed pipe is nobody's.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                failure::USAGE
            } else {
                0
            });
        }
    };
    failure::tell_panics();
    let mut ui = Ui::new(&cli.global);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failure::tell(&ui, &anyhow::Error::from(error)),
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = commands::run(cli.command, &mut ui) => outcome,
            _ = tokio::signal::ctrl_c() => Err(failure::Interrupted.into()),
        }
    });
    let outcome = outcome.and_then(|code| {
        ui.finish()?;
        Ok(code)
    });
    // What still runs on other threads is given up: nothing of it is committed.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => failure::tell(&ui, &error),
    }
}
