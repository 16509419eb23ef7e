//! `af plot`: an array as a picture.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::failure::usage;
use crate::open::Source;
use crate::plot::figure::{Wishes, figure};
use crate::plot::{draw, terminal};
use crate::region::Request;
use crate::ui::Ui;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// An array of numbers, and what of it: one axis is drawn as a line, two as a heat map, three as
    /// a grid of them
    #[arg(value_name = "ARRAY[REGION]", value_parser = Request::parse)]
    array: Request,
    /// The picture: .png or .svg; by default the array's name with .png
    #[arg(long, short, value_name = "PICTURE")]
    output: Option<PathBuf>,
    /// Draw in the terminal
    #[arg(long, conflicts_with = "output")]
    term: bool,
    /// Pixels across and down
    #[arg(long, value_name = "W×H", default_value = "1000x640", value_parser = parse_size)]
    size: (u32, u32),
    #[command(flatten)]
    wishes: Wishes,
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("{text:?} is no size; write 1000x640, each from 200 to 10000");
    let (width, height) = text.split_once(['x', '×']).ok_or_else(wrong)?;
    let pixels = |text: &str| match text.trim().parse::<u32>() {
        Ok(n) if (200..=10_000).contains(&n) => Ok(n),
        _ => Err(wrong()),
    };
    Ok((pixels(width)?, pixels(height)?))
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let file = args.source.open().await?;
    let name = args.array.name(|name| file.contains(name).unwrap_or(false));
    let meta = file.get_array(name)?;
    let selection = args.array.of(meta)?;
    let figure = figure(&file, meta, selection, &args.wishes).await?;
    if args.term {
        let (lines, columns) = console::Term::stdout().size_checked().unwrap_or((24, 80));
        let height = usize::from(lines.saturating_sub(4).max(4)) / figure.panels.len().clamp(1, 4);
        for line in terminal::lines(&figure, columns.into(), height.max(4)) {
            ui.line(line)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let output = args
        .output
        .unwrap_or_else(|| PathBuf::from(format!("{}.png", name.replace('/', "_"))));
    let shown = output.display();
    let picture = match output.extension().and_then(|e| e.to_str()) {
        Some("png") => draw::png(&figure, args.size)?,
        Some("svg") => draw::svg(&figure, args.size)?.into_bytes(),
        _ => return Err(usage(format!("{shown}: pictures end in .png or .svg"))),
    };
    std::fs::write(&output, picture).with_context(|| format!("cannot write {shown}"))?;
    match ui.json {
        true => ui.print_json(&serde_json::json!({ "picture": output }))?,
        false => ui.line(format!("drew {shown}"))?,
    }
    Ok(ExitCode::SUCCESS)
}
