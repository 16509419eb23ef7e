//! Integer columns (`docs/format.md`, section 3).

use crate::error::{Error, Result};
use crate::wire::cursor;

const MODE_PLAIN: u8 = 0;
const MODE_DELTA: u8 = 1;

/// Appends a column: plain or delta, whichever needs the narrower digits.
pub(super) fn encode(values: &[u64], out: &mut Vec<u8>) {
    let Some(&first) = values.first() else {
        return;
    };
    let low = values.iter().copied().min().unwrap_or(first);
    let plain_width = width(values.iter().map(|v| v - low).max().unwrap_or(0));
    // Signed order of the differences, so that a step down does not look enormous.
    let deltas = || values.windows(2).map(|w| w[1].wrapping_sub(w[0]));
    let delta_low = deltas().map(|d| d as i64).min().unwrap_or(0) as u64;
    let delta_width = width(
        deltas()
            .map(|d| d.wrapping_sub(delta_low))
            .max()
            .unwrap_or(0),
    );
    if delta_width < plain_width {
        out.extend_from_slice(&[MODE_DELTA, delta_width as u8]);
        out.extend_from_slice(&delta_low.to_le_bytes());
        out.extend_from_slice(&first.to_le_bytes());
        let digits: Vec<u64> = deltas().map(|d| d.wrapping_sub(delta_low)).collect();
        transpose(&digits, delta_width, out);
    } else {
        out.extend_from_slice(&[MODE_PLAIN, plain_width as u8]);
        out.extend_from_slice(&low.to_le_bytes());
        let digits: Vec<u64> = values.iter().map(|v| v - low).collect();
        transpose(&digits, plain_width, out);
    }
}

/// Bytes that a number needs.
fn width(value: u64) -> usize {
    (u64::BITS - value.leading_zeros()).div_ceil(8) as usize
}

fn transpose(digits: &[u64], width: usize, out: &mut Vec<u8>) {
    for byte in 0..width {
        out.extend(digits.iter().map(|d| (d >> (8 * byte)) as u8));
    }
}

/// A decoded column of integers. Constants and regular sequences take no memory for each value.
#[derive(Debug, Clone)]
pub enum Ints {
    /// Value `i` is `first + i * step`, modulo 2⁶⁴.
    Regular {
        /// The first value.
        first: u64,
        /// What each is more than the one before it.
        step: u64,
        /// How many values there are.
        count: usize,
    },
    /// Any values.
    Each(Vec<u64>),
}

impl Default for Ints {
    fn default() -> Self {
        Self::Each(Vec::new())
    }
}

impl Ints {
    /// Reads `count` values, which must use up the bytes.
    pub(super) fn decode(mut src: &[u8], count: usize) -> Result<Self> {
        if count == 0 {
            return if src.is_empty() {
                Ok(Self::default())
            } else {
                Err(Error::corrupt("an empty column has bytes"))
            };
        }
        let src = &mut src;
        let mode = cursor::u8(src)?;
        let width = usize::from(cursor::u8(src)?);
        if width > 8 {
            return Err(Error::corrupt(format!("digits of {width} bytes")));
        }
        let base = cursor::u64(src)?;
        let first = match mode {
            MODE_PLAIN => None,
            MODE_DELTA => Some(cursor::u64(src)?),
            other => return Err(Error::corrupt(format!("unknown integer mode {other}"))),
        };
        let digits = count - usize::from(first.is_some());
        if src.len() != digits * width {
            return Err(Error::corrupt(format!(
                "{digits} digits of {width} bytes expected, {} bytes there",
                src.len()
            )));
        }
        if width == 0 {
            let (first, step) = first.map_or((base, 0), |first| (first, base));
            return Ok(Self::Regular { first, step, count });
        }
        let mut values = Vec::with_capacity(count);
        values.extend(first);
        values.resize(count, base);
        let tail = &mut values[count - digits..];
        for (byte, plane) in src.chunks_exact(digits.max(1)).enumerate().take(width) {
            for (value, &digit) in tail.iter_mut().zip(plane) {
                *value = value.wrapping_add(u64::from(digit) << (8 * byte));
            }
        }
        if let Some(mut last) = first {
            for value in tail {
                last = last.wrapping_add(*value);
                *value = last;
            }
        }
        Ok(Self::Each(values))
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Regular { count, .. } => *count,
            Self::Each(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `i`, which the caller knows to be there.
    pub fn get(&self, i: usize) -> u64 {
        match self {
            Self::Regular { first, step, count } => {
                debug_assert!(i < *count, "a value beyond the column");
                first.wrapping_add(step.wrapping_mul(i as u64))
            }
            Self::Each(values) => values[i],
        }
    }

    /// The value that all have.
    pub fn constant(&self) -> Option<u64> {
        match self {
            Self::Regular { first, step, count } if *step == 0 || *count == 1 => Some(*first),
            _ => None,
        }
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.len()).map(|i| self.get(i))
    }

    /// Whether `holds` of every value. Of a constant column one is looked at.
    pub fn all(&self, holds: impl Fn(u64) -> bool) -> bool {
        match self.constant() {
            Some(value) => holds(value),
            None => self.iter().all(holds),
        }
    }

    /// The values as a list.
    pub fn into_vec(self) -> Vec<u64> {
        match self {
            Self::Each(values) => values,
            Self::Regular { .. } => self.iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_and_sequences_take_no_memory_for_each_value() {
        let falling: Vec<u64> = (0..40).map(|i| 7u64.wrapping_sub(3 * i)).collect();
        for values in [vec![5; 40], falling] {
            let mut bytes = Vec::new();
            encode(&values, &mut bytes);
            let read = Ints::decode(&bytes, values.len()).unwrap();
            assert!(matches!(read, Ints::Regular { .. }));
            assert_eq!(read.iter().collect::<Vec<_>>(), values);
            assert_eq!(read.into_vec(), values);
        }
    }

    #[test]
    fn all_looks_at_every_value() {
        let ints = Ints::Each(vec![1, 2, 3]);
        assert!(ints.all(|value| value < 4) && !ints.all(|value| value < 3));
        assert_eq!(ints.constant(), None);
        assert!(Ints::default().all(|_| false));
    }
}
