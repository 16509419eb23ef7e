//! No compression: the stored bytes are the bytes.

use super::compression::{CodecId, CompressionCodec, check_frame, wrong_length};
use super::spec::Compressor;
use crate::error::Result;

/// Stores frames as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCompression;

impl CompressionCodec for NoCompression {
    fn id(&self) -> CodecId {
        CodecId::None
    }

    fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
        check_frame("none", data.len())?;
        Ok(data.to_vec())
    }

    fn decompress(&self, data: &[u8], uncompressed_size: usize) -> Result<Vec<u8>> {
        check_frame("none", uncompressed_size)?;
        if data.len() != uncompressed_size {
            return Err(wrong_length("none", data.len(), uncompressed_size));
        }
        Ok(data.to_vec())
    }

    fn decompress_into(&self, data: &[u8], out: &mut [u8]) -> Result<()> {
        if data.len() != out.len() {
            return Err(wrong_length("none", data.len(), out.len()));
        }
        out.copy_from_slice(data);
        Ok(())
    }

    fn builtin(&self) -> Option<Compressor> {
        Some(Compressor::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_identity_of_the_right_length() {
        assert_eq!(NoCompression.compress(b"abc").unwrap(), b"abc");
        assert_eq!(NoCompression.decompress(b"abc", 3).unwrap(), b"abc");
        assert!(NoCompression.decompress(b"abc", 2).is_err());
        assert!(NoCompression.decompress(b"", 1).is_err());
        let mut out = [0; 3];
        NoCompression.decompress_into(b"abc", &mut out).unwrap();
        assert_eq!(&out, b"abc");
        assert!(
            NoCompression
                .decompress_into(b"ab", &mut [0; 3][..])
                .is_err()
        );
    }
}
