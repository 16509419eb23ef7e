//! Shapes, grids of chunks and tiles, and copies between boxes: integers only, no data types.

mod copy;
mod grid;
mod region;
mod tiling;

pub use copy::for_each_run;
pub use grid::{Coords, Grid, Tile, TileKey, Tiles};
pub use region::Region;
pub use tiling::choose_tile;

use crate::error::{Error, Result};
use crate::limits;

/// The number of elements of a shape; 1 for a scalar.
pub fn elements(shape: &[u64]) -> Result<u64> {
    // A zero anywhere makes the product zero, whatever the other extents are.
    if shape.contains(&0) {
        return Ok(0);
    }
    shape
        .iter()
        .try_fold(1u64, |n, &extent| n.checked_mul(extent))
        .filter(|&n| n <= limits::ARRAY_BYTES)
        .ok_or_else(|| {
            Error::invalid(format!(
                "shape {shape:?} has more than {} elements",
                limits::ARRAY_BYTES
            ))
        })
}

/// Distances between neighbours along each axis of a C-order array.
pub(crate) fn strides(shape: &[u64]) -> Coords {
    let mut strides = Coords::from_elem(1, shape.len());
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(shape[axis]);
    }
    strides
}
