//! The bytes of a layer, one stored structure a file, as `docs/format.md` has them.

pub mod columns;
pub mod cursor;
pub mod header;
pub mod page;
pub mod root;
pub mod sums;
pub mod tables;
pub mod tombstone;
pub mod trailer;

/// The first eight bytes of every layer.
pub const HEAD_MAGIC: [u8; 8] = *b"\x89ARF\r\n\x1a\n";
/// The last eight bytes of every complete layer.
pub const TAIL_MAGIC: [u8; 8] = *b"\n\x1a\n\rFRA\x89";
/// The major version that this library reads and writes.
pub const MAJOR_VERSION: u16 = 1;
/// The minor version that this library writes.
pub const MINOR_VERSION: u16 = 0;
/// Bytes of a header.
pub const HEADER_BYTES: usize = 64;
/// Bytes of a trailer.
pub const TRAILER_BYTES: usize = 64;
/// Blocks start at multiples of this, so that mapped data are aligned.
pub const BLOCK_ALIGNMENT: u64 = 64;

/// The checksum of all stored bytes.
pub fn crc(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

#[cfg(test)]
mod tests {
    /// These never change: files in the world carry them.
    #[test]
    fn forever_constants() {
        assert_eq!(
            super::HEAD_MAGIC,
            [0x89, 0x41, 0x52, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
        );
        assert_eq!(
            super::TAIL_MAGIC,
            [0x0A, 0x1A, 0x0A, 0x0D, 0x46, 0x52, 0x41, 0x89]
        );
        assert_eq!(super::MAJOR_VERSION, 1);
        assert_eq!((super::HEADER_BYTES, super::TRAILER_BYTES), (64, 64));
        assert_eq!(super::crc(b"123456789"), 0xCBF4_3926);
    }
}
