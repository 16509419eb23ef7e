//! `af plot`: an array as a picture.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use array_format::array::ArrayMeta;
use array_format::{ArrayFile, AttributeValue};

use crate::attributes;
use crate::cells::{Cell, cells, dtype_name, fill};
use crate::convert::dimensions::split;
use crate::failure::usage;
use crate::open::Source;
use crate::plot::{self, Axis, Figure, Panel, draw, terminal};
use crate::region::{self, Request, Selection};
use crate::ui::Ui;

/// Elements that are read for a picture at most.
const MOST: u64 = 100_000_000;
/// Elements that are read at a time.
const SLAB: u64 = 4 << 20;
/// Panels of a grid at most, and cells of a heat map along an axis.
const PANELS: u64 = 16;
const CELLS: usize = 1500;

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
    /// The title; by default the array's long name
    #[arg(long)]
    title: Option<String>,
    /// The least value to show
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    min: Option<f64>,
    /// The greatest value to show
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    max: Option<f64>,
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
    let figure = figure(&file, meta, selection, &args).await?;
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

async fn figure(
    file: &ArrayFile,
    meta: &ArrayMeta,
    mut selection: Selection,
    args: &Args,
) -> Result<Figure> {
    let kept = |selection: &Selection| -> Vec<usize> {
        (0..selection.axes.len())
            .filter(|&i| selection.axes[i].kept && selection.axes[i].count > 1)
            .collect()
    };
    let mut drawn = kept(&selection);
    // One element alone is a line of one.
    if drawn.is_empty() {
        drawn = (0..selection.axes.len()).rev().take(1).collect();
    }
    if drawn.len() > 3 || selection.is_empty() {
        return Err(usage(format!(
            "a picture has one, two or three axes, this region has {}; pick with {}[0, …]",
            drawn.len(),
            meta.name
        )));
    }
    if let [panels, ..] = drawn[..]
        && drawn.len() == 3
        && selection.axes[panels].count > PANELS
    {
        let axis = &mut selection.axes[panels];
        let every = axis.count.div_ceil(PANELS);
        axis.step *= every;
        axis.count = axis.count.div_ceil(every);
    }
    if selection.len() > MOST {
        return Err(usage(format!(
            "{} elements are too many for a picture; take every tenth with {}[::10, ::10]",
            selection.len(),
            meta.name
        )));
    }
    let values = read(file, meta, &selection).await?;
    let mut axes = Vec::new();
    for &i in &drawn {
        axes.push(axis(file, meta, i, selection.axes[i]).await?);
    }
    let text = |key: &str| match file.get_attribute(&meta.name, key) {
        Ok(Some(AttributeValue::String(text))) => Some(text.clone()),
        _ => None,
    };
    let long = text("long_name").or_else(|| text("standard_name"));
    let short = split(&meta.name).1.to_owned();
    let label = match text("units") {
        Some(units) => format!("{short} ({units})"),
        None => short,
    };
    let columns = axes.pop().unwrap_or_else(|| Axis {
        name: String::new(),
        label: String::new(),
        places: vec![0.0],
        is_down: false,
    });
    let rows = axes.pop();
    let outer = axes.pop();
    let width = columns.places.len();
    let height = rows.as_ref().map_or(1, |rows| rows.places.len());
    // Whole fields are drawn no finer than a screen shows.
    let (columns, step_x) = match rows {
        Some(_) => plot::shrink(&columns, CELLS),
        None => (columns, 1),
    };
    let (rows, step_y) = match rows {
        Some(rows) => {
            let (rows, step) = plot::shrink(&rows, CELLS);
            (Some(rows), step)
        }
        None => (None, 1),
    };
    let panels = values
        .chunks((width * height).max(1))
        .enumerate()
        .map(|(i, values)| Panel {
            title: match &outer {
                Some(axis) => format!("{} = {}", axis.name, draw::number(axis.places[i])),
                None => String::new(),
            },
            values: match rows {
                Some(_) => plot::means(values, width, (step_y, step_x)),
                None => values.to_vec(),
            },
        });
    let panels: Vec<Panel> = panels.collect();
    let found = plot::range(panels.iter().flat_map(|panel| panel.values.iter().copied()));
    let found = found.unwrap_or((0.0, 1.0));
    let range = (args.min.unwrap_or(found.0), args.max.unwrap_or(found.1));
    if range.0 >= range.1 || !range.0.is_finite() || !range.1.is_finite() {
        return Err(usage(format!(
            "nothing lies between {} and {}",
            range.0, range.1
        )));
    }
    Ok(Figure {
        title: args
            .title
            .clone()
            .or(long)
            .unwrap_or_else(|| meta.name.clone()),
        label,
        columns,
        rows,
        panels,
        range,
    })
}

/// The number that an element is, as CF says how to scale it; NaN for a fill value.
async fn read(file: &ArrayFile, meta: &ArrayMeta, selection: &Selection) -> Result<Vec<f64>> {
    let filler = fill(meta);
    let scale = |key: &str| -> Result<Option<f64>> {
        let value = file.get_attribute(&meta.name, key)?;
        Ok(value.and_then(|value| number(&attributes::cell(value))))
    };
    let (factor, offset) = (scale("scale_factor")?, scale("add_offset")?);
    let (factor, offset) = (factor.unwrap_or(1.0), offset.unwrap_or(0.0));
    let value = |cell: Cell| match filler.as_ref() == Some(&cell) {
        true => Some(f64::NAN),
        false => Some(number(&cell)? * factor + offset),
    };
    let mut values = Vec::new();
    for slab in selection.slabs(SLAB) {
        let elements = region::read(file, &meta.name, &slab).await?;
        for cell in cells(&meta.dtype, &elements) {
            values.push(value(cell).ok_or_else(|| {
                usage(format!(
                    "{} holds {}, which cannot be drawn",
                    meta.name,
                    dtype_name(&meta.dtype)
                ))
            })?);
        }
    }
    Ok(values)
}

fn number(cell: &Cell) -> Option<f64> {
    Some(match cell {
        Cell::Bool(v) => f64::from(u8::from(*v)),
        Cell::Int(v) => *v as f64,
        Cell::UInt(v) => *v as f64,
        Cell::Single(v) => (*v).into(),
        Cell::Double(v) => *v,
        Cell::Time(v) => *v as f64 / 1e9,
        _ => return None,
    })
}

/// An axis, with the places that an array of its name has, in the same group or one around it.
async fn axis(file: &ArrayFile, meta: &ArrayMeta, i: usize, part: region::Axis) -> Result<Axis> {
    let dimension = &meta.dimension_names[i];
    let mut group = split(&meta.name).0;
    let coordinates = loop {
        let name = match group {
            "" => dimension.clone(),
            group => format!("{group}/{dimension}"),
        };
        let is_it = file
            .get_array(&name)
            .is_ok_and(|other| other.shape == [meta.shape[i]] && other.name != meta.name);
        if is_it {
            break Some(name);
        }
        if group.is_empty() {
            break None;
        }
        group = split(group).0;
    };
    let numbers = || part.numbers().map(|n| n as f64).collect();
    let Some(name) = coordinates else {
        return Ok(Axis {
            name: dimension.clone(),
            label: dimension.clone(),
            places: numbers(),
            is_down: false,
        });
    };
    let other = file.get_array(&name)?;
    let along = Selection {
        axes: vec![region::Axis { kept: true, ..part }],
    };
    let places = match read(file, other, &along).await {
        Ok(places) if places.iter().all(|place| place.is_finite()) => places,
        _ => numbers(),
    };
    let text = |key: &str| match file.get_attribute(&name, key) {
        Ok(Some(AttributeValue::String(text))) => Some(text.clone()),
        _ => None,
    };
    Ok(Axis {
        name: dimension.clone(),
        label: match text("units") {
            Some(units) => format!("{dimension} ({units})"),
            None => dimension.clone(),
        },
        places,
        is_down: text("positive").is_some_and(|way| way.eq_ignore_ascii_case("down")),
    })
}
