//! The steps, one file each.

mod browser;
mod counts;
mod debian;
mod demo;
mod examples;
mod formats;
mod fuzz;
mod lint;
mod npm;
mod once;
mod peers;
mod python;
mod scaling;
mod second_reader;
mod servers;
mod test;
mod valgrind;

pub use fuzz::Length;

use crate::shell::Result;

/// One step with its options.
pub enum Step {
    Lint,
    Servers,
    Test,
    Examples { release: bool },
    Demo { release: bool },
    Formats,
    Browser { keep: bool },
    SecondReader,
    Valgrind,
    Scaling,
    Counts { record: bool },
    Peers,
    Fuzz(Length),
}

/// What `ci` runs, the quickest to fail first.
pub fn all() -> Vec<Step> {
    vec![
        Step::Lint,
        Step::Servers,
        Step::Test,
        Step::Examples { release: false },
        Step::Demo { release: false },
        Step::Formats,
        Step::Browser { keep: false },
        Step::SecondReader,
        Step::Valgrind,
        Step::Scaling,
        Step::Counts { record: false },
        Step::Fuzz(Length::Seconds(10)),
    ]
}

impl Step {
    /// As on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Servers => "servers",
            Self::Test => "test",
            Self::Examples { .. } => "examples",
            Self::Demo { .. } => "demo",
            Self::Formats => "formats",
            Self::Browser { .. } => "browser",
            Self::SecondReader => "second-reader",
            Self::Valgrind => "valgrind",
            Self::Scaling => "scaling",
            Self::Counts { .. } => "counts",
            Self::Peers => "peers",
            Self::Fuzz(_) => "fuzz",
        }
    }

    pub fn run(&self) -> Result {
        match *self {
            Self::Lint => lint::run(),
            Self::Servers => servers::run(),
            Self::Test => test::run(),
            Self::Examples { release } => examples::run(release),
            Self::Demo { release } => demo::run(release),
            Self::Formats => formats::run(),
            Self::Browser { keep } => browser::run(keep),
            Self::SecondReader => second_reader::run(),
            Self::Valgrind => valgrind::run(),
            Self::Scaling => scaling::run(),
            Self::Counts { record } => counts::run(record),
            Self::Peers => peers::smoke(),
            Self::Fuzz(length) => fuzz::run(length),
        }
    }
}
