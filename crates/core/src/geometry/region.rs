//! A box of elements within an array.

use super::Coords;
use crate::error::{Error, Result};

/// A box: its first element, and its extent along each axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The first element.
    pub start: Coords,
    /// The extent along each axis.
    pub shape: Coords,
}

impl Region {
    /// The box of a read: an empty `start` means zeros, an empty `shape` means to the end,
    /// and what reaches past the array is clamped.
    ///
    /// # Errors
    /// A wrong rank, or a start plus shape over 2^64.
    pub fn for_read(array: &[u64], start: &[u64], shape: &[u64]) -> Result<Self> {
        let rank = array.len();
        for (what, given) in [("start", start), ("shape", shape)] {
            if !given.is_empty() && given.len() != rank {
                return Err(Error::invalid(format!(
                    "{what} {given:?} has rank {}, the array has rank {rank} (shape {array:?})",
                    given.len()
                )));
            }
        }
        let mut region = Self {
            start: Coords::new(),
            shape: Coords::new(),
        };
        for (axis, &extent) in array.iter().enumerate() {
            let first = start.get(axis).copied().unwrap_or(0);
            let length = match shape.get(axis) {
                Some(&length) => {
                    first.checked_add(length).ok_or_else(|| {
                        Error::invalid(format!(
                            "start {first} plus shape {length} overflows on axis {axis}"
                        ))
                    })?;
                    length
                }
                None => extent.saturating_sub(first),
            };
            let first = first.min(extent);
            region.start.push(first);
            region.shape.push(length.min(extent - first));
        }
        Ok(region)
    }

    /// The box of a write, which must lie within the array.
    ///
    /// # Errors
    /// A wrong rank, or any overhang.
    pub fn for_write(array: &[u64], start: &[u64], shape: &[u64]) -> Result<Self> {
        let rank = array.len();
        for (what, given) in [("start", start), ("data", shape)] {
            if given.len() != rank {
                return Err(Error::invalid(format!(
                    "{what} has rank {}, the array has rank {rank} (shape {array:?})",
                    given.len()
                )));
            }
        }
        for axis in 0..rank {
            let end = start[axis].checked_add(shape[axis]);
            if end.is_none_or(|end| end > array[axis]) {
                return Err(Error::invalid(format!(
                    "region out of bounds: start {} plus extent {} on axis {axis}, the array has {}",
                    start[axis], shape[axis], array[axis]
                )));
            }
        }
        Ok(Self {
            start: start.into(),
            shape: shape.into(),
        })
    }

    /// All of an array.
    pub fn whole(array: &[u64]) -> Self {
        Self {
            start: array.iter().map(|_| 0).collect(),
            shape: array.into(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// What it shares with the box at `origin` of `extent`, if anything.
    pub fn intersect(&self, origin: &[u64], extent: &[u64]) -> Option<Self> {
        let mut out = Self {
            start: Coords::new(),
            shape: Coords::new(),
        };
        for axis in 0..self.start.len() {
            let first = self.start[axis].max(origin[axis]);
            let end = (self.start[axis] + self.shape[axis])
                .min(origin[axis].saturating_add(extent[axis]));
            if first >= end {
                return None;
            }
            out.start.push(first);
            out.shape.push(end - first);
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_clamp_and_default() {
        let check = |start: &[u64], shape: &[u64], want: (&[u64], &[u64])| {
            let got = Region::for_read(&[4, 6], start, shape).unwrap();
            assert_eq!((&got.start[..], &got.shape[..]), want);
        };
        check(&[], &[], (&[0, 0], &[4, 6]));
        check(&[1, 2], &[], (&[1, 2], &[3, 4]));
        check(&[], &[2, 2], (&[0, 0], &[2, 2]));
        check(&[3, 5], &[9, 9], (&[3, 5], &[1, 1]));
        check(&[4, 0], &[1, 1], (&[4, 0], &[0, 1]));
        check(&[9, 0], &[1, 1], (&[4, 0], &[0, 1]));
        assert!(Region::for_read(&[4, 6], &[1], &[]).is_err());
        assert!(Region::for_read(&[4], &[1], &[u64::MAX]).is_err());
    }

    #[test]
    fn writes_refuse_overhang_and_overflow() {
        assert!(Region::for_write(&[4], &[2], &[2]).is_ok());
        assert!(Region::for_write(&[4], &[4], &[0]).is_ok());
        assert!(Region::for_write(&[4], &[3], &[2]).is_err());
        assert!(Region::for_write(&[4], &[u64::MAX], &[2]).is_err());
        assert!(Region::for_write(&[4], &[0, 0], &[1]).is_err());
        assert!(Region::for_write(&[], &[], &[]).is_ok());
    }
}
