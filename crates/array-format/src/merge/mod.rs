//! Merging layers: compaction of all into one base, and of the newest sidecars into one.
//! `docs/commit-protocol.md` says why it is safe.

mod annexes;
mod copy;
mod policy;
mod promote;
mod vacate;
mod vacuum;

use std::sync::Arc;

pub(crate) use copy::Merge;
pub use policy::CompactionPolicy;
pub use vacuum::{Orphan, Reason, VacuumOptions, Vacuumed};

use array_format_core::wire::tables::LayerRow;
use futures::future::BoxFuture;

use crate::ArrayFile;
use crate::commit::{Attempts, Made, Work};
use crate::error::{Error, Result};
use crate::history::Retention;

/// How far a compaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Stored bytes of frames that were copied.
    pub copied: u64,
    /// Stored bytes of all frames of the file, which is what a compaction of all copies.
    pub total: u64,
}

/// What is called as a compaction goes on, from whatever thread it runs on.
pub type Progress = Arc<dyn Fn(Report) + Send + Sync>;

/// Which layers are merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them, into one base.
    #[default]
    All,
    /// The newest sidecars: this many, or all that there are.
    Newest(usize),
}

/// How to compact.
///
/// ```
/// use std::sync::Arc;
/// use array_format::{CompactOptions, Scope};
///
/// let mut options = CompactOptions::default();
/// options.scope = Scope::Newest(10);
/// options.progress = Some(Arc::new(|at| println!("{} of {} bytes", at.copied, at.total)));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct CompactOptions {
    /// Which layers are merged.
    pub scope: Scope,
    /// Which older snapshots stay readable; none for what the handle's configuration says.
    pub retention: Option<Retention>,
    /// Called about once for each 16 MiB that are copied.
    pub progress: Option<Progress>,
}

impl std::fmt::Debug for CompactOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompactOptions")
            .field("scope", &self.scope)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compaction {
    /// Layers that were merged; 0 if there was nothing to do.
    pub merged: u64,
    /// Stored bytes of frames that were copied.
    pub copied: u64,
    /// Whether the merged layer is in the base's place.
    pub promoted: bool,
    /// Objects that were removed or cut down to a tombstone.
    pub removed: u64,
}

impl ArrayFile {
    /// Flushes, then merges all layers into one base, without what was deleted or replaced. The base
    /// alone is then the whole file, unless a tag or [`FileConfig::retention`] keeps an older
    /// snapshot that needs the old base.
    ///
    /// Frames are copied as they are stored; memory grows with their number (48 bytes each), not
    /// with their size. Others may go on committing. Layers that no retained snapshot needs are
    /// removed: handles that still read them get [`Error::SnapshotExpired`].
    ///
    /// # Errors
    /// As [`ArrayFile::flush`]; [`Error::Corrupt`] if a frame is damaged: then nothing is replaced.
    ///
    /// [`FileConfig::retention`]: crate::FileConfig::retention
    pub async fn compact(&mut self) -> Result<()> {
        self.compact_with(CompactOptions::default())
            .await
            .map(|_| ())
    }

    /// As [`ArrayFile::compact`], with choices.
    ///
    /// # Errors
    /// As [`ArrayFile::compact`].
    pub async fn compact_with(&mut self, options: CompactOptions) -> Result<Compaction> {
        self.merge_all(options).await
    }

    fn merge_all(&mut self, options: CompactOptions) -> BoxFuture<'_, Result<Compaction>> {
        Box::pin(async move {
            self.flush().await?;
            // Others may have committed since this handle last looked.
            self.refresh().await?;
            self.check_writable()?;
            let retention = options.retention.unwrap_or(self.settings.retention);
            let mut done = self
                .merge(options.scope, retention, options.progress)
                .await?;
            if !done.promoted && self.may_promote().await? {
                done.promoted = self.promote(None).await?;
            }
            done.removed = self.clear().await? + self.clear_annexes().await?;
            Ok(done)
        })
    }

    /// Merges layers of this snapshot, and of those that are committed meanwhile.
    async fn merge(
        &mut self,
        scope: Scope,
        retention: Retention,
        progress: Option<Progress>,
    ) -> Result<Compaction> {
        let layers = self.snapshot.layers()?;
        let sidecars: Vec<u64> = layers[1..].iter().map(|row| row.sequence).collect();
        let from = match scope {
            // One layer alone is as merged as can be, if there is no older one to give up.
            Scope::All if sidecars.is_empty() && !self.keeps_too_much(retention).await? => {
                return Ok(Compaction::default());
            }
            Scope::All => None,
            Scope::Newest(_) if sidecars.is_empty() => return Ok(Compaction::default()),
            Scope::Newest(0 | 1) => return Ok(Compaction::default()),
            Scope::Newest(_) if sidecars.len() == 1 => return Ok(Compaction::default()),
            Scope::Newest(n) => Some(sidecars[sidecars.len().saturating_sub(n)]),
        };
        let mut work = Work::Merge(Box::new(Merge::new(self, from, retention, progress)));
        let mut attempts = Attempts::begin(&self.turns).await?;
        loop {
            let layers = self.num_layers() as u64;
            match self.make_layer(&mut work).await? {
                Made::Counts => {
                    self.forget_pending();
                    let Work::Merge(merge) = &work else { break };
                    let mut done = Compaction {
                        merged: layers + 1 - self.num_layers() as u64,
                        copied: merge.copied(),
                        ..Compaction::default()
                    };
                    if from.is_none() && self.may_promote().await? {
                        done.promoted = self.promote(Some(merge)).await?;
                    }
                    return Ok(done);
                }
                Made::Before | Made::Again => {}
                Made::Overtaken(found) => {
                    let before = self.snapshot.base()?.id;
                    self.follow(*found).await?;
                    if self.snapshot.base()?.id != before {
                        // Another compaction has moved what was copied: nothing of it is of use.
                        return Ok(Compaction::default());
                    }
                }
            }
            if !attempts.lost().await? {
                break;
            }
        }
        Err(Error::Conflict {
            what: "the file is changed faster than it can be compacted: the whole of it".into(),
            layer: self.sequence(),
        })
    }

    /// Whether the history holds layers that this retention gives up, beside the current one.
    async fn keeps_too_much(&self, retention: Retention) -> Result<bool> {
        let given_up = self.given_up(&self.log_pages().await?, retention, None)?;
        Ok(given_up.iter().any(|row| row.sequence != self.sequence()))
    }

    /// What compaction would give back: stored bytes of the file that nothing visible refers to.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a page is damaged.
    pub fn reclaimable_bytes(&self) -> Result<u64> {
        let layers = self.snapshot.whole_layers()?;
        let total: u64 = layers.iter().map(LayerRow::stored).sum();
        let root = &self.snapshot.root;
        let pages: u64 = root.pages.iter().map(|p| p.live).sum();
        Ok(total.saturating_sub(root.frame_bytes + pages + root.log_bytes))
    }
}
