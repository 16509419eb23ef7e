//! The last line: the keys that matter now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{BOLD, DIM, PLAIN, after, put};
use crate::browse::layout::Side;
use crate::browse::state::{State, Tab};
use crate::browse::text;
use crate::ui::numbers;

type Hint = (&'static str, &'static str);

pub fn draw(buffer: &mut Buffer, area: Rect, state: &State<'_>) {
    let mut rest = area;
    if let Some((filter, found)) = state.tree.filter().zip(state.tree.found()) {
        let cursor = if state.is_typing { "▏" } else { "" };
        rest = put(buffer, rest, &format!("/{filter}{cursor}"), PLAIN);
        let found = numbers::many(found as u64, "array");
        rest = after(put(buffer, after(rest, 1), &found, DIM), 3);
    }
    for (key, what) in hints(state) {
        let width = text::width(key) + 1 + text::width(what);
        if width <= rest.width.into() {
            rest = put(buffer, rest, key, BOLD);
            rest = after(put(buffer, after(rest, 1), what, DIM), 2);
        }
    }
}

fn hints(state: &State<'_>) -> Vec<Hint> {
    if state.is_typing {
        return vec![("Enter", "keep"), ("Esc", "clear"), ("↑↓", "move")];
    }
    let mut hints = vec![("?", "keys"), ("q", "quit")];
    hints.extend(match (state.side, state.tab()) {
        (Side::Tree, None) => [("↑↓", "move"), ("←→", "fold"), ("Tab", "attributes")].iter(),
        (Side::Tree, Some(_)) => [("↑↓", "move"), ("Enter", "go into"), ("1–4", "view")].iter(),
        (Side::Pane, None) => [("Esc", "back"), ("↑↓", "scroll")].iter(),
        (Side::Pane, Some(Tab::Values)) => {
            [("Esc", "back"), ("↑↓←→", "scroll"), ("1–4", "view")].iter()
        }
        (Side::Pane, Some(Tab::Picture)) => [("Esc", "back"), ("1–4", "view")].iter(),
        (Side::Pane, Some(_)) => [("Esc", "back"), ("↑↓", "scroll"), ("1–4", "view")].iter(),
    });
    if state.is_cut() && state.slice.stepped.is_some() {
        hints.extend([(", .", "step"), ("[ ]", "axis")]);
    }
    if state.side == Side::Tree {
        hints.push(("/", "filter"));
        if state.tree.filter().is_some() {
            hints.push(("Esc", "clear"));
        }
    }
    hints
}
