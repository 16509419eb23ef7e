//! Statistics of chunks, and values.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{BOLD, DIM, PLAIN, after, before, below, put, put_right};
use crate::browse::state::State;
use crate::browse::text;
use crate::browse::values::{GAP, WIDEST, Window};
use crate::commands::stats::ChunkEntry;

pub fn statistics(buffer: &mut Buffer, area: Rect, chunks: &[ChunkEntry], top: usize) {
    let shown = chunks.iter().skip(top).take(area.height.into());
    let rows: Vec<[String; 6]> = shown.map(ChunkEntry::row).collect();
    let mut rest = area;
    for (column, heading) in ChunkEntry::HEADINGS.into_iter().enumerate() {
        let (heading, is_right) = match heading.strip_prefix('>') {
            Some(heading) => (heading, true),
            None => (heading, false),
        };
        let texts = || rows.iter().map(|row| row[column].as_str());
        let widths = texts()
            .chain([heading])
            .map(|text| text::width(&text::clean(text)));
        let width = widths.max().unwrap_or(0).min(WIDEST) as u16;
        let styles = [BOLD].into_iter().chain(std::iter::repeat(PLAIN));
        let cells = [heading].into_iter().chain(texts()).zip(styles);
        for (line, (text, style)) in before(rest, width).rows().zip(cells) {
            match is_right {
                true => put_right(buffer, line, text, style),
                false => drop(put(buffer, line, text, style)),
            }
        }
        rest = after(rest, width + GAP as u16);
    }
}

pub fn values(buffer: &mut Buffer, area: Rect, window: &Window, state: &State<'_>) {
    let labels = state.labels() as u16;
    for (line, row) in below(area, 1).rows().zip(state.rows()) {
        if state.slice.rows.is_some() {
            put_right(buffer, before(line, labels), &row.to_string(), DIM);
        }
    }
    let mut rest = after(area, labels + GAP as u16);
    let first = state.slice.first(state.slice.columns);
    for (column, width) in (first..).zip(state.widths()) {
        let cells = before(rest, width as u16);
        if state.slice.columns.is_some() {
            put_right(buffer, cells, &column.to_string(), DIM);
        }
        for (line, row) in below(cells, 1).rows().zip(state.rows()) {
            let value = window.get(row, column).unwrap_or("…");
            match window.is_text {
                true => drop(put(buffer, line, value, PLAIN)),
                false => put_right(buffer, line, value, PLAIN),
            }
        }
        rest = after(rest, (width + GAP) as u16);
    }
}
