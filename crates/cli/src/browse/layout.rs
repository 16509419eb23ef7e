//! Where things are on the screen.

use ratatui::layout::{Rect, Size};

/// From so many columns on the tree and an array are side by side.
const BOTH: u16 = 64;
const TREE: (u16, u16) = (26, 60);

/// The two sides of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Tree,
    Pane,
}

/// Areas, of which some may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub tree: Rect,
    /// The line between.
    pub line: Rect,
    /// The name of what is chosen.
    pub name: Rect,
    pub tabs: Rect,
    pub body: Rect,
    pub status: Rect,
    /// Only one side is shown.
    pub is_narrow: bool,
}

impl Layout {
    pub fn of(size: Size, side: Side) -> Self {
        let height = size.height.saturating_sub(1);
        let is_narrow = size.width < BOTH;
        let tree = match (is_narrow, side) {
            (false, _) => (size.width.saturating_mul(2) / 5).clamp(TREE.0, TREE.1),
            (true, Side::Tree) => size.width,
            (true, Side::Pane) => 0,
        };
        let line = u16::from(!is_narrow);
        // A space stands after the line.
        let left = tree + 2 * line;
        let width = size.width - left.min(size.width);
        let pane = |y: u16, lines: u16| Rect::new(left, y, width, lines);
        Self {
            tree: Rect::new(0, 0, tree, height),
            line: Rect::new(tree, 0, line, height),
            name: pane(0, height.min(1)),
            tabs: pane(1, height.saturating_sub(1).min(1)),
            body: pane(2, height.saturating_sub(2)),
            status: Rect::new(0, height, size.width, size.height.min(1)),
            is_narrow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_stay_on_the_screen() {
        for width in 0..200 {
            for height in 0..40 {
                for side in [Side::Tree, Side::Pane] {
                    let screen = Rect::new(0, 0, width, height);
                    let layout = Layout::of(screen.as_size(), side);
                    let areas = [
                        layout.tree,
                        layout.line,
                        layout.name,
                        layout.tabs,
                        layout.body,
                        layout.status,
                    ];
                    for area in areas.into_iter().filter(|area| !area.is_empty()) {
                        assert_eq!(area.intersection(screen), area, "{width}×{height}");
                    }
                }
            }
        }
    }
}
