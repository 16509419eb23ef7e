//! A disk that takes down what it is asked, and knows what of it would outlive a power cut.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::super::super::disk::{Disk, DiskFile, Stamp};
use super::super::super::names;
use super::super::super::real::RealDisk;

/// A file, by the order of creation.
pub(super) type FileId = usize;

/// A change of a folder, lost or done as a whole until the folder is synced.
#[derive(Debug, Clone)]
pub(super) enum NameOp {
    Set {
        path: PathBuf,
        file: FileId,
    },
    Move {
        from: PathBuf,
        to: PathBuf,
        file: FileId,
    },
    Unset {
        path: PathBuf,
    },
    Folder {
        path: PathBuf,
    },
    NoFolder {
        path: PathBuf,
    },
}

impl NameOp {
    /// The folder that is changed.
    pub(super) fn folder(&self) -> &Path {
        let (Self::Set { path, .. }
        | Self::Move { to: path, .. }
        | Self::Unset { path }
        | Self::Folder { path }
        | Self::NoFolder { path }) = self;
        path.parent().unwrap()
    }
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Name(NameOp),
    Write {
        file: FileId,
        offset: u64,
        bytes: Vec<u8>,
    },
    Cut {
        file: FileId,
        length: u64,
    },
    SyncFile(FileId),
    SyncFolder(PathBuf),
    /// The caller has asked for the state of this number.
    Begun(usize),
    /// The caller was told that it is there.
    Acknowledged(usize),
}

/// What is left out, to see that it is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    None,
    /// Files are synced only after they have the object's name.
    LateFileSync,
    /// Syncs of folders do nothing.
    NoFolderSync,
    /// One sync of a folder fails, by its number.
    FailedFolderSync(usize),
}

#[derive(Debug, Default)]
struct Log {
    events: Vec<Event>,
    names: HashMap<PathBuf, FileId>,
    files: usize,
    /// Files whose sync is put off.
    late: HashSet<FileId>,
    /// Syncs of folders that were asked for.
    folder_syncs: usize,
}

/// The real disk, watched. Nothing is really synced.
#[derive(Debug, Clone)]
pub(super) struct SimDisk {
    lie: Lie,
    log: Arc<Mutex<Log>>,
}

struct SimFile {
    disk: SimDisk,
    id: FileId,
    real: Box<dyn DiskFile>,
}

impl SimDisk {
    pub(super) fn new(lie: Lie) -> Self {
        Self {
            lie,
            log: Arc::default(),
        }
    }

    pub(super) fn note_event(&self, event: Event) {
        self.log.lock().unwrap().events.push(event);
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.log.lock().unwrap().events.clone()
    }

    /// After a file has got a name.
    fn named(&self, log: &mut Log, path: &Path, file: FileId) {
        log.names.insert(path.into(), file);
        if is_object(path) && log.late.remove(&file) {
            log.events.push(Event::SyncFile(file));
        }
    }
}

/// Whether a file of this name is an object of the store.
pub(super) fn is_object(path: &Path) -> bool {
    names::hidden(path.file_name().unwrap().to_str().unwrap()).is_none()
}

impl DiskFile for SimFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.real.write_at(offset, bytes)?;
        self.disk.note_event(Event::Write {
            file: self.id,
            offset,
            bytes: bytes.to_vec(),
        });
        Ok(())
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.real.read_at(offset, out)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.real.cut(length)?;
        let file = self.id;
        self.disk.note_event(Event::Cut { file, length });
        Ok(())
    }

    fn finish(&mut self, sync: bool) -> io::Result<Stamp> {
        let (disk, id) = (&self.disk, self.id);
        let stamp = self.real.finish(false)?;
        let mut log = disk.log.lock().unwrap();
        match disk.lie {
            Lie::LateFileSync if sync => _ = log.late.insert(id),
            _ if sync => log.events.push(Event::SyncFile(id)),
            _ => {}
        }
        Ok(stamp)
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut log = self.log.lock().unwrap();
        let real = RealDisk.create(path)?;
        let id = log.files;
        log.files += 1;
        log.events.push(Event::Name(NameOp::Set {
            path: path.into(),
            file: id,
        }));
        self.named(&mut log, path, id);
        let disk = self.clone();
        Ok(Box::new(SimFile { disk, id, real }))
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<Box<dyn DiskFile>> {
        let bytes = RealDisk.read(from)?;
        let mut file = self.create(to)?;
        file.write_at(0, &bytes)?;
        Ok(file)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut log = self.log.lock().unwrap();
        RealDisk.link(from, to)?;
        let file = log.names[from];
        log.events.push(Event::Name(NameOp::Set {
            path: to.into(),
            file,
        }));
        self.named(&mut log, to, file);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut log = self.log.lock().unwrap();
        RealDisk.rename(from, to)?;
        let file = log.names.remove(from).unwrap();
        log.events.push(Event::Name(NameOp::Move {
            from: from.into(),
            to: to.into(),
            file,
        }));
        self.named(&mut log, to, file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut log = self.log.lock().unwrap();
        RealDisk.remove(path)?;
        log.names.remove(path);
        log.events
            .push(Event::Name(NameOp::Unset { path: path.into() }));
        Ok(())
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut log = self.log.lock().unwrap();
        RealDisk.create_folder(path)?;
        log.events
            .push(Event::Name(NameOp::Folder { path: path.into() }));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let mut log = self.log.lock().unwrap();
        RealDisk.remove_folder(path)?;
        log.events
            .push(Event::Name(NameOp::NoFolder { path: path.into() }));
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut log = self.log.lock().unwrap();
        let number = log.folder_syncs;
        log.folder_syncs += 1;
        match self.lie {
            Lie::FailedFolderSync(which) if which == number => {
                return Err(io::Error::other("a sync that was chosen to fail"));
            }
            Lie::NoFolderSync => {}
            _ => log.events.push(Event::SyncFolder(path.into())),
        }
        Ok(())
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
