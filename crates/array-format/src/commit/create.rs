//! One attempt to make the next layer, of whatever kind, and to see that it counts.

use array_format_core::commit::{self, CommitInfo, Committed};
use array_format_core::snapshot::Snapshot;
use array_format_core::wire::HEADER_BYTES;
use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tables::LayerRow;
use array_format_core::wire::trailer::Trailer;
use bytes::Bytes;
use object_store::PutMode;

use super::upload_annex;
use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::fetch;
use crate::history;
use crate::merge::Merge;
use crate::open::{self, Found, now, random_id};
use crate::spool::Spool;
use crate::storage::{Held, Pin, PutOutcome};

/// Compactions by others that a look at the history follows.
const ATTEMPTS: usize = 32;

/// What a new layer is made for.
pub(crate) enum Work {
    /// To commit what is pending, with this message.
    Changes(String),
    /// To hold what older layers hold.
    Merge(Box<Merge>),
    /// To show the state of this snapshot again, with this message.
    Restore(Box<Snapshot>, String),
}

/// How an attempt ended.
pub(crate) enum Made {
    /// The layer is there and counts; the handle is at its snapshot.
    Counts,
    /// A flush that was given up had reached the store: all of pending is committed.
    Before,
    /// So had a flush of an earlier state of pending: the rest is to be committed on top.
    Again,
    /// Others were first. This is what they made.
    Overtaken(Box<Found>),
}

/// A layer that may have reached the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InDoubt {
    pub(crate) layer: Id,
    sequence: u64,
    /// The state of pending that it holds.
    pub(crate) version: u64,
}

impl ArrayFile {
    /// Tries to make the next layer.
    pub(crate) async fn make_layer(&mut self, work: &mut Work) -> Result<Made> {
        self.place.check_creates(self.settings.commits).await?;
        let mut sequence = self.sequence() + 1;
        loop {
            let mut info = self.commit_info(work, sequence)?;
            let committed = self.build(work, &mut info).await?;
            // From here on the layer may exist, whatever becomes of this call.
            if matches!(work, Work::Changes(_)) {
                self.doubt(info.layer, sequence);
            }
            let path = self.place.sidecar(sequence);
            let error = match self.put_layer(work, &info, &committed).await? {
                PutOutcome::Done(pin) => return self.settle(committed, pin).await,
                PutOutcome::Unsupported => {
                    self.undoubt(info.layer);
                    return Err(Error::ReadOnly(format!(
                        "the store of {path} cannot create objects atomically, which commits need; \
                         `Commits::SingleWriter` does without, for one writer at a time"
                    )));
                }
                PutOutcome::Taken => None,
                PutOutcome::Unknown(error) => Some(error),
            };
            let held = self.place.look(sequence).await?;
            match &held {
                Held::Layer(header) if header.layer == info.layer => {
                    match self.is_whole(sequence).await? {
                        Some(true) => {
                            self.place.make_durable().await?;
                            return self.settle(committed, Pin::default()).await;
                        }
                        // Merged since it was looked at.
                        None => return self.overtaken(sequence, info.layer).await,
                        // Torn: it never counts, whoever wrote it.
                        Some(false) => {}
                    }
                }
                // A flush that was given up had reached the store: its layer holds what is pending,
                // or an earlier state of it under the same ids.
                Held::Layer(header) if matches!(work, Work::Changes(_)) => {
                    let ours = |doubt: &&InDoubt| doubt.layer == header.layer;
                    if let Some(&ours) = self.in_doubt.iter().find(ours) {
                        return self.resume(ours).await;
                    }
                }
                Held::Vacant => match error {
                    // A put whose answer is missing may still arrive.
                    Some(error) => return Err(error),
                    // A compaction has put a base with this number or a greater one in place since.
                    None => return self.overtaken(sequence, info.layer).await,
                },
                Held::Layer(_) | Held::Tombstone(_) | Held::Foreign(_) => {}
            }
            if self.is_of_this_file(&held) {
                match self.overtaken(sequence, info.layer).await? {
                    // Torn, or standing on a base that is gone: a number that is used up.
                    Made::Overtaken(found) if found.snapshot.root.sequence < sequence => {}
                    made => return Ok(made),
                }
            }
            sequence += 1;
        }
    }

    /// Whether a layer was written to its end; none if it is gone.
    async fn is_whole(&self, sequence: u64) -> Result<Option<bool>> {
        match self.place.tail(&self.place.sidecar(sequence)).await {
            Ok(tail) => Ok(Some(Trailer::is_complete(&tail.bytes))),
            Err(Error::FileNotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_of_this_file(&self, held: &Held) -> bool {
        let header = match held {
            Held::Layer(header) => header,
            Held::Tombstone(stone) => &stone.header,
            Held::Vacant | Held::Foreign(_) => return false,
        };
        header.file == self.snapshot.root.file
    }

    /// The next layer: its data are in its spool, or in that of what is pending.
    async fn build(&mut self, work: &mut Work, info: &mut CommitInfo) -> Result<Committed> {
        match work {
            Work::Changes(_) => {
                let largest = self.place.largest_put(self.settings.largest_put);
                let (file, spool) = (self.snapshot.root.file, &mut self.pending.spool);
                upload_annex(&self.place, file, largest, spool).await?;
                info.annex = spool.annex();
                self.build_changes(info).await
            }
            Work::Merge(merge) => merge.build(self, info).await,
            Work::Restore(target, _) => {
                let log = self.log_pages().await?;
                let restored =
                    commit::restore(&self.snapshot, &log, target, info, HEADER_BYTES as u64);
                restored.map_err(array_format_core::tree::Miss::into_error)
            }
        }
    }

    async fn build_changes(&self, info: &CommitInfo) -> Result<Committed> {
        let changes = self.pending.changes();
        let offset = self.pending.spool.own_end();
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

    fn commit_info(&self, work: &Work, sequence: u64) -> Result<CommitInfo> {
        let message = match work {
            Work::Changes(message) | Work::Restore(_, message) => message.clone(),
            Work::Merge(_) => String::new(),
        };
        Ok(CommitInfo {
            layer: random_id()?,
            sequence,
            time: now(),
            writer: self.writer,
            message,
            annex: None,
        })
    }

    fn header(&self, info: &CommitInfo) -> Bytes {
        let header = Header {
            file: self.snapshot.root.file,
            layer: info.layer,
            sequence: info.sequence,
        };
        Bytes::copy_from_slice(&header.encode())
    }

    /// Puts the object of a layer, unless its number is taken.
    async fn put_layer(
        &mut self,
        work: &mut Work,
        info: &CommitInfo,
        committed: &Committed,
    ) -> Result<PutOutcome> {
        let path = self.place.sidecar(info.sequence);
        let mode = match self.settings.commits.is_single() {
            false => PutMode::Create,
            // The only writer may look first.
            true if self.place.version(&path).await?.is_some() => return Ok(PutOutcome::Taken),
            true => PutMode::Overwrite,
        };
        let (header, tail) = (self.header(info), committed.tail.clone());
        match work {
            Work::Changes(_) => self.pending.spool.put(&path, header, tail, mode).await,
            Work::Merge(merge) => merge.put(&path, header, mode).await,
            Work::Restore(..) => {
                let mut none = Spool::new(&self.place, &self.settings);
                none.put(&path, header, tail, mode).await
            }
        }
    }

    /// Ends an attempt whose layer is in the store: it counts unless its number was vacant because a
    /// base with that number or a greater one is in place.
    async fn settle(&mut self, committed: Committed, pin: Pin) -> Result<Made> {
        let (sequence, layer) = {
            let root = &committed.snapshot.root;
            (root.sequence, root.layer)
        };
        let head = self.place.head(self.place.path(), HEADER_BYTES as u64);
        let base = match head.await {
            Ok(head) => Header::decode(&head)?,
            Err(error) => return Err(error),
        };
        if base.file != self.snapshot.root.file || base.sequence >= sequence {
            // At or below the base's number it is in nobody's way if it never counted; vacuum finds it.
            let made = self.overtaken(sequence, layer).await?;
            if matches!(made, Made::Overtaken(_)) {
                self.undoubt(layer);
            }
            return Ok(made);
        }
        if base.layer != self.base_layer {
            // A merged layer that this snapshot stands on has taken the base's place.
            self.base_sequence = base.sequence;
            self.base_layer = base.layer;
            self.layers().set_pin(base.sequence, Pin::default());
        }
        self.layers().set_pin(sequence, pin);
        self.install(committed.snapshot, committed.frames);
        self.trailer = committed.trailer;
        Ok(Made::Counts)
    }

    /// Others were there, or are by now. A layer of ours in the history of what they made counts all
    /// the same: an answer may have been lost, and the layer merged since.
    async fn overtaken(&mut self, sequence: u64, layer: Id) -> Result<Made> {
        let (found, rows) = self.find_rows(&[sequence]).await?;
        let same_file = found.snapshot.root.file == self.snapshot.root.file;
        if same_file && rows[0].as_ref().is_some_and(|row| row.id == layer) {
            self.place.make_durable().await?;
            self.adopt(found);
            return Ok(Made::Counts);
        }
        Ok(Made::Overtaken(Box::new(found)))
    }

    /// The newest snapshot, and the rows of layers that count in its history.
    async fn find_rows(&self, numbers: &[u64]) -> Result<(Found, Vec<Option<LayerRow>>)> {
        for _ in 0..ATTEMPTS {
            let found = open::find(&self.place).await?;
            let mut rows = Vec::new();
            for &number in numbers {
                let row = history::layer_row(&found.layers, &found.snapshot, number).await;
                match row {
                    Ok(row) => rows.push(row),
                    // Compacted meanwhile: look again.
                    Err(Error::SnapshotExpired { .. }) => break,
                    Err(error) => return Err(error),
                }
            }
            if rows.len() == numbers.len() {
                return Ok((found, rows));
            }
        }
        Err(Error::Storage(format!(
            "{} is compacted faster than its history can be read; whether the last commit was made \
             is not known: try again",
            self.place.path()
        )))
    }

    /// Goes on after a flush whose layer turns out to be in the store.
    async fn resume(&mut self, ours: InDoubt) -> Result<Made> {
        let (found, rows) = self.find_rows(&[ours.sequence]).await?;
        if rows[0].as_ref().is_none_or(|row| row.id != ours.layer) {
            // What it stood on was gone when it came: it never counted.
            self.undoubt(ours.layer);
            return Ok(Made::Overtaken(Box::new(found)));
        }
        self.place.make_durable().await?;
        if ours.version == self.pending.version {
            self.adopt(found);
            self.forget_pending();
            return Ok(Made::Before);
        }
        if found.snapshot.root.layer != ours.layer {
            return Err(Error::Conflict {
                what: "changes that were made after a flush whose answer was lost".into(),
                layer: found.snapshot.root.sequence,
            });
        }
        // The ids of what is pending are those that the layer gave.
        self.undoubt(ours.layer);
        self.adopt(found);
        Ok(Made::Again)
    }

    /// Looks for layers of flushes that were given up in the newest history, and goes on from there if
    /// one is in it.
    pub(crate) async fn recognise(&mut self) -> Result<Option<Made>> {
        if self.in_doubt.is_empty() {
            return Ok(None);
        }
        let doubts = self.in_doubt.clone();
        let numbers: Vec<u64> = doubts.iter().map(|ours| ours.sequence).collect();
        let (_, rows) = self.find_rows(&numbers).await?;
        for (ours, row) in doubts.into_iter().zip(rows) {
            if row.is_some_and(|row| row.id == ours.layer) {
                return self.resume(ours).await.map(Some);
            }
        }
        Ok(None)
    }

    /// Notes that a layer with what is pending now may reach the store.
    fn doubt(&mut self, layer: Id, sequence: u64) {
        self.in_doubt.push(InDoubt {
            layer,
            sequence,
            version: self.pending.version,
        });
    }

    fn undoubt(&mut self, layer: Id) {
        self.in_doubt.retain(|doubt| doubt.layer != layer);
    }
}
