//! `af tag`: names for states, which are kept as long as they have one.

use std::process::ExitCode;

use anyhow::Result;
use array_format::At;
use serde::Serialize;

use crate::failure::usage;
use crate::open;
use crate::times;
use crate::ui::Ui;
use crate::ui::table::Table;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file: a path or URL
    file: String,
    /// The name to give; without one, tags are listed
    name: Option<String>,
    /// The state, by commit number, time or another tag; by default the newest
    #[arg(long, value_name = "N|TIME|TAG", value_parser = times::parse_at, requires = "name")]
    at: Option<At>,
    /// Remove the name
    #[arg(long, short, requires = "name", conflicts_with = "at")]
    delete: bool,
}

#[derive(Serialize)]
struct Entry {
    tag: String,
    commit: u64,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let Some(name) = args.name else {
        let file = open::open(&args.file).await?;
        let tags = file.tags()?.into_iter().map(|tag| Entry {
            tag: tag.name,
            commit: tag.sequence,
        });
        let tags: Vec<Entry> = tags.collect();
        if ui.json {
            ui.print_json(&tags)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = Table::new(&["tag", ">commit"]);
        for tag in tags {
            table.row([tag.tag, tag.commit.to_string()]);
        }
        ui.table(&table)?;
        return Ok(ExitCode::SUCCESS);
    };
    let verb = if args.delete { "remove tag" } else { "tag" };
    let mut file = open::open_to_write(&args.file, &format!("{verb} {name}")).await?;
    if args.delete {
        if !file.untag(&name)? {
            return Err(usage(format!(
                "{} has no tag {name:?}; see `af tag FILE`",
                args.file
            )));
        }
    } else {
        let at = args.at.unwrap_or_else(|| At::Commit(file.sequence()));
        file.tag(name, at).await?;
    }
    file.flush().await?;
    Ok(ExitCode::SUCCESS)
}
