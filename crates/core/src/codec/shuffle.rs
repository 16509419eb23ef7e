//! The `shuffle` filter: byte 0 of all lanes, then byte 1 of all, and so on.
//!
//! The loops go over blocks that stay in the first cache, and are written on words of the lane's
//! width, which is the form that the compiler turns into vector instructions.

/// Bytes of a block.
const BLOCK: usize = 4096;

/// Writes the lanes of `src` to `dst`, transposed by bytes. Both have the same length, a multiple
/// of the lane.
pub(super) fn encode(src: &[u8], dst: &mut [u8], lane: usize) {
    match lane {
        2 => encode_lanes(src, dst, |bytes, plane| {
            (u16::from_le_bytes(bytes) >> (8 * plane)) as u8
        }),
        4 => encode_lanes(src, dst, |bytes, plane| {
            (u32::from_le_bytes(bytes) >> (8 * plane)) as u8
        }),
        8 => encode_lanes(src, dst, |bytes, plane| {
            (u64::from_le_bytes(bytes) >> (8 * plane)) as u8
        }),
        _ => dst.copy_from_slice(src),
    }
}

/// Undoes [`encode`].
pub(super) fn decode(src: &[u8], dst: &mut [u8], lane: usize) {
    match lane {
        2 => decode_2(src, dst),
        4 => decode_4(src, dst),
        8 => decode_8(src, dst),
        _ => dst.copy_from_slice(src),
    }
}

#[inline]
fn encode_lanes<const N: usize>(src: &[u8], dst: &mut [u8], byte: impl Fn([u8; N], u32) -> u8) {
    let lanes = src.as_chunks::<N>().0;
    let count = lanes.len();
    let mut start = 0;
    for block in lanes.chunks(BLOCK / N) {
        for plane in 0..N {
            let from = plane * count + start;
            let out = &mut dst[from..from + block.len()];
            for (out, bytes) in out.iter_mut().zip(block) {
                *out = byte(*bytes, plane as u32);
            }
        }
        start += block.len();
    }
}

fn decode_2(src: &[u8], dst: &mut [u8]) {
    let lanes = dst.as_chunks_mut::<2>().0;
    let (a, b) = src.split_at(lanes.len());
    for ((out, a), b) in lanes.iter_mut().zip(a).zip(b) {
        *out = [*a, *b];
    }
}

fn decode_4(src: &[u8], dst: &mut [u8]) {
    let lanes = dst.as_chunks_mut::<4>().0;
    let count = lanes.len();
    let (a, b) = (&src[..count], &src[count..2 * count]);
    let (c, d) = (&src[2 * count..3 * count], &src[3 * count..4 * count]);
    for ((((out, a), b), c), d) in lanes.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *out = [*a, *b, *c, *d];
    }
}

fn decode_8(src: &[u8], dst: &mut [u8]) {
    let lanes = dst.as_chunks_mut::<8>().0;
    let count = lanes.len();
    let plane = |i: usize| &src[i * count..(i + 1) * count];
    let (a, b, c, d) = (plane(0), plane(1), plane(2), plane(3));
    let (e, f, g, h) = (plane(4), plane(5), plane(6), plane(7));
    for (i, out) in lanes.iter_mut().enumerate() {
        *out = [a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_of_one_rank_stand_together() {
        let mut out = [0; 8];
        encode(&[1, 2, 3, 4, 5, 6, 7, 8], &mut out, 4);
        assert_eq!(out, [1, 5, 2, 6, 3, 7, 4, 8]);
    }

    proptest! {
        #[test]
        fn is_the_plain_transpose(count in 0usize..3000, power in 0u32..4, seed in any::<u8>()) {
            let lane = 1 << power;
            let data: Vec<u8> = (0..count * lane).map(|i| (i * 31 + i / 256) as u8 ^ seed).collect();
            let mut coded = vec![0; data.len()];
            encode(&data, &mut coded, lane);
            for i in 0..count {
                for j in 0..lane {
                    prop_assert_eq!(coded[j * count + i], data[i * lane + j]);
                }
            }
            let mut back = vec![0; data.len()];
            decode(&coded, &mut back, lane);
            prop_assert_eq!(back, data);
        }
    }
}
