//! An object store on a paused clock: 20 ms a request, 100 MB/s a stream, whatever this machine does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use array_format::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::future::try_join_all;
use futures::stream::BoxStream;
use ndarray::{ArrayView, IxDyn};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::request::Simulated;

pub const REQUEST_MS: f64 = 20.0;
pub const BYTES_PER_MS: f64 = 100e3;
pub const STREAMS: usize = 16;
/// Bytes of the array, and of each of its chunks.
pub const ARRAY: usize = 256 << 20;
const CHUNK: usize = 1 << 20;

#[derive(Debug)]
struct Slow {
    inner: InMemory,
    /// Transfers at a time; the rest waits.
    streams: Semaphore,
    /// Whether bytes take time, or requests alone.
    bandwidth: bool,
}

impl Slow {
    async fn request(&self) {
        sleep(Duration::from_secs_f64(REQUEST_MS / 1e3)).await;
    }
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a simulated store")
    }
}

#[async_trait]
impl ObjectStore for Slow {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        o: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.inner.put_opts(path, payload, o).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        o: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, o).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        let head = options.head;
        let _stream = self.streams.acquire().await;
        self.request().await;
        let result = self.inner.get_opts(path, options).await?;
        if self.bandwidth && !head {
            let bytes = (result.range.end - result.range.start) as f64;
            sleep(Duration::from_secs_f64(bytes / BYTES_PER_MS / 1e3)).await;
        }
        Ok(result)
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.request().await;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// Milliseconds by the store's clock.
pub fn run(what: Simulated) -> Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(measure(what))
}

async fn measure(what: Simulated) -> Result<f64> {
    let whole = what == Simulated::Whole;
    let store = Arc::new(Slow {
        inner: InMemory::new(),
        streams: Semaphore::new(if whole {
            STREAMS
        } else {
            Semaphore::MAX_PERMITS
        }),
        bandwidth: whole,
    });
    let path = Path::from("data.af");
    let config = || FileConfig::new(NoCompression);
    let data: Vec<u8> = (0..ARRAY).map(|i| ((i * 31) >> 7) as u8).collect();
    let mut file = ArrayFile::create(store.clone(), path.clone(), config()).await?;
    file.create_array(
        "a",
        ArraySpec::new(DType::UInt8, [ARRAY as u64]).chunks([CHUNK as u64]),
    )?;
    file.write_array(
        "a",
        vec![0],
        ArrayView::from_shape(IxDyn(&[ARRAY]), &data[..])?,
    )
    .await?;
    file.flush().await?;
    file.compact().await?;

    let file = ArrayFile::open(store, path, config()).await?;
    let start = Instant::now();
    let chunk = async |i: usize| -> Result<()> {
        let read = file
            .read_array::<u8>("a", vec![i * CHUNK], vec![CHUNK])
            .await?;
        anyhow::ensure!(
            read.as_slice() == Some(&data[i * CHUNK..][..CHUNK]),
            "chunk {i} differs"
        );
        Ok(())
    };
    match what {
        Simulated::FirstChunk => chunk(77).await?,
        Simulated::Scattered => drop(try_join_all((0..100).map(|i| chunk(i * 37 % 256))).await?),
        Simulated::Whole => {
            let read = file.read_array::<u8>("a", vec![], vec![]).await?;
            anyhow::ensure!(read.as_slice() == Some(&data[..]), "the array differs");
        }
    }
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
