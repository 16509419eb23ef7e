//! Many regions in one read are what a read of each one alone is, whatever their arrays are like.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use array_format::codec::{CodecId, CodecSpec};
use array_format::object_store::local::LocalFileSystem;
use array_format::object_store::memory::InMemory;
use array_format::object_store::{ObjectStore, path::Path};
use array_format::{
    ArrayElement, ArrayFile, ArraySpec, CompressionCodec, Error, FileConfig, FillValue,
    NoCompression,
};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }

    /// A region of an array of this shape; now and then nothing of it.
    fn region(&mut self, shape: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let start: Vec<usize> = shape.iter().map(|&n| self.below(n + 1)).collect();
        let extent = shape
            .iter()
            .zip(&start)
            .map(|(&n, &s)| self.below(n - s + 1))
            .collect();
        (start, extent)
    }
}

const SHAPES: [&[usize]; 5] = [&[3000], &[], &[40, 50], &[6, 7, 8], &[5]];

fn name(i: usize) -> String {
    format!("array {i}")
}

fn shape(i: usize) -> &'static [usize] {
    SHAPES[i % SHAPES.len()]
}

fn codec(i: usize) -> CodecSpec {
    match i % 3 {
        0 => CodecSpec::none(),
        1 => CodecSpec::lz4(),
        _ => CodecSpec::zstd(1),
    }
}

async fn write<T: ArrayElement>(file: &mut ArrayFile, i: usize, value: impl Fn(usize) -> T) {
    let shape = shape(i);
    let mut n = 0;
    let values = ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        n += 1;
        value(i * 10_000 + n)
    });
    let start = vec![0; shape.len()];
    file.write_array(&name(i), start, values.view())
        .await
        .unwrap();
}

/// Arrays of several shapes, tiles and codecs: committed in two layers, pending, partly written, never
/// written.
async fn filled<T: ArrayElement>(
    mut file: ArrayFile,
    fill: FillValue,
    value: fn(usize) -> T,
) -> ArrayFile {
    for i in 0..40 {
        let shape = shape(i);
        let extents =
            |f: fn(usize) -> usize| -> Vec<u64> { shape.iter().map(|&n| f(n) as u64).collect() };
        let mut spec = ArraySpec::new(T::dtype(), shape.iter().map(|&n| n as u64))
            .chunks(extents(|n| n.div_ceil(2)))
            .tile(extents(|n| n.div_ceil(4)))
            .codec(codec(i));
        if i % 4 == 0 {
            spec = spec.fill(fill.clone());
        }
        file.create_array(name(i), spec).unwrap();
        if i % 7 != 0 {
            write(&mut file, i, value).await;
        }
        if i == 20 {
            file.flush().await.unwrap();
        }
    }
    for i in [3, 11, 17] {
        write(&mut file, i, |n| value(n + 5)).await;
    }
    file.flush().await.unwrap();
    for i in [4, 12, 22] {
        write(&mut file, i, |n| value(n + 9)).await;
    }
    let corner = ArrayD::from_elem(IxDyn(&[10, 3]), value(1));
    file.write_array(&name(2), vec![5, 1], corner.view())
        .await
        .unwrap();
    file
}

async fn check<T: ArrayElement + PartialEq>(file: &ArrayFile, other: T) {
    let mut numbers = Numbers(7);
    for _ in 0..20 {
        // In any order, some of them twice, with regions that overlap.
        let asked: Vec<(String, Vec<usize>, Vec<usize>)> = (0..60)
            .map(|_| {
                let i = numbers.below(40);
                let (start, extent) = numbers.region(shape(i));
                (name(i), start, extent)
            })
            .collect();
        let read = file.read_regions::<T>(asked.clone()).await.unwrap();
        let mut outs: Vec<ArrayD<T>> = Vec::new();
        for ((name, start, extent), read) in asked.iter().zip(&read) {
            let alone = file.read_array::<T>(name, start.clone(), extent.clone());
            let alone = alone.await.unwrap();
            assert!(*read == alone, "{name} from {start:?}, {extent:?}");
            // What was in them must not show; every other one is in Fortran order.
            let is_strided = outs.len().is_multiple_of(2);
            outs.push(ArrayD::from_elem(
                IxDyn(alone.shape()).set_f(is_strided),
                other.clone(),
            ));
        }
        let into = asked.iter().zip(&mut outs);
        file.read_regions_into(
            into.map(|((name, start, _), out)| (name, start.clone(), out.view_mut())),
        )
        .await
        .unwrap();
        for (read, out) in read.iter().zip(&outs) {
            assert!(*read == *out);
        }
    }
    let names: Vec<String> = (0..40).rev().map(name).collect();
    let whole = file.read_arrays::<T>(&names).await.unwrap();
    for (name, whole) in names.iter().zip(whole) {
        let alone = file.read_array::<T>(name, vec![], vec![]).await.unwrap();
        assert!(whole == alone, "{name}");
    }
}

async fn memory() -> ArrayFile {
    ArrayFile::create_memory(FileConfig::new(NoCompression))
        .await
        .unwrap()
}

/// On a local disk, where frames are read from the file into their place.
async fn local(folder: &tempfile::TempDir, config: FileConfig<NoCompression>) -> ArrayFile {
    let path = folder.path().join("x.af");
    ArrayFile::create_path(path, config).await.unwrap()
}

#[tokio::test]
async fn numbers_out_of_memory() {
    let file = filled(memory().await, FillValue::Int(-1), |n| n as i32).await;
    check(&file, 77).await;
}

#[tokio::test]
async fn numbers_from_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    let config = FileConfig::new(NoCompression);
    let mut file = filled(local(&folder, config).await, FillValue::Float(0.5), |n| {
        n as f64
    })
    .await;
    check(&file, 7.5).await;
    file.compact().await.unwrap();
    check(&file, 7.5).await;
}

#[tokio::test]
async fn texts() {
    let fill = FillValue::String("none".into());
    let mut file = filled(memory().await, fill, |n| format!("text {n}")).await;
    check(&file, "other".to_owned()).await;
    file.flush().await.unwrap();
    check(&file, "other".to_owned()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_share_out_the_frames_of_many_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let config = FileConfig {
        threads: Some(3),
        ..FileConfig::new(NoCompression)
    };
    let mut file = local(&folder, config).await;
    for i in 0..12 {
        let spec = ArraySpec::new(u16::dtype(), [300_000]).codec(codec(i));
        file.create_array(name(i), spec).unwrap();
        let values = ArrayD::from_shape_fn(IxDyn(&[300_000]), |at| (at[0] * (i + 1)) as u16);
        file.write_array(&name(i), vec![0], values.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    let read = file.read_arrays::<u16>((0..12).map(name)).await.unwrap();
    for (i, read) in read.iter().enumerate() {
        assert!(
            read.indexed_iter()
                .all(|(at, &v)| v == (at[0] * (i + 1)) as u16),
            "{i}"
        );
    }
}

#[tokio::test]
async fn nothing_is_read_if_one_is_wrong() {
    let mut file = memory().await;
    for (name, n) in [("a", 3), ("b", 5)] {
        file.create_array(name, ArraySpec::new(i32::dtype(), [n]))
            .unwrap();
    }
    file.create_array("text", ArraySpec::new(String::dtype(), [3]))
        .unwrap();
    let none: [&str; 0] = [];
    assert!(file.read_arrays::<i32>(none).await.unwrap().is_empty());

    let error = file.read_arrays::<i32>(["a", "c"]).await.unwrap_err();
    assert!(matches!(error, Error::ArrayNotFound { name } if name == "c"));
    let error = file.read_arrays::<i32>(["a", "text"]).await.unwrap_err();
    assert!(matches!(error, Error::DTypeMismatch { .. }), "{error}");
    let error = file
        .read_regions::<i32>([("a", vec![0, 0], vec![])])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::InvalidArgument(_)), "{error}");

    let (mut a, mut b) = (ArrayD::zeros(IxDyn(&[3])), ArrayD::zeros(IxDyn(&[5])));
    let beyond = [("a", vec![0], a.view_mut()), ("b", vec![1], b.view_mut())];
    let error = file.read_regions_into::<i32>(beyond).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
}

/// A codec that counts what it decodes.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl CompressionCodec for Counted {
    fn id(&self) -> CodecId {
        CodecId::Named("counted".into())
    }

    fn compress(&self, data: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(data.iter().map(|byte| !byte).collect())
    }

    fn decompress(&self, data: &[u8], _: usize) -> Result<Vec<u8>, Error> {
        self.0.fetch_add(1, Relaxed);
        self.compress(data)
    }
}

#[tokio::test]
async fn a_frame_that_several_regions_share_is_decoded_once() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk: Arc<dyn ObjectStore> =
        Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    for store in [Arc::new(InMemory::new()), on_disk] {
        let codec = Counted::default();
        let config = || FileConfig::new(codec.clone());
        let path = Path::from("x.af");
        let mut file = ArrayFile::create(store.clone(), path.clone(), config())
            .await
            .unwrap();
        let spec = ArraySpec::new(u16::dtype(), [100, 60]).chunks([50, 60]);
        file.create_array("a", spec.tile([50, 30])).unwrap();
        let values = ArrayD::from_shape_fn(IxDyn(&[100, 60]), |at| (at[0] * 60 + at[1]) as u16);
        file.write_array("a", vec![0, 0], values.view())
            .await
            .unwrap();
        file.flush().await.unwrap();

        let file = ArrayFile::open(store, path, config()).await.unwrap();
        let points = (0..60).map(|i| ("a", vec![i, i], vec![1, 1]));
        let read = file.read_regions::<u16>(points).await.unwrap();
        for (i, point) in read.iter().enumerate() {
            assert_eq!(point[[0, 0]] as usize, i * 61);
        }
        // Three of the four frames lie along the diagonal.
        assert_eq!(codec.0.load(Relaxed), 3);
    }
}
