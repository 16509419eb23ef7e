//! Moves along lists, tables and axes.

/// A way along something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As far as places go.
    Stay,
    Back,
    On,
    PageBack,
    PageOn,
    First,
    Last,
}

/// A way, and whether it leads across the screen rather than down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    Down(Way),
    Across(Way),
}

impl Way {
    /// Where it leads from a place, if places end at `last`.
    pub fn from(self, at: u64, page: u64, last: u64) -> u64 {
        let to = match self {
            Self::Stay => at,
            Self::Back => at.saturating_sub(1),
            Self::On => at.saturating_add(1),
            Self::PageBack => at.saturating_sub(page.max(1)),
            Self::PageOn => at.saturating_add(page.max(1)),
            Self::First => 0,
            Self::Last => last,
        };
        to.min(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_end_where_places_do() {
        assert_eq!(Way::On.from(8, 5, 9), 9);
        assert_eq!(Way::On.from(9, 5, 9), 9);
        assert_eq!(Way::Back.from(0, 5, 9), 0);
        assert_eq!(Way::PageOn.from(2, 5, 9), 7);
        assert_eq!(Way::PageBack.from(2, 5, 9), 0);
        assert_eq!(Way::PageOn.from(2, 0, 9), 3);
        assert_eq!(Way::Last.from(2, 5, 9), 9);
        assert_eq!(Way::First.from(2, 5, 0), 0);
        assert_eq!(Way::Stay.from(12, 5, 9), 9);
    }
}
