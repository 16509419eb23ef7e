//! Drawing, and nothing else.

mod axes;
mod help;
mod pane;
mod picture;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod tree;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::state::State;
use super::text;

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const PLAIN: Style = Style::new();

/// Draws the screen, in colours or without.
pub fn draw(frame: &mut Frame<'_>, state: &State<'_>, is_styled: bool) {
    // The screen may have changed since its size was told.
    let screen = frame.area();
    let layout = state.layout();
    if layout.status.bottom() > screen.bottom() || layout.status.right() > screen.right() {
        return;
    }
    let buffer = frame.buffer_mut();
    tree::draw(buffer, layout.tree, state);
    for y in layout.line.rows() {
        put(buffer, y, "│", DIM);
    }
    pane::draw(buffer, &layout, state, is_styled);
    status::draw(buffer, layout.status, state);
    if state.shows_help {
        help::draw(buffer, screen);
    }
}

/// Writes a text into the first line of an area, as much of it as fits; returns the area after it.
fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> Rect {
    if area.is_empty() {
        return area;
    }
    let text = text::fit(text, area.width.into());
    let (end, _) = buffer.set_stringn(area.x, area.y, text, area.width.into(), style);
    after(area, end - area.x)
}

/// The same, to the right.
fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) {
    let width = text::width(&text::clean(text));
    let before = usize::from(area.width).saturating_sub(width);
    put(buffer, after(area, before as u16), text, style);
}

/// An area without its first columns.
fn after(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    }
}

/// The first columns of an area.
fn before(area: Rect, columns: u16) -> Rect {
    Rect {
        width: columns.min(area.width),
        ..area
    }
}

/// An area without its first lines.
fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}
