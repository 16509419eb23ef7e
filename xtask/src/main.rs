//! The project's own automation: `cargo xtask <step>`, and `cargo xtask ci` for all of them.

mod report;
mod shell;
mod steps;

use std::process::ExitCode;

use report::Report;
use steps::{Length, Step};

const USAGE: &str = "\
usage: cargo xtask <command>

  ci                 all that follow but peers, stopping at the first that fails
  lint               formatting, clippy, documentation
  servers            install the servers that the tests of crates/reliability start
  test               all tests of the workspace
  examples           run every example of array_format [--release]
  demo               the main job on real data, as the README shows it [--debug]
  formats            real files of other formats through af, compared by their own readers
  browser            the page of `af serve` in Chromium, its Zarr store by zarrita
                     [--keep: the screenshot of the documentation]
  second-reader      the plain-Python reader against the golden files
  valgrind           the tests of modules with unsafe code, under memcheck
  scaling            bulk work at growing sizes, by instructions
  counts [--record]  what an element costs on hot paths, by instructions
  peers --smoke      the benchmarks beside other formats, in tiny sizes: do they work?
  fuzz [--seconds N | --runs N]
                     the fuzz targets, each N seconds (default 30) or N executions
  fuzz --soak N      the same for N seconds without AddressSanitizer, several times as fast
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match plan(&arguments) {
        Ok(steps) => run(steps),
        Err(problem) => {
            eprint!("{problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
fn plan(arguments: &[String]) -> Result<Vec<Step>, String> {
    let (command, options) = arguments.split_first().ok_or("which command?")?;
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Ok(match (command.as_str(), options.as_slice()) {
        ("ci", []) => steps::all(),
        ("lint", []) => vec![Step::Lint],
        ("servers", []) => vec![Step::Servers],
        ("test", []) => vec![Step::Test],
        ("examples", []) => vec![Step::Examples { release: false }],
        ("examples", ["--release"]) => vec![Step::Examples { release: true }],
        ("demo", []) => vec![Step::Demo { release: true }],
        ("demo", ["--debug"]) => vec![Step::Demo { release: false }],
        ("formats", []) => vec![Step::Formats],
        ("browser", []) => vec![Step::Browser { keep: false }],
        ("browser", ["--keep"]) => vec![Step::Browser { keep: true }],
        ("second-reader", []) => vec![Step::SecondReader],
        ("valgrind", []) => vec![Step::Valgrind],
        ("scaling", []) => vec![Step::Scaling],
        ("counts", []) => vec![Step::Counts { record: false }],
        ("counts", ["--record"]) => vec![Step::Counts { record: true }],
        ("peers", ["--smoke"]) => vec![Step::Peers],
        ("fuzz", []) => vec![Step::Fuzz(Length::Seconds(30))],
        ("fuzz", ["--seconds", n]) => vec![Step::Fuzz(Length::Seconds(number(n)?))],
        ("fuzz", ["--runs", n]) => vec![Step::Fuzz(Length::Runs(number(n)?))],
        ("fuzz", ["--soak", n]) => vec![Step::Fuzz(Length::Soak(number(n)?))],
        _ => return Err(format!("unknown: {}", arguments.join(" "))),
    })
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

fn run(steps: Vec<Step>) -> ExitCode {
    let mut report = Report::default();
    for step in steps {
        if !report.run(step.name(), || step.run()) {
            break;
        }
    }
    report.print()
}
