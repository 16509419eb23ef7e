//! The first 64 bytes of a layer: whose it is.

use super::{HEAD_MAGIC, HEADER_BYTES, MAJOR_VERSION, MINOR_VERSION, crc, cursor};
use crate::error::{Error, Place, Result};

/// A random id of 16 bytes: of a file, a layer, or a writer.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub [u8; 16]);

impl std::fmt::Debug for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Id {
    /// Reads an id as it stands in the names of objects: 32 hexadecimal digits in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |c: u8| match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        };
        let text: &[u8; 32] = text.as_bytes().try_into().ok()?;
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(text.chunks(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(id))
    }

    /// Reads an id that must fill `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| Error::corrupt("an id that is not 16 bytes"))
    }
}

/// Identity of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The file that the layer belongs to.
    pub file: Id,
    /// The layer itself.
    pub layer: Id,
    /// Its sequence number.
    pub sequence: u64,
}

impl Header {
    /// The stored form.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(&HEAD_MAGIC);
        out[8..10].copy_from_slice(&MAJOR_VERSION.to_le_bytes());
        out[10..12].copy_from_slice(&MINOR_VERSION.to_le_bytes());
        out[16..32].copy_from_slice(&self.file.0);
        out[32..48].copy_from_slice(&self.layer.0);
        out[48..56].copy_from_slice(&self.sequence.to_le_bytes());
        let sum = crc(&out[..60]);
        out[60..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let within = |e: Error| e.within(Place::part("header"));
        let src = &mut &bytes[..bytes.len().min(HEADER_BYTES)];
        let all = *src;
        if cursor::array::<8>(src).map_err(within)? != HEAD_MAGIC {
            return Err(Error::InvalidFooter(
                "this is not an array_format file: its first bytes are not our magic".into(),
            ));
        }
        let major = cursor::u16(src).map_err(within)?;
        if major != MAJOR_VERSION {
            return Err(super::trailer::other_version(major));
        }
        let read = |src: &mut &[u8]| {
            let _minor = cursor::u16(src)?;
            let zero = cursor::u32(src)?;
            let file = Id(cursor::array(src)?);
            let layer = Id(cursor::array(src)?);
            let sequence = cursor::u64(src)?;
            let more = cursor::u32(src)?;
            if cursor::u32(src)? != crc(&all[..60]) {
                return Err(Error::corrupt("checksum differs"));
            }
            if (zero, more) != (0, 0) {
                return Err(Error::corrupt("a reserved field is not zero"));
            }
            Ok(Self {
                file,
                layer,
                sequence,
            })
        };
        read(src).map_err(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flip_and_cut_is_refused() {
        let header = Header {
            file: Id([1; 16]),
            layer: Id([2; 16]),
            sequence: 7,
        };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes).unwrap(), header);
        for cut in 0..bytes.len() {
            assert!(Header::decode(&bytes[..cut]).is_err());
        }
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode(&bad).is_err(), "bit {bit}");
        }
    }
}
