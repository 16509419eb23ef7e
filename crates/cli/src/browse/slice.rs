//! Which part of an array is on the screen.

use super::motion::Way;
use crate::region::{Axis, Selection};

/// Up to two axes that are shown, and where the array is cut along the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    pub shape: Vec<u64>,
    /// The axes that go down and across.
    pub rows: Option<usize>,
    pub columns: Option<usize>,
    /// By axis: the first element on the screen, or the only one.
    pub at: Vec<u64>,
    /// The axis to step along.
    pub stepped: Option<usize>,
}

impl Slice {
    /// The last two axes of an array that have more than one element.
    pub fn of(shape: &[u64]) -> Self {
        let mut long = (0..shape.len()).filter(|&axis| shape[axis] != 1).rev();
        let shown = (long.next(), long.next());
        let (rows, columns) = match shown {
            (only, None) => (only, None),
            (columns, rows) => (rows, columns),
        };
        let mut slice = Self {
            shape: shape.to_vec(),
            rows,
            columns,
            at: vec![0; shape.len()],
            stepped: None,
        };
        slice.stepped = slice.others().first().copied();
        slice
    }

    fn shows(&self, axis: usize) -> bool {
        self.rows == Some(axis) || self.columns == Some(axis)
    }

    /// The axes that one can step along.
    fn others(&self) -> Vec<usize> {
        let is_other = |&axis: &usize| !self.shows(axis) && self.shape[axis] > 1;
        (0..self.shape.len()).filter(is_other).collect()
    }

    /// Elements along the axis that goes down, or across; one if there is none.
    pub fn extent(&self, axis: Option<usize>) -> u64 {
        axis.map_or(1, |axis| self.shape[axis])
    }

    /// The first that is shown along such an axis.
    pub fn first(&self, axis: Option<usize>) -> u64 {
        axis.map_or(0, |axis| self.at[axis])
    }

    /// Scrolls along a shown axis, of which so many elements are on the screen.
    pub fn scroll(&mut self, axis: Option<usize>, way: Way, page: u64) {
        if let Some(axis) = axis {
            let last = self.shape[axis].saturating_sub(page.max(1));
            self.at[axis] = way.from(self.at[axis], page, last);
        }
    }

    /// Chooses another axis to step along.
    pub fn choose(&mut self, way: Way) {
        let others = self.others();
        let now = others.iter().position(|&axis| Some(axis) == self.stepped);
        if let (Some(now), Some(last)) = (now, others.len().checked_sub(1)) {
            self.stepped = Some(others[way.from(now as u64, 1, last as u64) as usize]);
        }
    }

    /// Steps along the chosen axis.
    pub fn step(&mut self, way: Way) {
        if let Some(axis) = self.stepped {
            self.at[axis] = way.from(self.at[axis], 10, self.shape[axis] - 1);
        }
    }

    /// What is cut out, with these parts of the axes that are shown.
    pub fn selection(&self, part: impl Fn(usize) -> Axis) -> Selection {
        let axes = (0..self.shape.len()).map(|axis| match self.shows(axis) {
            true => part(axis),
            false => Axis {
                start: self.at[axis],
                count: self.shape[axis].min(1),
                step: 1,
                kept: false,
            },
        });
        Selection {
            axes: axes.collect(),
        }
    }

    /// A window of so many rows and columns at most, and so many times as much around it.
    pub fn window(&self, size: (u64, u64), around: u64) -> Selection {
        self.selection(|axis| {
            let count = if self.rows == Some(axis) {
                size.0
            } else {
                size.1
            };
            let margin = count.saturating_mul(around);
            let start = self.at[axis].saturating_sub(margin);
            let end = self.at[axis].saturating_add(count).saturating_add(margin);
            Axis {
                start,
                count: end.min(self.shape[axis]).saturating_sub(start),
                step: 1,
                kept: true,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(shape: &[u64]) -> (Option<usize>, Option<usize>) {
        let slice = Slice::of(shape);
        (slice.rows, slice.columns)
    }

    #[test]
    fn the_last_long_axes_are_shown() {
        assert_eq!(shown(&[]), (None, None));
        assert_eq!(shown(&[7]), (Some(0), None));
        assert_eq!(shown(&[3, 7]), (Some(0), Some(1)));
        assert_eq!(shown(&[9, 3, 7]), (Some(1), Some(2)));
        assert_eq!(shown(&[9, 1, 7, 1]), (Some(0), Some(2)));
        assert_eq!(shown(&[1, 1]), (None, None));
        assert_eq!(shown(&[2, 0]), (Some(0), Some(1)));
    }

    #[test]
    fn axes_are_chosen_and_stepped_along() {
        let mut slice = Slice::of(&[3, 1, 5, 8, 9]);
        assert_eq!(slice.stepped, Some(0));
        slice.step(Way::On);
        slice.choose(Way::On);
        assert_eq!(slice.stepped, Some(2));
        slice.choose(Way::On);
        slice.step(Way::Last);
        slice.step(Way::On);
        assert_eq!(slice.at, [1, 0, 4, 0, 0]);
        let mut flat = Slice::of(&[8, 9]);
        flat.choose(Way::On);
        flat.step(Way::On);
        assert_eq!(flat.at, [0, 0]);
    }

    #[test]
    fn windows_stay_within_the_array() {
        let mut slice = Slice::of(&[2, 100, 50]);
        slice.scroll(slice.rows, Way::Last, 10);
        slice.scroll(slice.columns, Way::On, 10);
        let window = |slice: &Slice, around| -> Vec<(u64, u64)> {
            let axes = slice.window((10, 20), around).axes;
            axes.iter().map(|axis| (axis.start, axis.count)).collect()
        };
        assert_eq!(window(&slice, 0), [(0, 1), (90, 10), (1, 20)]);
        assert_eq!(window(&slice, 1), [(0, 1), (80, 20), (0, 41)]);
        assert!(Slice::of(&[0, 4]).window((5, 5), 1).is_empty());
    }
}
