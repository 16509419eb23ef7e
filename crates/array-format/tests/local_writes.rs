//! Layers on a local disk whose file grows before they are made.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use array_format::codec::CodecSpec;
use array_format::integrity::VerifyOptions;
use array_format::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression};
use ndarray::{Array1, ArrayD};

const LENGTH: usize = 200;
const CHUNK: usize = 20;

/// No data wait in memory.
fn config() -> FileConfig<NoCompression> {
    FileConfig {
        spool_capacity: 0,
        sync: false,
        ..FileConfig::new(NoCompression)
    }
}

fn path(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("run.af")
}

async fn create(folder: &tempfile::TempDir) -> ArrayFile {
    let mut file = ArrayFile::create_path(path(folder), config())
        .await
        .unwrap();
    for (name, codec) in [("none", CodecSpec::none()), ("lz4", CodecSpec::lz4())] {
        let spec = ArraySpec::new(DType::Int32, [LENGTH as u64]);
        let spec = spec.chunks([CHUNK as u64]).codec(codec);
        file.create_array(name, spec).unwrap();
    }
    file.flush().await.unwrap();
    file
}

async fn open(folder: &tempfile::TempDir) -> ArrayFile {
    ArrayFile::open_path(path(folder), config()).await.unwrap()
}

/// Puts a value into all elements of these chunks, here and in what is expected.
async fn write(
    file: &mut ArrayFile,
    chunks: std::ops::Range<usize>,
    value: i32,
    expected: &mut Array1<i32>,
) {
    let range = chunks.start * CHUNK..chunks.end * CHUNK;
    let data = ArrayD::from_elem(vec![range.len()], value);
    for name in ["none", "lz4"] {
        let written = file.write_array(name, vec![range.start], data.view());
        written.await.unwrap();
    }
    expected.slice_mut(ndarray::s![range]).fill(value);
}

async fn check(file: &ArrayFile, expected: &Array1<i32>, what: &str) {
    for name in ["none", "lz4"] {
        let found = file.read_array::<i32>(name, vec![], vec![]).await.unwrap();
        assert_eq!(found, expected.clone().into_dyn(), "{name}, {what}");
    }
}

/// The file holds this and is whole.
async fn check_all(folder: &tempfile::TempDir, expected: &Array1<i32>, what: &str) {
    let file = open(folder).await;
    check(&file, expected, what).await;
    let verified = file.verify(&VerifyOptions::full()).await.unwrap();
    assert!(verified.is_whole(), "{what}: {verified:?}");
}

/// Files that are no objects.
fn staged(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains('#')).count()
}

#[tokio::test]
async fn layers_hold_what_was_written_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = create(&folder).await;
    let mut expected = Array1::zeros(LENGTH);
    for round in 1..6 {
        write(&mut file, 0..10, round, &mut expected).await;
        // Replaced before it is committed, so often that the rest is packed anew.
        for i in 0..10 {
            write(&mut file, 2..7, 100 * round + i, &mut expected).await;
        }
        assert_eq!(staged(folder.path()), 1);
        check(&file, &expected, "pending").await;
        file.flush().await.unwrap();
        check(&file, &expected, "committed").await;
        check_all(&folder, &expected, "opened anew").await;
        assert_eq!(staged(folder.path()), 0);
    }
    file.compact().await.unwrap();
    check_all(&folder, &expected, "compacted").await;
    write(&mut file, 1..3, -1, &mut expected).await;
    file.flush().await.unwrap();
    check_all(&folder, &expected, "after the compaction").await;
    write(&mut file, 0..1, -2, &mut expected.clone()).await;
    drop(file);
    assert_eq!(staged(folder.path()), 0, "what was never committed is gone");
}

/// The file of the one that comes second gets another number, and the tail of another attempt.
#[tokio::test]
async fn of_two_writers_each_keeps_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let mut one = create(&folder).await;
    let mut other = open(&folder).await;
    let mut expected = Array1::zeros(LENGTH);
    for round in 1..5 {
        write(&mut one, 0..4, round, &mut expected).await;
        write(&mut other, 5..9, -round, &mut expected).await;
        one.flush().await.unwrap();
        other.flush().await.unwrap();
        one.refresh().await.unwrap();
        check(&one, &expected, "the first").await;
        check_all(&folder, &expected, "opened anew").await;
    }
    // The same chunk: what is pending stays, on its own.
    let before = expected.clone();
    write(&mut one, 0..1, 50, &mut expected).await;
    write(&mut other, 0..1, 60, &mut before.clone()).await;
    one.flush().await.unwrap();
    let refused = other.flush().await.unwrap_err();
    assert!(refused.to_string().contains("onflict"), "{refused}");
    check_all(&folder, &expected, "after a conflict").await;
}

/// Polls a future so often, then gives it up.
fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return Some(done);
        }
        // Work on other threads goes on meanwhile, or does not.
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    None
}

/// A flush that was given up may have made its layer, whose file is then not written to any more.
#[test]
fn a_flush_that_is_given_up_leaves_object_and_data_whole() {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let _inside = runtime.enter();
    let block_on = |future: std::pin::Pin<Box<dyn Future<Output = ()> + '_>>| {
        runtime.block_on(future);
    };
    let mut given_up = 0;
    // After that many polls it is done, or nearly.
    for times in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let mut file = runtime.block_on(create(&folder));
        let mut expected = Array1::zeros(LENGTH);
        runtime.block_on(write(&mut file, 0..6, 1, &mut expected));
        match polled(file.flush(), times) {
            Some(done) => done.unwrap(),
            None => given_up += 1,
        }
        let what = format!("after {times} polls");
        block_on(Box::pin(check(&file, &expected, &what)));
        runtime.block_on(write(&mut file, 4..9, 2, &mut expected));
        // It may have to be told that the first part was committed before.
        let flushed = runtime.block_on(async {
            let first = file.flush().await;
            match first {
                Err(_) => file.flush().await,
                done => done,
            }
        });
        flushed.unwrap_or_else(|error| panic!("{what}: {error}"));
        block_on(Box::pin(check_all(&folder, &expected, &what)));
        drop(file);
        assert_eq!(staged(folder.path()), 0, "{what}");
    }
    assert!(given_up > 0);
}
