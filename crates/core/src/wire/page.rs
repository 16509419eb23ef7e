//! Pages as they are stored: an address, a checksum, and Zstandard where it helps.

use super::crc;
use crate::codec::{CompressionCodec, ZstdCodec};
use crate::error::{Error, Place, Result};
use crate::limits;

/// The kind of a root page.
pub const ROOT: u8 = 1;
/// The kind of an inner page.
pub const INNER: u8 = 2;
/// The kind of a leaf page.
pub const LEAF: u8 = 3;

const LEVEL: i32 = 3;
/// How a Zstandard frame starts; frames to be skipped start otherwise.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Where a page is, and what it must look like there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageAddress {
    /// The sequence number of its layer.
    pub sequence: u64,
    /// Its offset in the layer.
    pub offset: u64,
    /// Its bytes there.
    pub stored: u32,
    /// Its bytes once decompressed.
    pub raw: u32,
    /// The checksum of its stored bytes.
    pub crc: u32,
}

/// The stored form of a raw page.
pub fn encode(raw: Vec<u8>) -> Result<Vec<u8>> {
    limits::check(
        "raw bytes of a metadata page",
        raw.len() as u64,
        limits::PAGE_BYTES,
    )?;
    // It keeps its state from page to page; setting one up takes longer than a small page.
    match ZstdCodec::new(LEVEL).compress(&raw) {
        Ok(packed) if packed.len() < raw.len() => Ok(packed),
        _ => Ok(raw),
    }
}

fn damaged(address: &PageAddress, detail: String) -> Error {
    Error::corrupt(detail).within(Place {
        layer: Some(format!("layer {}", address.sequence)),
        part: Some(format!("metadata page at byte {}", address.offset)),
        ..Place::default()
    })
}

/// Checks the stored bytes of a page against its checksum and length.
pub fn verify(address: &PageAddress, stored: &[u8]) -> Result<()> {
    if stored.len() != address.stored as usize {
        return Err(damaged(
            address,
            format!("{} bytes expected, {} there", address.stored, stored.len()),
        ));
    }
    if crc(stored) != address.crc {
        return Err(damaged(address, "checksum differs".into()));
    }
    Ok(())
}

/// The raw bytes of a stored page, checked against its checksum and length.
pub fn decode(address: &PageAddress, stored: &[u8]) -> Result<Vec<u8>> {
    verify(address, stored)?;
    let damaged = |detail: String| damaged(address, detail);
    if u64::from(address.raw) > limits::PAGE_BYTES {
        return Err(damaged(format!(
            "{} raw bytes are over the limit",
            address.raw
        )));
    }
    if address.raw == address.stored {
        return Ok(stored.to_vec());
    }
    let raw = unzip(stored, address.raw as usize).map_err(|e| damaged(e.to_string()))?;
    if raw.len() != address.raw as usize {
        return Err(damaged(format!(
            "{} raw bytes expected, {} there",
            address.raw,
            raw.len()
        )));
    }
    Ok(raw)
}

/// Decompresses to at most `capacity` bytes; memory grows with what really comes out.
fn unzip(stored: &[u8], capacity: usize) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    // More than one frame would be decoded as well, or what follows left unread.
    let length = zstd::zstd_safe::find_frame_compressed_size(stored);
    if length != Ok(stored.len()) || stored[..4] != ZSTD_MAGIC {
        return Err(std::io::Error::other("it is not one Zstandard frame"));
    }

    // A page that fits here is worth one allocation.
    if capacity <= 1 << 20 {
        let raw = ZstdCodec::new(LEVEL).decompress(stored, capacity);
        return raw.map_err(std::io::Error::other);
    }
    let mut raw = Vec::new();
    zstd::stream::read::Decoder::with_buffer(stored)?
        .single_frame()
        .take(capacity as u64 + 1)
        .read_to_end(&mut raw)?;
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(stored: &[u8], raw: usize) -> PageAddress {
        PageAddress {
            sequence: 3,
            offset: 64,
            stored: stored.len() as u32,
            raw: raw as u32,
            crc: crc(stored),
        }
    }

    #[test]
    fn pages_read_back_small_and_large() {
        for raw in [
            vec![],
            vec![1],
            vec![7; 5000],
            vec![9; 3 << 20],
            (0..=255).collect(),
        ] {
            let stored = encode(raw.clone()).unwrap();
            assert_eq!(decode(&address(&stored, raw.len()), &stored).unwrap(), raw);
        }
    }

    #[test]
    fn damage_names_the_layer_and_the_page() {
        let stored = encode(vec![7; 5000]).unwrap();
        let mut bad = stored.clone();
        bad[0] ^= 1;
        let error = decode(&address(&stored, 5000), &bad)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("layer 3") && error.contains("byte 64"),
            "{error}"
        );
        for raw in [4999, 5001, 1 << 27] {
            assert!(decode(&address(&stored, raw), &stored).is_err(), "{raw}");
        }
    }
}
