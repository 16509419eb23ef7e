//! `af man`: manual pages.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_mangen::Man;

use crate::args::Cli;
use crate::ui::Ui;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write the pages of all commands into this folder
    folder: Option<PathBuf>,
}

pub fn run(args: &Args, ui: &mut Ui) -> Result<ExitCode> {
    let mut command = Cli::command();
    command.build();
    match &args.folder {
        None => Man::new(command).render(ui.out())?,
        Some(folder) => {
            let place = || folder.display().to_string();
            std::fs::create_dir_all(folder).with_context(place)?;
            clap_mangen::generate_to(command, folder).with_context(place)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
