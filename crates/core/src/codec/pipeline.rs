//! A pipeline that is ready to run for the elements of one array.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;

use super::compression::{CompressionCodec, check_frame, wrong_length};
use super::pco::{self, PcoCodec};
use super::record::{PipelineRecord, StageRecord};
use super::registry::Codecs;
use super::spec::{CodecSpec, Compressor, Filter, check_filter};
use super::{Lz4FastCodec, ZstdCodec, delta, lz4, shuffle, zstd};
use crate::dtype::DType;
use crate::error::{Error, Result};

/// A thread keeps a second buffer of up to this size for undoing shuffles; fresh memory for every
/// frame costs as much as the filter.
const KEPT_SCRATCH: usize = 4 << 20;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// How long a pipeline takes to encode; decoding is several times as fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Some milliseconds for a megabyte, decoding little more than a copy takes.
    Quick,
    /// Some milliseconds for a quarter of that.
    Steady,
    /// Longer, or it is not known: codecs of the user's own.
    Slow,
}

/// Filters and a compressor for the elements of one dtype.
#[derive(Debug, Clone)]
pub struct Pipeline {
    filters: Vec<Filter>,
    /// The width of a number, for the filters.
    lane: usize,
    /// Missing where bytes are stored as they are.
    compressor: Option<Arc<dyn CompressionCodec>>,
    record: PipelineRecord,
}

impl Pipeline {
    /// The pipeline that a user asked for. [`CodecSpec::auto`] must be [chosen](super::choose) first.
    pub fn from_spec(spec: &CodecSpec, dtype: &DType) -> Result<Self> {
        spec.check(dtype)?;
        let compressor = match spec.compressor() {
            None => return Err(Error::invalid("codec auto is not chosen yet")),
            Some(compressor) => ready(compressor, dtype)?,
        };
        Ok(Self {
            filters: spec.filters().to_vec(),
            lane: dtype.lane_size(),
            compressor,
            record: PipelineRecord::from(spec),
        })
    }

    /// The pipeline that a file records.
    ///
    /// What does not fit the dtype is [`Error::Corrupt`], and so is `auto`, which no array with
    /// frames has: ask [`PipelineRecord::is_auto`] first.
    pub fn from_record(record: &PipelineRecord, dtype: &DType, codecs: &Codecs) -> Result<Self> {
        if record.is_auto() {
            return Err(Error::corrupt("codec auto in an array that has frames"));
        }
        let filters: Vec<_> = record.filters().collect();
        for (filter, stage) in filters.iter().zip(&record.stages) {
            check_filter(*filter, dtype).map_err(as_corrupt)?;
            no_more_parameters(stage, 0)?;
        }
        let compressor = match record.compressor() {
            None => None,
            Some(stage) if stage.name == pco::NAME => {
                if !filters.is_empty() {
                    return Err(Error::corrupt("codec pco has filters before it"));
                }
                let level = level_of(stage, pco::DEFAULT_LEVEL)?;
                Some(Arc::new(PcoCodec::new(level, dtype).map_err(as_corrupt)?) as Arc<_>)
            }
            Some(stage) => Some(resolve(stage, dtype, codecs)?),
        };
        Ok(Self {
            filters,
            lane: dtype.lane_size(),
            compressor,
            record: record.clone(),
        })
    }

    /// How long it takes to encode.
    pub fn pace(&self) -> Pace {
        let builtin = self.compressor.as_ref().map(|codec| codec.builtin());
        match builtin {
            None | Some(Some(Compressor::None | Compressor::Lz4 { .. })) => Pace::Quick,
            Some(Some(Compressor::Zstd { level: ..=4 } | Compressor::Pco { level: ..=8 })) => {
                Pace::Steady
            }
            _ => Pace::Slow,
        }
    }

    /// Whether its compressor is one of this library.
    pub fn is_builtin(&self) -> bool {
        let compressor = self.compressor.as_ref();
        compressor.is_none_or(|codec| codec.builtin().is_some())
    }

    /// What to record of it.
    pub fn record(&self) -> &PipelineRecord {
        &self.record
    }

    /// The stored form of a frame's bytes, which are the bytes themselves for codec `none`.
    pub fn encode<'a>(&self, raw: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut stored = Vec::new();
        Ok(match self.encode_into(raw, &mut stored)? {
            true => {
                // It may be kept for long: with what it needs alone.
                stored.shrink_to_fit();
                Cow::Owned(stored)
            }
            false => Cow::Borrowed(raw),
        })
    }

    /// Puts the stored form of a frame's bytes in place of what `out` holds, and returns true; false for
    /// codec `none`, whose stored form are the bytes themselves.
    pub fn encode_into(&self, raw: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        self.check_lanes(raw.len())?;
        let mut bytes = Cow::Borrowed(raw);
        for filter in &self.filters {
            match filter {
                Filter::Delta => delta::encode(bytes.to_mut(), self.lane),
                Filter::Shuffle => bytes = Cow::Owned(self.shuffled(&bytes)),
            }
        }
        match (&self.compressor, bytes) {
            (Some(compressor), bytes) => compressor.compress_into(&bytes, out)?,
            (None, Cow::Owned(filtered)) => *out = filtered,
            (None, Cow::Borrowed(_)) => return Ok(false),
        }
        check_frame("stored", out.len())?;
        Ok(true)
    }

    /// The bytes of a frame; the stored bytes themselves for codec `none`.
    pub fn decode(&self, stored: Bytes, raw_len: usize) -> Result<Bytes> {
        self.check_lanes(raw_len)?;
        match &self.compressor {
            Some(compressor) if self.filters.is_empty() => {
                let raw = compressor.decompress(&stored, raw_len)?;
                self.check_length(raw.len(), raw_len)?;
                Ok(raw.into())
            }
            None if self.filters.is_empty() => {
                self.check_length(stored.len(), raw_len)?;
                Ok(stored)
            }
            _ => {
                let mut raw = vec![0; raw_len];
                self.decode_into(&stored, &mut raw)?;
                Ok(raw.into())
            }
        }
    }

    /// Decodes a frame whose raw length is that of `out`. After an error `out` holds anything.
    pub fn decode_into(&self, stored: &[u8], out: &mut [u8]) -> Result<()> {
        self.check_lanes(out.len())?;
        if !self.filters.contains(&Filter::Shuffle) {
            self.decompress_into(stored, out)?;
            for _ in &self.filters {
                delta::decode(out, self.lane);
            }
            return Ok(());
        }
        let mut scratch = SCRATCH.take();
        scratch.resize(out.len(), 0);
        let result = self.decode_shuffled(stored, &mut scratch, out);
        if scratch.capacity() <= KEPT_SCRATCH {
            SCRATCH.set(scratch);
        }
        result
    }

    /// The same, where only the first `wanted` bytes of `out` need be written.
    pub fn decode_start(&self, stored: &[u8], out: &mut [u8], wanted: usize) -> Result<()> {
        match &self.compressor {
            Some(compressor) if self.filters.is_empty() => {
                self.check_lanes(out.len())?;
                compressor.decompress_start(stored, out, wanted)
            }
            _ => self.decode_into(stored, out),
        }
    }

    /// A shuffle needs a second buffer: from `scratch` it moves the bytes to `out`.
    fn decode_shuffled(&self, stored: &[u8], scratch: &mut [u8], out: &mut [u8]) -> Result<()> {
        self.decompress_into(stored, scratch)?;
        let mut moved = false;
        for filter in self.filters.iter().rev() {
            match filter {
                Filter::Delta if moved => delta::decode(out, self.lane),
                Filter::Delta => delta::decode(scratch, self.lane),
                Filter::Shuffle => {
                    if moved {
                        scratch.copy_from_slice(out);
                    }
                    shuffle::decode(scratch, out, self.lane);
                    moved = true;
                }
            }
        }
        Ok(())
    }

    fn decompress_into(&self, stored: &[u8], out: &mut [u8]) -> Result<()> {
        match &self.compressor {
            Some(compressor) => compressor.decompress_into(stored, out),
            None => {
                self.check_length(stored.len(), out.len())?;
                out.copy_from_slice(stored);
                Ok(())
            }
        }
    }

    fn shuffled(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![0; bytes.len()];
        shuffle::encode(bytes, &mut out, self.lane);
        out
    }

    /// Filters go over whole lanes, and no frame is over the limit.
    fn check_lanes(&self, raw_len: usize) -> Result<()> {
        check_frame("raw", raw_len)?;
        if !self.filters.is_empty() && !raw_len.is_multiple_of(self.lane) {
            return Err(Error::Codec(format!(
                "{}: {raw_len} bytes are not whole numbers of {} bytes",
                self.record, self.lane
            )));
        }
        Ok(())
    }

    fn check_length(&self, actual: usize, expected: usize) -> Result<()> {
        if actual != expected {
            return Err(wrong_length(&self.record.to_string(), actual, expected));
        }
        Ok(())
    }
}

/// The codec for a compressor; nothing for none.
fn ready(compressor: &Compressor, dtype: &DType) -> Result<Option<Arc<dyn CompressionCodec>>> {
    Ok(match compressor {
        Compressor::None => None,
        Compressor::Lz4 { acceleration } => {
            let acceleration = *acceleration;
            Some(Arc::new(Lz4FastCodec { acceleration }))
        }
        Compressor::Zstd { level } => Some(Arc::new(ZstdCodec::new(*level))),
        Compressor::Pco { level } => Some(Arc::new(PcoCodec::new(*level, dtype)?)),
        Compressor::Custom(codec) => Some(Arc::clone(codec)),
    })
}

/// Finds a recorded compressor. One of ours takes the recorded level, not that of the handle.
fn resolve(
    stage: &StageRecord,
    dtype: &DType,
    codecs: &Codecs,
) -> Result<Arc<dyn CompressionCodec>> {
    let unknown = || Error::UnknownCodec {
        name: stage.name.clone(),
    };
    let codec = codecs.get(&stage.name).ok_or_else(unknown)?;
    match codec.builtin() {
        None => Ok(codec),
        Some(Compressor::Zstd { .. }) => {
            let level = level_of(stage, zstd::DEFAULT_LEVEL)?;
            zstd::check_level(level).map_err(as_corrupt)?;
            Ok(Arc::new(ZstdCodec::new(level)))
        }
        Some(Compressor::Lz4 { .. }) => {
            let acceleration = level_of(stage, lz4::PLAIN.acceleration)?;
            lz4::check_acceleration(acceleration).map_err(as_corrupt)?;
            Ok(Arc::new(Lz4FastCodec { acceleration }))
        }
        Some(other) => {
            no_more_parameters(stage, 0)?;
            ready(&other, dtype)?.ok_or_else(unknown)
        }
    }
}

/// The level of a stage; decoding does not need it, so a writer may have left it out.
fn level_of<T: TryFrom<i64>>(stage: &StageRecord, default: T) -> Result<T> {
    no_more_parameters(stage, 1)?;
    let Some(level) = stage.parameters.first() else {
        return Ok(default);
    };
    T::try_from(*level)
        .map_err(|_| Error::corrupt(format!("codec {:?} has level {level}", stage.name)))
}

fn no_more_parameters(stage: &StageRecord, count: usize) -> Result<()> {
    if stage.parameters.len() > count {
        return Err(Error::corrupt(format!(
            "codec {:?} has {} parameters, at most {count} are known",
            stage.name,
            stage.parameters.len()
        )));
    }
    Ok(())
}

/// What is a caller's mistake in a specification is damage in a file.
fn as_corrupt(error: Error) -> Error {
    Error::corrupt(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::CodecId;
    use super::*;

    struct Reverse;

    impl CompressionCodec for Reverse {
        fn id(&self) -> CodecId {
            CodecId::Named("reverse".into())
        }
        fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
            Ok(data.iter().rev().copied().collect())
        }
        fn decompress(&self, data: &[u8], _: usize) -> Result<Vec<u8>> {
            self.compress(data)
        }
    }

    fn record(stages: &[(&str, &[i64])]) -> PipelineRecord {
        let stages = stages
            .iter()
            .map(|(name, parameters)| StageRecord {
                name: (*name).to_owned(),
                parameters: parameters.to_vec(),
            })
            .collect();
        PipelineRecord { stages }
    }

    #[test]
    fn none_moves_no_bytes() {
        let pipeline = Pipeline::from_spec(&CodecSpec::none(), &DType::Int32).unwrap();
        let raw = Bytes::from_static(b"12345678");
        assert!(matches!(pipeline.encode(&raw).unwrap(), Cow::Borrowed(_)));
        let decoded = pipeline.decode(raw.clone(), 8).unwrap();
        assert_eq!(decoded.as_ptr(), raw.as_ptr());
        assert!(pipeline.decode(raw, 7).is_err());
    }

    #[test]
    fn a_codec_that_is_not_here_is_named() {
        let missing = record(&[("reverse", &[])]);
        let none = Codecs::default();
        let error = Pipeline::from_record(&missing, &DType::Int8, &none).unwrap_err();
        assert!(matches!(error, Error::UnknownCodec { name } if name == "reverse"));
        let codecs = none.with(Arc::new(Reverse)).unwrap();
        let pipeline = Pipeline::from_record(&missing, &DType::Int8, &codecs).unwrap();
        assert_eq!(pipeline.encode(b"abc").unwrap(), &b"cba"[..]);
        assert_eq!(
            pipeline.decode(Bytes::from_static(b"cba"), 3).unwrap(),
            "abc"
        );
        // Its length is checked, whatever it answers.
        assert!(pipeline.decode(Bytes::from_static(b"cba"), 4).is_err());
        assert!(pipeline.decode_into(b"cba", &mut [0; 4]).is_err());
    }

    #[test]
    fn a_recorded_level_is_kept() {
        let codecs = Codecs::default()
            .with(Arc::new(ZstdCodec::new(19)))
            .unwrap();
        for name in ["zstd", "lz4"] {
            let recorded = record(&[(name, &[7])]);
            let pipeline = Pipeline::from_record(&recorded, &DType::Int8, &codecs).unwrap();
            assert_eq!(pipeline.compressor.unwrap().level(), Some(7), "{name}");
            assert_eq!(pipeline.record, recorded);
        }
    }

    #[test]
    fn records_that_do_not_fit_are_damage() {
        let codecs = Codecs::default();
        for (bad, dtype) in [
            (record(&[("auto", &[])]), DType::Int8),
            (record(&[("shuffle", &[])]), DType::String),
            (record(&[("shuffle", &[4])]), DType::Int32),
            (record(&[("lz4", &[0])]), DType::Int32),
            (record(&[("lz4", &[1, 2])]), DType::Int32),
            (record(&[("zstd", &[99])]), DType::Int32),
            (record(&[("zstd", &[i64::MAX])]), DType::Int32),
            (record(&[("zstd", &[1, 2])]), DType::Int32),
            (record(&[("pco", &[])]), DType::Bool),
            (record(&[("pco", &[-1])]), DType::Int32),
            (record(&[("delta", &[]), ("pco", &[])]), DType::Int32),
        ] {
            let error = Pipeline::from_record(&bad, &dtype, &codecs).unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{bad}: {error}");
        }
        assert!(Pipeline::from_spec(&CodecSpec::auto(), &DType::Int8).is_err());
    }

    #[test]
    fn parts_of_numbers_are_refused() {
        let spec = CodecSpec::lz4().with_filter(Filter::Shuffle);
        let pipeline = Pipeline::from_spec(&spec, &DType::Int32).unwrap();
        assert!(pipeline.encode(&[0; 7]).is_err());
        assert!(pipeline.decode(Bytes::new(), 7).is_err());
        assert!(pipeline.decode_into(&[], &mut [0; 7]).is_err());
        assert!(pipeline.decode(Bytes::new(), usize::MAX).is_err());
    }

    #[test]
    fn every_codec_has_its_pace() {
        let codecs = [
            (CodecSpec::none(), Pace::Quick),
            (CodecSpec::lz4(), Pace::Quick),
            (CodecSpec::zstd(3), Pace::Steady),
            (CodecSpec::zstd(-5), Pace::Steady),
            (CodecSpec::zstd(19), Pace::Slow),
            (CodecSpec::pco(), Pace::Steady),
            (CodecSpec::of(Compressor::Pco { level: 12 }), Pace::Slow),
        ];
        for (spec, pace) in codecs {
            let pipeline = Pipeline::from_spec(&spec, &DType::Int32).unwrap();
            assert_eq!(pipeline.pace(), pace, "{spec:?}");
            let (record, codecs) = (pipeline.record(), Codecs::default());
            let pipeline = Pipeline::from_record(record, &DType::Int32, &codecs).unwrap();
            assert_eq!(pipeline.pace(), pace, "{spec:?} from its record");
        }
    }
}
