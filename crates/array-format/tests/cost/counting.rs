//! A store that counts what is asked of it, and how deep requests depend on each other.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Every request takes this long on the paused clock, so that the clock counts rounds.
const ROUND: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Counts {
    pub gets: AtomicU64,
    pub puts: AtomicU64,
    pub lists: AtomicU64,
    pub read: AtomicU64,
    pub written: AtomicU64,
}

/// What was asked between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub requests: u64,
    pub rounds: u64,
    pub read: u64,
    pub written: u64,
}

#[derive(Debug, Clone)]
pub struct CountingStore {
    inner: Arc<InMemory>,
    pub counts: Arc<Counts>,
}

impl CountingStore {
    pub fn new() -> Self {
        Self {
            inner: Arc::new(InMemory::new()),
            counts: Arc::default(),
        }
    }

    /// Runs `work` and says what it asked of the store. Needs a runtime with a paused clock.
    pub async fn cost<V>(&self, work: impl Future<Output = V>) -> (V, Cost) {
        let look = || {
            let c = &self.counts;
            [&c.gets, &c.puts, &c.lists, &c.read, &c.written].map(|n| n.load(SeqCst))
        };
        let (before, start) = (look(), tokio::time::Instant::now());
        let value = work.await;
        let after = look();
        let cost = Cost {
            requests: (0..3).map(|i| after[i] - before[i]).sum(),
            rounds: start.elapsed().as_secs(),
            read: after[3] - before[3],
            written: after[4] - before[4],
        };
        (value, cost)
    }
}

impl fmt::Display for CountingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountingStore")
    }
}

#[async_trait]
impl ObjectStore for CountingStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, o: PutOptions) -> Result<PutResult> {
        self.counts.puts.fetch_add(1, SeqCst);
        let length = payload.content_length() as u64;
        self.counts.written.fetch_add(length, SeqCst);
        tokio::time::sleep(ROUND).await;
        self.inner.put_opts(path, payload, o).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        o: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, o).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.counts.gets.fetch_add(1, SeqCst);
        let head = options.head;
        tokio::time::sleep(ROUND).await;
        let result = self.inner.get_opts(path, options).await?;
        let Range { start, end } = result.range;
        if !head {
            self.counts.read.fetch_add(end - start, SeqCst);
        }
        Ok(result)
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.counts.lists.fetch_add(1, SeqCst);
        self.inner.list(prefix).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.counts.lists.fetch_add(1, SeqCst);
        tokio::time::sleep(ROUND).await;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
