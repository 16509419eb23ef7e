//! Elements that are compared as bytes: texts, binaries, lists.

use ::bytes::Bytes;

use super::{FrameStats, Gather};
use crate::limits;
use crate::value::StatValue;

/// Gathers elements of variable width.
pub(super) struct Text<'a> {
    items: &'a [Bytes],
    fill: Option<&'a [u8]>,
    ordered: bool,
    valid: u64,
    bounds: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> Text<'a> {
    /// Over these elements, with this fill element; lists are not `ordered`.
    pub(super) fn new(items: &'a [Bytes], fill: Option<&'a [u8]>, ordered: bool) -> Self {
        Self {
            items,
            fill,
            ordered,
            valid: 0,
            bounds: None,
        }
    }
}

impl<'a> Gather<'a> for Text<'a> {
    fn run(&mut self, start: usize, length: usize) {
        for item in self.items.get(start..start + length).unwrap_or_default() {
            let item: &[u8] = item;
            if self.fill == Some(item) {
                continue;
            }
            self.valid += 1;
            if self.ordered {
                let (min, max) = self.bounds.unwrap_or((item, item));
                self.bounds = Some((min.min(item), max.max(item)));
            }
        }
    }

    fn finish(self) -> FrameStats {
        FrameStats {
            valid: self.valid,
            nan: 0,
            min: self.bounds.map(|(min, _)| lower_bound(min)),
            max: self.bounds.and_then(|(_, max)| upper_bound(max)),
        }
    }
}

/// A short value that is not greater.
fn lower_bound(bytes: &[u8]) -> StatValue {
    StatValue::Bytes(bytes[..bytes.len().min(limits::STAT_BYTES)].to_vec())
}

/// A short value that is not less, if there is one.
fn upper_bound(bytes: &[u8]) -> Option<StatValue> {
    let Some((short, [_, ..])) = bytes.split_at_checked(limits::STAT_BYTES) else {
        return Some(StatValue::Bytes(bytes.to_vec()));
    };
    // 255 cannot be raised, so the byte before it is.
    let last = short.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut bound = short[..=last].to_vec();
    bound[last] += 1;
    Some(StatValue::Bytes(bound))
}

/// Gathers elements of fixed width that have no order.
pub(super) struct Opaque<'a> {
    bytes: &'a [u8],
    width: usize,
    fill: Option<&'a [u8]>,
    valid: u64,
}

impl<'a> Opaque<'a> {
    /// Over these elements, with this fill element.
    pub(super) fn new(bytes: &'a [u8], width: usize, fill: Option<&'a [u8]>) -> Self {
        Self {
            bytes,
            width: width.max(1),
            fill,
            valid: 0,
        }
    }
}

impl<'a> Gather<'a> for Opaque<'a> {
    fn run(&mut self, start: usize, length: usize) {
        let bytes = start * self.width..(start + length) * self.width;
        let elements = self
            .bytes
            .get(bytes)
            .unwrap_or_default()
            .chunks_exact(self.width);
        self.valid += match self.fill {
            Some(fill) => elements.filter(|element| *element != fill).count(),
            None => elements.len(),
        } as u64;
    }

    fn finish(self) -> FrameStats {
        FrameStats {
            valid: self.valid,
            ..FrameStats::default()
        }
    }
}
