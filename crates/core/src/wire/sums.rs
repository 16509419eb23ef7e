//! Checksums of the parts of a frame that is stored as it is, by which a part can be read alone.

use std::ops::Range;

use bytes::Bytes;

use crate::error::{Error, Result};

/// Bytes of a sum.
const SUM_BYTES: usize = size_of::<u32>();
/// Parts are of this many bytes at least: a page of memory, below which calls cost more than bytes.
const LEAST_PART: u64 = 4 << 10;
/// A frame is divided into this many parts at most, so that the index stays small beside the data.
const MOST_PARTS: u64 = 64;
/// A frame up to this is read as a whole.
const WHOLE: u64 = 2 * LEAST_PART;

/// The bytes of each part, but for the last, of a frame of so many.
fn part_bytes(stored: u64) -> u64 {
    stored
        .div_ceil(MOST_PARTS)
        .next_power_of_two()
        .max(LEAST_PART)
}

/// The CRC of each part of a frame, little-endian, back to back; or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartSums(Bytes);

impl PartSums {
    /// The sums of a frame, if they are worth it, and the CRC of all of it.
    pub fn of(stored: &[u8]) -> (Self, u32) {
        let length = stored.len() as u64;
        if length <= WHOLE {
            return (Self::default(), super::crc(stored));
        }
        let mut sums = Vec::with_capacity(length.div_ceil(part_bytes(length)) as usize * SUM_BYTES);
        let mut whole = crc32fast::Hasher::new();
        for part in stored.chunks(part_bytes(length) as usize) {
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(part);
            whole.combine(&hasher);
            sums.extend(hasher.finalize().to_le_bytes());
        }
        (Self(sums.into()), whole.finalize())
    }

    /// Those of a frame of `stored` bytes, as a page has them.
    ///
    /// # Errors
    /// They are not as many as the frame has parts.
    pub fn read(sums: Bytes, stored: u64) -> Result<Self> {
        let parts = stored.div_ceil(part_bytes(stored));
        if !sums.is_empty() && sums.len() as u64 != parts * SUM_BYTES as u64 {
            return Err(Error::corrupt(format!(
                "{} bytes of checksums for the {parts} parts of a frame",
                sums.len()
            )));
        }
        Ok(Self(sums))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a page has them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes of the parts that `wanted`, of a frame of `stored` bytes, touches.
    pub fn around(wanted: Range<usize>, stored: usize) -> Range<usize> {
        let part = part_bytes(stored as u64) as usize;
        let start = wanted.start / part * part;
        start..wanted.end.next_multiple_of(part).min(stored)
    }

    /// Whether bytes that begin with a part, at `from` in a frame of `stored` bytes, and end with one
    /// are those that the sums were made of.
    pub fn fit(&self, bytes: &[u8], from: u64, stored: u64) -> bool {
        let part = part_bytes(stored);
        let (sums, _) = self.0.as_chunks::<SUM_BYTES>();
        let mut sums = sums.iter().skip((from / part) as usize);
        from.is_multiple_of(part)
            && bytes.chunks(part as usize).all(|part| {
                let sum = sums.next().copied().map(u32::from_le_bytes);
                sum == Some(super::crc(part))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(n: usize) -> Vec<u8> {
        (0..n as u32)
            .map(|i| (i.wrapping_mul(0x9E37_79B9) >> 24) as u8)
            .collect()
    }

    #[test]
    fn parts_are_pages_and_at_most_64() {
        for (stored, part) in [
            (1, 4096),
            (4096 * 64, 4096),
            (4096 * 64 + 1, 8192),
            (1 << 30, 16 << 20),
        ] {
            assert_eq!(part_bytes(stored), part, "{stored}");
        }
    }

    #[test]
    fn sums_are_of_parts_and_make_the_sum_of_all() {
        for n in [8193, 12288, 65_537, 262_145, 600_001] {
            let data = bytes(n);
            let stored = n as u64;
            let (sums, crc) = PartSums::of(&data);
            assert_eq!(crc, super::super::crc(&data), "{n}");
            assert!(sums.fit(&data, 0, stored), "{n}");
            let again = PartSums::read(sums.0.clone(), stored).unwrap();
            assert_eq!(again, sums);
            for wanted in [0..1, 4095..4097, n - 1..n, 5000..8193] {
                let around = PartSums::around(wanted.clone(), n);
                assert!(around.start <= wanted.start && around.end >= wanted.end);
                let (part, from) = (&data[around.clone()], around.start as u64);
                assert!(sums.fit(part, from, stored), "{n} {wanted:?}");
                let mut flipped = part.to_vec();
                flipped[wanted.start - around.start] ^= 1;
                assert!(!sums.fit(&flipped, from, stored), "{n} {wanted:?}");
            }
        }
        assert!(PartSums::of(&bytes(8192)).0.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let data = bytes(20_000);
        let (sums, _) = PartSums::of(&data);
        for n in [4, 16, 19, 24] {
            assert!(PartSums::read(bytes(n).into(), 20_000).is_err(), "{n}");
        }
        assert!(PartSums::read(Bytes::new(), 0).is_ok());
        // Not where a part begins, more than there is, parts of the end only in part.
        assert!(!sums.fit(&data[1..4097], 1, 20_000));
        assert!(!sums.fit(&[data.clone(), data.clone()].concat(), 0, 20_000));
        assert!(!sums.fit(&data[..4095], 0, 20_000));
        assert!(!PartSums::default().fit(&data, 0, 20_000));
    }
}
