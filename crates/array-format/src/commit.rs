//! Making pending changes durable, as one new layer.
//!
//! | stopped after | a reader sees |
//! |---|---|
//! | building the layer | the state before; pending is kept |
//! | asking the store to create `{stem}.{n+1}.af` | the state before or after, whole; a retry recognises its own layer by id |
//! | the look at the base | the state after |

use array_format_core::commit::{self, CommitInfo, Committed};
use array_format_core::conflict::{self, View};
use array_format_core::snapshot::Snapshot;
use array_format_core::tree::PageSet;
use array_format_core::wire::HEADER_BYTES;
use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tables::Frames;
use bytes::Bytes;
use object_store::PutMode;

use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::fetch;
use crate::open::{self, Found, now, random_id};
use crate::pending::{Pending, PendingTile, new_spool};
use crate::storage::{InMemoryStorage, Pin, PutOutcome, Storage};

/// Layers of others that one flush follows before it gives up.
const ATTEMPTS: usize = 32;
/// Index pages of the newest layer that stay in memory.
const KEPT_PAGES: u64 = 4 << 20;

/// A layer that may have reached the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InDoubt {
    pub(crate) layer: Id,
    /// The state of pending that it holds.
    pub(crate) version: u64,
}

/// Who holds a sequence number.
pub(crate) enum Holder {
    Ours(InDoubt),
    SameFile,
    Foreign,
    Nobody,
}

impl ArrayFile {
    /// Commits everything pending as one layer. Without anything pending, nothing is written.
    ///
    /// Another handle may have committed meanwhile: changes that do not meet its changes follow them.
    ///
    /// Costs one request to create the layer and one to look at the base. The layer holds the new
    /// frames and the index pages that they touch.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another commit changed what is pending here; [`Error::ReadOnly`] if the
    /// store cannot create atomically; what the store said. Pending is kept, and a retry works.
    pub async fn flush(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.trailer.check_writable()?;
        self.spool_dirty().await?;
        self.repack()?;
        for _ in 0..ATTEMPTS {
            if self.attempt().await? {
                return Ok(());
            }
        }
        Err(Error::Conflict {
            what: "the file is changed faster than this handle can follow: everything".into(),
            layer: self.sequence(),
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

    /// Moves to the newest state of the file. Pending changes stay on top of it.
    ///
    /// # Errors
    /// [`Error::Conflict`] if something pending was changed by others: then nothing moves. What
    /// opening can say.
    pub async fn refresh(&mut self) -> Result<()> {
        self.spool_dirty().await?;
        let found = open::find(&self.place).await?;
        self.follow(found).await
    }

    /// Tries to write the next layer; false if another was there first and has been followed.
    async fn attempt(&mut self) -> Result<bool> {
        let mut sequence = self.sequence() + 1;
        loop {
            let info = self.commit_info(sequence)?;
            let committed = self.build(&info).await?;
            let mut parts = vec![self.header(&info)];
            parts.extend(self.pending.spool.contents()?);
            parts.extend(committed.tail.iter().cloned());
            // From here on the layer may exist, whatever becomes of this call.
            self.doubt(info.layer);
            let path = self.place.sidecar(sequence);
            let error = match self.place.put(&path, parts, PutMode::Create).await {
                PutOutcome::Done(pin) => return self.settle(committed, pin).await,
                PutOutcome::Unsupported => {
                    self.in_doubt.pop();
                    return Err(Error::ReadOnly(format!(
                        "the store of {path} cannot create objects atomically, which commits need"
                    )));
                }
                PutOutcome::Taken => None,
                PutOutcome::Unknown(error) => Some(error),
            };
            match self.holder(sequence).await? {
                Holder::Ours(ours) if ours.layer == info.layer => {
                    return self.settle(committed, Pin::default()).await;
                }
                // A flush that was given up had reached the store: its layer holds what is pending,
                // or an earlier state of it under the same ids.
                Holder::Ours(ours) => {
                    return self.resume(ours, sequence).await;
                }
                Holder::Nobody => {
                    // A put whose answer is missing may still arrive.
                    if error.is_none() {
                        self.in_doubt.pop();
                    }
                    return Err(error.unwrap_or_else(|| {
                        Error::Storage(format!("{path} was taken and is gone again: try again"))
                    }));
                }
                Holder::Foreign => sequence += 1,
                Holder::SameFile => {
                    self.in_doubt.pop();
                    let found = open::find(&self.place).await?;
                    if found.snapshot.root.sequence < sequence {
                        // Torn, or standing on a base that is gone: a number that is used up.
                        sequence += 1;
                        continue;
                    }
                    self.follow(found).await?;
                    return Ok(false);
                }
            }
        }
    }

    /// Goes on after a flush whose layer turns out to be in the store; true if that was all of it.
    async fn resume(&mut self, ours: InDoubt, sequence: u64) -> Result<bool> {
        let found = open::find(&self.place).await?;
        let row = found.snapshot.layer(sequence)?;
        if row.is_none_or(|row| row.id != ours.layer) {
            // The base was replaced before it could count, or it has been merged since: there is no
            // telling, so that at worst this is a conflict and never a loss.
            self.in_doubt.retain(|doubt| doubt.layer != ours.layer);
            self.follow(found).await?;
            return Ok(false);
        }
        if ours.version == self.pending.version {
            self.adopt(found);
            self.forget_pending();
            return Ok(true);
        }
        if found.snapshot.root.layer != ours.layer {
            return Err(Error::Conflict {
                what: "changes that were made after a flush whose answer was lost".into(),
                layer: found.snapshot.root.sequence,
            });
        }
        // The ids of what is pending are those that the layer gave.
        self.in_doubt.retain(|doubt| doubt.layer != ours.layer);
        self.adopt(found);
        Ok(false)
    }

    /// Ends a commit whose layer is in the store: it counts unless the base was replaced meanwhile.
    async fn settle(&mut self, committed: Committed, pin: Pin) -> Result<bool> {
        // A merged layer that this snapshot stands on may have taken the base's place meanwhile.
        let merged = self.snapshot.base()?.id;
        let head = self
            .place
            .head(self.place.path(), HEADER_BYTES as u64)
            .await;
        let header = head.and_then(|bytes| Header::decode(&bytes));
        match header {
            Ok(header) if header.layer == self.base_layer => {}
            Ok(header) if header.layer == merged => {
                self.base_sequence = self.snapshot.base()?.sequence;
                self.base_layer = merged;
                self.layers().set_pin(self.base_sequence, Pin::default());
            }
            // A base merged from layers that this snapshot stands on: still the same file, but it
            // does not hold what was just written.
            Ok(_) => {
                let sequence = committed.snapshot.root.sequence;
                self.place.remove(&self.place.sidecar(sequence)).await?;
                self.in_doubt.pop();
                let found = open::find(&self.place).await?;
                self.follow(found).await?;
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        let sequence = committed.snapshot.root.sequence;
        self.layers().set_pin(sequence, pin);
        self.install(committed.snapshot, committed.frames);
        self.trailer = committed.trailer;
        self.forget_pending();
        Ok(true)
    }

    /// Notes that a layer with what is pending now may reach the store.
    pub(crate) fn doubt(&mut self, layer: Id) {
        self.in_doubt.push(InDoubt {
            layer,
            version: self.pending.version,
        });
    }

    /// Everything pending is in the snapshot.
    pub(crate) fn forget_pending(&mut self) {
        self.pending = Pending::new(self.snapshot.root.next_array, &self.settings);
        self.in_doubt.clear();
    }

    pub(crate) fn install(&mut self, snapshot: Snapshot, frames: PageSet<Frames>) {
        self.snapshot = snapshot;
        self.frame_pages = if frames.stored_bytes() <= KEPT_PAGES {
            frames
        } else {
            PageSet::default()
        };
        self.shows_statistics = true;
        self.forget_statistics();
    }

    /// Takes over a newer state in which nothing pending was changed by others.
    async fn follow(&mut self, found: Found) -> Result<()> {
        let (old, new) = (&self.snapshot.root, &found.snapshot.root);
        if new.file != old.file {
            return Err(Error::SnapshotExpired {
                detail: format!(
                    "{} was created anew since; open it again",
                    self.place.path()
                ),
            });
        }
        if new.sequence == old.sequence && new.layer == old.layer {
            // The same state, perhaps in the base's place by now.
            self.base_sequence = found.layers.base_sequence;
            self.base_layer = found.layers.base_layer;
            self.pins = found.layers.pins;
            return Ok(());
        }
        if new.sequence <= old.sequence {
            return Ok(());
        }
        if self.pending.is_empty() {
            self.pending = Pending::new(new.next_array, &self.settings);
        } else {
            let changes = self.pending.changes();
            let (mut base_pages, mut new_pages) =
                (self.frame_pages.clone(), found.frame_pages.clone());
            self.check_conflict(&found, &changes, &mut base_pages, &mut new_pages)
                .await?;
            let (first, new_first) = (old.next_array, new.next_array);
            self.pending.forget_unchanged();
            // Ids that were never committed are others' by now.
            self.pending.removed.retain(|&id| id < first);
            self.pending.renumber(first, new_first);
        }
        self.adopt(found);
        Ok(())
    }

    async fn check_conflict(
        &self,
        found: &Found,
        changes: &commit::Changes,
        base_pages: &mut PageSet<Frames>,
        new_pages: &mut PageSet<Frames>,
    ) -> Result<()> {
        // Pages that are missing may be of either snapshot; an address is the same in both.
        let mut asked = std::collections::HashSet::new();
        loop {
            let base = View {
                snapshot: &self.snapshot,
                frames: base_pages,
            };
            let newer = View {
                snapshot: &found.snapshot,
                frames: new_pages,
            };
            let missing = match conflict::check(base, newer, changes) {
                Ok(()) => return Ok(()),
                Err(array_format_core::tree::Miss::Error(error)) => return Err(error),
                Err(array_format_core::tree::Miss::Pages(missing)) => missing,
            };
            if !missing.iter().any(|address| asked.insert(*address)) {
                return Err(Error::corrupt("an index page leads back to itself"));
            }
            // The old snapshot's layers may be gone: then there is no telling, and no harm done.
            let (of_new, of_old): (Vec<_>, Vec<_>) = missing
                .into_iter()
                .partition(|address| matches!(found.snapshot.layer(address.sequence), Ok(Some(_))));
            let settings = &self.settings;
            fetch::load(
                &found.layers,
                settings,
                &found.snapshot,
                new_pages,
                of_new.clone(),
            )
            .await?;
            for address in of_new {
                if let Some(page) = new_pages.get(&address) {
                    base_pages.insert(address, page.clone());
                }
            }
            fetch::load(&self.layers(), settings, &self.snapshot, base_pages, of_old).await?;
        }
    }

    /// Takes over a newer state as it is.
    pub(crate) fn adopt(&mut self, found: Found) {
        self.base_sequence = found.layers.base_sequence;
        self.base_layer = found.layers.base_layer;
        self.pins = found.layers.pins;
        self.torn = found.torn;
        self.trailer = found.trailer;
        self.install(found.snapshot, found.frame_pages);
    }

    pub(crate) fn commit_info(&self, sequence: u64) -> Result<CommitInfo> {
        Ok(CommitInfo {
            layer: random_id()?,
            sequence,
            time: now(),
            writer: self.writer,
            message: self.settings.message.clone(),
        })
    }

    pub(crate) fn header(&self, info: &CommitInfo) -> Bytes {
        let header = Header {
            file: self.snapshot.root.file,
            layer: info.layer,
            sequence: info.sequence,
        };
        Bytes::copy_from_slice(&header.encode())
    }

    /// The metadata of the next layer.
    async fn build(&self, info: &CommitInfo) -> Result<Committed> {
        let changes = self.pending.changes();
        let offset = self.pending.spool.end();
        let mut pages = self.frame_pages.clone();
        fetch::ask(
            &self.layers(),
            &self.settings,
            &self.snapshot,
            &mut pages,
            |pages| commit::commit(&self.snapshot, pages, &changes, info, offset),
        )
        .await
    }

    /// Who wrote the sidecar with this number.
    pub(crate) async fn holder(&self, sequence: u64) -> Result<Holder> {
        let path = self.place.sidecar(sequence);
        let head = match self.place.head(&path, HEADER_BYTES as u64).await {
            Ok(head) => head,
            Err(Error::SnapshotExpired { .. }) => return Ok(Holder::Nobody),
            // Too short for a header: torn, and nobody's.
            Err(Error::Corrupt { .. }) => return Ok(Holder::Foreign),
            Err(error) => return Err(error),
        };
        Ok(match Header::decode(&head) {
            Ok(header) => {
                let ours = self.in_doubt.iter().find(|ours| ours.layer == header.layer);
                match ours {
                    Some(ours) => Holder::Ours(*ours),
                    None if header.file == self.snapshot.root.file => Holder::SameFile,
                    None => Holder::Foreign,
                }
            }
            Err(_) => Holder::Foreign,
        })
    }

    /// Copies the live frames of a spool in which much was replaced into a new one.
    fn repack(&mut self) -> Result<()> {
        if !self.pending.spool.is_wasteful() {
            return Ok(());
        }
        let mut packed = new_spool(&self.settings);
        let mut arrays: Vec<_> = self.pending.arrays.values().flatten().collect();
        arrays.sort_unstable_by_key(|array| array.meta.id);
        let mut moved = Vec::new();
        for array in arrays {
            for (key, tile) in &array.tiles {
                if let PendingTile::Spooled(frame) = tile {
                    let bytes = self.pending.spool.read(frame.offset, frame.stored)?;
                    let mut frame = frame.clone();
                    frame.offset = packed.append(&bytes)?;
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
