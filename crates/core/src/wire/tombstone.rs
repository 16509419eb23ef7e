//! What takes a merged layer's place where its number must stay taken.

use super::header::Header;
use super::{HEADER_BYTES, crc, cursor};
use crate::limits;

/// Bytes of a tombstone: too few for a layer, so that it is never taken for one.
pub const TOMBSTONE_BYTES: usize = HEADER_BYTES + 16;

/// The place of a layer that was merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// The file and number of the layer, and an id of the tombstone's own.
    pub header: Header,
    /// The layer that holds what was here.
    pub next: u64,
}

impl Tombstone {
    /// The stored form.
    pub fn encode(&self) -> [u8; TOMBSTONE_BYTES] {
        let mut out = [0; TOMBSTONE_BYTES];
        out[..HEADER_BYTES].copy_from_slice(&self.header.encode());
        out[64..72].copy_from_slice(&self.next.to_le_bytes());
        let sum = crc(&out[64..76]);
        out[76..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads a whole object; none if it is something else, a torn layer of this length included.
    pub fn decode(object: &[u8]) -> Option<Self> {
        if object.len() != TOMBSTONE_BYTES {
            return None;
        }
        let header = Header::decode(object).ok()?;
        let src = &mut &object[HEADER_BYTES..];
        let next = cursor::u64(src).ok()?;
        let zero = cursor::u32(src).ok()?;
        let sum = cursor::u32(src).ok()?;
        let whole = sum == crc(&object[64..76]) && zero == 0;
        let leads_on = next > header.sequence && next <= limits::SEQUENCE;
        (whole && leads_on).then_some(Self { header, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::header::Id;

    #[test]
    fn every_flip_and_cut_is_refused() {
        let header = Header {
            file: Id([1; 16]),
            layer: Id([2; 16]),
            sequence: 7,
        };
        let stone = Tombstone { header, next: 9 };
        let bytes = stone.encode();
        assert_eq!(Tombstone::decode(&bytes), Some(stone));
        for cut in 0..bytes.len() {
            assert_eq!(Tombstone::decode(&bytes[..cut]), None);
        }
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Tombstone::decode(&bad), None, "bit {bit}");
        }
    }
}
