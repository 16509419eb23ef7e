//! Many n-dimensional arrays in one crash-safe, versioned file, on disks and in object stores.
//!
//! - **One file** holds tens of thousands of named arrays of any rank, with attributes, fill values
//!   and statistics. Opening it costs the same few requests whatever it holds.
//! - **Layers.** Every [`flush`](ArrayFile::flush) is one atomic commit: a small sidecar with only
//!   what changed. [`compact`](ArrayFile::compact) merges all into one file again.
//! - **Chunks and tiles.** Large arrays are read and written in regions; a read decodes little more
//!   than it returns. Arrays grow along any axis.
//! - **Codecs** per array: none, LZ4, Zstandard, pcodec, with shuffle and delta before them, chosen by
//!   you or by the data, or your own. Readers need no configuration.
//! - **Types**: bool, integers, floats from 16 to 64 bits, complex, timestamps, strings, binary, lists.
//! - **Every byte is checked**: damage is an error that names the place.
//! - **Any [`object_store`]**: local disk, memory, S3, Google Cloud Storage, Azure, HTTP.
//!
//! # Quick start
//!
//! ```
//! use array_format::{ArrayFile, FileConfig, Lz4Codec};
//! use ndarray::{ArrayD, IxDyn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> array_format::Result<()> {
//! let mut file = ArrayFile::create_memory(FileConfig::new(Lz4Codec)).await?;
//! file.define_array::<f32>("signal", vec!["time".into()], vec![4], None, None)?;
//!
//! let data = ArrayD::from_shape_vec(IxDyn(&[4]), vec![1.0f32, 2.0, 3.0, 4.0]).unwrap();
//! file.write_array("signal", vec![0], data.view()).await?;
//! file.flush().await?;
//!
//! let all = file.read_array::<f32>("signal", vec![], vec![]).await?;
//! assert_eq!(all.len(), 4);
//! assert_eq!(all.as_slice().unwrap(), [1.0, 2.0, 3.0, 4.0]);
//! # Ok(())
//! # }
//! ```
//!
//! # Layers of the library
//!
//! | layer | modules | key types | extension points |
//! |---|---|---|---|
//! | core types | [`address`], [`delta`], [`dtype`], [`error`] | [`DType`], [`TimestampNs`], [`address::ChunkAddress`], [`Error`] | [`ArrayElement`]: a Rust type for elements |
//! | metadata | [`block`], [`footer`], [`layout`] | [`array::ArrayMeta`], [`AttributeValue`], [`FillValue`], [`footer::Footer`] | attributes |
//! | extension traits | [`codec`], [`storage`] | [`codec::CodecSpec`], [`storage::ObjectStoreBackend`] | [`CompressionCodec`]: a codec of your own; any `ObjectStore` |
//! | runtime | [`array`](mod@array), [`file`](mod@file), [`select`], [`stats`] | [`ArrayFile`], [`FileConfig`], [`ArraySpec`], [`ArrayStats`] | [`DeltaCache`]: one cache for many files |
//!
//! The format itself is in `docs/format.md`; all of it is decided in the crate `array_format_core`,
//! which knows nothing of I/O.

pub mod address;
pub mod array;
mod array_file;
mod attributes;
pub mod block;
mod blocking;
mod chunks;
mod commit;
mod config;
pub mod delta;
mod fetch;
pub mod footer;
mod frames;
mod handle;
pub mod history;
pub mod integrity;
mod late;
pub mod layout;
mod mapped;
pub mod merge;
pub mod ndarray_ext;
mod open;
mod pending;
mod positional;
mod read;
mod resize;
pub mod select;
mod spec;
mod spool;
pub mod storage;
mod url;
mod write;

/// Codecs and pipelines.
pub mod codec {
    pub use array_format_core::codec::{
        CodecId, CodecSpec, Codecs, CompressionCodec, Compressor, Filter, Lz4Codec, Lz4FastCodec,
        NoCompression, PipelineRecord, StageRecord, ZstdCodec, choose, register,
    };
}

/// Data types.
pub mod dtype {
    pub use array_format_core::dtype::{DType, StatKind};
}

/// Elements in Rust.
pub mod element {
    pub use array_format_core::element::{ArrayElement, List};
    pub use array_format_core::elements::Elements;
}

/// Errors.
pub mod error {
    pub use array_format_core::error::{Error, Place, Result, Source};
}

/// The handle of a file and its configuration.
pub mod file {
    pub use crate::array_file::ArrayFile;
    pub use crate::config::{
        DEFAULT_BLOCK_TARGET_SIZE, DEFAULT_CACHE_CAPACITY, DEFAULT_IO_CACHE_CAPACITY,
        DEFAULT_SPOOL_CAPACITY, FileConfig,
    };
    pub use crate::handle::{Array, ArrayMut};
    pub use crate::layout::MergedArrayMeta;
    pub use crate::spec::ArraySpec;
}

/// Statistics of arrays and frames.
pub mod stats {
    pub use array_format_core::stats::{ArrayStats, FrameStats, StatsFile};
    pub use array_format_core::value::StatValue;
}

/// Nanosecond timestamps.
pub mod timestamp {
    pub use array_format_core::timestamp::TimestampNs;
}

/// Values of attributes, fills and statistics.
pub mod value {
    pub use array_format_core::value::{AttributeValue, FillValue, StatValue, fill_bytes};
}

pub use codec::{CompressionCodec, Lz4Codec, Lz4FastCodec, NoCompression, ZstdCodec};
pub use delta::DeltaCache;
pub use dtype::DType;
pub use element::{ArrayElement, List};
pub use error::{Error, Result};
pub use file::{
    Array, ArrayFile, ArrayMut, ArraySpec, DEFAULT_BLOCK_TARGET_SIZE, DEFAULT_CACHE_CAPACITY,
    DEFAULT_IO_CACHE_CAPACITY, DEFAULT_SPOOL_CAPACITY, FileConfig, MergedArrayMeta,
};
pub use history::{At, Retention};
pub use merge::{CompactOptions, CompactionPolicy, Scope};
pub use stats::{ArrayStats, FrameStats, StatValue, StatsFile};
pub use storage::{Commits, InMemoryStorage};
pub use timestamp::TimestampNs;
pub use value::{AttributeValue, FillValue};

pub use bytes;
pub use ndarray;
pub use object_store;
