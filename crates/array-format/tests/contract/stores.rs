//! Object stores that get in the way.

use std::fmt::{Debug, Display, Formatter};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};

use crate::support::Store;

/// Decides about each call before and after the inner store has done it.
#[async_trait]
pub trait Gate: Debug + Send + Sync + 'static {
    async fn before_any(&self) {}
    /// Returns a number that `after_put` gets back.
    fn before_put(&self) -> Result<usize> {
        Ok(0)
    }
    fn after_put(&self, _number: usize) -> Result<()> {
        Ok(())
    }
    fn before_list(&self, _prefix: Option<&Path>) {}
}

/// A store behind a gate.
#[derive(Debug)]
pub struct Gated<G> {
    pub inner: Store,
    pub gate: Arc<G>,
}

impl<G: Gate> Gated<G> {
    pub fn around(inner: Store, gate: G) -> (Store, Arc<G>) {
        let gate = Arc::new(gate);
        let store = Self {
            inner,
            gate: gate.clone(),
        };
        (Arc::new(store), gate)
    }
}

impl<G> Display for Gated<G> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gated({})", self.inner)
    }
}

#[async_trait]
impl<G: Gate> ObjectStore for Gated<G> {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.gate.before_any().await;
        let number = self.gate.before_put()?;
        let result = self.inner.put_opts(path, payload, options).await?;
        self.gate.after_put(number)?;
        Ok(result)
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.gate.before_any().await;
        self.gate.before_put()?;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.gate.before_any().await;
        self.inner.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.gate.before_any().await;
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.gate.before_list(prefix);
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.gate.before_any().await;
        self.gate.before_list(prefix);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.gate.before_any().await;
        self.inner.copy_opts(from, to, options).await
    }
}

/// Fails one put, counted from 0: before it is done, or after (an acknowledgement that got lost).
#[derive(Debug)]
pub struct FailingPut {
    pub which: usize,
    pub done_all_the_same: bool,
    seen: AtomicUsize,
}

impl FailingPut {
    /// Fails nothing until it is armed.
    pub fn unarmed(which: usize, done_all_the_same: bool) -> Self {
        let seen = AtomicUsize::new(usize::MAX / 2);
        Self {
            which,
            done_all_the_same,
            seen,
        }
    }

    /// Counts from here.
    pub fn arm(&self) {
        self.seen.store(0, Ordering::SeqCst);
    }

    /// Whether the chosen put has been met.
    pub fn has_failed(&self) -> bool {
        self.seen.load(Ordering::SeqCst) > self.which
    }

    fn fail(&self, number: usize, now: bool) -> Result<()> {
        if number != self.which || !now {
            return Ok(());
        }
        Err(Error::Generic {
            store: "FailingPut",
            source: "this put was chosen to fail".into(),
        })
    }
}

#[async_trait]
impl Gate for FailingPut {
    fn before_put(&self) -> Result<usize> {
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        self.fail(number, !self.done_all_the_same)?;
        Ok(number)
    }

    fn after_put(&self, number: usize) -> Result<()> {
        self.fail(number, self.done_all_the_same)
    }
}

/// Gives way to other tasks before every call, so that a future has many places to be dropped at.
#[derive(Debug)]
pub struct Yielding;

#[async_trait]
impl Gate for Yielding {
    async fn before_any(&self) {
        tokio::task::yield_now().await;
    }
}

/// Remembers what was listed.
#[derive(Debug, Default)]
pub struct Listings(pub Mutex<Vec<Option<Path>>>);

#[async_trait]
impl Gate for Listings {
    fn before_list(&self, prefix: Option<&Path>) {
        self.0.lock().unwrap().push(prefix.cloned());
    }
}

/// A byte range of a larger object, served as a store of one object that cannot be listed.
#[derive(Debug)]
pub struct Window {
    pub inner: Store,
    pub object: Path,
    pub range: Range<u64>,
    /// The name of the one object.
    pub name: Path,
}

impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "Window({:?} of {})", self.range, self.object)
    }
}

fn read_only<T>() -> Result<T> {
    Err(Error::NotSupported {
        source: "a window is read-only".into(),
    })
}

#[async_trait]
impl ObjectStore for Window {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        read_only()
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        read_only()
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        if *path != self.name {
            return Err(Error::NotFound {
                path: path.to_string(),
                source: "a window holds one object".into(),
            });
        }
        let size = self.range.end - self.range.start;
        let part = match &options.range {
            Some(range) => range.as_range(size).map_err(|e| Error::Generic {
                store: "Window",
                source: e.into(),
            })?,
            None => 0..size,
        };
        let outer = self.range.start + part.start..self.range.start + part.end;
        let bytes = self.inner.get_range(&self.object, outer).await?;
        let meta = ObjectMeta {
            location: self.name.clone(),
            size,
            ..self.inner.head(&self.object).await?
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed()),
            meta,
            range: part,
            attributes: Default::default(),
        })
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::once(async { read_only() }).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::empty().boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Ok(ListResult {
            common_prefixes: vec![],
            objects: vec![],
        })
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        read_only()
    }
}
