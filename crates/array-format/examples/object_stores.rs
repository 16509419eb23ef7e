//! The same code over any store: memory, the local disk, or whatever a URL names.
//!
//! `cargo run --example object_stores [url]`, where a URL such as `s3://bucket/example.af` needs the
//! feature of its store: `cargo run --features aws --example object_stores s3://…`

#[path = "support/show.rs"]
mod show;

use std::sync::Arc;

use array_format::ndarray::Array2;
use array_format::object_store::local::LocalFileSystem;
use array_format::object_store::memory::InMemory;
use array_format::object_store::{ObjectStore, path::Path};
use array_format::storage::resolve;
use array_format::{ArrayFile, FileConfig, Lz4Codec};
use show::{Stopwatch, Table, bytes};
use url::Url;

/// Writes a file into a store, opens it again, and returns the sum of a region and the file's size.
async fn round_trip(store: Arc<dyn ObjectStore>, path: Path) -> array_format::Result<(f64, u64)> {
    let config = || FileConfig::new(Lz4Codec);
    let mut file = ArrayFile::create(Arc::clone(&store), path.clone(), config()).await?;
    let data = Array2::from_shape_fn((300, 400), |(y, x)| (y * 400 + x) as f64);
    let dimensions = vec!["y".into(), "x".into()];
    file.define_array::<f64>(
        "field",
        dimensions,
        vec![300, 400],
        Some(vec![100, 100]),
        None,
    )?;
    file.write_array("field", vec![0, 0], data.view().into_dyn())
        .await?;
    file.flush().await?;
    file.compact().await?;

    let file = ArrayFile::open(store, path, config()).await?;
    let region = file
        .read_array::<f64>("field", vec![150, 190], vec![20, 20])
        .await?;
    Ok((region.sum(), file.footer().object_length))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;

    // A store of one's own making: anything that implements `ObjectStore`.
    let memory: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let disk = LocalFileSystem::new_with_prefix(folder.path())?;
    let disk: Arc<dyn ObjectStore> = Arc::new(disk);
    let mut places = vec![
        (
            "InMemory".to_owned(),
            memory,
            Path::from("folder/example.af"),
        ),
        ("LocalFileSystem".to_owned(), disk, Path::from("example.af")),
    ];
    // A URL, with the options of its store by name: none here.
    let local = Url::from_file_path(folder.path().join("by_url.af"));
    let mut urls = vec![local.map_err(|()| "no absolute path")?.to_string()];
    urls.extend(std::env::args().nth(1));
    for url in urls {
        let (store, path) = resolve(&url, [])?;
        let scheme = url.split(':').next().unwrap_or_default();
        places.push((format!("{scheme}://…"), store, path));
    }

    let mut table = Table::new([
        "store",
        "path",
        "sum of a region",
        "file",
        "written and read in",
    ]);
    let mut clock = Stopwatch::start();
    let mut sums = Vec::new();
    for (name, store, path) in places {
        clock.lap();
        let (sum, size) = round_trip(store, path.clone()).await?;
        let took = format!("{:.1} ms", clock.lap().as_secs_f64() * 1e3);
        table.row([&name, &path, &sum, &bytes(size), &took]);
        sums.push(sum);
    }
    println!("{table}");
    assert!(
        sums.windows(2).all(|w| w[0] == w[1]),
        "all stores hold the same"
    );

    // What was written through the URL is a file like any other.
    let path = folder.path().join("by_url.af");
    let file = ArrayFile::open_path(&path, FileConfig::new(Lz4Codec)).await?;
    let name = path.file_name().unwrap_or_default().display();
    println!("  {name} by its path: {:?}", file.list_arrays()[0].name);
    Ok(())
}
