//! Stores that cannot read the end of an object without its size, as Azure.

use std::fmt;
use std::sync::{Arc, Mutex};

use array_format::{ArrayFile, Error, FileConfig, NoCompression, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use ndarray::{ArrayD, IxDyn};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

/// Refuses suffixes; and once somebody has asked for the size of the file, replaces it.
#[derive(Debug, Default)]
struct NoSuffix {
    inner: InMemory,
    next: Mutex<Option<Bytes>>,
}

impl fmt::Display for NoSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoSuffix")
    }
}

#[async_trait]
impl ObjectStore for NoSuffix {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        if matches!(options.range, Some(GetRange::Suffix(_))) {
            return Err(object_store::Error::NotSupported {
                source: "no suffixes".into(),
            });
        }
        let is_head = options.head;
        let result = self.inner.get_opts(path, options).await;
        let next = self.next.lock().unwrap().take_if(|_| is_head);
        if let Some(next) = next {
            self.inner.put(path, next.into()).await?;
        }
        result
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
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

fn path() -> Path {
    Path::from("run.af")
}

async fn open(store: &Arc<NoSuffix>) -> Result<ArrayFile> {
    ArrayFile::open(store.clone(), path(), FileConfig::new(NoCompression)).await
}

/// A compacted file with `length` bytes in it.
async fn file(store: &Arc<NoSuffix>, length: usize) -> Bytes {
    let config = FileConfig::new(NoCompression);
    let created = ArrayFile::create(store.clone(), path(), config).await;
    let mut file = created.unwrap();
    file.define_array::<u8>("a", vec![], vec![length], None, None)
        .unwrap();
    let data = ArrayD::from_elem(IxDyn(&[length]), 7u8);
    file.write_array("a", vec![0], data.view()).await.unwrap();
    file.compact().await.unwrap();
    let base = store.inner.get(&path()).await.unwrap();
    base.bytes().await.unwrap()
}

#[tokio::test]
async fn a_missing_file_is_not_found() {
    let opened = open(&Arc::default()).await;
    assert!(
        matches!(opened, Err(Error::FileNotFound { .. })),
        "{opened:?}"
    );
}

#[tokio::test]
async fn a_base_that_is_replaced_once_its_size_is_known_is_looked_at_again() {
    let sizes = [10, 1_000, 100_000, 300_000];
    for from in sizes {
        for to in sizes {
            let store = Arc::new(NoSuffix::default());
            let next = file(&store, to).await;
            file(&store, from).await;
            *store.next.lock().unwrap() = Some(next);
            let file = open(&store).await;
            let file = file.unwrap_or_else(|error| panic!("{from}, then {to}: {error}"));
            let read = file.read_array::<u8>("a", vec![], vec![]).await.unwrap();
            assert_eq!(read.len(), to);
            assert!(read.iter().all(|&byte| byte == 7));
        }
    }
}
