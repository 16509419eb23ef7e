//! Puts tables and pictures into docs/performance.md, between two comments. The prose is left alone.

mod chart;
mod table;

use std::fs;

use anyhow::{Context, Result};

use crate::results::Results;

const BEGIN: &str = "<!-- peers:begin -->";
const END: &str = "<!-- peers:end -->";

pub fn write(results: &Results) -> Result<()> {
    let docs = crate::home().join("../../docs");
    let page = docs.join("performance.md");
    let text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let (before, rest) = text
        .split_once(BEGIN)
        .with_context(|| format!("no {BEGIN} in the page"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("no {END} in the page"))?;

    let mut body = table::machine(results);
    body += "\n### Targets\n\n";
    body += &table::targets(results);
    fs::create_dir_all(docs.join("performance"))?;
    body += "\n### Pictures\n\nCPU time, less is better; bars that do not fit are cut.\n";
    for picture in chart::pictures(results) {
        let name = format!("performance/{}.svg", picture.name);
        fs::write(docs.join(&name), picture.svg)?;
        body += &format!("\n![{}]({name})\n", picture.title);
    }
    body += "\n### All figures\n";
    body += &table::works(results);
    fs::write(page, format!("{before}{BEGIN}\n{body}\n{END}{after}"))?;
    Ok(())
}
