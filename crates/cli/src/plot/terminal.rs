//! Pictures in the terminal: half blocks in colour, and lines of Braille dots.

use super::draw::color;
use super::{Axis, Figure, Panel};

/// The lines of the picture, for a terminal of so many columns and lines.
pub fn lines(figure: &Figure, columns: usize, height: usize) -> Vec<String> {
    let mut out = vec![figure.title.clone()];
    for panel in &figure.panels {
        if !panel.title.is_empty() {
            out.push(panel.title.clone());
        }
        match &figure.rows {
            None => out.extend(line(figure, panel, columns, height)),
            Some(rows) => out.extend(map(figure, panel, rows, columns, height)),
        }
    }
    let (least, greatest) = figure.range;
    out.push(format!("{}: {least} to {greatest}", figure.label));
    out
}

/// Whether the last row is on top: the greater end is, unless the axis points down.
pub fn is_reversed(rows: &Axis) -> bool {
    let rises = rows.places.first() <= rows.places.last();
    rises != rows.is_down
}

/// A heat map of so many columns and rows, the first on top: means of what lies in each cell.
pub fn grid(
    figure: &Figure,
    panel: &Panel,
    rows: &Axis,
    (columns, height): (usize, usize),
) -> Vec<f64> {
    let (across, down) = (figure.columns.places.len(), rows.places.len());
    // The elements of part `i` of `n` parts; parts of less than an element have one.
    let part = |i: usize, n: usize, all: usize| {
        let first = i * all / n;
        first..((i + 1) * all / n).clamp(first + 1, all.max(first + 1))
    };
    let mut grid = Vec::with_capacity(columns * height);
    for row in 0..height {
        let row = match is_reversed(rows) {
            true => height - 1 - row,
            false => row,
        };
        for column in 0..columns {
            let (mut sum, mut n) = (0.0, 0);
            for y in part(row, height, down) {
                let cells = part(column, columns, across).map(|x| y * across + x);
                for value in cells.filter_map(|at| panel.values.get(at)) {
                    if value.is_finite() {
                        sum += value;
                        n += 1;
                    }
                }
            }
            grid.push(sum / f64::from(n));
        }
    }
    grid
}

fn map(figure: &Figure, panel: &Panel, rows: &Axis, columns: usize, height: usize) -> Vec<String> {
    let n = columns.min(figure.columns.places.len());
    let grid = grid(figure, panel, rows, (n, rows.places.len().min(height * 2)));
    let lines: Vec<&[f64]> = grid.chunks(n.max(1)).collect();
    lines
        .chunks(2)
        .map(|pair| {
            let mut text = String::new();
            for i in 0..n {
                let top = color(pair[0][i], figure.range);
                text += &format!("\x1b[38;2;{};{};{}m", top.0, top.1, top.2);
                if let Some(below) = pair.get(1) {
                    let below = color(below[i], figure.range);
                    text += &format!("\x1b[48;2;{};{};{}m", below.0, below.1, below.2);
                }
                text.push('▀');
            }
            text + "\x1b[0m"
        })
        .collect()
}

/// The line in so many columns and lines.
pub fn line(figure: &Figure, panel: &Panel, columns: usize, height: usize) -> Vec<String> {
    // A character of Braille has two dots across and four down.
    let (width, dots) = (columns * 2, height * 4);
    let (least, greatest) = figure.range;
    let mut grid = vec![false; width * dots];
    let n = panel.values.len();
    let mut last: Option<(usize, usize)> = None;
    for (i, &value) in panel.values.iter().enumerate() {
        if !value.is_finite() {
            last = None;
            continue;
        }
        let x = match n {
            0 | 1 => 0,
            n => i * (width - 1) / (n - 1),
        };
        let share = ((value - least) / (greatest - least)).clamp(0.0, 1.0);
        let y = ((1.0 - share) * (dots - 1) as f64).round() as usize;
        // Every dot on the way from the one before.
        let (from_x, from_y) = last.unwrap_or((x, y));
        let steps = from_x.abs_diff(x).max(from_y.abs_diff(y)).max(1);
        let between = |from: usize, to: usize, step: usize| {
            let part = step as f64 / steps as f64;
            (from as f64 + (to as f64 - from as f64) * part).round() as usize
        };
        for step in 0..=steps {
            grid[between(from_y, y, step) * width + between(from_x, x, step)] = true;
        }
        last = Some((x, y));
    }
    const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    (0..height)
        .map(|row| {
            let cells = (0..columns).map(|column| {
                let mut dots = 0;
                for (dy, bits) in DOTS.iter().enumerate() {
                    for (dx, bit) in bits.iter().enumerate() {
                        if grid[(row * 4 + dy) * width + column * 2 + dx] {
                            dots |= bit;
                        }
                    }
                }
                char::from_u32(0x2800 + dots).unwrap_or(' ')
            });
            cells.collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(rows: Option<usize>, values: Vec<f64>) -> Figure {
        let axis = |n: usize| Axis {
            name: String::new(),
            label: String::new(),
            places: (0..n).map(|i| i as f64).collect(),
            is_down: false,
            since: None,
        };
        Figure {
            title: "t".to_owned(),
            label: "v".to_owned(),
            columns: axis(values.len() / rows.unwrap_or(1)),
            rows: rows.map(axis),
            range: (0.0, 3.0),
            panels: vec![Panel {
                title: String::new(),
                values,
            }],
        }
    }

    #[test]
    fn lines_rise_to_the_right() {
        let shown = lines(&figure(None, vec![0.0, 1.0, 2.0, 3.0]), 4, 2);
        assert_eq!(shown.len(), 4);
        assert!(
            shown[1].starts_with('⠀') && !shown[1].ends_with('⠀'),
            "{shown:?}"
        );
        assert!(
            !shown[2].starts_with('⠀') && shown[2].ends_with('⠀'),
            "{shown:?}"
        );
    }

    #[test]
    fn steep_lines_have_no_gaps() {
        let shown = lines(&figure(None, vec![0.0, 3.0]), 1, 8);
        assert!(shown[1..9].iter().all(|line| line != "⠀"), "{shown:?}");
    }

    #[test]
    fn cells_are_means_or_repeated() {
        let figure = figure(Some(2), vec![0.0, 1.0, 2.0, f64::NAN, f64::NAN, 3.0]);
        let grid = |columns, height| {
            let rows = figure.rows.as_ref().unwrap();
            grid(&figure, &figure.panels[0], rows, (columns, height))
        };
        assert_eq!(grid(1, 1), [1.5]);
        let all = grid(6, 2);
        assert!(
            all[..4].iter().all(|v| v.is_nan()),
            "the last row is on top"
        );
        assert_eq!(all[4..], [3.0, 3.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
        assert_eq!(grid(3, 4)[9..], [0.0, 1.0, 2.0]);
    }

    #[test]
    fn maps_have_two_rows_a_line() {
        let shown = lines(
            &figure(Some(3), vec![0.0, 1.0, 2.0, 3.0, f64::NAN, 1.0]),
            40,
            20,
        );
        assert_eq!(shown.len(), 4);
        assert_eq!(shown[1].matches('▀').count(), 2);
    }
}
