//! Hot paths over `COUNTS_N` elements. `cargo xtask counts` runs each at two sizes under callgrind:
//! the difference is what an element costs in instructions, and is compared with `xtask/counts.txt`.

use std::path::Path;

use array_format::codec::{CodecSpec, Filter};
use array_format::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression};
use ndarray::{Array1, ArrayView1, ArrayViewMutD, IxDyn};

/// Elements of a chunk: 256 KiB.
const CHUNK: usize = 64 << 10;

/// Elements of a small array: 1 KiB.
const SMALL: usize = 256;

/// A whole number of chunks.
fn n() -> usize {
    let n = std::env::var("COUNTS_N").ok().and_then(|n| n.parse().ok());
    n.unwrap_or(2 * CHUNK)
}

/// In hundredths, as instruments give them. One chunk again and again: what it costs to make them
/// does not grow with their number.
fn values() -> Array1<f32> {
    let mut state = 1u32;
    let chunk: Vec<f32> = (0..CHUNK)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wave = (i % 4096) as i32 / 8;
            (wave + (state >> 28) as i32) as f32 / 100.0
        })
        .collect();
    Array1::from_vec(chunk.repeat(n() / CHUNK))
}

fn config() -> FileConfig<NoCompression> {
    FileConfig {
        threads: Some(1),
        sync: false,
        ..FileConfig::new(NoCompression)
    }
}

/// Runs this with the path of a file to make.
fn within(work: impl AsyncFn(&Path)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let folder = tempfile::tempdir().unwrap();
    runtime
        .unwrap()
        .block_on(work(&folder.path().join("counts.af")));
}

fn run(codec: CodecSpec, read: impl AsyncFn(&ArrayFile, &Array1<f32>)) {
    within(async |path| {
        let mut file = ArrayFile::create_path(path, config()).await.unwrap();
        let spec = ArraySpec::new(DType::Float32, [n() as u64]);
        let spec = spec.chunks([CHUNK as u64]).codec(codec.clone());
        file.create_array("field", spec).unwrap();
        let data = values();
        file.write_array("field", vec![0], data.view().into_dyn())
            .await
            .unwrap();
        file.flush().await.unwrap();
        let file = ArrayFile::open_path(path, config()).await.unwrap();
        read(&file, &data).await;
    });
}

/// How many arrays are read.
#[derive(Clone, Copy, PartialEq)]
enum Read {
    None,
    Each,
    Together,
}

/// The same elements in many arrays, read one after the other or in one call.
fn small_arrays(read: Read) {
    within(async |path| {
        let mut file = ArrayFile::create_path(path, config()).await.unwrap();
        let data = values();
        let name = |i: usize| format!("profile-{i:06}");
        for (i, part) in data.as_slice().unwrap().chunks(SMALL).enumerate() {
            let spec = ArraySpec::new(DType::Float32, [SMALL as u64]);
            let spec = spec.codec(CodecSpec::none());
            file.create_array(name(i), spec).unwrap();
            let view = ArrayView1::from(part).into_dyn();
            file.write_array(&name(i), vec![0], view).await.unwrap();
        }
        file.flush().await.unwrap();
        if read == Read::None {
            return;
        }
        let file = ArrayFile::open_path(path, config()).await.unwrap();
        if read == Read::Together {
            let names = (0..data.len() / SMALL).map(name);
            let read = file.read_arrays::<f32>(names).await.unwrap();
            assert!(read.iter().flatten().eq(&data));
            return;
        }
        let mut out = vec![0f32; SMALL];
        for (i, part) in data.as_slice().unwrap().chunks(SMALL).enumerate() {
            let view = ArrayViewMutD::from_shape(IxDyn(&[SMALL]), &mut out).unwrap();
            file.read_into(&name(i), vec![0], view).await.unwrap();
            assert_eq!(out, part);
        }
    });
}

async fn nothing(_: &ArrayFile, _: &Array1<f32>) {}

async fn whole(file: &ArrayFile, data: &Array1<f32>) {
    let read = file.read_array::<f32>("field", vec![], vec![]).await;
    assert_eq!(read.unwrap().len(), data.len());
}

fn shuffled() -> CodecSpec {
    CodecSpec::zstd(1).with_filter(Filter::Shuffle)
}

#[test]
fn write_none() {
    run(CodecSpec::none(), nothing);
}

#[test]
fn write_lz4() {
    run(CodecSpec::lz4(), nothing);
}

#[test]
fn write_shuffled() {
    run(shuffled(), nothing);
}

#[test]
fn write_auto() {
    run(CodecSpec::auto(), nothing);
}

#[test]
fn write_and_read_none() {
    run(CodecSpec::none(), whole);
}

#[test]
fn write_and_read_lz4() {
    run(CodecSpec::lz4(), whole);
}

#[test]
fn write_and_read_shuffled() {
    run(shuffled(), whole);
}

#[test]
fn write_and_read_into() {
    run(CodecSpec::none(), async |file, data| {
        let mut out = vec![0f32; data.len()];
        let view = ArrayViewMutD::from_shape(IxDyn(&[data.len()]), &mut out).unwrap();
        file.read_into("field", vec![0], view).await.unwrap();
        assert_eq!(out.last(), data.last());
    });
}

/// One element of each chunk.
#[test]
fn write_and_read_elements() {
    run(CodecSpec::lz4(), async |file, data| {
        for at in (0..data.len()).step_by(CHUNK) {
            let read = file.read_array::<f32>("field", vec![at], vec![1]).await;
            assert_eq!(read.unwrap()[[0]], data[at]);
        }
    });
}

#[test]
fn write_many() {
    small_arrays(Read::None);
}

#[test]
fn write_and_read_many() {
    small_arrays(Read::Each);
}

#[test]
fn write_and_read_together() {
    small_arrays(Read::Together);
}
