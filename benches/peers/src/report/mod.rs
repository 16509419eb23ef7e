//! Puts tables and pictures into pages of docs/, between comments. The prose is left alone.

mod chart;
mod table;

use std::fs;

use anyhow::{Context, Result};

use crate::results::Results;
use crate::works::Size;

/// The page of the codecs, and of runs that users repeat.
pub const PAGE: &str = "performance.md";
/// The page of full runs, of tables alone.
const FULL_PAGE: &str = "performance-full.md";

pub fn write(results: &Results) -> Result<()> {
    let mut body = table::machine(results);
    body += "\n### Targets\n\n";
    body += &table::targets(results);
    let full = results.size == Size::Full;
    if !full {
        body += &pictures(results)?;
    }
    body += "\n### All figures\n";
    body += &table::works(results);
    put(if full { FULL_PAGE } else { PAGE }, "peers", &body)
}

/// Draws the pictures, and shows them.
fn pictures(results: &Results) -> Result<String> {
    let docs = docs();
    fs::create_dir_all(docs.join("performance"))?;
    let mut body =
        "\n### Pictures\n\nCPU time, less is better; bars that do not fit are cut.\n".to_owned();
    for picture in chart::pictures(results) {
        let name = format!("performance/{}.svg", picture.name);
        fs::write(docs.join(&name), picture.svg)?;
        body += &format!("\n![{}]({name})\n", picture.title);
    }
    Ok(body)
}

fn docs() -> std::path::PathBuf {
    crate::home().join("../../docs")
}

/// Puts text into a page, in place of what stands between the two comments of this name.
pub fn put(page: &str, name: &str, body: &str) -> Result<()> {
    let page = docs().join(page);
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
