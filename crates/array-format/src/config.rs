//! What a handle is told when it is made.

use std::sync::Arc;

use crate::blocking;
use crate::codec::{CodecSpec, Codecs, CompressionCodec};
use crate::delta::DeltaCache;
use crate::error::Result;
use crate::history::Retention;
use crate::merge::CompactionPolicy;
use crate::storage::Commits;

/// Bytes after which a block of packed frames is closed, and at most read with one request.
pub const DEFAULT_BLOCK_TARGET_SIZE: usize = 8 << 20;
/// Bytes of decoded frames that a handle keeps.
pub const DEFAULT_CACHE_CAPACITY: usize = 256 << 20;
/// Bytes of index pages that a handle keeps.
pub const DEFAULT_IO_CACHE_CAPACITY: usize = 64 << 20;
/// Bytes of pending changes that stay in memory before they go to a temporary file.
pub const DEFAULT_SPOOL_CAPACITY: usize = 64 << 20;

/// How a file is read and written through one handle.
///
/// ```
/// use array_format::{FileConfig, ZstdCodec};
///
/// let config = FileConfig {
///     block_target_size: 1 << 20,
///     ..FileConfig::new(ZstdCodec::new(5))
/// };
/// # let _ = config;
/// ```
#[derive(Clone)]
pub struct FileConfig<C: CompressionCodec> {
    /// The codec of arrays that are defined without one of their own.
    pub codec: C,
    /// Bytes after which a block of packed frames is closed; also the most that one request reads.
    pub block_target_size: usize,
    /// Bytes of decoded frames to keep; 0 keeps none.
    pub cache_capacity: usize,
    /// Bytes of index pages to keep; 0 keeps none.
    pub io_cache_capacity: usize,
    /// A cache to share with other files; it takes the place of both capacities.
    pub cache: Option<Arc<DeltaCache>>,
    /// Bytes of pending changes to keep in memory before a temporary file takes them.
    pub spool_capacity: usize,
    /// A pipeline for arrays that are defined without one of their own; it goes before `codec`.
    pub default_pipeline: Option<CodecSpec>,
    /// More codecs to read with, beside `codec`, the registered ones and those of this library.
    pub codecs: Vec<Arc<dyn CompressionCodec>>,
    /// What the log says of the commits of this handle. Of merges it says nothing.
    pub message: String,
    /// How commits are kept apart.
    pub commits: Commits,
    /// Which older snapshots compaction leaves readable; by default none but tagged ones.
    pub retention: Retention,
    /// When a flush merges layers on its own; by default never.
    pub compaction: Option<CompactionPolicy>,
    /// Whether commits on a local disk are synced before they are acknowledged. Without it a small
    /// commit is some ten times faster, and a power cut may lose or tear the last commits.
    ///
    /// It matters where the store is an `object_store` `LocalFileSystem` or a
    /// [`LocalStore`](crate::storage::LocalStore).
    pub sync: bool,
    /// Bytes of data that a commit puts together with its layer's metadata, as one object. More are
    /// uploaded in parts beside it, as an object of their own, the layer's *annex*: so a layer may be
    /// larger than what a store takes with one put. None for what suits the store: 512 MiB, without
    /// bound on a local disk and in memory.
    ///
    /// A compacted file with more data than this is two objects, its base and `{stem}.annex.{id}`.
    pub largest_put: Option<u64>,
    /// Threads that one call encodes or decodes with; none for as many as the machine has.
    pub threads: Option<usize>,
}

impl<C: CompressionCodec> FileConfig<C> {
    /// The defaults, with this codec.
    pub fn new(codec: C) -> Self {
        Self {
            codec,
            block_target_size: DEFAULT_BLOCK_TARGET_SIZE,
            cache_capacity: DEFAULT_CACHE_CAPACITY,
            io_cache_capacity: DEFAULT_IO_CACHE_CAPACITY,
            cache: None,
            spool_capacity: DEFAULT_SPOOL_CAPACITY,
            default_pipeline: None,
            codecs: Vec::new(),
            message: String::new(),
            commits: Commits::default(),
            retention: Retention::default(),
            compaction: None,
            sync: true,
            largest_put: None,
            threads: None,
        }
    }

    /// With one more codec to read with.
    #[must_use]
    pub fn with_codec(mut self, codec: Arc<dyn CompressionCodec>) -> Self {
        self.codecs.push(codec);
        self
    }

    /// With this pipeline for arrays that are defined without one of their own.
    #[must_use]
    pub fn with_default_pipeline(mut self, pipeline: CodecSpec) -> Self {
        self.default_pipeline = Some(pipeline);
        self
    }
}

/// A configuration without its type parameter.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) pipeline: CodecSpec,
    pub(crate) codecs: Codecs,
    pub(crate) block_target_size: usize,
    pub(crate) spool_capacity: usize,
    pub(crate) cache: Arc<DeltaCache>,
    pub(crate) message: String,
    pub(crate) commits: Commits,
    pub(crate) retention: Retention,
    pub(crate) compaction: Option<CompactionPolicy>,
    pub(crate) largest_put: Option<u64>,
    pub(crate) threads: usize,
}

impl Settings {
    pub(crate) fn new<C: CompressionCodec + 'static>(config: FileConfig<C>) -> Result<Self> {
        let cache = config.cache.unwrap_or_else(|| {
            Arc::new(DeltaCache::new(
                config.cache_capacity as u64,
                config.io_cache_capacity as u64,
            ))
        });
        let codec: Arc<dyn CompressionCodec> = Arc::new(config.codec);
        let mut codecs = Codecs::default();
        for other in config.codecs {
            codecs = codecs.with(other)?;
        }
        codecs = codecs.with(Arc::clone(&codec))?;
        Ok(Self {
            pipeline: config
                .default_pipeline
                .unwrap_or_else(|| CodecSpec::custom(codec)),
            codecs,
            block_target_size: config.block_target_size.max(1),
            spool_capacity: config.spool_capacity,
            cache,
            message: config.message,
            commits: config.commits,
            retention: config.retention,
            compaction: config.compaction,
            largest_put: config.largest_put,
            threads: config.threads.unwrap_or_else(blocking::threads).max(1),
        })
    }
}
