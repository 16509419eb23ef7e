//! Reads from files of the local disk and from a store in memory: the same elements, whatever region.

use std::sync::Arc;

use array_format::codec::{CodecSpec, Filter};
use array_format::{ArrayFile, ArraySpec, DType, Error, FileConfig, FillValue, NoCompression};
use ndarray::{ArrayD, IxDyn};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use proptest::prelude::*;

fn config(threads: usize) -> FileConfig<NoCompression> {
    FileConfig {
        threads: Some(threads),
        sync: false,
        ..FileConfig::new(NoCompression)
    }
}

fn values(shape: &[usize]) -> ArrayD<f32> {
    let mut state = 1u32;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 20) as f32) * 0.01
    })
}

const CODECS: [fn() -> CodecSpec; 4] = [
    CodecSpec::none,
    CodecSpec::lz4,
    || CodecSpec::zstd(1).with_filter(Filter::Shuffle),
    CodecSpec::pco,
];

/// A file with an array for each codec, half of it written in a second commit.
async fn build(store: Arc<dyn ObjectStore>, shape: [usize; 3], tile: [u64; 3]) -> ArrayFile {
    let created = ArrayFile::create(store, Path::from("run.af"), config(3)).await;
    let mut file = created.unwrap();
    let whole = values(&shape);
    for (i, codec) in CODECS.iter().enumerate() {
        let spec = ArraySpec::new(DType::Float32, shape.map(|n| n as u64))
            .chunks(tile.map(|n| n * 2))
            .tile(tile)
            .fill(FillValue::Float(-1.0))
            .codec(codec());
        file.create_array(i.to_string(), spec).unwrap();
    }
    let half = shape[0] / 2;
    for range in [0..half, half..shape[0]] {
        for i in 0..CODECS.len() {
            let part = whole.slice(ndarray::s![range.clone(), .., ..]).into_dyn();
            let start = vec![range.start, 0, 0];
            file.write_array(&i.to_string(), start, part).await.unwrap();
        }
        file.flush().await.unwrap();
    }
    file
}

async fn check(file: &ArrayFile, whole: &ArrayD<f32>, start: [usize; 3], shape: [usize; 3]) {
    let want = whole.slice_each_axis(|axis| {
        let (from, n) = (start[axis.axis.index()], shape[axis.axis.index()]);
        ndarray::Slice::from(from..from + n)
    });
    for i in 0..CODECS.len() {
        let name = i.to_string();
        let what = format!("codec {i} at {start:?}, {shape:?}");
        let read = file
            .read_array::<f32>(&name, start.into(), shape.into())
            .await;
        assert!(read.unwrap() == want, "{what}");
        let mut out = ArrayD::from_elem(IxDyn(&shape), f32::NAN);
        let read = file.read_into(&name, start.into(), out.view_mut()).await;
        read.unwrap();
        assert!(out == want, "{what}, into");
    }
}

fn region(shape: [usize; 3]) -> impl Strategy<Value = ([usize; 3], [usize; 3])> {
    let axis = |n: usize| (0..n).prop_flat_map(move |from| (Just(from), 1..=n - from));
    (axis(shape[0]), axis(shape[1]), axis(shape[2]))
        .prop_map(|(a, b, c)| ([a.0, b.0, c.0], [a.1, b.1, c.1]))
}

#[test]
fn any_region_reads_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (shape, tile) in [
        ([20, 30, 40], [3, 7, 9]),
        ([5, 64, 64], [1, 64, 64]),
        ([9, 1, 50], [4, 1, 50]),
        // Frames in parts of 4 kB, and of 8 kB.
        ([6, 50, 70], [6, 50, 70]),
        ([7, 101, 103], [7, 101, 103]),
    ] {
        let local = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
        let near = runtime.block_on(build(local, shape, tile));
        let far = runtime.block_on(build(Arc::new(InMemory::new()), shape, tile));
        let whole = values(&shape);
        proptest!(ProptestConfig::with_cases(60), |((start, size) in region(shape))| {
            for file in [&near, &far] {
                runtime.block_on(check(file, &whole, start, size));
            }
        });
    }
}

/// More than the cache would keep: straight to its place, on several threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_reads_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (shape, tile) = ([40, 320, 512], [7, 64, 100]);
    let whole = values(&shape);
    let local = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    for store in [local as Arc<dyn ObjectStore>, Arc::new(InMemory::new())] {
        let file = build(store, shape, tile).await;
        check(&file, &whole, [0, 0, 0], shape).await;
        check(&file, &whole, [1, 3, 5], [38, 300, 400]).await;
    }
}

#[tokio::test]
async fn what_an_array_grew_by_reads_as_the_fill() {
    let folder = tempfile::tempdir().unwrap();
    let local = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let mut file = build(local, [5, 10, 10], [3, 4, 4]).await;
    for i in 0..CODECS.len() {
        file.resize(&i.to_string(), vec![8, 12, 11]).await.unwrap();
    }
    file.flush().await.unwrap();
    let mut whole = ArrayD::from_elem(IxDyn(&[8, 12, 11]), -1.0);
    whole
        .slice_mut(ndarray::s![..5, ..10, ..10])
        .assign(&values(&[5, 10, 10]));
    check(&file, &whole.into_dyn(), [0, 0, 0], [8, 12, 11]).await;
}

#[tokio::test]
async fn damage_is_found_and_replaced_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let file = build(store.clone(), [4, 8, 8], [2, 8, 8]).await;
    let frame = file.chunks("0").await.unwrap()[0].frames[0].clone();
    let path = Path::from(frame.object.as_str());
    let whole = store.get(&path).await.unwrap().bytes().await.unwrap();
    let mut damaged = whole.to_vec();
    damaged[frame.offset as usize + 3] ^= 1;
    store.put(&path, damaged.into()).await.unwrap();
    // A handle that was there before sees another version; a new one sees the damage.
    let read = file.read_array::<f32>("0", vec![], vec![]).await;
    assert!(
        matches!(read, Err(Error::SnapshotExpired { .. })),
        "{read:?}"
    );
    let file = ArrayFile::open(store, Path::from("run.af"), config(1))
        .await
        .unwrap();
    for shape in [vec![4, 8, 8], vec![1, 1, 1]] {
        let read = file.read_array::<f32>("0", vec![0, 0, 0], shape).await;
        assert!(matches!(read, Err(Error::Corrupt { .. })), "{read:?}");
    }
    assert!(
        file.read_array::<f32>("0", vec![2, 0, 0], vec![2, 8, 8])
            .await
            .is_ok()
    );
}

/// A part that is damaged hinders no reader of those that are far from it.
#[tokio::test]
async fn parts_of_raw_frames_are_checked_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let at = Path::from("run.af");
    let created = ArrayFile::create(store.clone(), at.clone(), config(1)).await;
    let mut file = created.unwrap();
    // Of noise LZ4 makes nothing smaller.
    let values = ArrayD::from_shape_fn(IxDyn(&[64, 1000]), |i| {
        let mixed = ((i[0] * 1000 + i[1]) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed ^ mixed >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
    });
    for (name, codec) in [("none", CodecSpec::none()), ("lz4", CodecSpec::lz4())] {
        let spec = ArraySpec::new(DType::UInt8, [64, 1000]).tile([64, 1000]);
        file.create_array(name, spec.codec(codec)).unwrap();
        file.write_array(name, vec![0, 0], values.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    for name in ["none", "lz4"] {
        let frame = file.chunks(name).await.unwrap()[0].frames[0].clone();
        assert_eq!(frame.length, 64_000, "{name}");
        let path = Path::from(frame.object.as_str());
        let mut bytes = store
            .get(&path)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            .to_vec();
        bytes[frame.offset as usize + 20_000] ^= 1;
        store.put(&path, bytes.into()).await.unwrap();
    }
    let file = ArrayFile::open(store, at, config(1)).await.unwrap();
    for name in ["none", "lz4"] {
        for row in 0..64 {
            let read = file
                .read_array::<u8>(name, vec![row, 0], vec![1, 1000])
                .await;
            let bytes = row * 1000..(row + 1) * 1000;
            match bytes.start < 20_480 && bytes.end > 16_384 {
                true => assert!(
                    matches!(read, Err(Error::Corrupt { .. })),
                    "{row}: {read:?}"
                ),
                false => {
                    assert!(read.unwrap() == values.slice(ndarray::s![row..=row, ..]).into_dyn())
                }
            }
        }
        // All parts, by many runs and as a whole.
        for shape in [vec![64, 1], vec![64, 1000]] {
            let read = file.read_array::<u8>(name, vec![0, 0], shape).await;
            assert!(matches!(read, Err(Error::Corrupt { .. })), "{read:?}");
        }
    }
}
