//! Files that stay open, to be read at positions without the store's detour.

use std::fs::File;
use std::io;
use std::path::Path as DiskPath;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use object_store::path::Path;
use object_store::{Error, Result};

use super::{LocalStore, failed, real};

/// Files that this process keeps open: programs may open hundreds of array files, each of several
/// layers, and systems allow a thousand files by default.
const MOST: usize = 256;

static KEPT: AtomicUsize = AtomicUsize::new(0);

/// One version of an object. It stays readable when its name is given to another, or taken away.
#[derive(Debug)]
pub(crate) struct OpenFile {
    file: File,
    length: u64,
    counted: bool,
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if self.counted {
            KEPT.fetch_sub(1, Relaxed);
        }
    }
}

impl OpenFile {
    fn new(path: &DiskPath) -> io::Result<(Self, String)> {
        let file = File::open(path)?;
        let stamp = real::stamp(&file.metadata()?)?;
        let counted = KEPT.fetch_add(1, Relaxed) < MOST;
        if !counted {
            KEPT.fetch_sub(1, Relaxed);
        }
        let length = stamp.size;
        let file = Self {
            file,
            length,
            counted,
        };
        Ok((file, stamp.e_tag()))
    }

    /// Whether it may stay open for the next read.
    pub(crate) fn may_stay(&self) -> bool {
        self.counted
    }

    /// Its bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Fills `out` with the bytes at `offset`.
    pub(crate) fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        crate::positional::read_exact_at(&self.file, out, offset)
    }
}

impl LocalStore {
    /// Opens the object, if it is still this version.
    pub(crate) fn open_file(&self, location: &Path, e_tag: Option<&str>) -> Result<OpenFile> {
        let path = self.files.path_to_filesystem(location)?;
        let opened = OpenFile::new(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NotFound {
                path: location.to_string(),
                source: error.into(),
            },
            _ => failed(location, error),
        });
        let (file, found) = opened?;
        if e_tag.is_some_and(|e_tag| e_tag != found) {
            return Err(Error::Precondition {
                path: location.to_string(),
                source: format!("it is version {found} now").into(),
            });
        }
        Ok(file)
    }
}
