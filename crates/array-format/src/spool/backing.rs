//! The file of a spool that has outgrown memory.

use std::fs::File;
use std::io;

use bytes::Bytes;

use crate::storage::{ObjectStoreBackend, Staging};
use crate::{mapped, positional};

/// A file that only its spool writes to.
#[derive(Debug)]
pub(super) enum Backing {
    /// Without a name.
    Temporary(File),
    /// Beside the objects of a local folder: the layer to come.
    Staging(Staging),
}

impl Backing {
    /// An empty file; beside the objects of this place, if that can be and is wanted.
    pub(super) fn new(place: &ObjectStoreBackend, stages: bool) -> crate::Result<Self> {
        // Where nothing can be written, a commit will say so.
        if let Some(Ok(staging)) = stages.then(|| place.staging()).flatten() {
            return Ok(Self::Staging(staging));
        }
        Ok(Self::Temporary(tempfile::tempfile()?))
    }

    pub(super) fn write_at(&self, offset: u64, pieces: &[&[u8]]) -> io::Result<()> {
        match self {
            Self::Temporary(file) => positional::write_pieces_at(file, pieces, offset),
            Self::Staging(file) => file.write_at(offset, pieces),
        }
    }

    pub(super) fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Temporary(file) => positional::read_exact_at(file, out, offset),
            Self::Staging(file) => file.read_at(offset, out),
        }
    }

    /// The bytes from `from` up to `to`. Those of a temporary file are mapped, not read.
    pub(super) fn bytes(&self, from: u64, to: u64) -> crate::Result<Bytes> {
        match self {
            Self::Temporary(file) => Ok(mapped::map(file, to)?.slice(from as usize..)),
            Self::Staging(file) => {
                let mut bytes = vec![0; (to - from) as usize];
                file.read_at(from, &mut bytes)?;
                Ok(bytes.into())
            }
        }
    }
}
