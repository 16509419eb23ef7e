//! Puts tables and pictures into docs/performance.md, between comments. The prose is left alone.

mod chart;
mod table;

use std::fs;

use anyhow::{Context, Result};

use crate::results::Results;

pub fn write(results: &Results) -> Result<()> {
    let docs = crate::home().join("../../docs");
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
    put("peers", &body)
}

/// Puts text into the page, in place of what stands between the two comments of this name.
pub fn put(name: &str, body: &str) -> Result<()> {
    let page = crate::home().join("../../docs/performance.md");
    let text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let (begin, end) = (
        format!("<!-- {name}:begin -->"),
        format!("<!-- {name}:end -->"),
    );
    let (before, rest) = text
        .split_once(&begin)
        .with_context(|| format!("no {begin} in the page"))?;
    let (_, after) = rest
        .split_once(&end)
        .with_context(|| format!("no {end} in the page"))?;
    fs::write(page, format!("{before}{begin}\n{body}\n{end}{after}"))?;
    Ok(())
}
