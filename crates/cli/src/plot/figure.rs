//! From an array to what is drawn of it.

use anyhow::Result;
use array_format::array::ArrayMeta;
use array_format::{ArrayFile, AttributeValue};

use super::{Axis, Figure, Panel, field, means, range, shrink};
use crate::convert::dimensions::split;
use crate::failure::usage;
use crate::region::Selection;

/// Elements that are read for a picture at most.
const MOST: u64 = 100_000_000;
/// Panels of a grid at most, and cells of a heat map along an axis.
const PANELS: u64 = 16;
const CELLS: usize = 1500;

/// What the user wants otherwise.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Wishes {
    /// The title; by default the array's long name
    #[arg(long)]
    pub title: Option<String>,
    /// The least value to show
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub min: Option<f64>,
    /// The greatest value to show
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub max: Option<f64>,
}

/// Draws a selection of an array of numbers.
pub async fn figure(
    file: &ArrayFile,
    meta: &ArrayMeta,
    mut selection: Selection,
    wishes: &Wishes,
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
    let values = field::read(file, meta, &selection).await?;
    let mut axes = Vec::new();
    for &i in &drawn {
        axes.push(field::axis(file, meta, i, selection.axes[i]).await?);
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
        since: None,
    });
    let rows = axes.pop();
    let outer = axes.pop();
    let width = columns.places.len();
    let height = rows.as_ref().map_or(1, |rows| rows.places.len());
    // Whole fields are drawn no finer than a screen shows.
    let (columns, step_x) = match rows {
        Some(_) => shrink(&columns, CELLS),
        None => (columns, 1),
    };
    let (rows, step_y) = match rows {
        Some(rows) => {
            let (rows, step) = shrink(&rows, CELLS);
            (Some(rows), step)
        }
        None => (None, 1),
    };
    let panels = values
        .chunks((width * height).max(1))
        .enumerate()
        .map(|(i, values)| Panel {
            title: match &outer {
                Some(axis) => format!("{} = {}", axis.name, axis.shown(axis.places[i])),
                None => String::new(),
            },
            values: match rows {
                Some(_) => means(values, width, (step_y, step_x)),
                None => values.to_vec(),
            },
        });
    let panels: Vec<Panel> = panels.collect();
    let found = range(panels.iter().flat_map(|panel| panel.values.iter().copied()));
    let found = found.unwrap_or((0.0, 1.0));
    let limits = (wishes.min.unwrap_or(found.0), wishes.max.unwrap_or(found.1));
    if limits.0 >= limits.1 || !limits.0.is_finite() || !limits.1.is_finite() {
        return Err(usage(format!(
            "nothing lies between {} and {}",
            limits.0, limits.1
        )));
    }
    Ok(Figure {
        title: wishes
            .title
            .clone()
            .or(long)
            .unwrap_or_else(|| meta.name.clone()),
        label,
        columns,
        rows,
        panels,
        range: limits,
    })
}
