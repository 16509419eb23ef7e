//! `af completions`: scripts for shells.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::ui::Ui;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(args: &Args, ui: &mut Ui) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "af", &mut script);
    std::io::Write::write_all(ui.out(), &script)?;
    Ok(ExitCode::SUCCESS)
}
