//! Measures array_format beside other formats, and writes what came out into pages of docs/.

mod child;
mod climate;
mod codecs;
mod data;
mod meter;
mod peers;
mod python;
mod report;
mod request;
mod results;
mod runner;
mod targets;
mod works;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use works::Size;

const USAGE: &str = "\
usage: peers <command>

  run [--smoke | --quick | --full] [--only WORK]... [--rust-only]
           measure, keep the results, write the tables
  codecs [--smoke | --quick | --full]
           measure codecs and sizes of frames in memory, write their tables
  report   write all tables again, from the results that are kept
  child    one measurement, asked for on standard input";

/// The folder of this project.
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match command(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["child"] => child::run(),
        ["report"] => results::load()?.iter().try_for_each(report::write),
        ["run", options @ ..] => run(options),
        ["codecs"] | ["codecs", "--quick"] => codecs::run(Size::Quick),
        ["codecs", "--smoke"] => codecs::run(Size::Smoke),
        ["codecs", "--full"] => codecs::run(Size::Full),
        _ => bail!("{USAGE}"),
    }
}

fn run(options: &[&str]) -> Result<()> {
    let (mut size, mut only, mut python) = (Size::Quick, Vec::new(), true);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--smoke" => size = Size::Smoke,
            "--quick" => size = Size::Quick,
            "--full" => size = Size::Full,
            "--rust-only" => python = false,
            "--only" => match options.next() {
                Some(work) => only.push(*work),
                None => bail!("--only what?"),
            },
            other => bail!("unknown: {other}\n\n{USAGE}"),
        }
    }
    runner::run(size, &only, python)
}
