//! A line of Braille dots, or a heat map of half blocks, with its axes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::{BOLD, DIM, PLAIN, after, before, below, put, put_right};
use crate::browse::state::State;
use crate::browse::text;
use crate::plot::draw::{color, number};
use crate::plot::{Axis, Figure, Panel, terminal};

/// Columns of the numbers on the left at most.
const LABELS: usize = 12;
/// Columns of the scale of colours.
const SCALE: u16 = 20;
/// What stands for values where there are no colours.
const SHADES: [&str; 5] = ["·", "░", "▒", "▓", "█"];

pub fn draw(buffer: &mut Buffer, area: Rect, figure: &Figure, state: &State<'_>, is_styled: bool) {
    let mut rest = area;
    if figure.title != state.name() {
        rest = after(put(buffer, rest, &figure.title, BOLD), 2);
    }
    let upward = figure
        .rows
        .as_ref()
        .map_or(figure.label.as_str(), Axis::title);
    put(buffer, rest, &format!("↕ {upward}"), DIM);
    // Below are the other axis and the meaning of colours.
    let mut plot = below(area, 1);
    let feet = 1 + u16::from(figure.rows.is_some());
    plot.height = plot.height.saturating_sub(feet);
    let Some(panel) = figure.panels.first() else {
        return;
    };
    let (first, last) = match &figure.rows {
        None => (number(figure.range.1), number(figure.range.0)),
        Some(rows) => {
            let ends = rows.places.first().zip(rows.places.last());
            let (first, last) = ends.map_or((0.0, 0.0), |(first, last)| (*first, *last));
            let (first, last) = (rows.shown(first), rows.shown(last));
            match terminal::is_reversed(rows) {
                true => (last, first),
                false => (first, last),
            }
        }
    };
    let plot = beside(buffer, plot, &first, &last);
    if plot.is_empty() {
        return;
    }
    match &figure.rows {
        None => {
            let lines = terminal::line(figure, panel, plot.width.into(), plot.height.into());
            for (row, line) in plot.rows().zip(lines) {
                put(buffer, row, &line, PLAIN.fg(Color::Cyan));
            }
        }
        Some(rows) => map(buffer, plot, figure, panel, rows, is_styled),
    }
    let feet = Rect {
        height: 1,
        y: plot.bottom(),
        ..plot
    };
    foot(buffer, feet, &figure.columns);
    if figure.rows.is_some() {
        let line = Rect {
            height: 1,
            y: feet.bottom(),
            ..area
        };
        scale(buffer, line, figure, is_styled);
    }
}

/// Draws a heat map all over an area.
fn map(
    buffer: &mut Buffer,
    area: Rect,
    figure: &Figure,
    panel: &Panel,
    rows: &Axis,
    is_styled: bool,
) {
    let columns = usize::from(area.width);
    let per_line = if is_styled { 2 } else { 1 };
    let height = usize::from(area.height) * per_line;
    let grid = terminal::grid(figure, panel, rows, (columns, height));
    for (line, values) in area.rows().zip(grid.chunks(columns * per_line)) {
        for (column, position) in line.positions().enumerate() {
            let cell = &mut buffer[position];
            match is_styled {
                false => cell.set_symbol(shade(values[column], figure.range)),
                true => cell
                    .set_symbol("▀")
                    .set_fg(shown(values[column], figure.range))
                    .set_bg(shown(values[columns + column], figure.range)),
            };
        }
    }
}

/// Writes the numbers at the ends of the left axis; returns the area beside them.
fn beside(buffer: &mut Buffer, area: Rect, top: &str, bottom: &str) -> Rect {
    let widest = text::width(top).max(text::width(bottom)).min(LABELS) as u16;
    let numbers = before(area, widest);
    put_right(buffer, numbers, top, DIM);
    if area.height > 1 {
        put_right(buffer, below(numbers, area.height - 1), bottom, DIM);
    }
    after(area, widest + 1)
}

/// Writes the numbers at the ends of the lower axis, and its name between them.
fn foot(buffer: &mut Buffer, line: Rect, axis: &Axis) {
    let Some((first, last)) = axis.places.first().zip(axis.places.last()) else {
        return;
    };
    let last = format!(" {}", axis.shown(*last));
    let rest = after(put(buffer, line, &axis.shown(*first), DIM), 1);
    put_right(buffer, rest, &last, DIM);
    let space = rest.width.saturating_sub(text::width(&last) as u16);
    let spare = usize::from(space).saturating_sub(text::width(axis.title()));
    put(
        buffer,
        after(before(rest, space), spare as u16 / 2),
        axis.title(),
        DIM,
    );
}

/// The meaning of colours.
fn scale(buffer: &mut Buffer, line: Rect, figure: &Figure, is_styled: bool) {
    let (least, greatest) = figure.range;
    let mut rest = after(put(buffer, line, &number(least), DIM), 1);
    for step in 0..SCALE {
        let share = f64::from(step) / f64::from(SCALE - 1);
        let value = least + (greatest - least) * share;
        rest = match is_styled {
            true => put(
                buffer,
                rest,
                "█",
                Style::new().fg(shown(value, figure.range)),
            ),
            false => put(buffer, rest, shade(value, figure.range), PLAIN),
        };
    }
    let rest = put(buffer, after(rest, 1), &number(greatest), DIM);
    put(buffer, after(rest, 2), &figure.label, DIM);
}

fn shown(value: f64, range: (f64, f64)) -> Color {
    let color = color(value, range);
    Color::Rgb(color.0, color.1, color.2)
}

fn shade(value: f64, range: (f64, f64)) -> &'static str {
    let share = (value - range.0) / (range.1 - range.0);
    match share.is_finite() {
        true => SHADES[(share.clamp(0.0, 1.0) * (SHADES.len() - 1) as f64).round() as usize],
        false => " ",
    }
}
