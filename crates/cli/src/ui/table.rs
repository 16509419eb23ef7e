//! Tables: aligned columns, without lines, so that they can be read and cut alike.

use std::io::{Result, Write};

use anstyle::Style;
use comfy_table::{Cell, CellAlignment, ContentArrangement, presets};

/// Rows under headings.
pub struct Table {
    headings: Vec<&'static str>,
    /// Whether numbers of a column stand to the right.
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Headings; those that begin with `>` are of columns of numbers.
    pub fn new(headings: &[&'static str]) -> Self {
        Self {
            headings: headings.iter().map(|h| h.trim_start_matches('>')).collect(),
            right: headings.iter().map(|h| h.starts_with('>')).collect(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Within this width, if there is one: longer cells are wrapped.
    pub(super) fn write(
        &self,
        out: &mut impl Write,
        width: Option<u16>,
        bold: Style,
    ) -> Result<()> {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        let aligned = |(text, &right): (&str, &bool)| {
            Cell::new(text).set_alignment(match right {
                true => CellAlignment::Right,
                false => CellAlignment::Left,
            })
        };
        table.set_header(self.headings.iter().copied().zip(&self.right).map(aligned));
        for row in &self.rows {
            table.add_row(row.iter().map(String::as_str).zip(&self.right).map(aligned));
        }
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for (i, line) in table.lines().enumerate() {
            let line = line.trim_end();
            match i {
                0 => writeln!(out, "{bold}{line}{bold:#}")?,
                _ => writeln!(out, "{line}")?,
            }
        }
        Ok(())
    }
}
