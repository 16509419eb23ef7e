//! Chunks for arrays that come from elsewhere.

use array_format::layout::choose_tile;

/// Chunks as somebody asks for them, for arrays with as many axes: 0 is all of an axis.
pub fn given_chunks(given: &[u64], shape: &[u64]) -> Option<Vec<u64>> {
    let whole = |(&chunk, &extent): (&u64, &u64)| if chunk == 0 { extent.max(1) } else { chunk };
    let fits = !shape.is_empty() && given.len() == shape.len();
    fits.then(|| given.iter().zip(shape).map(whole).collect())
}

/// Bytes up to which an array is one chunk, and bytes of a chunk beyond.
const WHOLE: u64 = 32 << 20;
const CHUNK: u64 = 16 << 20;

/// Chunks for an array: whole up to 32 MiB, then of about 16 MiB, in rows of the first axes. One that
/// is divided in its source has whole chunks of that in each, so that none is read twice.
pub fn chunks(shape: &[u64], width: usize, source: Option<&[u64]>) -> Vec<u64> {
    let width = width.max(1) as u64;
    let bytes = |shape: &[u64]| {
        shape
            .iter()
            .fold(width, |n, &extent| n.saturating_mul(extent))
    };
    let mut chunk: Vec<u64> = shape.iter().map(|&extent| extent.max(1)).collect();
    if bytes(&chunk) <= WHOLE {
        return chunk;
    }
    for axis in 0..chunk.len() {
        let inner = bytes(&chunk[axis + 1..]);
        chunk[axis] = (CHUNK / inner).clamp(1, chunk[axis]);
        if inner <= CHUNK {
            break;
        }
    }
    let Some(source) = source.filter(|source| source.len() == shape.len()) else {
        return chunk;
    };
    // Axes that the source divides are divided there, the others as far as the bytes go.
    let mut fitted: Vec<u64> = source
        .iter()
        .zip(shape)
        .map(|(&n, &m)| n.min(m).max(1))
        .collect();
    for axis in (0..fitted.len()).rev() {
        let times = (CHUNK / bytes(&fitted)).max(1);
        let wanted = chunk[axis].div_ceil(fitted[axis]).min(times).max(1);
        fitted[axis] = (fitted[axis] * wanted).min(shape[axis].max(1));
    }
    fitted
}

/// The same chunks, a little greater where the library's tiles would not divide them: then tiles form
/// one regular grid, which readers of references need.
pub fn divisible(chunk: Vec<u64>, width: usize) -> Vec<u64> {
    let mut greater = chunk.clone();
    // Each round may change the tiles; three settle all that was tried.
    for _ in 0..3 {
        let tile = choose_tile(Some(width), &greater);
        for (chunk, tile) in greater.iter_mut().zip(tile) {
            *chunk = chunk
                .checked_next_multiple_of(tile.max(1))
                .unwrap_or(*chunk);
        }
    }
    let elements = |chunk: &[u64]| chunk.iter().map(|&n| n as f64).product::<f64>();
    match elements(&greater) <= elements(&chunk) * 1.125 {
        true => greater,
        false => chunk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_divide_chunks() {
        assert_eq!(divisible(vec![20, 61, 66], 4), [20, 62, 66]);
        assert_eq!(divisible(vec![12, 90, 180], 4), [12, 90, 180]);
        let mut divided = 0;
        for a in [61, 97, 361, 719] {
            for b in [53, 180, 1441] {
                for width in [1, 4, 8] {
                    let given = vec![7, a, b];
                    let chunk = divisible(given.clone(), width);
                    let tile = choose_tile(Some(width), &chunk);
                    let divides = chunk.iter().zip(&tile).all(|(n, m)| n.is_multiple_of(*m));
                    assert!(divides || chunk == given, "{chunk:?} {tile:?}");
                    divided += u32::from(divides);
                }
            }
        }
        assert!(divided >= 24, "{divided} of 36");
    }

    #[test]
    fn large_arrays_get_chunks() {
        assert_eq!(chunks(&[100, 100], 4, None), [100, 100]);
        assert_eq!(chunks(&[1000, 1000, 1000], 4, None), [4, 1000, 1000]);
        assert_eq!(chunks(&[10, 100_000_000], 4, None), [1, 4 << 20]);
        assert_eq!(chunks(&[0, 3], 8, None), [1, 3]);
        assert!(chunks(&[], 8, None).is_empty());
        let divided = |chunk: &[u64]| chunks(&[1000, 1000, 1000], 4, Some(chunk));
        assert_eq!(divided(&[1, 100, 100]), [4, 1000, 1000]);
        assert_eq!(divided(&[100, 100, 100]), [100, 100, 400]);
        assert_eq!(divided(&[1000, 1000, 1000]), [1000, 1000, 1000]);
    }
}
