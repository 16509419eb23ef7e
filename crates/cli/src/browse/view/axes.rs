//! The axes in a line: which go down and across, and where the others are cut.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{BOLD, DIM, PLAIN, after, put};
use crate::browse::state::State;
use crate::browse::tree::Kind;

pub fn draw(buffer: &mut Buffer, area: Rect, state: &State<'_>) {
    let Kind::Array(meta) = state.tree.chosen().kind else {
        return;
    };
    let slice = &state.slice;
    let mut rest = area;
    for (axis, name) in meta.dimension_names.iter().enumerate() {
        let is = |shown: Option<usize>| shown == Some(axis);
        let (text, style) = if is(slice.rows) {
            (format!("↓ {name}"), PLAIN)
        } else if is(slice.columns) {
            (format!("→ {name}"), PLAIN)
        } else if slice.shape[axis] > 1 {
            let style = match is(slice.stepped) {
                true => BOLD.add_modifier(Modifier::REVERSED),
                false => DIM,
            };
            let last = slice.shape[axis] - 1;
            (format!("{name} {} of 0–{last}", slice.at[axis]), style)
        } else {
            continue;
        };
        rest = after(put(buffer, rest, &text, style), 2);
    }
}
