//! The real disk, but for one thing.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use super::super::disk::{Disk, DiskFile, Stamp};
use super::super::real::RealDisk;

type Hook = Box<dyn FnOnce(&Path, &Path) + Send>;

#[derive(Default)]
pub(super) struct Hooked {
    link_error: Option<i32>,
    before_rename: Mutex<Option<Hook>>,
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooked")
    }
}

impl Hooked {
    /// Answers every hard link with this error.
    pub(super) fn without_links(error: i32) -> Self {
        Self {
            link_error: Some(error),
            ..Self::default()
        }
    }

    /// Does this before the first rename.
    pub(super) fn before_rename(hook: impl FnOnce(&Path, &Path) + Send + 'static) -> Self {
        Self {
            before_rename: Mutex::new(Some(Box::new(hook))),
            ..Self::default()
        }
    }
}

impl Disk for Hooked {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.create(path)
    }
    fn copy(&self, from: &Path, to: &Path) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.copy(from, to)
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self.link_error {
            Some(code) => Err(io::Error::from_raw_os_error(code)),
            None => RealDisk.link(from, to),
        }
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let hook = self.before_rename.lock().unwrap().take();
        if let Some(hook) = hook {
            hook(from, to);
        }
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_folder(path)
    }
    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_folder(path)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_folder(path)
    }
    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        RealDisk.stamp(path)
    }
    fn date_after(&self, path: &Path, other: &Stamp) -> io::Result<Stamp> {
        RealDisk.date_after(path, other)
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealDisk.read(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<(String, SystemTime)>> {
        RealDisk.list(folder)
    }
}
