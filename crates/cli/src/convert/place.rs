//! Where foreign files are: on a disk, or at a URL.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use array_format::element::Elements;
use array_format::object_store::ObjectStoreExt;
use futures::TryStreamExt;
use tempfile::NamedTempFile;
use tokio::runtime::Handle;

use super::{Contents, Reader};
use crate::open;

/// Where a foreign file is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Local(PathBuf),
    Url(String),
}

impl Place {
    pub fn parse(text: &str) -> Self {
        match text.split_once("://") {
            Some(("file", path)) => Self::Local(PathBuf::from(path)),
            Some(_) => Self::Url(text.trim_end_matches('/').to_owned()),
            None => Self::Local(PathBuf::from(text)),
        }
    }

    /// The path alone, without what stands behind it in a URL.
    pub fn path(&self) -> &Path {
        match self {
            Self::Local(path) => path,
            Self::Url(url) => Path::new(url.split(['?', '#']).next().unwrap_or(url)),
        }
    }

    /// The name of the file, without its ending.
    pub fn stem(&self) -> String {
        let stem = self.path().file_stem().unwrap_or_default();
        stem.to_string_lossy().trim_end_matches(".zarr").to_owned()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url),
        }
    }
}

/// Fetches the file at a URL; this blocks.
pub fn fetch(url: &str) -> Result<NamedTempFile> {
    let (store, path) = open::place(url)?;
    let mut file = NamedTempFile::new()?;
    Handle::current().block_on(async {
        let mut parts = store.get(&path).await?.into_stream();
        while let Some(part) = parts.try_next().await? {
            file.write_all(&part)?;
        }
        anyhow::Ok(())
    })?;
    file.flush()?;
    Ok(file)
}

/// A reader of a file that was fetched, which lives as long.
pub struct Fetched {
    reader: Box<dyn Reader>,
    _file: NamedTempFile,
}

impl Fetched {
    pub fn new(reader: Box<dyn Reader>, file: NamedTempFile) -> Self {
        Self {
            reader,
            _file: file,
        }
    }
}

impl Reader for Fetched {
    fn contents(&self) -> &Contents {
        self.reader.contents()
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        self.reader.read(variable, start, shape)
    }
}
