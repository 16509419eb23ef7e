//! LZ4: a `u32` raw length, then one LZ4 block, as numcodecs' `lz4` writes it.

mod block;

use super::compression::{CodecId, CompressionCodec, check_frame, wrong_length};
use super::spec::Compressor;
use crate::error::{Error, Result};

/// The name in files.
pub(super) const NAME: &str = "lz4";

/// The most bytes that one byte of an LZ4 block can stand for.
const MAX_RATIO: usize = 255;

/// LZ4: fast to write, and the fastest to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lz4Codec;

/// LZ4 that looks less closely for what repeats: faster to write and larger, the more it is accelerated;
/// no slower to read. Blosc's LZ4 of level 5 is one of acceleration 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lz4FastCodec {
    /// 1 is [`Lz4Codec`]; up to 65,537. What this library can read does not depend on it.
    pub acceleration: i32,
}

/// What LZ4 does unless it is told otherwise.
pub(super) const PLAIN: Lz4FastCodec = Lz4FastCodec { acceleration: 1 };

/// What LZ4 does with greater ones is the same.
const MAX_ACCELERATION: i32 = 65_537;

impl CompressionCodec for Lz4FastCodec {
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
        check_acceleration(self.acceleration)?;
        out.clear();
        out.extend_from_slice(&(data.len() as u32).to_le_bytes());
        block::compress(data, self.acceleration, out)
            .ok_or_else(|| corrupt("the frame is too large"))
    }

    fn decompress(&self, data: &[u8], uncompressed_size: usize) -> Result<Vec<u8>> {
        let block = block_of(data, uncompressed_size)?;
        let mut raw = Vec::new();
        let written = block::decompress(block, uncompressed_size, &mut raw).map(|()| raw.len());
        check_written(written, uncompressed_size)?;
        Ok(raw)
    }

    fn level(&self) -> Option<i32> {
        parameter(self.acceleration)
    }

    fn decompress_into(&self, data: &[u8], out: &mut [u8]) -> Result<()> {
        let block = block_of(data, out.len())?;
        check_written(block::decompress_into(block, out), out.len())
    }

    fn decompress_start(&self, data: &[u8], out: &mut [u8], wanted: usize) -> Result<()> {
        let block = block_of(data, out.len())?;
        let out = match out.split_at_mut_checked(wanted) {
            // To the end of the block, so that it is checked whole.
            None | Some((_, [])) => return self.decompress_into(data, out),
            Some((start, _)) => start,
        };
        check_written(block::decompress_start(block, out), wanted)
    }

    fn builtin(&self) -> Option<Compressor> {
        let acceleration = self.acceleration;
        Some(Compressor::Lz4 { acceleration })
    }
}

impl CompressionCodec for Lz4Codec {
    fn id(&self) -> CodecId {
        PLAIN.id()
    }

    fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
        PLAIN.compress(data)
    }

    fn compress_into(&self, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
        PLAIN.compress_into(data, out)
    }

    fn decompress(&self, data: &[u8], uncompressed_size: usize) -> Result<Vec<u8>> {
        PLAIN.decompress(data, uncompressed_size)
    }

    fn decompress_into(&self, data: &[u8], out: &mut [u8]) -> Result<()> {
        PLAIN.decompress_into(data, out)
    }

    fn decompress_start(&self, data: &[u8], out: &mut [u8], wanted: usize) -> Result<()> {
        PLAIN.decompress_start(data, out, wanted)
    }

    fn builtin(&self) -> Option<Compressor> {
        PLAIN.builtin()
    }
}

/// What a file records of it: nothing of the usual.
pub(super) fn parameter(acceleration: i32) -> Option<i32> {
    Some(acceleration).filter(|&acceleration| acceleration != PLAIN.acceleration)
}

/// Refuses accelerations that LZ4 lacks.
pub(super) fn check_acceleration(acceleration: i32) -> Result<()> {
    match (1..=MAX_ACCELERATION).contains(&acceleration) {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "lz4 acceleration {acceleration}: 1 to {MAX_ACCELERATION} are possible"
        ))),
    }
}

/// The block behind the length, if it can be one of `expected` bytes.
fn block_of(data: &[u8], expected: usize) -> Result<&[u8]> {
    check_frame(NAME, expected)?;
    let (length, block) = data
        .split_first_chunk::<4>()
        .ok_or_else(|| corrupt("the frame is cut short"))?;
    let length = u32::from_le_bytes(*length) as usize;
    if length != expected {
        return Err(wrong_length(NAME, length, expected));
    }
    if expected / MAX_RATIO > block.len() {
        return Err(corrupt("the frame is too short for its length"));
    }
    Ok(block)
}

fn check_written(written: Option<usize>, expected: usize) -> Result<()> {
    match written {
        Some(written) if written == expected => Ok(()),
        Some(written) => Err(wrong_length(NAME, written, expected)),
        None => Err(corrupt("the frame is not an LZ4 block of its length")),
    }
}

fn corrupt(detail: &str) -> Error {
    Error::Codec(format!("{NAME}: {detail}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn has_the_layout_of_numcodecs() {
        // numcodecs.LZ4().encode(b"abc") == 03 00 00 00 30 61 62 63
        assert_eq!(Lz4Codec.compress(b"abc").unwrap(), b"\x03\0\0\0\x30abc");
        assert_eq!(
            Lz4Codec.decompress(b"\x03\0\0\0\x30abc", 3).unwrap(),
            b"abc"
        );
    }

    #[test]
    fn refuses_what_is_not_exactly_the_frame() {
        let stored = Lz4Codec.compress(&[7; 1000]).unwrap();
        assert_eq!(Lz4Codec.decompress(&stored, 1000).unwrap(), [7; 1000]);
        for size in [0, 1, 999, 1001, usize::MAX] {
            assert!(Lz4Codec.decompress(&stored, size).is_err(), "{size}");
        }
        for cut in 0..stored.len() {
            assert!(Lz4Codec.decompress(&stored[..cut], 1000).is_err(), "{cut}");
        }
        let long = [&stored[..], &[0]].concat();
        assert!(Lz4Codec.decompress(&long, 1000).is_err());
        // A length that its bytes cannot fill is refused before it is allocated.
        let bomb = [&(1u32 << 30).to_le_bytes()[..], &[0; 8]].concat();
        assert!(Lz4Codec.decompress(&bomb, 1 << 30).is_err());
    }

    #[test]
    fn more_acceleration_makes_it_larger() {
        let data: Vec<u8> = (0..1u32 << 16).map(|i| (i * i / 900 % 251) as u8).collect();
        let mut before = 0;
        for acceleration in [1, 5, 50, MAX_ACCELERATION] {
            let codec = Lz4FastCodec { acceleration };
            let stored = codec.compress(&data).unwrap();
            assert!(stored.len() > before, "{acceleration}");
            assert_eq!(Lz4Codec.decompress(&stored, data.len()).unwrap(), data);
            before = stored.len();
        }
        for acceleration in [i32::MIN, -1, 0, MAX_ACCELERATION + 1] {
            let error = Lz4FastCodec { acceleration }.compress(&data).unwrap_err();
            assert!(error.to_string().contains("1 to 65537"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn reads_back(data in prop::collection::vec(0u8..4, 0..4000), part in 0usize..4001) {
            let stored = Lz4Codec.compress(&data).unwrap();
            prop_assert_eq!(&Lz4Codec.decompress(&stored, data.len()).unwrap(), &data);
            let (part, mut out) = (part.min(data.len()), vec![9; data.len()]);
            Lz4Codec.decompress_start(&stored, &mut out, part).unwrap();
            prop_assert_eq!(&out[..part], &data[..part]);
        }

        #[test]
        fn never_panics(data in prop::collection::vec(any::<u8>(), 0..100), size in 0usize..500) {
            let framed = [&(size as u32).to_le_bytes()[..], &data].concat();
            if let Ok(raw) = Lz4Codec.decompress(&framed, size) {
                prop_assert_eq!(raw.len(), size);
            }
        }
    }
}
