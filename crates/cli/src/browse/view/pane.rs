//! The right side: the name of what is chosen, its tabs, and the view of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::{BOLD, DIM, PLAIN, after, axes, before, below, picture, put, put_right, table};
use crate::browse::layout::{Layout, Side};
use crate::browse::load::Content;
use crate::browse::sheet::Sheet;
use crate::browse::state::{State, Tab};
use crate::browse::text;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

pub fn draw(buffer: &mut Buffer, layout: &Layout, state: &State<'_>, is_styled: bool) {
    let mut name = layout.name;
    if state.is_reading() {
        let spinner = SPINNER[state.ticks % SPINNER.len()];
        let text = format!(" {spinner} reading…");
        put_right(buffer, name, &text, DIM);
        name.width = name.width.saturating_sub(text::width(&text) as u16);
    }
    put(buffer, name, state.name(), BOLD);
    if let Some(tab) = state.tab() {
        tabs(buffer, layout.tabs, tab, state.side);
    }
    let mut body = layout.body;
    if state.is_cut() {
        axes::draw(buffer, body, state);
        body = below(body, 1);
    }
    match state.content() {
        None => {}
        Some(Err(error)) => {
            let lines = text::wrap(error, body.width.into());
            for (line, text) in body.rows().zip(lines) {
                put(buffer, line, &text, PLAIN.fg(Color::Red));
            }
        }
        Some(Ok(Content::Note(text))) => {
            put(buffer, body, text, DIM);
        }
        Some(Ok(Content::Sheet(sheet))) => draw_sheet(buffer, body, sheet, state.top),
        Some(Ok(Content::Chunks(chunks))) => table::statistics(buffer, body, chunks, state.top),
        Some(Ok(Content::Values(window))) => table::values(buffer, body, window, state),
        Some(Ok(Content::Picture(figure))) => {
            picture::draw(buffer, body, figure, state, is_styled);
        }
    }
    if state.is_stale() {
        buffer.set_style(body, DIM);
    }
}

fn tabs(buffer: &mut Buffer, area: Rect, chosen: Tab, side: Side) {
    let all: usize = Tab::ALL.iter().map(|tab| tab.name().len() + 4).sum();
    let has_room = all - 2 <= area.width.into();
    let mut rest = area;
    for (number, tab) in (1..).zip(Tab::ALL) {
        let style = match (tab == chosen, side) {
            (true, Side::Pane) => BOLD.add_modifier(Modifier::REVERSED),
            (true, Side::Tree) => BOLD.add_modifier(Modifier::UNDERLINED),
            (false, _) => DIM,
        };
        // Where there is no room, the others are numbers alone.
        let text = match tab == chosen || has_room {
            true => format!("{number} {}", tab.name()),
            false => number.to_string(),
        };
        rest = after(put(buffer, rest, &text, style), 2);
    }
}

fn draw_sheet(buffer: &mut Buffer, area: Rect, sheet: &Sheet, top: usize) {
    let (lines, labels) = sheet.lines(area.width.into());
    let labels = labels as u16;
    for (row, line) in area.rows().zip(lines.iter().skip(top)) {
        // A label that is alone may be longer.
        let space = if line.text.is_empty() {
            area.width
        } else {
            labels
        };
        put(buffer, before(row, space), &line.label, DIM);
        put(buffer, after(row, labels + 2), &line.text, PLAIN);
    }
}
