//! Removing what belongs to a file and serves nobody.

use std::time::{Duration, SystemTime};

use array_format_core::wire::header::Id;
use futures::future::BoxFuture;

use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::storage::{Held, Leftover, Listing};

/// What [`ArrayFile::vacuum`] is to do.
///
/// ```
/// let mut look = array_format::merge::VacuumOptions::default();
/// look.dry_run = true;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VacuumOptions {
    /// Says what would be removed, and changes nothing.
    pub dry_run: bool,
    /// How old objects must be that a writer at work may still need. By default a day.
    pub grace: Duration,
}

impl Default for VacuumOptions {
    fn default() -> Self {
        Self {
            dry_run: false,
            grace: Duration::from_secs(24 * 3600),
        }
    }
}

/// Why an object serves nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A layer that a merge has given up.
    Unneeded,
    /// A layer that was never completely written, or never counted.
    NeverCounted,
    /// A tombstone whose number need not stay taken.
    Tombstone,
    /// The probe of a writer that ended before it could remove it.
    Probe,
    /// What a writer that ended left of an object that it was making.
    Unfinished,
}

/// An object that serves nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Orphan {
    /// Its path in the store.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// Why it is not needed.
    pub reason: Reason,
}

/// What a vacuum removed, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vacuumed {
    /// The objects. Some leave a tombstone of 80 bytes.
    pub orphans: Vec<Orphan>,
    /// Whether a merged layer was put in the base's place.
    pub promoted: bool,
}

impl Vacuumed {
    /// Bytes of all objects.
    pub fn bytes(&self) -> u64 {
        self.orphans.iter().map(|orphan| orphan.bytes).sum()
    }
}

/// How an orphan goes.
enum How {
    /// By the rule of vacancy, if the number still holds this layer, or a tombstone.
    Layer(u64, Option<Id>),
    /// At once.
    Object,
    /// A file that the local store hides, unless it still needs it.
    Leftover(Leftover),
}

impl ArrayFile {
    /// Removes layers that compaction has given up and not removed, and what dead writers have left
    /// behind.
    ///
    /// Others may read and commit meanwhile. Objects of other files are never touched.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a store that cannot list; as [`ArrayFile::refresh`].
    pub async fn vacuum(&mut self, options: &VacuumOptions) -> Result<Vacuumed> {
        self.remove_orphans(options).await
    }

    fn remove_orphans<'a>(
        &'a mut self,
        options: &'a VacuumOptions,
    ) -> BoxFuture<'a, Result<Vacuumed>> {
        Box::pin(async move {
            self.check_writable()?;
            self.refresh().await?;
            let mut done = Vacuumed::default();
            if !options.dry_run && self.may_promote().await? {
                done.promoted = self.promote(None).await?;
            }
            let listed = self.place.sidecars().await?;
            let listed = listed.ok_or_else(|| {
                Error::Unsupported(format!(
                    "the store of {} cannot list, which vacuum needs",
                    self.place.path()
                ))
            })?;
            // What was committed before the list was made is known now.
            self.refresh().await?;
            let orphans = self.orphans(listed, options.grace).await?;
            if !options.dry_run && !orphans.is_empty() {
                // As in `clear`.
                self.place.make_durable().await?;
            }
            for (how, orphan) in orphans {
                if !options.dry_run {
                    match how {
                        How::Layer(number, layer) => {
                            if !self.vacate(number, layer).await? {
                                continue;
                            }
                        }
                        How::Leftover(leftover) => {
                            let Some(local) = self.place.local() else {
                                continue;
                            };
                            let removed = local.remove_leftover(&leftover).await;
                            if !removed.map_err(|error| Error::Storage(error.to_string()))? {
                                continue;
                            }
                        }
                        How::Object => {
                            let path = object_store::path::Path::parse(&orphan.path);
                            let path = path.map_err(|e| Error::invalid(e.to_string()))?;
                            self.place.remove(&path).await?;
                        }
                    }
                }
                done.orphans.push(orphan);
            }
            Ok(done)
        })
    }

    /// What serves nobody, by rising number.
    async fn orphans(&self, listed: Listing, grace: Duration) -> Result<Vec<(How, Orphan)>> {
        let chain = self.chain().await?;
        let mut orphans = Vec::new();
        for sidecar in &listed.sidecars {
            let number = sidecar.number;
            let (how, reason) = match self.place.look(number).await? {
                Held::Layer(header) if header.file == self.snapshot.root.file => {
                    let counted = chain.row(number).filter(|row| row.id == header.layer);
                    let reason = match counted {
                        Some(row) if row.gone || number == self.base_sequence => Reason::Unneeded,
                        Some(_) => continue,
                        // Above the newest layer it is torn, and keeps its number taken.
                        None if number > self.sequence() => continue,
                        None => Reason::NeverCounted,
                    };
                    (How::Layer(number, Some(header.layer)), reason)
                }
                Held::Tombstone(stone) if stone.header.file == self.snapshot.root.file => {
                    // Above the base's no number is vacated.
                    if number > self.base_sequence {
                        continue;
                    }
                    (How::Layer(number, None), Reason::Tombstone)
                }
                _ => continue,
            };
            let orphan = Orphan {
                path: self.place.sidecar(number).to_string(),
                bytes: sidecar.length,
                reason,
            };
            orphans.push((how, orphan));
        }
        let annexes = self.orphaned_annexes(&chain, listed.annexes, grace).await?;
        orphans.extend(annexes.into_iter().map(|orphan| (How::Object, orphan)));
        let now = SystemTime::now();
        for probe in listed.probes {
            let age = now.duration_since(probe.last_modified.into());
            if age.is_ok_and(|age| age >= grace) {
                let orphan = Orphan {
                    path: probe.location.to_string(),
                    bytes: probe.size,
                    reason: Reason::Probe,
                };
                orphans.push((How::Object, orphan));
            }
        }
        if let Some(local) = self.place.local() {
            let leftovers = local.leftovers(&self.place.stem_path()).await;
            for leftover in leftovers.map_err(|error| Error::Storage(error.to_string()))? {
                let age = now.duration_since(leftover.modified);
                let ours = self.place.has_name(&leftover.object);
                if ours && age.is_ok_and(|age| age >= grace) {
                    let orphan = Orphan {
                        path: leftover.path.display().to_string(),
                        bytes: std::fs::metadata(&leftover.path).map_or(0, |meta| meta.len()),
                        reason: Reason::Unfinished,
                    };
                    orphans.push((How::Leftover(leftover), orphan));
                }
            }
        }
        Ok(orphans)
    }
}
