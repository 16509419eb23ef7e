//! An object store that counts what is asked of it, and takes a while to answer, as real ones do.

// Each example uses a part of it.
#![allow(dead_code)]

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use array_format::object_store::path::Path;
use array_format::object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use async_trait::async_trait;
use futures::stream::BoxStream;

/// What a store was asked since it was last looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Requests of any kind.
    pub requests: u64,
    /// The longest chain of requests of which each had to wait for the one before it.
    pub rounds: u64,
    /// Bytes that were read.
    pub read: u64,
    /// Bytes that were written.
    pub written: u64,
}

/// Another store, counted.
#[derive(Debug)]
pub struct CountingStore {
    inner: Arc<dyn ObjectStore>,
    latency: Duration,
    tally: Mutex<Tally>,
}

impl CountingStore {
    /// Counts what is asked of `inner`; every answer takes this long.
    pub fn new(inner: Arc<dyn ObjectStore>, latency: Duration) -> Arc<Self> {
        let tally = Mutex::default();
        Arc::new(Self {
            inner,
            latency,
            tally,
        })
    }

    /// The tally so far; a new one begins.
    pub fn take(&self) -> Tally {
        self.change(std::mem::take)
    }

    fn change<V>(&self, change: impl FnOnce(&mut Tally) -> V) -> V {
        change(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One request, which follows all that were answered before it began.
    async fn request(&self) {
        let round = self.change(|tally| tally.rounds) + 1;
        tokio::time::sleep(self.latency).await;
        self.change(|tally| {
            tally.requests += 1;
            tally.rounds = tally.rounds.max(round);
        });
    }
}

impl fmt::Display for CountingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, counted", self.inner)
    }
}

#[async_trait]
impl ObjectStore for CountingStore {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.request().await;
        let result = self.inner.get_opts(path, options).await?;
        let length = result.range.end - result.range.start;
        self.change(|tally| tally.read += length);
        Ok(result)
    }

    async fn put_opts(&self, path: &Path, data: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.request().await;
        let length = data.content_length() as u64;
        self.change(|tally| tally.written += length);
        self.inner.put_opts(path, data, how).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.request().await;
        self.inner.put_multipart_opts(path, how).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.change(|tally| tally.requests += 1);
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.change(|tally| tally.requests += 1);
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.request().await;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.request().await;
        self.inner.copy_opts(from, to, how).await
    }
}
