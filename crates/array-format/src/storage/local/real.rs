//! The disk of this machine.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::disk::{Disk, DiskFile, Stamp};
use crate::positional;

/// File systems keep times in units of a nanosecond, a microsecond, a second or two.
const TIME_STEPS: [Duration; 4] = [
    Duration::from_micros(1),
    Duration::from_millis(1),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

#[derive(Debug)]
pub(super) struct RealDisk;

#[derive(Debug)]
struct RealFile(File);

/// Which version of a file this is.
pub(super) fn stamp(metadata: &Metadata) -> io::Result<Stamp> {
    if metadata.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a folder",
        ));
    }
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let inode = 0;
    Ok(Stamp {
        inode,
        modified: metadata.modified()?,
        size: metadata.len(),
    })
}

impl DiskFile for RealFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        positional::write_all_at(&self.0, bytes, offset)
    }

    fn write_pieces_at(&mut self, offset: u64, pieces: &[&[u8]]) -> io::Result<()> {
        positional::write_pieces_at(&self.0, pieces, offset)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        positional::read_exact_at(&self.0, out, offset)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn finish(&mut self, sync: bool) -> io::Result<Stamp> {
        // The system's own dates may be four milliseconds apart: too coarse where inodes are reused.
        self.0.set_modified(SystemTime::now())?;
        if sync {
            self.0.sync_all()?;
        }
        stamp(&self.0.metadata()?)
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<Box<dyn DiskFile>> {
        // The system copies by itself, or shares the bytes, where the file system can.
        fs::copy(from, to)?;
        let file = File::options().read(true).write(true).open(to)?;
        Ok(Box::new(RealFile(file)))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    #[cfg(unix)]
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        match File::open(path)?.sync_all() {
            // Some network file systems have nothing to sync in a folder.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            synced => synced,
        }
    }

    /// Folders cannot be opened to be synced here; the file system orders names itself.
    #[cfg(not(unix))]
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        stamp(&fs::metadata(path)?)
    }

    fn date_after(&self, path: &Path, other: &Stamp) -> io::Result<Stamp> {
        let file = File::options().write(true).open(path)?;
        let mut dated = stamp(&file.metadata()?)?;
        for step in TIME_STEPS {
            if dated.micros() > other.micros() {
                break;
            }
            file.set_modified(other.modified + step)?;
            dated = stamp(&file.metadata()?)?;
        }
        Ok(dated)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<(String, SystemTime)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            match entry.metadata().and_then(|metadata| metadata.modified()) {
                Ok(modified) => found.push((name, modified)),
                // Gone since it was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}
