//! Putting objects on a disk so that they are whole, and durable before anybody is told.
//!
//! A file is written beside the object, synced, given the object's name, and then its folder is
//! synced. What an answer tells of is durable, be it success or that another object is in the way.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::disk::{Disk, DiskFile, Stamp};
use super::names;
use super::swap::{Swap, swap};

/// Times that one call competes for an object.
const ATTEMPTS: u32 = 64;
/// Where pauses stop growing: 2 to this power, in milliseconds.
const LONGEST_PAUSE: u32 = 6;

/// A disk, and whether what is written to it has to outlive a power cut.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) sync: bool,
}

/// How a put ended.
#[derive(Debug)]
pub(super) enum Put {
    Done(Stamp),
    /// Another object, or another version of it, is there.
    Taken,
}

/// A file beside the object, removed when this is dropped.
#[derive(Debug)]
pub(super) struct Staged {
    disk: Arc<dyn Disk>,
    pub(super) path: PathBuf,
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What cannot be removed is left for `vacuum`.
        let _ = self.disk.remove(&self.path);
    }
}

/// What a file system without hard links answers to them.
pub(super) fn lacks_links(error: &io::Error) -> bool {
    // 1 is EPERM on Unix, which FAT gives, and ERROR_INVALID_FUNCTION on Windows.
    error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(1)
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// Waits for others who compete, longer each time.
fn pause(attempt: u32) -> io::Result<()> {
    let random = getrandom::u64().map_err(io::Error::other)?;
    let most = 1000 << attempt.min(LONGEST_PAUSE);
    std::thread::sleep(Duration::from_micros(random % most));
    Ok(())
}

impl Writer {
    /// Makes a file beside the object, and the folders that it needs.
    pub(super) fn stage(&self, object: &Path) -> io::Result<(Staged, Box<dyn DiskFile>)> {
        let path = names::staging(object, &names::random()?);
        let file = match self.disk.create(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create_folders(parent(object))?;
                self.disk.create(&path)?
            }
            file => file?,
        };
        let disk = Arc::clone(&self.disk);
        Ok((Staged { disk, path }, file))
    }

    /// Makes the folders on the way that are missing, durable from the top.
    fn create_folders(&self, folder: &Path) -> io::Result<()> {
        let made = self.disk.create_folder(folder);
        let ours = made.is_ok();
        match made {
            Err(error) if error.kind() == ErrorKind::NotFound && folder.parent().is_some() => {
                self.create_folders(parent(folder))?;
                return self.create_folders(folder);
            }
            // Whoever made it may not have synced it yet.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made?,
        }
        let synced = self.sync_folder(parent(folder));
        if synced.is_err() && ours {
            // Whoever needs it next is to make it again, and to sync it.
            let _ = self.disk.remove_folder(folder);
        }
        synced
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.sync {
            self.disk.sync_folder(folder)?;
        }
        Ok(())
    }

    /// Makes durable what is in an object's folder. Objects themselves are before they get there.
    pub(super) fn make_durable(&self, object: &Path) -> io::Result<()> {
        self.sync_folder(parent(object))
    }

    /// Stages these bytes.
    pub(super) fn write<'a>(
        &self,
        object: &Path,
        parts: impl IntoIterator<Item = &'a Bytes>,
    ) -> io::Result<(Staged, Stamp)> {
        let (staged, mut file) = self.stage(object)?;
        let mut offset = 0;
        for part in parts {
            file.write_at(offset, part)?;
            offset += part.len() as u64;
        }
        let stamp = file.finish(self.sync)?;
        Ok((staged, stamp))
    }

    /// Stages the bytes of another object.
    pub(super) fn copy(&self, from: &Path, object: &Path) -> io::Result<(Staged, Stamp)> {
        let path = names::staging(object, &names::random()?);
        let disk = Arc::clone(&self.disk);
        // Before there is a file, so that what a copy that fails has made goes.
        let staged = Staged { disk, path };
        let stamp = self.disk.copy(from, &staged.path)?.finish(self.sync)?;
        Ok((staged, stamp))
    }

    /// Puts an object where there is none.
    pub(super) fn create(&self, object: &Path, file: (Staged, Stamp)) -> io::Result<Put> {
        if self.link(object, &file.0)? {
            return self.replaced(object, file).map(Put::Done);
        }
        drop(file);
        self.taken(object)
    }

    /// Gives a staged file the object's name too, unless another has it.
    pub(super) fn link(&self, object: &Path, staged: &Staged) -> io::Result<bool> {
        match self.disk.link(&staged.path, object) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Which version is there.
    fn seen(&self, object: &Path) -> io::Result<Option<Stamp>> {
        match self.disk.stamp(object) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            seen => seen.map(Some),
        }
    }

    fn try_swap(
        &self,
        object: &Path,
        (staged, stamp): &mut (Staged, Stamp),
        seen: &Stamp,
    ) -> io::Result<Swap> {
        if stamp.micros() <= seen.micros() {
            *stamp = self.disk.date_after(&staged.path, seen)?;
        }
        let random = [names::random()?, names::random()?];
        let random = [&*random[0], &*random[1]];
        swap(&*self.disk, object, &staged.path, seen, random)
    }

    /// Puts an object in the place of the version with this ETag. `write` stages it.
    pub(super) fn update(
        &self,
        object: &Path,
        e_tag: &str,
        write: impl FnOnce() -> io::Result<(Staged, Stamp)>,
    ) -> io::Result<Put> {
        let seen =
            || -> io::Result<_> { Ok(self.seen(object)?.filter(|seen| seen.e_tag() == e_tag)) };
        if seen()?.is_none() {
            return self.taken(object);
        }
        let mut file = write()?;
        for attempt in 0..ATTEMPTS {
            let Some(seen) = seen()? else {
                return self.taken(object);
            };
            match self.try_swap(object, &mut file, &seen)? {
                Swap::Done => return self.replaced(object, file).map(Put::Done),
                Swap::Changed => {}
                // The killer is about to replace it, or died.
                Swap::Killed => pause(attempt)?,
            }
        }
        Err(contended())
    }

    /// Puts an object whatever is there.
    ///
    /// By the same claims as [`Writer::update`], so that no update replaces what it has not seen.
    pub(super) fn overwrite(&self, object: &Path, mut file: (Staged, Stamp)) -> io::Result<Stamp> {
        for attempt in 0..ATTEMPTS {
            let tried = match self.seen(object)? {
                Some(seen) => self.try_swap(object, &mut file, &seen),
                None => self.link(object, &file.0).map(|linked| match linked {
                    true => Swap::Done,
                    false => Swap::Changed,
                }),
            };
            match tried {
                Ok(Swap::Done) => return self.replaced(object, file),
                Ok(Swap::Changed) => {}
                Ok(Swap::Killed) => pause(attempt)?,
                // No links, no updates, no claims.
                Err(error) if lacks_links(&error) => {
                    self.disk.rename(&file.0.path, object)?;
                    self.sync_folder(parent(object))?;
                    return Ok(file.1);
                }
                Err(error) => return Err(error),
            }
        }
        Err(contended())
    }

    /// Ends a put that came too late.
    pub(super) fn taken(&self, object: &Path) -> io::Result<Put> {
        self.sync_folder(parent(object))?;
        Ok(Put::Taken)
    }

    /// Ends a put: one sync makes the object's name durable, and that the other is gone.
    pub(super) fn replaced(&self, object: &Path, file: (Staged, Stamp)) -> io::Result<Stamp> {
        let (staged, stamp) = file;
        drop(staged);
        self.sync_folder(parent(object))?;
        Ok(stamp)
    }

    /// Removes objects; one sync for each folder. The answers are in the order of the objects.
    pub(super) fn remove(&self, objects: &[PathBuf]) -> Vec<io::Result<()>> {
        let mut removed: Vec<_> = objects.iter().map(|path| self.disk.remove(path)).collect();
        let folders: BTreeSet<&Path> = objects.iter().map(|path| parent(path)).collect();
        for folder in folders {
            // Of objects that were not there, too: whoever removed them may not have synced yet.
            let Err(error) = self.sync_folder(folder) else {
                continue;
            };
            let inside = objects.iter().zip(&mut removed);
            for (_, answer) in inside.filter(|(path, a)| parent(path) == folder && a.is_ok()) {
                *answer = Err(io::Error::new(error.kind(), error.to_string()));
            }
        }
        removed
    }
}

fn contended() -> io::Error {
    io::Error::new(
        ErrorKind::ResourceBusy,
        "others replace it faster than this call can",
    )
}
