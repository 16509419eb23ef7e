//! The tree on the left.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{BOLD, DIM, PLAIN, after, put};
use crate::browse::layout::Side;
use crate::browse::state::State;
use crate::browse::tree::Kind;
use crate::cells::dtype_name;
use crate::ui::numbers;

pub fn draw(buffer: &mut Buffer, area: Rect, state: &State<'_>) {
    for (line, row) in area.rows().zip(state.tree.rows()) {
        let node = row.node;
        let indent = (node.depth.saturating_sub(1) * 2).min(usize::from(area.width / 2));
        let rest = after(line, indent as u16);
        match &node.kind {
            Kind::Group(group) if group.prefix.is_empty() => {
                put(buffer, rest, node.name, BOLD);
            }
            Kind::Group(group) => {
                let rest = put(buffer, rest, if row.is_folded { "▸ " } else { "▾ " }, DIM);
                let rest = put(buffer, rest, &format!("{}/", node.name), BOLD);
                put(
                    buffer,
                    after(rest, 2),
                    &numbers::count(group.count as u64),
                    DIM,
                );
            }
            Kind::Array(meta) => {
                let name = if node.name.is_empty() {
                    "\"\""
                } else {
                    node.name
                };
                let rest = put(buffer, after(rest, 2), name, PLAIN);
                let what = format!(
                    "{} {}",
                    dtype_name(&meta.dtype),
                    numbers::extents(&meta.shape)
                );
                put(buffer, after(rest, 2), &what, DIM);
            }
        }
        if row.is_chosen {
            let style = match state.side {
                Side::Tree => PLAIN.add_modifier(Modifier::REVERSED),
                Side::Pane => PLAIN.add_modifier(Modifier::UNDERLINED),
            };
            buffer.set_style(line, style);
        }
    }
}
