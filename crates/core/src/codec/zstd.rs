//! Zstandard: one frame, with its content size.

use std::cell::RefCell;

use zstd::bulk::{Compressor as Encoder, Decompressor};
use zstd::zstd_safe;

use super::compression::{CodecId, CompressionCodec, check_frame, wrong_length};
use super::spec::Compressor;
use crate::error::{Error, Result};

/// The name in files.
pub(super) const NAME: &str = "zstd";

/// The level where none is named: close to the best size, and fast.
pub(super) const DEFAULT_LEVEL: i32 = 3;

/// How a Zstandard frame begins; a skippable frame begins otherwise.
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// Frames up to this size share a context per thread. Setting one up costs more than coding a
/// small frame; one that has coded a large frame would hold on to much memory.
const SHARED_CONTEXT: usize = 1 << 20;

thread_local! {
    static ENCODER: RefCell<Option<(i32, Encoder<'static>)>> = const { RefCell::new(None) };
    static DECODER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Zstandard: small, and fast to read at every level.
#[derive(Debug, Clone)]
pub struct ZstdCodec {
    /// How hard to try; what this library can read does not depend on it.
    pub level: i32,
}

impl ZstdCodec {
    /// A codec of this level. Writing with a level that Zstandard lacks is an error.
    pub fn new(level: i32) -> Self {
        Self { level }
    }
}

impl Default for ZstdCodec {
    fn default() -> Self {
        Self::new(DEFAULT_LEVEL)
    }
}

impl CompressionCodec for ZstdCodec {
    fn id(&self) -> CodecId {
        CodecId::Named(NAME.to_owned())
    }

    fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
        let mut stored = Vec::new();
        self.compress_into(data, &mut stored)?;
        // It may be kept for long: with what it needs alone.
        stored.shrink_to_fit();
        Ok(stored)
    }

    fn compress_into(&self, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
        check_frame(NAME, data.len())?;
        check_level(self.level)?;
        if data.len() > SHARED_CONTEXT {
            encode(&mut encoder(self.level)?, data, out)
        } else {
            ENCODER.with_borrow_mut(|slot| {
                let kept = match slot.take() {
                    Some((level, kept)) if level == self.level => kept,
                    Some((_, mut kept)) => {
                        kept.set_compression_level(self.level).map_err(failed)?;
                        kept
                    }
                    None => encoder(self.level)?,
                };
                let (_, encoder) = slot.insert((self.level, kept));
                encode(encoder, data, out)
            })
        }
    }

    fn decompress(&self, data: &[u8], uncompressed_size: usize) -> Result<Vec<u8>> {
        check_stored(data, uncompressed_size)?;
        let mut raw = Vec::with_capacity(uncompressed_size);
        let written = decode(data, &mut raw)?;
        if written != uncompressed_size {
            return Err(wrong_length(NAME, written, uncompressed_size));
        }
        Ok(raw)
    }

    fn level(&self) -> Option<i32> {
        Some(self.level)
    }

    fn decompress_into(&self, data: &[u8], out: &mut [u8]) -> Result<()> {
        check_stored(data, out.len())?;
        let written = decode(data, out)?;
        if written != out.len() {
            return Err(wrong_length(NAME, written, out.len()));
        }
        Ok(())
    }

    fn builtin(&self) -> Option<Compressor> {
        Some(Compressor::Zstd { level: self.level })
    }
}

/// Refuses levels that Zstandard lacks.
pub(super) fn check_level(level: i32) -> Result<()> {
    let allowed = zstd_safe::min_c_level()..=zstd_safe::max_c_level();
    if !allowed.contains(&level) {
        return Err(Error::invalid(format!(
            "zstd level {level}: levels from {} to {} are possible",
            allowed.start(),
            allowed.end()
        )));
    }
    Ok(())
}

fn encoder(level: i32) -> Result<Encoder<'static>> {
    Encoder::new(level).map_err(failed)
}

fn encode(encoder: &mut Encoder<'static>, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    out.reserve(zstd_safe::compress_bound(data.len()));
    encoder.compress_to_buffer(data, out).map_err(failed)?;
    Ok(())
}

/// Refuses anything but one frame of the expected size, before anything is allocated for it.
fn check_stored(data: &[u8], expected: usize) -> Result<()> {
    check_frame(NAME, expected)?;
    if !data.starts_with(&MAGIC) {
        return Err(corrupt("the bytes are not a Zstandard frame"));
    }
    let length = zstd_safe::find_frame_compressed_size(data)
        .map_err(|code| corrupt(zstd_safe::get_error_name(code)))?;
    if length != data.len() {
        return Err(corrupt("there are bytes after the frame"));
    }
    // A frame of another writer may lack its size; then decoding alone tells.
    match zstd_safe::get_frame_content_size(data) {
        Ok(Some(size)) if size != expected as u64 => Err(wrong_length(
            NAME,
            usize::try_from(size).unwrap_or(usize::MAX),
            expected,
        )),
        Ok(_) => Ok(()),
        Err(_) => Err(corrupt("the frame has a bad content size")),
    }
}

fn decode<C: zstd_safe::WriteBuf + ?Sized>(data: &[u8], out: &mut C) -> Result<usize> {
    DECODER.with_borrow_mut(|slot| {
        let decoder = match slot {
            Some(kept) => kept,
            None => slot.insert(Decompressor::new().map_err(failed)?),
        };
        decoder.decompress_to_buffer(data, out).map_err(failed)
    })
}

fn failed(error: std::io::Error) -> Error {
    corrupt(&error.to_string())
}

fn corrupt(detail: &str) -> Error {
    Error::Codec(format!("{NAME}: {detail}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_not_exactly_one_frame() {
        let codec = ZstdCodec::default();
        let stored = codec.compress(&[7; 1000]).unwrap();
        assert_eq!(codec.decompress(&stored, 1000).unwrap(), [7; 1000]);
        for size in [0, 1, 999, 1001, usize::MAX] {
            assert!(codec.decompress(&stored, size).is_err(), "{size}");
        }
        for cut in 0..stored.len() {
            assert!(codec.decompress(&stored[..cut], 1000).is_err(), "{cut}");
        }
        for tail in [&[0u8][..], &stored, b"\x50\x2A\x4D\x18\0\0\0\0"] {
            let long = [&stored[..], tail].concat();
            assert!(codec.decompress(&long, 1000).is_err());
            assert!(codec.decompress(&long, 2000).is_err());
        }
        // A skippable frame is not a frame of no bytes.
        assert!(codec.decompress(b"\x50\x2A\x4D\x18\0\0\0\0", 0).is_err());
        assert!(codec.decompress(b"", 0).is_err());
    }

    #[test]
    fn reads_frames_without_a_content_size() {
        let mut stream = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
        stream.write_all(&[7; 500]).unwrap();
        stream.flush().unwrap();
        stream.write_all(&[7; 500]).unwrap();
        let stored = stream.finish().unwrap();
        assert_eq!(zstd_safe::get_frame_content_size(&stored).ok(), Some(None));
        let codec = ZstdCodec::default();
        assert_eq!(codec.decompress(&stored, 1000).unwrap(), [7; 1000]);
        assert!(codec.decompress(&stored, 999).is_err());
        assert!(codec.decompress(&stored, 1001).is_err());
    }

    #[test]
    fn levels_change_between_frames_of_a_thread() {
        let data: Vec<u8> = (0..20_000u32).flat_map(|i| (i * i).to_le_bytes()).collect();
        let alone: Vec<_> = [1, 19, 3]
            .map(|level| zstd::bulk::compress(&data, level).unwrap())
            .into();
        let shared: Vec<_> = [1, 19, 3]
            .map(|level| ZstdCodec::new(level).compress(&data).unwrap())
            .into();
        assert!(alone == shared);
    }

    #[test]
    fn a_level_out_of_range_is_the_callers_mistake() {
        let error = ZstdCodec::new(23).compress(b"").unwrap_err();
        assert!(matches!(error, Error::InvalidArgument(_)));
        assert!(error.to_string().contains("to 22"), "{error}");
    }

    proptest! {
        #[test]
        fn reads_back(data in prop::collection::vec(0u8..4, 0..4000), level in -5i32..10) {
            let codec = ZstdCodec::new(level);
            let stored = codec.compress(&data).unwrap();
            let mut out = vec![9; data.len()];
            codec.decompress_into(&stored, &mut out).unwrap();
            prop_assert_eq!(&out, &data);
            prop_assert_eq!(codec.decompress(&stored, data.len()).unwrap(), data);
        }
    }
}
