//! Ways to show things: tables, sizes, counts, and how long each step took.

// Each example uses a part of it.
#![allow(dead_code)]

use std::fmt;
use std::time::{Duration, Instant};

/// Rows under headings, in columns as wide as they need to be; numbers stand to the right.
pub struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table without rows.
    pub fn new(headings: [&str; N]) -> Self {
        Self {
            rows: vec![headings.map(str::to_owned)],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [&dyn fmt::Display; N]) {
        self.rows.push(cells.map(|cell| cell.to_string()));
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    }

    /// Whether a column holds numbers and dashes alone.
    fn is_numeric(&self, column: usize) -> bool {
        self.rows.iter().skip(1).all(|row| {
            let cell = row[column].trim_start_matches('-');
            cell.is_empty() || cell == "–" || cell.starts_with(|c: char| c.is_ascii_digit())
        })
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: [_; N] = std::array::from_fn(|c| (self.width(c), self.is_numeric(c)));
        for (i, row) in self.rows.iter().enumerate() {
            let cells = row
                .iter()
                .zip(columns)
                .map(|(cell, (width, right))| match right {
                    true => format!("{cell:>width$}"),
                    false => format!("{cell:<width$}"),
                });
            let line = cells.collect::<Vec<_>>().join("  ");
            writeln!(f, "  {}", line.trim_end())?;
            if i == 0 {
                let rules = columns.map(|(width, _)| "─".repeat(width));
                writeln!(f, "  {}", rules.join("  "))?;
            }
        }
        Ok(())
    }
}

/// A number with its thousands apart: `42,164`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

/// A size in the unit that suits it: `640 B`, `25.2 kB`, `1.58 MB`.
pub fn bytes(n: u64) -> String {
    let size = n as f64;
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2} MB", size / 1e6),
        _ => format!("{:.2} GB", size / 1e9),
    }
}

/// Extents as one reads them: `12×31×33`.
pub fn extents(shape: &[u64]) -> String {
    match shape {
        [] => "scalar".to_owned(),
        _ => shape
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join("×"),
    }
}

/// A value, or a dash where there is none.
pub fn or_dash(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

/// Says how long each step of a program took.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins the first step.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Prints what was done since the last step, and begins the next.
    pub fn step(&mut self, what: &str) {
        println!("{what:.<72} {:>7.1} ms", self.lap().as_secs_f64() * 1e3);
    }

    /// The time since the last step; the next begins.
    pub fn lap(&mut self) -> Duration {
        let lap = self.0.elapsed();
        self.0 = Instant::now();
        lap
    }
}
