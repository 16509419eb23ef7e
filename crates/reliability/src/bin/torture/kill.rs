//! A store that kills its own process at a chosen operation.

use std::fmt;
use std::ops::Range;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use array_format::bytes::Bytes;
use array_format::object_store::path::Path;
use array_format::object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;

/// Counts operations, and at the k-th ends the process with SIGKILL: before it is done, or after.
#[derive(Debug, Clone)]
pub struct KillStore {
    inner: Arc<dyn ObjectStore>,
    clock: Arc<Clock>,
}

#[derive(Debug)]
struct Clock {
    done: AtomicU64,
    /// Twice the number of the operation, and one more to die after it.
    moment: u64,
}

impl KillStore {
    pub fn new(inner: Arc<dyn ObjectStore>, moment: u64) -> Arc<Self> {
        Arc::new(Self {
            inner,
            clock: Arc::new(Clock {
                done: AtomicU64::new(0),
                moment,
            }),
        })
    }

    /// Moments that have passed.
    pub fn moments(&self) -> u64 {
        self.clock.done.load(SeqCst)
    }

    fn pass(&self) {
        self.clock.pass();
    }
}

impl Clock {
    fn pass(&self) {
        if self.done.fetch_add(1, SeqCst) == self.moment {
            let me = std::process::id().to_string();
            let _ = Command::new("kill").args(["-KILL", &me]).status();
            // The signal is on its way.
            loop {
                std::thread::park();
            }
        }
    }
}

impl fmt::Display for KillStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KillStore({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for KillStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, o: PutOptions) -> Result<PutResult> {
        self.pass();
        let result = self.inner.put_opts(path, payload, o).await;
        self.pass();
        result
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        o: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.pass();
        let inner = self.inner.put_multipart_opts(path, o).await?;
        let clock = Arc::clone(&self.clock);
        Ok(Box::new(KillUpload { inner, clock }))
    }

    async fn get_opts(&self, path: &Path, o: GetOptions) -> Result<GetResult> {
        self.pass();
        self.inner.get_opts(path, o).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.pass();
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        // One by one, to die between two of them as well.
        let store = self.clone();
        let deleted = paths.then(move |path| {
            let store = store.clone();
            async move {
                let path = path?;
                store.pass();
                store.inner.delete(&path).await?;
                Ok(path)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.pass();
        self.inner.list(prefix).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.pass();
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, o: CopyOptions) -> Result<()> {
        self.pass();
        self.inner.copy_opts(from, to, o).await
    }
}

/// An upload in parts that kills likewise.
#[derive(Debug)]
struct KillUpload {
    inner: Box<dyn MultipartUpload>,
    clock: Arc<Clock>,
}

#[async_trait]
impl MultipartUpload for KillUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.clock.pass();
        let (part, clock) = (self.inner.put_part(data), Arc::clone(&self.clock));
        Box::pin(async move {
            part.await?;
            clock.pass();
            Ok(())
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.clock.pass();
        let result = self.inner.complete().await;
        self.clock.pass();
        result
    }

    async fn abort(&mut self) -> Result<()> {
        self.clock.pass();
        self.inner.abort().await
    }
}
