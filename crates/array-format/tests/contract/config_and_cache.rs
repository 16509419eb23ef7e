//! `FileConfig` and the cache that many files share.

use std::sync::Arc;

use array_format::{
    ArrayFile, DEFAULT_BLOCK_TARGET_SIZE, DEFAULT_CACHE_CAPACITY, DEFAULT_IO_CACHE_CAPACITY,
    DeltaCache, FileConfig, NoCompression, ZstdCodec,
};
use object_store::ObjectStoreExt;

use crate::support::*;

#[test]
fn defaults() {
    assert_eq!(DEFAULT_CACHE_CAPACITY, 256 << 20);
    assert_eq!(DEFAULT_IO_CACHE_CAPACITY, 64 << 20);
    let config = FileConfig::new(ZstdCodec::default());
    assert_eq!(config.block_target_size, DEFAULT_BLOCK_TARGET_SIZE);
    assert_eq!(config.cache_capacity, DEFAULT_CACHE_CAPACITY);
    assert_eq!(config.io_cache_capacity, DEFAULT_IO_CACHE_CAPACITY);
    assert_eq!(config.codec.level, 3);
    assert!(config.cache.is_none());
}

#[test]
fn a_cache_can_be_cloned() {
    let _clone = DeltaCache::new(1 << 20, 0).clone();
}

/// Writes, reads and reopens with `config`, from one chunk to many.
async fn works<F: Fn() -> FileConfig<NoCompression>>(config: F) {
    let place = Place::new();
    let (store, path) = (place.store.clone(), place.path.clone());
    let mut file = ArrayFile::create(store.clone(), path.clone(), config())
        .await
        .unwrap();
    let values: Vec<u32> = (0..500).collect();
    define::<u32>(&mut file, "a", &[500], &[7], None);
    write(&mut file, "a", &[0], &[500], values.clone()).await;
    for _ in 0..2 {
        assert_eq!(all::<u32>(&file, "a").await, values);
    }
    file.flush().await.unwrap();
    write(&mut file, "a", &[6], &[2], [6u32, 7]).await;
    file.flush().await.unwrap();
    let mut file = ArrayFile::open(store, path, config()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(all::<u32>(&file, "a").await, values);
        assert_eq!(region::<u32>(&file, "a", &[5], &[4]).await, [5, 6, 7, 8]);
    }
    file.compact().await.unwrap();
    assert_eq!(all::<u32>(&file, "a").await, values);
}

#[tokio::test]
async fn capacities_of_zero_are_no_cache() {
    works(|| FileConfig {
        cache_capacity: 0,
        io_cache_capacity: 0,
        ..FileConfig::new(NoCompression)
    })
    .await;
}

#[tokio::test]
async fn one_capacity_of_zero_works() {
    works(|| FileConfig {
        cache_capacity: 0,
        ..FileConfig::new(NoCompression)
    })
    .await;
    works(|| FileConfig {
        io_cache_capacity: 0,
        ..FileConfig::new(NoCompression)
    })
    .await;
}

#[tokio::test]
async fn a_capacity_smaller_than_a_chunk_works() {
    works(|| FileConfig {
        cache_capacity: 1,
        io_cache_capacity: 1,
        ..FileConfig::new(NoCompression)
    })
    .await;
}

#[tokio::test]
async fn a_block_target_of_64_bytes_works() {
    works(|| FileConfig {
        block_target_size: 64,
        ..FileConfig::new(NoCompression)
    })
    .await;
}

#[tokio::test]
async fn a_shared_cache_overrides_both_capacities() {
    for (blocks, io) in [(1 << 20, 1 << 20), (1 << 20, 0), (0, 0)] {
        let cache = Arc::new(DeltaCache::new(blocks, io));
        works(|| {
            let mut config = FileConfig::new(NoCompression);
            config.cache_capacity = 0;
            config.io_cache_capacity = 0;
            config.cache = Some(cache.clone());
            config
        })
        .await;
    }
}

/// A place whose handles all use one cache.
struct Cached {
    place: Place,
    cache: Arc<DeltaCache>,
}

impl Cached {
    fn config(&self) -> FileConfig<ZstdCodec> {
        let mut config = config();
        config.cache = Some(self.cache.clone());
        config
    }

    /// Creates the file afresh, filled with `value`.
    async fn fill(&self, value: i32) {
        let Place { store, path } = self.place.clone();
        let mut file = ArrayFile::create(store, path, self.config()).await.unwrap();
        define::<i32>(&mut file, "a", &[6], &[4], None);
        write(&mut file, "a", &[0], &[6], [value; 6]).await;
        file.flush().await.unwrap();
        assert_eq!(all::<i32>(&file, "a").await, [value; 6]);
    }

    async fn open(&self) -> ArrayFile {
        let Place { store, path } = self.place.clone();
        ArrayFile::open(store, path, self.config()).await.unwrap()
    }

    async fn values(&self) -> Vec<i32> {
        all(&self.open().await, "a").await
    }
}

/// `files` files in each of three stores, with the same paths in each store.
fn many(files: usize, cache: &Arc<DeltaCache>) -> Vec<Cached> {
    let stores = [new_store(), new_store(), new_store()];
    let place = |store: &Store, n| Place::at(store.clone(), &format!("run{n}.af"));
    stores
        .iter()
        .flat_map(|store| (0..files).map(move |n| place(store, n)))
        .map(|place| Cached {
            place,
            cache: cache.clone(),
        })
        .collect()
}

#[tokio::test]
async fn trap_one_cache_never_mixes_up_hundreds_of_files_in_several_stores() {
    let cache = Arc::new(DeltaCache::new(16 << 20, 4 << 20));
    let files = many(100, &cache);
    for (file, value) in files.iter().zip(1..) {
        file.fill(value).await;
    }
    let mut open = Vec::new();
    for file in &files {
        open.push(file.open().await);
    }
    for _ in 0..2 {
        for (file, value) in open.iter().zip(1..) {
            assert_eq!(all::<i32>(file, "a").await, [value; 6]);
        }
    }
}

#[tokio::test]
async fn trap_one_cache_never_mixes_up_generations_of_a_path() {
    let cache = Arc::new(DeltaCache::new(16 << 20, 4 << 20));
    for file in many(3, &cache) {
        for value in 1..=3 {
            file.fill(value).await;
            assert_eq!(file.values().await, [value; 6]);
        }
        // Removed by other means, then created again.
        let Place { store, path } = &file.place;
        store.delete(path).await.unwrap();
        file.fill(4).await;
        assert_eq!(file.values().await, [4; 6]);
    }
}

#[tokio::test]
async fn trap_one_cache_across_flushes_and_compactions_is_never_stale() {
    let cache = Arc::new(DeltaCache::new(16 << 20, 4 << 20));
    for shared in many(1, &cache) {
        shared.fill(0).await;
        let mut file = shared.open().await;
        let mut expected = [0; 6];
        for n in 0..6 {
            expected[n] = n as i32 + 1;
            write(&mut file, "a", &[n], &[1], [expected[n]]).await;
            file.flush().await.unwrap();
            assert_eq!(all::<i32>(&file, "a").await, expected);
            if n % 2 == 0 {
                file.compact().await.unwrap();
            }
            assert_eq!(shared.values().await, expected);
        }
    }
}

#[tokio::test]
async fn trap_one_cache_after_delete_and_redefine_is_never_stale() {
    let cache = Arc::new(DeltaCache::new(16 << 20, 4 << 20));
    let shared = &many(1, &cache)[0];
    shared.fill(1).await;
    let mut file = shared.open().await;
    assert_eq!(all::<i32>(&file, "a").await, [1; 6]);
    file.delete("a").unwrap();
    define::<i32>(&mut file, "a", &[6], &[4], None);
    assert_eq!(all::<i32>(&file, "a").await, [0; 6]);
    file.flush().await.unwrap();
    assert_eq!(all::<i32>(&file, "a").await, [0; 6]);
    assert_eq!(shared.values().await, [0; 6]);
}
