//! Making pending changes durable, as one new layer. `docs/commit-protocol.md` says why it is safe.

mod annex;
mod create;
mod follow;
mod turns;

use futures::future::BoxFuture;

pub(crate) use annex::upload as upload_annex;
pub(crate) use create::{InDoubt, Made, Work};
pub(crate) use turns::{Attempts, Turns};

use std::borrow::Cow;

use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::pending::{Pending, PendingTile};
use crate::spool::Spool;
use crate::storage::{InMemoryStorage, Pin, Storage};

impl ArrayFile {
    /// Commits everything pending as one layer. Without anything pending, nothing is written.
    ///
    /// Another handle, process or machine may have committed meanwhile: changes that do not meet its
    /// changes follow them, after a short random wait. A handle that met others lately leaves them
    /// some time before it commits again, at most half a second.
    ///
    /// Costs one request to create the layer and one round to look at what it stands on. The layer
    /// holds the new frames and the index pages that they touch. With
    /// [`FileConfig::compaction`](crate::FileConfig::compaction) it may then merge layers; that such
    /// a merge failed goes to the log, since the commit is done.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another commit changed what is pending here; [`Error::ReadOnly`] if the
    /// store cannot create atomically, or the handle was opened at a commit; what the store said.
    /// Pending is kept, and a retry works.
    pub async fn flush(&mut self) -> Result<()> {
        self.flush_as(Work::Changes(self.settings.message.clone()))
            .await
    }

    /// As [`ArrayFile::flush`], with what the log is to say of this commit.
    ///
    /// # Errors
    /// As [`ArrayFile::flush`]; [`Error::Limit`] for a message of more than 65,535 bytes.
    pub async fn commit(&mut self, message: impl Into<String>) -> Result<()> {
        self.flush_as(Work::Changes(message.into())).await
    }

    fn flush_as(&mut self, mut work: Work) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.pending.is_empty() {
                return Ok(());
            }
            self.check_writable()?;
            self.spool_dirty().await?;
            self.repack()?;
            let mut attempts = Attempts::begin(&self.turns).await?;
            loop {
                match self.make_layer(&mut work).await? {
                    Made::Counts => {
                        attempts.won(&mut self.turns);
                        self.forget_pending();
                        self.merge_by_policy().await;
                        return Ok(());
                    }
                    Made::Before => return Ok(()),
                    Made::Overtaken(found) => match self.recognise().await? {
                        Some(Made::Before) => return Ok(()),
                        Some(_) => {}
                        None => self.follow(*found).await?,
                    },
                    Made::Again => {}
                }
                if !attempts.lost().await? {
                    break;
                }
            }
            Err(Error::Conflict {
                what: "the file is changed faster than this handle can follow: everything".into(),
                layer: self.sequence(),
            })
        })
    }

    /// As [`ArrayFile::flush`], for a file in memory; the bytes of the new layer also go to
    /// `storage`.
    ///
    /// # Errors
    /// As [`ArrayFile::flush`].
    pub async fn flush_memory(&mut self, storage: &InMemoryStorage) -> Result<()> {
        let before = self.sequence();
        self.flush().await?;
        if self.sequence() == before {
            return Ok(());
        }
        let path = self.layers().path(self.sequence());
        let length = self.snapshot.object_length;
        let bytes = self.place.range(&path, 0..length, &Pin::default()).await?;
        storage.write(vec![bytes]).await
    }

    /// Refuses changes through this handle.
    pub(crate) fn check_writable(&self) -> Result<()> {
        self.check_unfrozen()?;
        self.trailer.check_writable()
    }

    pub(crate) fn check_unfrozen(&self) -> Result<()> {
        if self.frozen {
            return Err(Error::ReadOnly(format!(
                "this handle was opened at commit {}, which cannot be changed; open the file without \
                 `at` for that, or `restore` the commit",
                self.sequence()
            )));
        }
        Ok(())
    }

    /// Everything pending is in the snapshot.
    pub(crate) fn forget_pending(&mut self) {
        let next_array = self.snapshot.root.next_array;
        self.pending = Pending::new(next_array, &self.place, &self.settings);
        self.in_doubt.clear();
    }

    /// Copies the live frames of a spool in which much was replaced into a new one.
    fn repack(&mut self) -> Result<()> {
        if !self.pending.spool.is_wasteful() {
            return Ok(());
        }
        let mut packed = Spool::new(&self.place, &self.settings);
        let mut arrays: Vec<_> = self.pending.arrays.values().flatten().collect();
        arrays.sort_unstable_by_key(|array| array.meta.id);
        let mut moved = Vec::new();
        for array in arrays {
            for (key, tile) in &array.tiles {
                if let PendingTile::Spooled(frame) = tile {
                    let bytes = self.pending.spool.read(frame.offset, frame.stored)?;
                    let mut frame = frame.clone();
                    frame.offset = packed.append(Cow::Borrowed(&bytes))?;
                    moved.push((array.meta.name.clone(), key.clone(), frame));
                }
            }
        }
        for (name, key, frame) in moved {
            self.pending
                .put_tile(&name, key, PendingTile::Spooled(frame));
        }
        self.pending.spool = packed;
        Ok(())
    }
}
