//! What a user asks for: filters and a compressor, or the choice left to the library.

use std::sync::Arc;

use super::compression::{CodecId, CompressionCodec};
use super::{lz4, pco, registry, zstd};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::limits;

/// A step that reorders or rewrites the bytes of fixed-width elements without changing their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Filter {
    /// Byte 0 of all numbers, then byte 1 of all, and so on.
    Shuffle,
    /// Each number less the one before it.
    Delta,
}

impl Filter {
    /// The name in files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shuffle => "shuffle",
            Self::Delta => "delta",
        }
    }

    /// The filter of this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Shuffle, Self::Delta]
            .into_iter()
            .find(|filter| filter.name() == name)
    }
}

/// The last step of a pipeline.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Compressor {
    /// Bytes as they are.
    None,
    /// LZ4.
    Lz4 {
        /// How much is given for speed; 1, the usual, to 65,537.
        acceleration: i32,
    },
    /// Zstandard.
    Zstd {
        /// How hard to try, up to 22.
        level: i32,
    },
    /// pcodec, for numbers of 2 bytes and more.
    Pco {
        /// How hard to try, 0 to 12.
        level: u8,
    },
    /// A codec of the user's own.
    Custom(Arc<dyn CompressionCodec>),
}

/// How an array is to be stored: filters and a compressor, or [`CodecSpec::auto`].
///
/// ```
/// use array_format_core::codec::{CodecSpec, Filter, PipelineRecord};
///
/// let spec = CodecSpec::zstd(3).with_filter(Filter::Shuffle);
/// assert_eq!(PipelineRecord::from(&spec).to_string(), "shuffle+zstd(3)");
/// ```
#[derive(Debug, Clone)]
pub struct CodecSpec {
    filters: Vec<Filter>,
    /// Missing where the choice is left to the library.
    compressor: Option<Compressor>,
}

impl CodecSpec {
    /// Bytes as they are.
    pub fn none() -> Self {
        Self::of(Compressor::None)
    }

    /// LZ4.
    pub fn lz4() -> Self {
        Self::lz4_fast(lz4::PLAIN.acceleration)
    }

    /// LZ4 that is faster to write and larger, the more it is accelerated. 5 is what Blosc's level 5 does.
    pub fn lz4_fast(acceleration: i32) -> Self {
        Self::of(Compressor::Lz4 { acceleration })
    }

    /// Zstandard of this level.
    pub fn zstd(level: i32) -> Self {
        Self::of(Compressor::Zstd { level })
    }

    /// pcodec of its usual level.
    pub fn pco() -> Self {
        Self::of(Compressor::Pco {
            level: pco::DEFAULT_LEVEL,
        })
    }

    /// The library chooses from the first data that are written.
    pub fn auto() -> Self {
        Self {
            filters: Vec::new(),
            compressor: None,
        }
    }

    /// A codec object; codecs of this library become what they are.
    pub fn custom(codec: Arc<dyn CompressionCodec>) -> Self {
        Self::of(match (codec.builtin(), codec.id()) {
            (Some(builtin), _) => builtin,
            (None, CodecId::None) => Compressor::None,
            (None, CodecId::Named(_)) => Compressor::Custom(codec),
        })
    }

    /// A compressor without filters.
    pub fn of(compressor: Compressor) -> Self {
        Self {
            filters: Vec::new(),
            compressor: Some(compressor),
        }
    }

    /// Adds a filter, after those that are there and before the compressor.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// The filters, in the order in which they are applied.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The compressor, or `None` for [`CodecSpec::auto`].
    pub fn compressor(&self) -> Option<&Compressor> {
        self.compressor.as_ref()
    }

    /// Whether the choice is left to the library.
    pub fn is_auto(&self) -> bool {
        self.compressor.is_none()
    }

    /// Refuses what cannot be applied to elements of `dtype`, and what a file cannot record.
    pub fn check(&self, dtype: &DType) -> Result<()> {
        let Some(compressor) = &self.compressor else {
            if self.filters.is_empty() {
                return Ok(());
            }
            return Err(Error::invalid("codec auto chooses its own filters"));
        };
        let stages = self.filters.len() + usize::from(!matches!(compressor, Compressor::None));
        limits::check(
            "stages of a codec pipeline",
            stages as u64,
            limits::PIPELINE_STAGES as u64,
        )?;
        for (i, filter) in self.filters.iter().enumerate() {
            if self.filters[..i].contains(filter) {
                return Err(Error::invalid(format!(
                    "filter {} stands twice in a codec pipeline",
                    filter.name()
                )));
            }
            check_filter(*filter, dtype)?;
        }
        match compressor {
            Compressor::None => Ok(()),
            Compressor::Lz4 { acceleration } => lz4::check_acceleration(*acceleration),
            Compressor::Zstd { level } => zstd::check_level(*level),
            Compressor::Pco { level } => {
                if !self.filters.is_empty() {
                    return Err(Error::invalid("codec pco takes no filters before it"));
                }
                pco::PcoCodec::new(*level, dtype).map(|_| ())
            }
            Compressor::Custom(codec) => registry::check_name(&codec.id()),
        }
    }
}

/// Refuses filters where elements differ in length.
pub(super) fn check_filter(filter: Filter, dtype: &DType) -> Result<()> {
    let lane = dtype.lane_size();
    if dtype.is_variable_length() || !matches!(lane, 1 | 2 | 4 | 8) {
        return Err(Error::invalid(format!(
            "filter {} is for elements of fixed width, not for {dtype:?}",
            filter.name()
        )));
    }
    Ok(())
}

impl Default for CodecSpec {
    /// No filters and no compression.
    fn default() -> Self {
        Self::none()
    }
}

impl<C: CompressionCodec + 'static> From<C> for CodecSpec {
    fn from(codec: C) -> Self {
        Self::custom(Arc::new(codec))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Lz4Codec, NoCompression, PipelineRecord, ZstdCodec};
    use super::*;

    struct Own(&'static str);

    impl CompressionCodec for Own {
        fn id(&self) -> CodecId {
            CodecId::Named(self.0.to_owned())
        }
        fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
            Ok(data.to_vec())
        }
        fn decompress(&self, data: &[u8], _: usize) -> Result<Vec<u8>> {
            Ok(data.to_vec())
        }
    }

    fn fixed(child: DType) -> DType {
        DType::FixedSizeList {
            child: Box::new(child),
            size: 3,
        }
    }

    #[test]
    fn codecs_become_what_they_are() {
        let name = |spec: &CodecSpec| PipelineRecord::from(spec).to_string();
        assert_eq!(name(&NoCompression.into()), "none");
        assert_eq!(name(&Lz4Codec.into()), "lz4");
        assert_eq!(name(&ZstdCodec::new(9).into()), "zstd(9)");
        let shared: Arc<dyn CompressionCodec> = Arc::new(ZstdCodec::new(9));
        assert!(matches!(
            CodecSpec::from(shared).compressor(),
            Some(Compressor::Zstd { level: 9 })
        ));
        // A user's codec under a name of ours stays the user's.
        let own = CodecSpec::from(Own("zstd"));
        assert!(matches!(own.compressor(), Some(Compressor::Custom(_))));
        assert_eq!(name(&own), "zstd");
        assert!(own.check(&DType::Int8).is_ok());
    }

    #[test]
    fn refuses_what_does_not_fit_the_dtype() {
        let shuffled = CodecSpec::zstd(3).with_filter(Filter::Shuffle);
        let delta = CodecSpec::lz4().with_filter(Filter::Delta);
        for dtype in [DType::Int8, DType::Complex128, fixed(DType::Float32)] {
            shuffled.check(&dtype).unwrap();
            delta.check(&dtype).unwrap();
        }
        for dtype in [DType::String, DType::Binary, fixed(DType::String)] {
            assert!(shuffled.check(&dtype).is_err());
            assert!(delta.check(&dtype).is_err());
            assert!(CodecSpec::zstd(3).check(&dtype).is_ok());
            assert!(CodecSpec::pco().check(&dtype).is_err());
        }
        CodecSpec::pco().check(&fixed(DType::Int16)).unwrap();
        assert!(CodecSpec::pco().check(&DType::Bool).is_err());
        let filtered = CodecSpec::pco().with_filter(Filter::Delta);
        assert!(filtered.check(&DType::Int32).is_err());
        let twice = shuffled.with_filter(Filter::Shuffle);
        assert!(twice.check(&DType::Int32).is_err());
        assert!(CodecSpec::zstd(23).check(&DType::Int32).is_err());
        let level = CodecSpec::of(Compressor::Pco { level: 13 });
        assert!(level.check(&DType::Int32).is_err());
        let auto = CodecSpec::auto();
        auto.check(&DType::String).unwrap();
        let auto = auto.with_filter(Filter::Delta);
        assert!(auto.check(&DType::Int32).is_err());
    }

    #[test]
    fn refuses_names_that_mean_something_else() {
        for name in ["", "none", "auto", "shuffle", "delta", "pco"] {
            let spec = CodecSpec::from(Own(name));
            assert!(spec.check(&DType::Int8).is_err(), "{name:?}");
        }
        let long: &'static str = "x".repeat(256).leak();
        assert!(CodecSpec::from(Own(long)).check(&DType::Int8).is_err());
        let fits: &'static str = "x".repeat(255).leak();
        CodecSpec::from(Own(fits)).check(&DType::Int8).unwrap();
    }
}
