//! pcodec: one standalone file over the lanes, as numbers of the dtype.

use bytemuck::Pod;
use half::f16;
use pco::data_types::Number;
use pco::errors::PcoError;
use pco::standalone::{DecompressorItem, FileDecompressor, simple_compress};
use pco::{ChunkConfig, DEFAULT_COMPRESSION_LEVEL};

use super::compression::{CodecId, CompressionCodec, check_frame, wrong_length};
use super::spec::Compressor;
use crate::dtype::DType;
use crate::error::{Error, Result};

/// The name in files.
pub(super) const NAME: &str = "pco";

/// The level where none is named: pcodec's own.
pub(super) const DEFAULT_LEVEL: u8 = DEFAULT_COMPRESSION_LEVEL as u8;

/// The highest level of pcodec.
const MAX_LEVEL: u8 = 12;

/// What the lanes of a dtype are.
#[derive(Debug, Clone, Copy)]
enum Lanes {
    I16,
    I32,
    I64,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
}

/// pcodec for one dtype.
#[derive(Debug, Clone)]
pub(super) struct PcoCodec {
    level: u8,
    lanes: Lanes,
}

/// Calls a generic function with the Rust type of the lanes.
macro_rules! with_lanes {
    ($lanes:expr, $call:ident($($arg:expr),*)) => {
        match $lanes {
            Lanes::I16 => $call::<i16>($($arg),*),
            Lanes::I32 => $call::<i32>($($arg),*),
            Lanes::I64 => $call::<i64>($($arg),*),
            Lanes::U16 => $call::<u16>($($arg),*),
            Lanes::U32 => $call::<u32>($($arg),*),
            Lanes::U64 => $call::<u64>($($arg),*),
            Lanes::F16 => $call::<f16>($($arg),*),
            Lanes::F32 => $call::<f32>($($arg),*),
            Lanes::F64 => $call::<f64>($($arg),*),
        }
    };
}

impl PcoCodec {
    /// A codec for elements of `dtype`, if pcodec has numbers for them.
    pub(super) fn new(level: u8, dtype: &DType) -> Result<Self> {
        check_level(level)?;
        let lanes = lanes_of(dtype).ok_or_else(|| {
            Error::invalid(format!(
                "codec pco has no numbers for {dtype:?}: it takes int16 to int64, uint16 to \
                 uint64, float16 to float64, complex, timestamps, and fixed-size lists of these"
            ))
        })?;
        Ok(Self { level, lanes })
    }
}

impl CompressionCodec for PcoCodec {
    fn id(&self) -> CodecId {
        CodecId::Named(NAME.to_owned())
    }

    fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
        check_frame(NAME, data.len())?;
        let config = ChunkConfig::default().with_compression_level(usize::from(self.level));
        let mut stored = with_lanes!(self.lanes, compress_lanes(data, &config))?;
        // It may be kept for long: with what it needs alone.
        stored.shrink_to_fit();
        Ok(stored)
    }

    fn decompress(&self, data: &[u8], uncompressed_size: usize) -> Result<Vec<u8>> {
        check_frame(NAME, uncompressed_size)?;
        let mut raw = vec![0; uncompressed_size];
        self.decompress_into(data, &mut raw)?;
        Ok(raw)
    }

    fn level(&self) -> Option<i32> {
        Some(i32::from(self.level))
    }

    fn decompress_into(&self, data: &[u8], out: &mut [u8]) -> Result<()> {
        check_frame(NAME, out.len())?;
        with_lanes!(self.lanes, decompress_lanes(data, out))
    }

    fn builtin(&self) -> Option<Compressor> {
        Some(Compressor::Pco { level: self.level })
    }
}

/// Refuses levels that pcodec lacks.
pub(super) fn check_level(level: u8) -> Result<()> {
    if level > MAX_LEVEL {
        return Err(Error::invalid(format!(
            "pco level {level}: levels from 0 to {MAX_LEVEL} are possible"
        )));
    }
    Ok(())
}

/// Whether pcodec has numbers for the lanes of this dtype.
pub(super) fn supports(dtype: &DType) -> bool {
    lanes_of(dtype).is_some()
}

fn lanes_of(dtype: &DType) -> Option<Lanes> {
    Some(match dtype {
        DType::Int16 => Lanes::I16,
        DType::Int32 => Lanes::I32,
        DType::Int64 | DType::TimestampNs => Lanes::I64,
        DType::UInt16 => Lanes::U16,
        DType::UInt32 => Lanes::U32,
        DType::UInt64 => Lanes::U64,
        DType::Float16 => Lanes::F16,
        DType::Float32 | DType::Complex64 => Lanes::F32,
        DType::Float64 | DType::Complex128 => Lanes::F64,
        DType::FixedSizeList { child, .. } => return lanes_of(child),
        _ => return None,
    })
}

fn compress_lanes<T: Number + Pod>(data: &[u8], config: &ChunkConfig) -> Result<Vec<u8>> {
    check_whole::<T>(data.len())?;
    // Bytes of a caller need not be aligned for the numbers.
    match bytemuck::try_cast_slice::<u8, T>(data) {
        Ok(numbers) if cfg!(target_endian = "little") => simple_compress(numbers, config),
        _ => {
            let mut numbers = vec![T::zeroed(); data.len() / size_of::<T>()];
            bytemuck::cast_slice_mut::<T, u8>(&mut numbers).copy_from_slice(data);
            swap_if_big_endian(&mut numbers);
            simple_compress(&numbers, config)
        }
    }
    .map_err(failed)
}

fn decompress_lanes<T: Number + Pod>(data: &[u8], out: &mut [u8]) -> Result<()> {
    check_whole::<T>(out.len())?;
    if let Ok(numbers) = bytemuck::try_cast_slice_mut::<u8, T>(out) {
        read_file(data, numbers)?;
        swap_if_big_endian(numbers);
    } else {
        let mut numbers = vec![T::zeroed(); out.len() / size_of::<T>()];
        read_file(data, &mut numbers)?;
        swap_if_big_endian(&mut numbers);
        out.copy_from_slice(bytemuck::cast_slice(&numbers));
    }
    Ok(())
}

/// Reads a standalone file that must hold exactly as many numbers as `out`, and nothing after.
fn read_file<T: Number + Pod>(data: &[u8], out: &mut [T]) -> Result<()> {
    let (file, mut rest) = FileDecompressor::new(data).map_err(failed)?;
    let expected = size_of_val(out);
    let mut left = out;
    loop {
        match file.chunk_decompressor::<T, _>(rest).map_err(failed)? {
            DecompressorItem::EndOfData(tail) => {
                if !left.is_empty() {
                    let actual = expected - size_of_val(left);
                    return Err(wrong_length(NAME, actual, expected));
                }
                if !tail.is_empty() {
                    return Err(corrupt("there are bytes after the file"));
                }
                return Ok(());
            }
            DecompressorItem::Chunk(mut chunk) => {
                let count = chunk.n();
                let Some((numbers, others)) = left.split_at_mut_checked(count) else {
                    return Err(corrupt("the file holds more numbers than the frame"));
                };
                let progress = chunk.read(numbers).map_err(failed)?;
                if progress.n_processed != count || !progress.finished {
                    return Err(corrupt("a chunk is cut short"));
                }
                left = others;
                rest = chunk.into_src();
            }
        }
    }
}

fn check_whole<T>(bytes: usize) -> Result<()> {
    if !bytes.is_multiple_of(size_of::<T>()) {
        return Err(corrupt(&format!(
            "{bytes} bytes are not whole numbers of {} bytes",
            size_of::<T>()
        )));
    }
    Ok(())
}

/// Frames are little-endian, pcodec takes the machine's numbers.
fn swap_if_big_endian<T: Pod>(numbers: &mut [T]) {
    if cfg!(target_endian = "big") {
        for bytes in bytemuck::cast_slice_mut::<T, u8>(numbers).chunks_exact_mut(size_of::<T>()) {
            bytes.reverse();
        }
    }
}

fn failed(error: PcoError) -> Error {
    corrupt(&error.to_string())
}

fn corrupt(detail: &str) -> Error {
    Error::Codec(format!("{NAME}: {detail}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codec(dtype: DType) -> PcoCodec {
        PcoCodec::new(DEFAULT_LEVEL, &dtype).unwrap()
    }

    fn waves(count: usize) -> Vec<u8> {
        (0..count)
            .flat_map(|i| (((i as f32 / 50.0).sin() * 100.0).round() / 10.0).to_le_bytes())
            .collect()
    }

    #[test]
    fn refuses_what_is_not_exactly_the_file() {
        let codec = codec(DType::Float32);
        let raw = waves(1000);
        let stored = codec.compress(&raw).unwrap();
        assert_eq!(codec.decompress(&stored, 4000).unwrap(), raw);
        for size in [0, 1, 3996, 3999, 4001, 4004, 1 << 20, usize::MAX] {
            assert!(codec.decompress(&stored, size).is_err(), "{size}");
        }
        for cut in 0..stored.len() {
            assert!(codec.decompress(&stored[..cut], 4000).is_err(), "{cut}");
        }
        let long = [&stored[..], &[0]].concat();
        assert!(codec.decompress(&long, 4000).is_err());
        assert!(
            PcoCodec::new(8, &DType::Int32)
                .unwrap()
                .decompress(&stored, 4000)
                .is_err()
        );
    }

    #[test]
    fn damaged_files_do_not_panic() {
        let mut raw = waves(600);
        raw.extend((0..600u32).flat_map(|i| (i % 97).to_le_bytes()));
        for dtype in [DType::Float32, DType::Int32, DType::UInt64, DType::Float16] {
            let codec = codec(dtype);
            let stored = codec.compress(&raw).unwrap();
            for at in 0..stored.len() {
                for value in (0..8).map(|bit| stored[at] ^ (1 << bit)).chain([0, 255]) {
                    let mut damaged = stored.clone();
                    damaged[at] = value;
                    let _ = codec.decompress(&damaged, raw.len());
                }
            }
        }
    }

    #[test]
    fn unaligned_bytes_are_read_and_written() {
        let codec = codec(DType::Float64);
        let raw = waves(100);
        let shifted = [&[0][..], &raw].concat();
        let stored = codec.compress(&shifted[1..]).unwrap();
        assert_eq!(stored, codec.compress(&raw).unwrap());
        let mut out = vec![0; raw.len() + 1];
        codec.decompress_into(&stored, &mut out[1..]).unwrap();
        assert_eq!(&out[1..], raw);
    }

    #[test]
    fn dtypes_without_numbers_are_refused() {
        for dtype in [DType::Int8, DType::UInt8, DType::Bool, DType::BFloat16] {
            assert!(PcoCodec::new(8, &dtype).is_err());
            let list = DType::FixedSizeList {
                child: Box::new(dtype),
                size: 2,
            };
            assert!(PcoCodec::new(8, &list).is_err());
        }
        assert!(PcoCodec::new(8, &DType::String).is_err());
        let error = PcoCodec::new(13, &DType::Int16).unwrap_err();
        assert!(error.to_string().contains("0 to 12"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn noise_is_not_a_panic(tail in prop::collection::vec(any::<u8>(), 0..200)) {
            let stored = [b"pco!", &tail[..]].concat();
            let _ = codec(DType::Int64).decompress(&stored, 800);
        }
    }
}
