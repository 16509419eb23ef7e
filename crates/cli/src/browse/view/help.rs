//! All keys, over everything else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use super::{BOLD, PLAIN, after, put};

const KEYS: [(&str, &str); 16] = [
    ("↑ ↓  k j", "move, scroll"),
    ("PgUp PgDn", "by a page"),
    ("Home End  g G", "to the ends"),
    ("← →  h l", "fold; scroll across"),
    ("Ctrl-← Ctrl-→", "a page across"),
    ("0 $", "first, last column"),
    ("Enter", "unfold; into an array"),
    ("Esc", "back; clear the filter"),
    ("/", "filter the names"),
    ("1", "overview, attributes"),
    ("2", "statistics of chunks"),
    ("3 4", "values, picture"),
    ("Tab Shift-Tab", "next, previous view"),
    ("[ ]", "choose another axis"),
    (", .  < >", "step along the axis"),
    ("q  Ctrl-C", "quit"),
];
/// Columns of keys, and of what they do.
const COLUMNS: (u16, u16) = (14, 22);

pub fn draw(buffer: &mut Buffer, screen: Rect) {
    let (width, height) = (COLUMNS.0 + COLUMNS.1 + 4, KEYS.len() as u16 + 2);
    let area = Rect {
        x: screen.x + screen.width.saturating_sub(width) / 2,
        y: screen.y + screen.height.saturating_sub(height) / 2,
        width,
        height,
    };
    let area = area.intersection(screen);
    Clear.render(area, buffer);
    let block = Block::bordered().title("keys");
    let inside = block.inner(area);
    block.render(area, buffer);
    for (line, (key, what)) in inside.rows().zip(KEYS) {
        put(buffer, after(line, 1), key, BOLD);
        put(buffer, after(line, 1 + COLUMNS.0), what, PLAIN);
    }
}
