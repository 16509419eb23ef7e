//! Files on web servers read as they do on the local disk, value by value.

use std::path::Path;

use array_format::{ArrayFile, Error, FileConfig, NoCompression, Result, ZstdCodec};
use array_format_reliability::servers::{Server, nginx, plain, skipped};
use array_format_reliability::state::State;
use ndarray::{ArrayD, IxDyn};
use tempfile::TempDir;

/// Sidecars of the file that is made here: more than are asked for at once where nothing is listed.
const SIDECARS: usize = 20;

/// The golden files with all that belongs to them, a file with many sidecars, and one of a base alone.
async fn files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/v1");
    for entry in std::fs::read_dir(golden).unwrap() {
        let from = entry.unwrap().path();
        let is_expectation = from.extension().is_some_and(|it| it == "json");
        if !is_expectation {
            let to = folder.path().join(from.file_name().unwrap());
            std::fs::copy(&from, to).unwrap();
        }
    }
    let path = folder.path().join("fresh.af");
    let mut file = ArrayFile::create_path(&path, FileConfig::new(ZstdCodec::default()))
        .await
        .unwrap();
    for layer in 0..SIDECARS {
        // Large enough that the end of a layer does not hold it.
        let name = format!("array {layer}");
        let (shape, chunks) = (vec![200, 200], Some(vec![50, 50]));
        file.define_array::<f64>(&name, vec![], shape, chunks, None)
            .unwrap();
        let value = |i: ndarray::IxDyn| (i[0] * 7919 + i[1] * 31 + layer) as f64 / 3.0;
        let data = ArrayD::from_shape_fn(IxDyn(&[200, 200]), value);
        let start = vec![0, 0];
        file.write_array(&name, start, data.view()).await.unwrap();
        file.flush().await.unwrap();
    }
    std::fs::copy(&path, folder.path().join("short.af")).unwrap();
    folder
}

/// The names of the bases: those whose stem does not end in a number.
fn bases(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.matches('.').count() == 1)
        .collect();
    names.sort();
    names
}

async fn local(folder: &Path, name: &str) -> State {
    let config = FileConfig::new(NoCompression);
    let file = ArrayFile::open_path(folder.join(name), config).await;
    State::of(&file.unwrap()).await.unwrap()
}

async fn remote(server: &Server, name: &str) -> Result<State> {
    let config = FileConfig::new(NoCompression);
    let file = ArrayFile::open_url(&server.url(name), server.options(), config).await?;
    State::of(&file).await
}

/// Every file reads as it does on the disk.
async fn all_are_read(server: &Server, folder: &Path) {
    let names = bases(folder);
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let expected = local(folder, &name).await;
        let read = remote(server, &name).await;
        let read = read.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read, expected, "{name}");
    }
    let missing = remote(server, "missing.af").await;
    assert!(
        matches!(missing, Err(Error::FileNotFound { .. })),
        "{missing:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_serves_all_files() {
    if skipped("nginx") {
        return;
    }
    let folder = files().await;
    let server = nginx::start(folder.path()).await.unwrap();
    all_are_read(&server, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_e_tags_that_refuses_long_suffixes_serves_all_files() {
    let folder = files().await;
    let server = plain::serve_dir(folder.path()).await.unwrap();
    all_are_read(&server, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_on_the_web_are_read_only() {
    let folder = files().await;
    let server = plain::serve_dir(folder.path()).await.unwrap();
    let (url, options) = (server.url("fresh.af"), server.options());
    let config = FileConfig::new(NoCompression);
    let mut file = ArrayFile::open_url(&url, options, config).await.unwrap();
    file.delete("array 3").unwrap();
    let flushed = file.flush().await;
    assert!(matches!(flushed, Err(Error::ReadOnly(_))), "{flushed:?}");
    let expected = local(folder.path(), "fresh.af").await;
    assert_eq!(remote(&server, "fresh.af").await.unwrap(), expected);
}

/// Its answer to a range is the whole file, which the client refuses; an error that says so is right,
/// other values would not be.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_ranges_gives_an_error_or_the_values() {
    let folder = files().await;
    let server = plain::python(folder.path()).await.unwrap();
    for name in ["fresh.af", "short.af", "floats.af"] {
        let started = std::time::Instant::now();
        match remote(&server, name).await {
            Ok(read) => assert_eq!(read, local(folder.path(), name).await, "{name}"),
            Err(error) => {
                println!("{name} after {:?}: {error}", started.elapsed());
                assert!(matches!(error, Error::Store { .. }), "{name}: {error:?}");
            }
        }
    }
}
