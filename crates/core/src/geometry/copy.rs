//! Copies between boxes of C-order arrays, as runs of neighbouring elements.

use super::{Coords, strides};

/// Calls `run(source, target, length)` for every run of elements of a box of `extent` that lies at
/// `src_start` in an array of `src_shape` and at `dst_start` in one of `dst_shape`.
///
/// Offsets are in elements. Axes that both arrays cover whole are joined into one run.
/// The caller has checked that the box lies within both arrays and that they fit memory.
pub fn for_each_run(
    extent: &[u64],
    (src_shape, src_start): (&[u64], &[u64]),
    (dst_shape, dst_start): (&[u64], &[u64]),
    mut run: impl FnMut(usize, usize, usize),
) {
    if extent.contains(&0) {
        return;
    }
    let rank = extent.len();
    // `inner` axes at the end are one run: all but the first of them are covered whole by both.
    let mut outer = rank;
    let mut length = 1u64;
    while outer > 0 {
        let axis = outer - 1;
        length *= extent[axis];
        outer = axis;
        if extent[axis] != src_shape[axis] || extent[axis] != dst_shape[axis] {
            break;
        }
    }
    let src_strides = strides(src_shape);
    let dst_strides = strides(dst_shape);
    let offset = |start: &[u64], strides: &Coords| -> u64 {
        start.iter().zip(strides).map(|(&s, &k)| s * k).sum()
    };
    let mut src = offset(src_start, &src_strides);
    let mut dst = offset(dst_start, &dst_strides);
    let mut at = Coords::from_elem(0, outer);
    loop {
        run(src as usize, dst as usize, length as usize);
        let mut axis = outer;
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            at[axis] += 1;
            src += src_strides[axis];
            dst += dst_strides[axis];
            if at[axis] < extent[axis] {
                break;
            }
            src -= src_strides[axis] * extent[axis];
            dst -= dst_strides[axis] * extent[axis];
            at[axis] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_element_of_the_box_once() {
        // A 2 x 3 x 2 box from a 4 x 5 x 2 array into a 3 x 3 x 2 array.
        let (src_shape, src_start) = ([4, 5, 2], [1, 2, 0]);
        let (dst_shape, dst_start) = ([3, 3, 2], [1, 0, 0]);
        let src: Vec<u32> = (0..40).collect();
        let mut dst = [u32::MAX; 18];
        let mut runs = 0;
        for_each_run(
            &[2, 3, 2],
            (&src_shape, &src_start),
            (&dst_shape, &dst_start),
            |s, d, n| {
                dst[d..d + n].copy_from_slice(&src[s..s + n]);
                runs += 1;
            },
        );
        assert_eq!(runs, 2, "the last two axes are one run");
        for i in 0..2 {
            for j in 0..3 {
                for k in 0..2 {
                    let want = ((i + 1) * 5 + j + 2) * 2 + k;
                    assert_eq!(dst[((i + 1) * 3 + j) * 2 + k], want as u32);
                }
            }
        }
        assert_eq!(dst.iter().filter(|&&v| v == u32::MAX).count(), 6);
    }

    #[test]
    fn a_scalar_is_one_run_and_an_empty_box_none() {
        let mut runs = Vec::new();
        for_each_run(&[], (&[], &[]), (&[], &[]), |s, d, n| runs.push((s, d, n)));
        assert_eq!(runs, [(0, 0, 1)]);
        for_each_run(
            &[0, 2],
            (&[3, 2], &[0, 0]),
            (&[0, 2], &[0, 0]),
            |_, _, _| panic!("nothing to copy"),
        );
    }
}
