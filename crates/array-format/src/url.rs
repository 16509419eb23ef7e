//! Files by URL or local path.

use std::path::Path as LocalPath;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, parse_url_opts};
use url::Url;

use crate::ArrayFile;
use crate::codec::CompressionCodec;
use crate::config::FileConfig;
use crate::error::{Error, Result};
use crate::storage::LocalStore;

/// The store and the path in it that a URL or a local path names.
///
/// | URL | store | feature |
/// |---|---|---|
/// | a path without a scheme, `file:///…` | local disk | |
/// | `memory:///…` | memory; every call makes a new one | |
/// | `s3://bucket/…` | Amazon S3 and compatible | `aws` |
/// | `gs://bucket/…` | Google Cloud Storage | `gcp` |
/// | `az://container/…`, `abfss://…` | Azure Blob Storage | `azure` |
/// | `http://…`, `https://…` | a web server, read-only | `http` |
///
/// Options are those of `object_store`, by name (`aws_region`, `endpoint`, `allow_http`, …).
///
/// # Errors
/// [`Error::InvalidArgument`] for a URL that is none, whose scheme is unknown or not compiled in, or
/// whose options are wrong.
pub fn resolve(
    url: &str,
    options: impl IntoIterator<Item = (String, String)>,
) -> Result<(Arc<dyn ObjectStore>, Path)> {
    if !url.contains("://") {
        return local(LocalPath::new(url));
    }
    let parsed = Url::parse(url)
        .map_err(|error| Error::invalid(format!("{url:?} is not a URL: {error}")))?;
    if parsed.scheme() == "file" {
        let path = parsed
            .to_file_path()
            .map_err(|()| Error::invalid(format!("{url:?} does not name a local path")))?;
        return local(&path);
    }
    let (store, path) = parse_url_opts(&parsed, options).map_err(|error| {
        Error::invalid(format!(
            "{url:?} cannot be opened: {error} (is the feature for `{}` compiled in?)",
            parsed.scheme()
        ))
    })?;
    Ok((Arc::from(store), path))
}

/// A store rooted at the folder of a local path.
fn local(path: &LocalPath) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| Error::invalid(format!("{} does not name a file", path.display())))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => LocalPath::new("."),
    };
    let folder = folder
        .canonicalize()
        .map_err(|error| Error::invalid(format!("the folder {}: {error}", folder.display())))?;
    let store = LocalStore::new(folder)
        .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
    let name = Path::parse(name)
        .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
    Ok((Arc::new(store), name))
}

impl ArrayFile {
    /// Opens a file by URL or local path; see [`resolve`](crate::storage::resolve).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the URL or the options; as [`ArrayFile::open`].
    pub async fn open_url<C: CompressionCodec + 'static>(
        url: &str,
        options: impl IntoIterator<Item = (String, String)>,
        config: FileConfig<C>,
    ) -> Result<Self> {
        let (store, path) = resolve(url, options)?;
        Self::open(store, path, config).await
    }

    /// Makes an empty file by URL or local path; see [`resolve`](crate::storage::resolve).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the URL or the options; as [`ArrayFile::create`].
    pub async fn create_url<C: CompressionCodec + 'static>(
        url: &str,
        options: impl IntoIterator<Item = (String, String)>,
        config: FileConfig<C>,
    ) -> Result<Self> {
        let (store, path) = resolve(url, options)?;
        Self::create(store, path, config).await
    }

    /// Opens a file on the local disk.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path in a folder that is not there; as [`ArrayFile::open`].
    pub async fn open_path<C: CompressionCodec + 'static>(
        path: impl AsRef<LocalPath>,
        config: FileConfig<C>,
    ) -> Result<Self> {
        let (store, path) = local(path.as_ref())?;
        Self::open(store, path, config).await
    }

    /// Makes an empty file on the local disk.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path in a folder that is not there; as
    /// [`ArrayFile::create`].
    pub async fn create_path<C: CompressionCodec + 'static>(
        path: impl AsRef<LocalPath>,
        config: FileConfig<C>,
    ) -> Result<Self> {
        let (store, path) = local(path.as_ref())?;
        Self::create(store, path, config).await
    }
}
