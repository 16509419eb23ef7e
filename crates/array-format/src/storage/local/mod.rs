//! Objects as files of one folder, durable and with compare-and-swap.

mod adopt;
mod disk;
mod leftovers;
mod names;
mod open_file;
mod real;
mod staging;
mod swap;
#[cfg(test)]
mod tests;
mod upload;
mod writer;

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};

pub(crate) use adopt::recognise;
use disk::Disk;
pub(crate) use leftovers::Leftover;
pub(crate) use open_file::OpenFile;
#[cfg(not(test))]
use real::RealDisk;
pub(crate) use staging::Staging;
#[cfg(test)]
use tests::disk_of;
use upload::Upload;
use writer::{Put, Writer};

/// An extension of a get: what it tells of is to be durable before it answers.
///
/// A put whose last sync failed has made an object all the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Durably;

/// Deletions that are made durable together.
const DELETED_AT_ONCE: usize = 1000;

/// A folder of the local disk as an object store.
///
/// As `object_store`'s `LocalFileSystem`, with its names and ETags, and beyond that:
///
/// - **Durable.** A put or delete that was answered outlives a power cut, whole.
/// - **Compare-and-swap.** [`PutMode::Update`] works, also between processes, without locks. It heeds
///   everybody who writes through a `LocalStore`. It does not see a deletion that happens at the same
///   moment, nor other programs.
/// - Copies are copies, not links to the same file.
///
/// Conditional puts need a file system with hard links; elsewhere they are `NotSupported`.
///
/// [`ArrayFile`](crate::ArrayFile) uses it in the place of a `LocalFileSystem` by itself.
#[derive(Debug, Clone)]
pub struct LocalStore {
    name: String,
    files: LocalFileSystem,
    writer: Writer,
}

impl fmt::Display for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl LocalStore {
    /// The objects in this folder and beneath it.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn new(folder: impl AsRef<std::path::Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let files = LocalFileSystem::new_with_prefix(folder)?;
        Ok(Self {
            name: adopt::name(&files),
            files,
            writer: Writer {
                disk: disk_of(folder),
                sync: true,
            },
        })
    }

    /// Whether puts and deletions are synced before they are answered, which is the default.
    ///
    /// Without it they are several times faster, and a power cut may undo or tear the last of them.
    /// An [`ArrayFile`](crate::ArrayFile) goes by its own
    /// [`FileConfig::sync`](crate::FileConfig::sync).
    #[must_use]
    pub fn with_sync(mut self, sync: bool) -> Self {
        self.writer.sync = sync;
        self
    }

    /// Over a simulated disk; reading and listing go to the folder itself.
    #[cfg(test)]
    fn over(folder: &std::path::Path, disk: Arc<dyn Disk>) -> Self {
        tests::simulate(folder, disk);
        Self::new(folder).unwrap()
    }
}

/// What a folder is on.
#[cfg(not(test))]
fn disk_of(_: &std::path::Path) -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

/// Runs file work where it does not hold up the runtime.
async fn blocking<V: Send + 'static>(
    work: impl FnOnce() -> Result<V> + Send + 'static,
) -> Result<V> {
    let done = crate::blocking::run(work).await;
    done.map_err(|error| generic(error.into()))?
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic {
        store: "LocalStore",
        source,
    }
}

/// What went wrong with writing an object.
fn failed(path: &Path, error: io::Error) -> Error {
    if writer::lacks_links(&error) {
        let detail = format!("{path}: a file system without hard links: {error}");
        return Error::NotSupported {
            source: detail.into(),
        };
    }
    generic(format!("{path}: {error}").into())
}

fn without_attributes(attributes: &object_store::Attributes, store: &LocalStore) -> Result<()> {
    if attributes.is_empty() {
        return Ok(());
    }
    Err(Error::NotImplemented {
        operation: "attributes".into(),
        implementer: store.to_string(),
    })
}

/// What a put, or an update of a version, answers.
fn answer(location: &Path, put: io::Result<Put>, is_update: bool) -> Result<PutResult> {
    let (path, source) = (location.to_string(), "another object is there".into());
    match put.map_err(|error| failed(location, error))? {
        Put::Done(stamp) => Ok(PutResult {
            e_tag: Some(stamp.e_tag()),
            version: None,
        }),
        Put::Taken if is_update => Err(Error::Precondition { path, source }),
        Put::Taken => Err(Error::AlreadyExists { path, source }),
    }
}

#[async_trait]
impl ObjectStore for LocalStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        without_attributes(&options.attributes, self)?;
        let (writer, location) = (self.writer.clone(), location.clone());
        let path = self.files.path_to_filesystem(&location)?;
        blocking(move || {
            let staged = || writer.write(&path, payload.iter());
            let is_update = matches!(options.mode, PutMode::Update(_));
            let put = match options.mode {
                PutMode::Overwrite => staged()
                    .and_then(|file| writer.overwrite(&path, file))
                    .map(Put::Done),
                PutMode::Create => staged().and_then(|file| writer.create(&path, file)),
                PutMode::Update(version) => {
                    let e_tag = version.e_tag.ok_or_else(|| {
                        generic(format!("{location}: an update needs an ETag").into())
                    })?;
                    writer.update(&path, &e_tag, staged)
                }
            };
            answer(&location, put, is_update)
        })
        .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        without_attributes(&options.attributes, self)?;
        let path = self.files.path_to_filesystem(location)?;
        let upload = Upload::start(self.writer.clone(), location.clone(), path).await?;
        Ok(Box::new(upload))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let durably = options.extensions.get::<Durably>().is_some();
        let result = self.files.get_opts(location, options).await?;
        if durably {
            let (writer, location) = (self.writer.clone(), location.clone());
            let path = self.files.path_to_filesystem(&location)?;
            let synced = blocking(move || {
                let synced = writer.make_durable(&path);
                synced.map_err(|error| failed(&location, error))
            });
            synced.await?;
        }
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let deleted = locations
            .ready_chunks(DELETED_AT_ONCE)
            .then(move |locations| {
                let store = store.clone();
                async move { store.delete_all(locations).await }
            });
        deleted.flat_map(stream::iter).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    /// A link would give two objects one ETag, so this reads and writes.
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mut parts = self.get(from).await?.into_stream();
        let path = self.files.path_to_filesystem(to)?;
        let mut upload = Upload::start(self.writer.clone(), to.clone(), path).await?;
        while let Some(part) = parts.next().await {
            upload.put_part(part?.into()).await?;
        }
        let put = match options.mode {
            CopyMode::Overwrite => upload.finish(PutMode::Overwrite).await,
            CopyMode::Create => upload.finish(PutMode::Create).await,
        };
        put.map(drop)
    }
}

impl LocalStore {
    async fn delete_all(&self, locations: Vec<Result<Path>>) -> Vec<Result<Path>> {
        let (mut answers, mut found, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for location in locations {
            let path = location.and_then(|location| {
                let path = self.files.path_to_filesystem(&location)?;
                Ok((location, path))
            });
            match path {
                Ok((location, path)) => {
                    found.push(location);
                    paths.push(path);
                }
                Err(error) => answers.push(Err(error)),
            }
        }
        let writer = self.writer.clone();
        let removed = blocking(move || Ok(writer.remove(&paths))).await;
        match removed {
            Err(error) => answers.push(Err(error)),
            Ok(removed) => {
                answers.extend(found.into_iter().zip(removed).map(|(location, removed)| {
                    match removed {
                        Ok(()) => Ok(location),
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {
                            Err(Error::NotFound {
                                path: location.to_string(),
                                source: error.into(),
                            })
                        }
                        Err(error) => Err(failed(&location, error)),
                    }
                }))
            }
        }
        answers
    }
}
