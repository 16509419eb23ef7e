//! The `delta` filter: each lane less the one before it.

/// Replaces each lane by its difference to the one before, modulo 2^(lane bits), in place.
///
/// Bytes after the last whole lane stay as they are; a lane is 1, 2, 4 or 8 bytes.
pub(super) fn encode(data: &mut [u8], lane: usize) {
    match lane {
        1 => encode_lanes(data, u8::from_le_bytes, u8::to_le_bytes, u8::wrapping_sub),
        2 => encode_lanes(
            data,
            u16::from_le_bytes,
            u16::to_le_bytes,
            u16::wrapping_sub,
        ),
        4 => encode_lanes(
            data,
            u32::from_le_bytes,
            u32::to_le_bytes,
            u32::wrapping_sub,
        ),
        8 => encode_lanes(
            data,
            u64::from_le_bytes,
            u64::to_le_bytes,
            u64::wrapping_sub,
        ),
        _ => debug_assert!(false, "pipelines check the lane"),
    }
}

/// Undoes [`encode`].
pub(super) fn decode(data: &mut [u8], lane: usize) {
    match lane {
        1 => decode_lanes(data, u8::from_le_bytes, u8::to_le_bytes, u8::wrapping_add),
        2 => decode_lanes(
            data,
            u16::from_le_bytes,
            u16::to_le_bytes,
            u16::wrapping_add,
        ),
        4 => decode_lanes(
            data,
            u32::from_le_bytes,
            u32::to_le_bytes,
            u32::wrapping_add,
        ),
        8 => decode_lanes(
            data,
            u64::from_le_bytes,
            u64::to_le_bytes,
            u64::wrapping_add,
        ),
        _ => debug_assert!(false, "pipelines check the lane"),
    }
}

#[inline]
fn encode_lanes<const N: usize, T: Copy + Default>(
    data: &mut [u8],
    read: impl Fn([u8; N]) -> T,
    write: impl Fn(T) -> [u8; N],
    less: impl Fn(T, T) -> T,
) {
    let mut before = T::default();
    for bytes in data.as_chunks_mut::<N>().0 {
        let value = read(*bytes);
        *bytes = write(less(value, before));
        before = value;
    }
}

#[inline]
fn decode_lanes<const N: usize, T: Copy + Default>(
    data: &mut [u8],
    read: impl Fn([u8; N]) -> T,
    write: impl Fn(T) -> [u8; N],
    plus: impl Fn(T, T) -> T,
) {
    let mut sum = T::default();
    for bytes in data.as_chunks_mut::<N>().0 {
        sum = plus(sum, read(*bytes));
        *bytes = write(sum);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn differences_wrap() {
        let mut bytes = [5, 3, 255, 0];
        encode(&mut bytes, 1);
        assert_eq!(bytes, [5, 254, 252, 1]);
        let mut words: Vec<u8> = [10u16, 12, 11]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        encode(&mut words, 2);
        assert_eq!(words, [10, 0, 2, 0, 255, 255]);
    }

    proptest! {
        #[test]
        fn reads_back(data in prop::collection::vec(any::<u8>(), 0..300), power in 0u32..4) {
            let lane = 1 << power;
            let mut coded = data.clone();
            encode(&mut coded, lane);
            decode(&mut coded, lane);
            prop_assert_eq!(coded, data);
        }
    }
}
