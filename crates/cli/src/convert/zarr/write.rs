//! New Zarr v3 stores, in a folder or a ZIP archive.

use std::fs;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use array_format::ArrayFile;
use array_format_zarr::{Compression, View};
use futures::{StreamExt, TryStreamExt, stream};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What chunks are compressed at; zarr-python takes the same.
const LEVEL: i32 = 3;

/// Where keys go.
pub trait Sink {
    fn put(&mut self, key: &str, value: &[u8]) -> Result<()>;
}

/// A folder.
pub struct Folder<'p>(pub &'p Path);

impl Sink for Folder<'_> {
    fn put(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let path = self.0.join(key);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, value).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A ZIP archive, whose values are compressed on their own.
pub struct Archive<W: Write + Seek>(pub ZipWriter<W>);

impl<W: Write + Seek> Sink for Archive<W> {
    fn put(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(value.len() as u64 > u32::MAX.into());
        self.0.start_file(key, options)?;
        self.0.write_all(value)?;
        Ok(())
    }
}

/// Writes arrays, documents last, so that a store that was cut off does not look whole; returns what
/// could not be written, and why.
pub async fn write(
    file: Arc<ArrayFile>,
    names: &[String],
    sink: &mut dyn Sink,
) -> Result<Vec<String>> {
    let names = names.iter().map(String::as_str);
    let view = View::of(file, names, Compression::Zstd { level: LEVEL })?;
    let view = Arc::new(view);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    for name in view.arrays() {
        let chunks = stream::iter(view.chunks(name)?).map(|key| {
            let view = view.clone();
            tokio::spawn(async move { view.get(&key).await.map(|value| (key, value)) })
        });
        let mut chunks = chunks.buffered(threads);
        while let Some(chunk) = chunks.try_next().await? {
            if let (key, Some(value)) = chunk? {
                sink.put(&key, &value)?;
            }
        }
    }
    for key in view.documents() {
        if let Some(value) = view.get(&key).await? {
            sink.put(&key, &value)?;
        }
    }
    let skipped = view.skipped().iter();
    Ok(skipped.map(|s| format!("{}: {}", s.name, s.why)).collect())
}
