//! A window of values.

use std::ops::Range;

use anyhow::Result;
use array_format::{ArrayFile, DType};

use super::text;
use crate::cells::{cells, fill};
use crate::region::{self, Selection};

/// Columns between two values.
pub const GAP: usize = 2;
/// Columns of what stands beside others at most.
pub const WIDEST: usize = 32;
/// Characters of a value that are kept.
const LONGEST: usize = 1000;

/// Values of an array around what is on the screen.
#[derive(Debug)]
pub struct Window {
    rows: Range<u64>,
    columns: Range<u64>,
    /// In C order.
    values: Vec<String>,
    /// Texts stand to the left.
    pub is_text: bool,
}

impl Window {
    /// Reads it, given the axes that go down and across.
    pub async fn read(
        file: &ArrayFile,
        name: &str,
        (rows, columns): (Option<usize>, Option<usize>),
        selection: &Selection,
    ) -> Result<Self> {
        let meta = file.get_array(name)?;
        let filler = fill(meta);
        let elements = region::read(file, name, selection).await?;
        let shown =
            cells(&meta.dtype, &elements).map(|cell| match filler.as_ref() == Some(&cell) {
                true => "_".to_owned(),
                false => cell.to_string().chars().take(LONGEST).collect(),
            });
        let range = |axis: Option<usize>| match axis.map(|axis| selection.axes[axis]) {
            Some(part) => part.start..part.start + part.count,
            None => 0..1,
        };
        Ok(Self {
            rows: range(rows),
            columns: range(columns),
            values: shown.collect(),
            is_text: meta.dtype == DType::String,
        })
    }

    /// A value, if it was read.
    pub fn get(&self, row: u64, column: u64) -> Option<&str> {
        if !self.rows.contains(&row) || !self.columns.contains(&column) {
            return None;
        }
        let across = self.columns.end - self.columns.start;
        let at = (row - self.rows.start) * across + (column - self.columns.start);
        self.values.get(at as usize).map(String::as_str)
    }

    /// The widths of the columns from `first` on that fit side by side, with these rows.
    pub fn widths(&self, rows: Range<u64>, first: u64, space: usize) -> Vec<usize> {
        let mut widths = Vec::new();
        let mut left = space;
        for column in first..self.columns.end {
            let values = rows.clone().filter_map(|row| self.get(row, column));
            let widest = values.map(|value| text::width(&text::clean(value))).max();
            let width = widest.unwrap_or(0).max(column.to_string().len());
            // One that is alone has all the space there is.
            let width = match self.columns.end - self.columns.start {
                1 => width.min(space),
                _ => width.min(WIDEST),
            };
            if !widths.is_empty() && width + GAP > left {
                break;
            }
            left = left.saturating_sub(width + GAP);
            widths.push(width.min(space));
        }
        widths
    }
}
