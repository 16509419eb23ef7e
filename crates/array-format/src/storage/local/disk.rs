//! What the local store asks of an operating system.

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The calls of a file system, one by one, so that tests can put a simulated disk beneath.
pub(crate) trait Disk: Debug + Send + Sync + 'static {
    /// Makes a file to write to. `AlreadyExists` if the name is taken.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Makes a file with the bytes of another one.
    fn copy(&self, from: &Path, to: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file one more name, durable when the folder is synced. `AlreadyExists` if the name is
    /// taken.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file another name in the same folder, whatever had it before.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a name away.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a folder in one that exists.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Takes away a folder with nothing in it.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Which version of a file is there.
    fn stamp(&self, path: &Path) -> io::Result<Stamp>;

    /// Dates a file later than `other`, so that the two can be told apart.
    fn date_after(&self, path: &Path, other: &Stamp) -> io::Result<Stamp>;

    /// The bytes of a small file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The names in a folder that are valid UTF-8, and when their files were last changed.
    fn list(&self, folder: &Path) -> io::Result<Vec<(String, SystemTime)>>;

    /// Makes a small file that is not worth a sync.
    fn note(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut file = self.create(path)?;
        file.write_at(0, text.as_bytes())?;
        file.finish(false).map(drop)
    }
}

/// A file that is being written.
pub(crate) trait DiskFile: Send {
    /// Writes bytes at an offset.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Writes pieces one after another from an offset on.
    fn write_pieces_at(&mut self, mut offset: u64, pieces: &[&[u8]]) -> io::Result<()> {
        for piece in pieces {
            self.write_at(offset, piece)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    /// Fills `out` with the bytes at an offset.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Cuts off what is beyond this length.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Dates the file, and makes its bytes durable if `sync`.
    fn finish(&mut self, sync: bool) -> io::Result<Stamp>;
}

/// What tells versions of an object apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) inode: u64,
    pub(crate) modified: SystemTime,
    pub(crate) size: u64,
}

impl Stamp {
    /// Microseconds since 1970, the unit of ETags.
    pub(crate) fn micros(&self) -> u128 {
        let since = self.modified.duration_since(UNIX_EPOCH);
        since.unwrap_or_default().as_micros()
    }

    /// The ETag that `LocalFileSystem` gives, since it is the one who reads and lists.
    pub(crate) fn e_tag(&self) -> String {
        format!("{:x}-{:x}-{:x}", self.inode, self.micros(), self.size)
    }
}
