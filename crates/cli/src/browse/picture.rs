//! What is read for a picture.

use super::slice::Slice;
use crate::region::{Axis, Selection};

/// Elements that are read at most, about.
const MOST: u64 = 4 << 20;
/// Elements along an axis of which some are left out: at least, and at most.
const FEWEST: u64 = 32;
const ENOUGH: u64 = 512;

/// All of the axes that are shown, in steps where that is too much.
pub fn selection(slice: &Slice) -> Selection {
    let (rows, columns) = (slice.extent(slice.rows), slice.extent(slice.columns));
    let most = match rows.saturating_mul(columns) <= MOST {
        true => (rows, columns),
        // Whole rows are read at once; fewer of them cost less.
        false if columns <= MOST / FEWEST => {
            ((MOST / columns.max(1)).clamp(FEWEST, ENOUGH), columns)
        }
        false => (FEWEST, ENOUGH),
    };
    slice.selection(|axis| {
        let most = if slice.rows == Some(axis) {
            most.0
        } else {
            most.1
        };
        let extent = slice.shape[axis];
        let step = extent.div_ceil(most.max(1)).max(1);
        Axis {
            start: 0,
            count: extent.div_ceil(step),
            step,
            kept: true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements and steps by axis.
    fn parts(shape: &[u64]) -> Vec<(u64, u64)> {
        let axes = selection(&Slice::of(shape)).axes;
        axes.iter().map(|axis| (axis.count, axis.step)).collect()
    }

    #[test]
    fn large_axes_are_read_in_steps() {
        assert_eq!(parts(&[]), []);
        assert_eq!(parts(&[5, 100, 200]), [(1, 1), (100, 1), (200, 1)]);
        assert_eq!(parts(&[1 << 22]), [(1 << 22, 1)]);
        assert_eq!(parts(&[1 << 30]), [(512, 1 << 21)]);
        assert_eq!(parts(&[1 << 20, 1 << 14]), [(256, 1 << 12), (1 << 14, 1)]);
        assert_eq!(parts(&[1 << 20, 1 << 20]), [(32, 1 << 15), (512, 1 << 11)]);
        assert_eq!(parts(&[2, 1 << 24]), [(2, 1), (512, 1 << 15)]);
        assert_eq!(parts(&[0, 9]), [(0, 1), (9, 1)]);
    }
}
