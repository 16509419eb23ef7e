//! What all commands have in common on the command line.

use clap::{Args, Parser, ValueEnum};

use crate::commands::Command;

/// Many n-dimensional arrays in one crash-safe, versioned file: look into, make, convert, check
#[derive(Debug, Parser)]
#[command(name = "af", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "FILE is a local path or a URL: s3://, gs://, az://, http(s)://. \
                        Credentials come from the environment (AWS_*, GOOGLE_*, AZURE_*).\n\
                        Exit codes: 0 fine, 1 failed or different, 2 usage, 3 damaged data."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Print JSON, whose schema is in docs/cli.md
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no remarks
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}
