//! Following the commits of others: a newer snapshot, with what is pending on top of it.

use std::collections::HashSet;

use array_format_core::commit::Changes;
use array_format_core::conflict::{self, View};
use array_format_core::snapshot::Snapshot;
use array_format_core::tree::{Miss, PageSet};
use array_format_core::wire::tables::Frames;
use futures::future::BoxFuture;

use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::fetch;
use crate::open::{self, Found};
use crate::pending::Pending;

/// Index pages of the newest layer that stay in memory.
const KEPT_PAGES: u64 = 4 << 20;

impl ArrayFile {
    /// Moves to the newest state of the file, never to an older one. Pending changes stay on top
    /// of it.
    ///
    /// # Errors
    /// [`Error::Conflict`] if something pending was changed by others: then nothing moves.
    /// [`Error::ReadOnly`] for a handle that was opened at a commit. What opening can say.
    pub async fn refresh(&mut self) -> Result<()> {
        self.catch_up().await
    }

    fn catch_up(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.check_unfrozen()?;
            self.spool_dirty().await?;
            if self.recognise().await?.is_some() {
                return Ok(());
            }
            let found = open::find(&self.place).await?;
            self.follow(found).await
        })
    }

    /// Takes over a newer state in which nothing pending was changed by others.
    pub(crate) async fn follow(&mut self, found: Found) -> Result<()> {
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
            self.pending = Pending::new(new.next_array, &self.place, &self.settings);
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
        self.turns.meet();
        self.adopt(found);
        self.check_pending_tags().await
    }

    /// What a tag is to name may have been given up by a merge that was followed.
    async fn check_pending_tags(&self) -> Result<()> {
        let mut named = self
            .pending
            .tags
            .iter()
            .filter_map(|(name, row)| Some((name, row.as_ref()?)));
        if named.clone().next().is_none() {
            return Ok(());
        }
        let chain = self.chain().await?;
        match named.find(|(_, row)| {
            chain
                .kept_as(row.sequence)
                .is_none_or(|kept| kept.sequence != row.sequence)
        }) {
            Some((name, row)) => Err(Error::SnapshotExpired {
                detail: format!(
                    "tag {name:?} is to name commit {}, which a compaction has given up; `untag` it",
                    row.sequence
                ),
            }),
            None => Ok(()),
        }
    }

    async fn check_conflict(
        &self,
        found: &Found,
        changes: &Changes,
        base_pages: &mut PageSet<Frames>,
        new_pages: &mut PageSet<Frames>,
    ) -> Result<()> {
        // Pages that are missing may be of either snapshot; an address is the same in both.
        let mut asked = HashSet::new();
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
                Err(Miss::Error(error)) => return Err(error),
                Err(Miss::Pages(missing)) => missing,
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
}
