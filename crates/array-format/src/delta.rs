//! The cache that handles of many files can share.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

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
    asked: Arc<Asked>,
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
            asked: Arc::default(),
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

    /// Whether a frame was asked for before, some thousand others ago at most.
    pub(crate) fn is_asked_again(&self, layer: Id, offset: u64) -> bool {
        self.frames.is_some() && self.asked.again(layer, offset)
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

/// Which frames were asked for lately: the doorkeeper of TinyLFU (Einziger, Friedman and Manes 2017)
/// as one table of fingerprints. One that meets another in its slot is forgotten, which costs a
/// frame one more decoding.
#[derive(Default)]
struct Asked(OnceLock<Box<[AtomicU32]>>);

impl Asked {
    /// 64 KiB, made when the first frame is asked for.
    const SLOTS: usize = 1 << 14;

    /// Whether this one was asked for before; it is from now on.
    fn again(&self, layer: Id, offset: u64) -> bool {
        let slots = self
            .0
            .get_or_init(|| (0..Self::SLOTS).map(|_| AtomicU32::new(0)).collect());
        let id = layer.0.iter().rev().take(8);
        let id = id.fold(0, |id, &byte| id << 8 | u64::from(byte));
        // Fibonacci hashing: the upper bits are the best mixed.
        let hash = (id ^ offset.rotate_left(20)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let print = (hash >> 14) as u32 | 1;
        let slot = &slots[(hash >> (64 - Self::SLOTS.trailing_zeros())) as usize];
        slot.swap(print, Relaxed) == print
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_known_when_they_are_asked_for_again() {
        let asked = Asked::default();
        let layers = [Id([1; 16]), Id([2; 16])];
        let all = || {
            layers
                .iter()
                .flat_map(|&layer| (0..500u64).map(move |i| (layer, i << 16)))
        };
        let again = |_: ()| all().filter(|&(layer, i)| asked.again(layer, i)).count();
        assert_eq!(again(()), 0);
        // All but those that met another in their slot: of 1,000 in 16,384 slots some 60.
        let known = again(());
        assert!(known > 900, "{known}");
        let none = DeltaCache::new(0, 0);
        assert!(!none.is_asked_again(layers[0], 0) && !none.is_asked_again(layers[0], 0));
    }
}
