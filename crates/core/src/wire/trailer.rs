//! The last 64 bytes of a layer: where its root is, and what a reader must understand.

use super::{HEADER_BYTES, MAJOR_VERSION, MINOR_VERSION, TAIL_MAGIC, TRAILER_BYTES, crc, cursor};
use crate::error::{Error, Place, Result};
use crate::limits;

/// Feature bits that this library understands when it reads: none are assigned.
const READER_FEATURES: u64 = 0;
/// Feature bits that this library understands when it writes: none are assigned.
const WRITER_FEATURES: u64 = 0;

/// Where the root of a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer {
    /// Offset of the root.
    pub root_offset: u64,
    /// Stored bytes of the root.
    pub root_stored: u32,
    /// Raw bytes of the root.
    pub root_raw: u32,
    /// Checksum of the root's stored bytes.
    pub root_crc: u32,
    /// Feature bits that a writer must understand.
    pub writer_features: u64,
    /// Bytes of the whole object.
    pub object_length: u64,
}

/// The refusal of another major version.
pub(super) fn other_version(major: u16) -> Error {
    Error::Unsupported(format!(
        "format version {major}; this library reads version {MAJOR_VERSION}: use a release that knows version {major}"
    ))
}

impl Trailer {
    /// The stored form.
    pub fn encode(&self) -> [u8; TRAILER_BYTES] {
        let mut out = [0; TRAILER_BYTES];
        out[..8].copy_from_slice(&self.root_offset.to_le_bytes());
        out[8..12].copy_from_slice(&self.root_stored.to_le_bytes());
        out[12..16].copy_from_slice(&self.root_raw.to_le_bytes());
        out[16..20].copy_from_slice(&self.root_crc.to_le_bytes());
        out[32..40].copy_from_slice(&self.writer_features.to_le_bytes());
        out[40..48].copy_from_slice(&self.object_length.to_le_bytes());
        out[48..50].copy_from_slice(&MAJOR_VERSION.to_le_bytes());
        out[50..52].copy_from_slice(&MINOR_VERSION.to_le_bytes());
        let sum = crc(&out[..52]);
        out[52..56].copy_from_slice(&sum.to_le_bytes());
        out[56..].copy_from_slice(&TAIL_MAGIC);
        out
    }

    /// Whether the object that ends in `tail` was written to its end.
    pub fn is_complete(tail: &[u8]) -> bool {
        tail.ends_with(&TAIL_MAGIC)
    }

    /// Reads the trailer at the end of `tail`, the last bytes of an object of `object_length`.
    pub fn decode(tail: &[u8], object_length: u64) -> Result<Self> {
        let damaged = |detail: String| Error::corrupt(detail).within(Place::part("trailer"));
        if !Self::is_complete(tail) {
            return Err(Error::InvalidFooter(
                "this is not a complete array_format layer: its last bytes are not our magic (another kind of file, or cut short)".into(),
            ));
        }
        let Some(start) = tail.len().checked_sub(TRAILER_BYTES) else {
            return Err(damaged("shorter than a trailer".into()));
        };
        let bytes = &tail[start..];
        let src = &mut &*bytes;
        let root_offset = cursor::u64(src)?;
        let root_stored = cursor::u32(src)?;
        let root_raw = cursor::u32(src)?;
        let root_crc = cursor::u32(src)?;
        let zero = cursor::u32(src)?;
        let reader_features = cursor::u64(src)?;
        let writer_features = cursor::u64(src)?;
        let stored_length = cursor::u64(src)?;
        let major = cursor::u16(src)?;
        let _minor = cursor::u16(src)?;
        if cursor::u32(src)? != crc(&bytes[..52]) {
            return Err(damaged("checksum differs".into()));
        }
        if major != MAJOR_VERSION {
            return Err(other_version(major));
        }
        if zero != 0 {
            return Err(damaged("a reserved field is not zero".into()));
        }
        let unknown = reader_features & !READER_FEATURES;
        if unknown != 0 {
            return Err(Error::Unsupported(format!(
                "feature bits {unknown:#x}: the file was written by a newer release; upgrade to read it"
            )));
        }
        if stored_length != object_length {
            return Err(damaged(format!(
                "the object has {object_length} bytes, its trailer says {stored_length}"
            )));
        }
        let ends = root_offset.checked_add(u64::from(root_stored));
        let fits = root_offset >= HEADER_BYTES as u64
            && ends.is_some_and(|end| end <= object_length.saturating_sub(TRAILER_BYTES as u64));
        if !fits {
            return Err(damaged("the root lies outside the layer".into()));
        }
        limits::check("raw bytes of the root", root_raw.into(), limits::PAGE_BYTES)
            .map_err(|e| damaged(e.to_string()))?;
        Ok(Self {
            root_offset,
            root_stored,
            root_raw,
            root_crc,
            writer_features,
            object_length,
        })
    }

    /// Refuses to write to a file that uses what this library does not know.
    pub fn check_writable(&self) -> Result<()> {
        let unknown = self.writer_features & !WRITER_FEATURES;
        if unknown != 0 {
            return Err(Error::Unsupported(format!(
                "writer feature bits {unknown:#x}: a newer release wrote this file; it can be read here, but upgrade to write to it"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flip_and_cut_is_refused() {
        let trailer = Trailer {
            root_offset: 64,
            root_stored: 100,
            root_raw: 200,
            root_crc: 5,
            writer_features: 0,
            object_length: 228,
        };
        let bytes = trailer.encode();
        assert_eq!(Trailer::decode(&bytes, 228).unwrap(), trailer);
        assert!(Trailer::decode(&bytes, 229).is_err());
        for cut in 1..bytes.len() {
            assert!(Trailer::decode(&bytes[cut..], 228).is_err());
        }
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Trailer::decode(&bad, 228).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn newer_versions_and_features_say_upgrade() {
        let patched = |at: usize, value: u8| {
            let mut bytes = Trailer {
                root_offset: 64,
                root_stored: 1,
                root_raw: 1,
                root_crc: 0,
                writer_features: 0,
                object_length: 129,
            }
            .encode();
            bytes[at] = value;
            let sum = crc(&bytes[..52]);
            bytes[52..56].copy_from_slice(&sum.to_le_bytes());
            bytes
        };
        let error = Trailer::decode(&patched(48, 2), 129).unwrap_err();
        assert!(error.to_string().contains("version 2"));
        let error = Trailer::decode(&patched(24, 1), 129).unwrap_err();
        assert!(error.to_string().contains("upgrade"));
        let trailer = Trailer::decode(&patched(32, 4), 129).unwrap();
        assert!(trailer.check_writable().is_err());
    }
}
