//! Pictures in the terminal: half blocks in colour, and lines of Braille dots.

use super::draw::color;
use super::{Figure, Panel, means, shrink};

/// The lines of the picture, for a terminal of so many columns and lines.
pub fn lines(figure: &Figure, columns: usize, height: usize) -> Vec<String> {
    let mut out = vec![figure.title.clone()];
    for panel in &figure.panels {
        if !panel.title.is_empty() {
            out.push(panel.title.clone());
        }
        match &figure.rows {
            None => out.extend(line(figure, panel, columns, height)),
            Some(_) => out.extend(map(figure, panel, columns, height)),
        }
    }
    let (least, greatest) = figure.range;
    out.push(format!("{}: {least} to {greatest}", figure.label));
    out
}

fn map(figure: &Figure, panel: &Panel, columns: usize, height: usize) -> Vec<String> {
    let Some(rows) = &figure.rows else {
        return Vec::new();
    };
    let (across, step_x) = shrink(&figure.columns, columns);
    let (down, step_y) = shrink(rows, height * 2);
    let values = means(&panel.values, figure.columns.places.len(), (step_y, step_x));
    let n = across.places.len();
    let mut lines: Vec<&[f64]> = values.chunks(n.max(1)).collect();
    // The greater end is on top, unless the axis points down.
    let rises = down.places.first() <= down.places.last();
    if rises != down.is_down {
        lines.reverse();
    }
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

fn line(figure: &Figure, panel: &Panel, columns: usize, height: usize) -> Vec<String> {
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
        let (from_x, from_y) = last.unwrap_or((x, y));
        // Every column between, and every dot from one height to the next.
        for step in from_x..=x {
            let part = if x == from_x {
                1.0
            } else {
                (step - from_x) as f64 / (x - from_x) as f64
            };
            let at = from_y as f64 + (y as f64 - from_y as f64) * part;
            grid[at.round() as usize * width + step] = true;
        }
        for between in from_y.min(y)..=from_y.max(y) {
            if x == from_x {
                grid[between * width + x] = true;
            }
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
    use super::super::Axis;
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
