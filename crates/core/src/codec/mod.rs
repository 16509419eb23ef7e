//! Codecs, the pipelines that they form, and how they are found by name (`docs/format.md`, section 7).

pub mod auto;
mod compression;
mod delta;
mod lz4;
mod none;
mod pco;
pub mod pipeline;
pub mod record;
pub mod registry;
mod shuffle;
pub mod spec;
mod zstd;

#[cfg(test)]
mod chain_tests;

pub use auto::{Choice, SAMPLES, choose, sample, weigh};
pub use compression::{CodecId, CompressionCodec};
pub use lz4::{Lz4Codec, Lz4FastCodec};
pub use none::NoCompression;
pub use pipeline::{Pace, Pipeline};
pub use record::{PipelineRecord, StageRecord};
pub use registry::{Codecs, register};
pub use spec::{CodecSpec, Compressor, Filter};
pub use zstd::ZstdCodec;
