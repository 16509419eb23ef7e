//! `af browse`: a file in the terminal, to look around in.

use std::io::{IsTerminal, stdin, stdout};
use std::process::ExitCode;

use anyhow::Result;

use crate::browse;
use crate::failure::usage;
use crate::open::Source;
use crate::ui::Ui;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    if ui.json {
        return Err(usage(
            "`af browse` prints no JSON; `af --json ls FILE` and `af --json dump FILE` do",
        ));
    }
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(usage(
            "`af browse` needs a terminal; `af ls FILE` lists the arrays, `af dump FILE` prints all",
        ));
    }
    let file = args.source.open().await?;
    browse::run(file, &args.source.file, ui.is_styled).await?;
    Ok(ExitCode::SUCCESS)
}
