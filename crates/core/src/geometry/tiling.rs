//! Into which tiles a chunk is divided when its user does not say.

use super::Coords;

/// Bytes of a tile at most, where the chunk can be divided that far and has one axis.
const LINE_BYTES: u64 = 256 << 10;
/// The same for more axes: windows, rows and series cut across tiles, and decode what they touch.
/// `docs/performance.md` has what smaller frames cost.
const BOX_BYTES: u64 = 64 << 10;
/// Chunks up to so many times this size are one frame: dividing them saves less than it costs.
const UNDIVIDED: u64 = 2;
/// What an element of variable width is taken to need.
const VARIABLE_BYTES: u64 = 32;

/// A tile shape for a chunk: extents that divide the chunk's where they can (then tiles form one
/// regular grid, as Zarr readers need), some tens or hundreds of kB.
///
/// It is halfway between a cube, which suits windows in any direction, and the shape of the chunk,
/// which says what its user reads: extents go with the square roots of the chunk's.
pub fn choose_tile(element_size: Option<usize>, chunk: &[u64]) -> Coords {
    let width = element_size
        .map_or(VARIABLE_BYTES, |size| size as u64)
        .max(1);
    let bytes = |tile: &[u64]| tile.iter().fold(width, |n, &t| n.saturating_mul(t));
    let mut tile: Coords = chunk.into();
    let target = match chunk.iter().filter(|&&n| n > 1).count() {
        0 | 1 => LINE_BYTES,
        _ => BOX_BYTES,
    };
    if bytes(&tile) <= UNDIVIDED * target {
        return tile;
    }
    while bytes(&tile) > target {
        let excess = |axis: usize| tile[axis] as f64 / (chunk[axis] as f64).sqrt();
        let axes = (0..tile.len()).filter(|&axis| tile[axis] > 1);
        // Of axes that exceed alike, the first.
        let Some(axis) = axes.rev().max_by(|&a, &b| excess(a).total_cmp(&excess(b))) else {
            break;
        };
        tile[axis] = next_smaller(tile[axis]);
    }
    tile
}

/// A half, third or fifth where that divides evenly, else half rounded up.
fn next_smaller(extent: u64) -> u64 {
    [2, 3, 5]
        .into_iter()
        .find(|d| extent.is_multiple_of(*d))
        .map_or(extent.div_ceil(2), |d| extent / d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_chunks_stay_whole_and_large_ones_divide() {
        let check = |size, chunk: &[u64], want: &[u64]| {
            assert_eq!(&choose_tile(size, chunk)[..], want);
        };
        check(Some(4), &[], &[]);
        check(Some(4), &[100, 100], &[100, 100]);
        check(Some(4), &[16, 180, 360], &[8, 45, 45]);
        check(Some(4), &[1000, 1000], &[125, 125]);
        check(Some(4), &[10, 100_000], &[10, 625]);
        check(Some(4), &[1, 1, 1 << 18], &[1, 1, 1 << 16]);
        check(Some(1), &[1 << 20], &[1 << 18]);
        check(Some(16 << 20), &[3], &[1]);
        check(None, &[1 << 20], &[1 << 13]);
        let huge = choose_tile(Some(8), &[u64::MAX, u64::MAX]);
        assert!(huge.iter().product::<u64>() * 8 <= BOX_BYTES);
    }
}
