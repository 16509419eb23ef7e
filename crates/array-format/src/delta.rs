//! The cache that handles of many files can share.

use std::fmt;
use std::sync::Arc;

use array_format_core::tree::LoadedPage;
use array_format_core::wire::header::Id;
use array_format_core::wire::tables::Frames;
use bytes::Bytes;
use moka::sync::Cache;

/// What is cached belongs to one immutable layer, by its random id: two files, or two generations of
/// one path, can never be mixed up.
type Key = (Id, u64);

/// Decoded frames, and index pages, within a budget of bytes each. Clones share it.
///
/// ```
/// use std::sync::Arc;
/// use array_format::{DeltaCache, FileConfig, Lz4Codec};
///
/// let cache = Arc::new(DeltaCache::new(64 << 20, 16 << 20));
/// let mut config = FileConfig::new(Lz4Codec);
/// config.cache = Some(Arc::clone(&cache));
/// ```
#[derive(Clone)]
pub struct DeltaCache {
    frames: Option<Cache<Key, Bytes>>,
    pages: Option<Cache<Key, Arc<LoadedPage<Frames>>>>,
}

impl fmt::Debug for DeltaCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaCache")
            .field(
                "frame_bytes",
                &self.frames.as_ref().map(Cache::weighted_size),
            )
            .field("page_bytes", &self.pages.as_ref().map(Cache::weighted_size))
            .finish()
    }
}

/// What an entry costs beside its bytes.
const ENTRY_BYTES: usize = 128;

impl DeltaCache {
    /// A cache of `block_capacity` bytes of decoded frames and `io_capacity` bytes of index pages. A capacity of 0 keeps nothing of that kind.
    pub fn new(block_capacity: u64, io_capacity: u64) -> Self {
        let weight = |bytes: usize| u32::try_from(bytes + ENTRY_BYTES).unwrap_or(u32::MAX);
        Self {
            frames: (block_capacity > 0).then(|| {
                Cache::builder()
                    .max_capacity(block_capacity)
                    .weigher(move |_: &Key, frame: &Bytes| weight(frame.len()))
                    .build()
            }),
            // Pages are decoded in place when they are touched, to several times their stored size.
            pages: (io_capacity > 0).then(|| {
                Cache::builder()
                    .max_capacity(io_capacity)
                    .weigher(move |_: &Key, page: &Arc<LoadedPage<Frames>>| {
                        weight(page.stored().len() * 8)
                    })
                    .build()
            }),
        }
    }

    pub(crate) fn frame(&self, layer: Id, offset: u64) -> Option<Bytes> {
        self.frames.as_ref()?.get(&(layer, offset))
    }

    pub(crate) fn keep_frame(&self, layer: Id, offset: u64, raw: &Bytes) {
        if let Some(frames) = &self.frames {
            frames.insert((layer, offset), raw.clone());
        }
    }

    pub(crate) fn page(&self, layer: Id, offset: u64) -> Option<Arc<LoadedPage<Frames>>> {
        self.pages.as_ref()?.get(&(layer, offset))
    }

    pub(crate) fn keep_page(&self, layer: Id, offset: u64, page: &Arc<LoadedPage<Frames>>) {
        if let Some(pages) = &self.pages {
            pages.insert((layer, offset), Arc::clone(page));
        }
    }
}
