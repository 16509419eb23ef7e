//! Objects that come in parts.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt;
use object_store::path::Path;
use object_store::{MultipartUpload, PutMode, PutPayload, PutResult, Result, UploadPart};

use super::disk::DiskFile;
use super::writer::{Put, Staged, Writer};
use super::{answer, blocking, failed};

/// An upload into a staging file, which becomes the object when it is complete.
pub(super) struct Upload {
    writer: Writer,
    location: Path,
    path: PathBuf,
    /// Gone when the upload has ended.
    staged: Option<Staged>,
    file: Arc<Mutex<Option<Box<dyn DiskFile>>>>,
    offset: u64,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upload({})", self.location)
    }
}

fn ended() -> io::Error {
    io::Error::other("the upload has ended")
}

impl Upload {
    pub(super) async fn start(writer: Writer, location: Path, path: PathBuf) -> Result<Self> {
        blocking(move || {
            let staged = writer.stage(&path);
            let (staged, file) = staged.map_err(|error| failed(&location, error))?;
            Ok(Self {
                writer,
                location,
                path,
                staged: Some(staged),
                file: Arc::new(Mutex::new(Some(file))),
                offset: 0,
            })
        })
        .await
    }

    /// Makes the parts an object: with [`PutMode::Create`] only where there is none.
    pub(super) async fn finish(&mut self, mode: PutMode) -> Result<PutResult> {
        let staged = self.staged.take();
        let (writer, path) = (self.writer.clone(), self.path.clone());
        let (file, location) = (Arc::clone(&self.file), self.location.clone());
        blocking(move || {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner).take();
            let put = file.zip(staged).ok_or_else(ended);
            let put = put.and_then(|(mut file, staged)| {
                let staged = (staged, file.finish(writer.sync)?);
                match mode {
                    PutMode::Create => writer.create(&path, staged),
                    _ => writer.overwrite(&path, staged).map(Put::Done),
                }
            });
            answer(&location, put, false)
        })
        .await
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let mut offset = self.offset;
        self.offset += data.content_length() as u64;
        let (file, location) = (Arc::clone(&self.file), self.location.clone());
        blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let written = file.as_mut().ok_or_else(ended).and_then(|file| {
                data.iter().try_for_each(|part| {
                    file.write_at(offset, part)?;
                    offset += part.len() as u64;
                    Ok(())
                })
            });
            written.map_err(|error| failed(&location, error))
        })
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.finish(PutMode::Overwrite).await
    }

    async fn abort(&mut self) -> Result<()> {
        let (file, staged) = (Arc::clone(&self.file), self.staged.take());
        let location = self.location.clone();
        blocking(move || {
            drop(file.lock().unwrap_or_else(PoisonError::into_inner).take());
            let staged = staged.ok_or_else(ended);
            staged.map(drop).map_err(|error| failed(&location, error))
        })
        .await
    }
}
