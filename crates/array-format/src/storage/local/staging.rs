//! The file of a layer that is not made yet.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path as DiskPath, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{PutMode, PutResult, Result};

use super::disk::{DiskFile, Stamp};
use super::writer::{Put, Staged, Writer, lacks_links};
use super::{LocalStore, answer, blocking, failed};

/// Bytes that are copied together when a file is made anew.
const COPY_BYTES: u64 = 1 << 20;

/// A file beside the objects of a folder, whose first bytes grow until it becomes one of them: so data
/// are written once. Clones are of the same file, which goes with the last of them.
#[derive(Clone)]
pub(crate) struct Staging(Arc<Mutex<State>>);

struct State {
    writer: Writer,
    /// Beside which object.
    object: PathBuf,
    file: Box<dyn DiskFile>,
    /// Where it ends.
    length: u64,
    /// Missing once it may be an object: then its bytes are not ours to change.
    staged: Option<Staged>,
    /// How often data were written.
    writes: u64,
}

impl fmt::Debug for Staging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Staging({})", self.lock().object.display())
    }
}

impl Staging {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes data that follow on the first `offset` bytes, piece after piece.
    pub(crate) fn write_at(&self, offset: u64, pieces: &[&[u8]]) -> io::Result<()> {
        let mut state = self.lock();
        state.own(offset)?;
        state.writes += 1;
        state.write_at(offset, pieces)
    }

    /// Fills `out` with the bytes at `offset`.
    pub(crate) fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.lock().file.read_at(offset, out)
    }
}

impl State {
    fn write_at(&mut self, offset: u64, pieces: &[&[u8]]) -> io::Result<()> {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        self.length = self.length.max(offset + length as u64);
        self.file.write_pieces_at(offset, pieces)
    }

    /// Sees to it that no object is changed: one that this file has become is copied, as far as its
    /// first `length` bytes.
    fn own(&mut self, length: u64) -> io::Result<()> {
        if self.staged.is_some() {
            return Ok(());
        }
        let (staged, mut file) = self.writer.stage(&self.object)?;
        let mut buffer = Vec::new();
        let mut at = 0;
        while at < length {
            buffer.resize(COPY_BYTES.min(length - at) as usize, 0);
            self.file.read_at(at, &mut buffer)?;
            file.write_at(at, &buffer)?;
            at += buffer.len() as u64;
        }
        (self.file, self.staged, self.length) = (file, Some(staged), length);
        Ok(())
    }

    /// Puts `head` over the first bytes and `tail` behind the first `length`, and makes this the object
    /// at `path`.
    fn publish(
        &mut self,
        path: &DiskPath,
        head: &[u8],
        length: u64,
        tail: &[Bytes],
        create: bool,
    ) -> io::Result<Put> {
        // Its name may be taken away while nothing is written for long.
        for _ in 0..2 {
            self.own(length)?;
            let stamp = self.complete(head, length, tail)?;
            let Some(staged) = self.staged.take() else {
                continue;
            };
            if !create {
                return self.writer.overwrite(path, (staged, stamp)).map(Put::Done);
            }
            match self.writer.link(path, &staged) {
                Ok(true) => return self.writer.replaced(path, (staged, stamp)).map(Put::Done),
                Ok(false) => {
                    self.staged = Some(staged);
                    return self.writer.taken(path);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    if lacks_links(&error) {
                        self.staged = Some(staged);
                    }
                    return Err(error);
                }
            }
        }
        Err(io::Error::new(
            ErrorKind::NotFound,
            "the file that was to become it is removed again and again",
        ))
    }

    fn complete(&mut self, head: &[u8], length: u64, tail: &[Bytes]) -> io::Result<Stamp> {
        self.write_at(0, &[head])?;
        let parts: Vec<&[u8]> = tail.iter().map(|part| &part[..]).collect();
        self.write_at(length, &parts)?;
        let end = length + tail.iter().map(|part| part.len() as u64).sum::<u64>();
        if self.length > end {
            // The tail of an earlier attempt was longer.
            self.file.cut(end)?;
            self.length = end;
        }
        self.file.finish(self.writer.sync)
    }
}

impl LocalStore {
    /// Makes a file beside this object, for data to come.
    pub(crate) fn staging(&self, beside: &Path) -> Result<Staging> {
        let object = self.files.path_to_filesystem(beside)?;
        let writer = self.writer.clone();
        let staged = writer.stage(&object);
        let (staged, file) = staged.map_err(|error| failed(beside, error))?;
        Ok(Staging(Arc::new(Mutex::new(State {
            writer,
            object,
            file,
            length: 0,
            staged: Some(staged),
            writes: 0,
        }))))
    }

    /// Makes an object out of a staging file: its first `length` bytes, with `head` over the first of
    /// them, and `tail`. The file keeps its data, whatever becomes of the object.
    pub(crate) async fn publish(
        &self,
        location: &Path,
        staging: &Staging,
        head: Bytes,
        length: u64,
        tail: Vec<Bytes>,
        mode: &PutMode,
    ) -> Result<PutResult> {
        let path = self.files.path_to_filesystem(location)?;
        let (staging, location) = (staging.clone(), location.clone());
        let create = *mode == PutMode::Create;
        let writes = staging.lock().writes;
        blocking(move || {
            let mut state = staging.lock();
            // A call that was given up may come to its thread late: then its tail would go over data
            // that were written since.
            let put = match state.writes == writes {
                true => state.publish(&path, &head, length, &tail, create),
                false => Err(io::Error::new(
                    ErrorKind::Interrupted,
                    "given up before it began",
                )),
            };
            answer(&location, put, false)
        })
        .await
    }

    /// Puts a copy of an object in the place of the version of another that has this ETag.
    pub(crate) async fn replace(
        &self,
        location: &Path,
        e_tag: &str,
        by: &Path,
    ) -> Result<PutResult> {
        let (path, by) = (
            self.files.path_to_filesystem(location)?,
            self.files.path_to_filesystem(by)?,
        );
        let (writer, location, e_tag) = (self.writer.clone(), location.clone(), e_tag.to_owned());
        blocking(move || {
            let put = match writer.update(&path, &e_tag, || writer.copy(&by, &path)) {
                // Whoever took it away has put it, or a newer one, in place.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(Put::Taken),
                put => put,
            };
            answer(&location, put, true)
        })
        .await
    }
}
