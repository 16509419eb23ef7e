//! Whether a store keeps the conditions that commits and compaction rest on.
//!
//! Some stores answer 200 to a conditional put and overwrite. So before a handle commits for the
//! first time over a store that is not known, an object of its own is put to the test.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use array_format_core::wire::header::Id;
use object_store::path::Path;
use object_store::{ObjectStore, PutMode, UpdateVersion};

use super::place::PutOutcome;
use super::{ObjectStoreBackend, Pin};
use crate::error::{Error, Result};
use crate::open::random_id;

/// What a probe's name has after the stem of the file.
pub(super) const PROBE: &str = ".probe.";

/// How commits are kept apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Commits {
    /// By the store's create-if-absent, which is tried out before the first commit. Stores of this
    /// library, and `InMemory`, are known; any other store costs three requests once.
    #[default]
    Checked,
    /// By the store's create-if-absent, which is taken on trust.
    Trusted,
    /// By the user, who sees to it that only one handle writes at a time: for stores that cannot
    /// create if absent. Two writers at a time lose data.
    SingleWriter,
}

impl Commits {
    pub(crate) fn is_single(self) -> bool {
        self == Self::SingleWriter
    }
}

/// What was found out about a store.
#[derive(Debug, Clone, Copy, Default)]
struct Verdict {
    creates: bool,
    swaps: Option<bool>,
}

/// Stores that are in use, and what was found out about them.
static VERDICTS: Mutex<Vec<(Weak<dyn ObjectStore>, Verdict)>> = Mutex::new(Vec::new());

fn verdict(store: &Arc<dyn ObjectStore>) -> Verdict {
    let mut verdicts = VERDICTS.lock().unwrap_or_else(PoisonError::into_inner);
    verdicts.retain(|(store, _)| store.strong_count() > 0);
    let known = verdicts
        .iter()
        .find(|(known, _)| std::ptr::addr_eq(known.as_ptr(), Arc::as_ptr(store)));
    known.map(|(_, verdict)| *verdict).unwrap_or_default()
}

fn remember(store: &Arc<dyn ObjectStore>, verdict: Verdict) {
    let mut verdicts = VERDICTS.lock().unwrap_or_else(PoisonError::into_inner);
    verdicts.retain(|(known, _)| !std::ptr::addr_eq(known.as_ptr(), Arc::as_ptr(store)));
    verdicts.push((Arc::downgrade(store), verdict));
}

impl ObjectStoreBackend {
    /// Whether this store is one whose conditions are tested where it is written.
    pub(super) fn is_known(&self) -> bool {
        let name = self.store().to_string();
        name == "InMemory" || name.starts_with("LocalStore(")
    }

    fn probe_path(&self) -> Result<Path> {
        let id: Id = random_id()?;
        let path = format!("{}{PROBE}{id:?}", self.stem());
        Ok(Path::parse(&path).unwrap_or_else(|_| Path::from(path)))
    }

    /// Makes sure that the store creates an object only if there is none.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] if it does not.
    pub(crate) async fn check_creates(&self, commits: Commits) -> Result<()> {
        if commits != Commits::Checked || self.is_known() || verdict(self.store()).creates {
            return Ok(());
        }
        let path = self.probe_path()?;
        let checked = self.try_create_twice(&path).await;
        let removed = self.remove(&path).await;
        checked?;
        removed?;
        let known = verdict(self.store());
        remember(
            self.store(),
            Verdict {
                creates: true,
                ..known
            },
        );
        Ok(())
    }

    async fn try_create_twice(&self, path: &Path) -> Result<()> {
        let refused = |how: &str| {
            Err(Error::ReadOnly(format!(
                "the store {} {how}, which commits need; `Commits::SingleWriter` does without, for \
                 one writer at a time",
                self.store()
            )))
        };
        match self.put(path, vec!["1".into()], PutMode::Create).await {
            PutOutcome::Done(_) => {}
            PutOutcome::Unsupported => {
                return refused("cannot create an object only if it is absent");
            }
            // A client that tried again on its own has met itself: the object is there.
            PutOutcome::Taken => {}
            PutOutcome::Unknown(error) => return Err(error),
        }
        match self.put(path, vec!["2".into()], PutMode::Create).await {
            PutOutcome::Taken => Ok(()),
            PutOutcome::Unsupported => refused("cannot create an object only if it is absent"),
            PutOutcome::Done(_) => {
                refused("overwrites an object that it was asked to create only if absent")
            }
            PutOutcome::Unknown(error) => Err(error),
        }
    }

    /// Whether the store replaces an object only if it is still the version that is named.
    pub(crate) async fn can_swap(&self, commits: Commits) -> Result<bool> {
        if commits == Commits::Trusted || self.is_known() {
            return Ok(true);
        }
        if let Some(swaps) = verdict(self.store()).swaps {
            return Ok(swaps);
        }
        let path = self.probe_path()?;
        let swaps = self.try_swap(&path).await;
        let removed = self.remove(&path).await;
        let swaps = swaps?;
        removed?;
        let known = verdict(self.store());
        let swaps_too = Some(swaps);
        remember(
            self.store(),
            Verdict {
                swaps: swaps_too,
                ..known
            },
        );
        Ok(swaps)
    }

    async fn try_swap(&self, path: &Path) -> Result<bool> {
        let first = match self.put(path, vec!["1".into()], PutMode::Overwrite).await {
            PutOutcome::Done(Pin { version: Some(v) }) => v,
            PutOutcome::Unknown(error) => return Err(error),
            _ => return Ok(false),
        };
        let swap = |version: UpdateVersion, text: &'static str| {
            self.put(path, vec![text.into()], PutMode::Update(version))
        };
        match swap(first.clone(), "22").await {
            PutOutcome::Done(_) => {}
            PutOutcome::Unknown(error) => return Err(error),
            PutOutcome::Taken | PutOutcome::Unsupported => return Ok(false),
        }
        // The first version is gone: this one must be refused.
        match swap(first, "333").await {
            PutOutcome::Taken => Ok(true),
            PutOutcome::Unknown(error) => Err(error),
            PutOutcome::Done(_) | PutOutcome::Unsupported => {
                tracing::warn!(
                    store = %self.store(),
                    "the store replaces objects whatever their version: merged layers stay sidecars"
                );
                Ok(false)
            }
        }
    }
}
