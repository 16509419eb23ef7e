//! Codecs, ours and the caller's.

use array_format::block::CodecId;
use array_format::{
    ArrayFile, CompressionCodec, Error, FileConfig, Lz4Codec, NoCompression, Result, ZstdCodec,
};

use crate::support::*;

#[test]
fn ids_and_defaults() {
    assert_eq!(NoCompression.id(), CodecId::None);
    assert_eq!(ZstdCodec::new(7).level, 7);
    assert_eq!(ZstdCodec::default().level, 3);
    assert_eq!(ZstdCodec::default().id(), CodecId::Named("zstd".into()));
    assert_eq!(Lz4Codec.id(), CodecId::Named("lz4".into()));
    let (plain, lz4, zstd) = (NoCompression, Lz4Codec, ZstdCodec::new(1));
    let copies = (plain, lz4, zstd.clone());
    assert!(format!("{copies:?}{zstd:?}{plain:?}{lz4:?}").contains("Zstd"));
    assert_eq!(CodecId::None.clone(), CodecId::None);
}

fn codecs() -> Vec<Box<dyn CompressionCodec>> {
    vec![
        Box::new(NoCompression),
        Box::new(Lz4Codec),
        Box::new(ZstdCodec::new(-5)),
        Box::new(ZstdCodec::default()),
        Box::new(ZstdCodec::new(19)),
        Box::new(Xor),
    ]
}

#[test]
fn codecs_are_object_safe_and_give_back_what_they_got() {
    let long: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    for codec in codecs() {
        for data in [&b""[..], b"x", &[0; 10_000], &long] {
            let packed = codec.compress(data).unwrap();
            let unpacked = codec.decompress(&packed, data.len()).unwrap();
            assert_eq!(unpacked, data, "{:?}", codec.id());
        }
    }
}

#[test]
fn bytes_that_are_not_compressed_are_an_error() {
    let packing: [&dyn CompressionCodec; 2] = [&Lz4Codec, &ZstdCodec::new(3)];
    for codec in packing {
        for garbage in [&[][..], &[0xFF; 3], &[0x42; 1000]] {
            let result = codec.decompress(garbage, 100);
            assert!(result.is_err(), "{:?}", codec.id());
        }
        let packed = codec.compress(&[7; 1000]).unwrap();
        let short = codec.decompress(&packed[..packed.len() / 2], 1000);
        assert!(short.is_err(), "{:?}", codec.id());
    }
}

#[tokio::test]
async fn files_of_each_codec_come_back() {
    async fn check<C: CompressionCodec + Clone + 'static>(codec: C) {
        let place = Place::new();
        let (store, path) = (place.store.clone(), place.path.clone());
        let config = FileConfig::new(codec);
        let mut file = ArrayFile::create(store, path, config).await.unwrap();
        let values: Vec<f32> = (0..3000).map(|n| (n as f32).sin()).collect();
        define::<f32>(&mut file, "a", &[3000], &[512], None);
        write(&mut file, "a", &[0], &[3000], values.clone()).await;
        place
            .through_life(file, async |file, stage| {
                assert_eq!(all::<f32>(file, "a").await, values, "{stage}");
            })
            .await;
    }
    check(NoCompression).await;
    check(Lz4Codec).await;
    check(ZstdCodec::new(1)).await;
}

/// A caller's codec: hardly compression, but nothing else can read it.
#[derive(Clone, Copy)]
struct Xor;

impl CompressionCodec for Xor {
    fn id(&self) -> CodecId {
        CodecId::Named("xor-5a".into())
    }

    fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
        Ok(data.iter().map(|b| b ^ 0x5A).collect())
    }

    fn decompress(&self, data: &[u8], uncompressed_size: usize) -> Result<Vec<u8>> {
        if data.len() != uncompressed_size {
            return Err(Error::Codec("xor-5a: wrong length".into()));
        }
        self.compress(data)
    }
}

/// A file of the caller's codec, in two layers.
async fn xored() -> Place {
    let place = Place::new();
    let (store, path) = (place.store.clone(), place.path.clone());
    let mut file = ArrayFile::create(store, path, FileConfig::new(Xor))
        .await
        .unwrap();
    define::<i32>(&mut file, "a", &[4], &[2], None);
    write(&mut file, "a", &[0], &[4], [1, 2, 3, 4]).await;
    file.flush().await.unwrap();
    write(&mut file, "a", &[3], &[1], [5]).await;
    file.flush().await.unwrap();
    place
}

#[tokio::test]
async fn trap_a_callers_codec_is_read_through_the_handles_config() {
    let Place { store, path } = xored().await;
    let open = || ArrayFile::open(store.clone(), path.clone(), FileConfig::new(Xor));
    let mut file = open().await.unwrap();
    assert_eq!(all::<i32>(&file, "a").await, [1, 2, 3, 5]);
    file.compact().await.unwrap();
    assert_eq!(all::<i32>(&open().await.unwrap(), "a").await, [1, 2, 3, 5]);
}

#[tokio::test]
async fn trap_a_codec_that_the_handle_does_not_know_is_an_error_that_names_it() {
    let place = xored().await;
    let file = place.open().await;
    assert_eq!(names(&file), ["a"]);
    let error = file.read_array::<i32>("a", vec![], vec![]).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("xor-5a"), "{text}");
}

/// A codec that refuses to compress.
struct Broken;

impl CompressionCodec for Broken {
    fn id(&self) -> CodecId {
        CodecId::Named("broken".into())
    }

    fn compress(&self, _: &[u8]) -> Result<Vec<u8>> {
        Err(Error::Codec("out of order".into()))
    }

    fn decompress(&self, _: &[u8], _: usize) -> Result<Vec<u8>> {
        Err(Error::Codec("out of order".into()))
    }
}

#[tokio::test]
async fn a_codec_that_fails_fails_the_call_and_leaves_the_file_whole() {
    let place = Place::new();
    let (store, path) = (place.store.clone(), place.path.clone());
    let config = FileConfig::new(Broken);
    let Ok(mut file) = ArrayFile::create(store, path, config).await else {
        return;
    };
    define::<i32>(&mut file, "a", &[1000], &[], None);
    let written = try_write(&mut file, "a", &[0], &[1000], vec![1; 1000]).await;
    let flushed = file.flush().await;
    assert!(written.is_err() || flushed.is_err());
    // The definition may have been committed; nothing of the data was.
    let reopened = place.open().await;
    for meta in reopened.list_arrays() {
        assert_eq!(all::<i32>(&reopened, &meta.name).await, vec![0; 1000]);
    }
}
