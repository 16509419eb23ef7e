//! Which older snapshots stay readable.

use std::time::Duration;

use array_format_core::tree::PageSet;
use array_format_core::wire::tables::{LayerRow, Log, Origin};

use super::chain::Chain;
use crate::ArrayFile;
use crate::error::Result;
use crate::open::now;

/// Which older snapshots compaction and vacuum leave readable, beside tagged ones and the newest.
///
/// What is kept costs the space of its layers: chunks that were replaced since, and after a
/// compaction of all also those that were not.
///
/// ```
/// use std::time::Duration;
/// use array_format::Retention;
///
/// let mut week = Retention::default();
/// week.age = Duration::from_secs(7 * 24 * 3600);
/// week.commits = 10;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// This many commits before the newest.
    pub commits: usize,
    /// The snapshots that were the newest at any moment of this long until now. Clocks are those of
    /// the writers.
    pub age: Duration,
}

impl Retention {
    /// Keeps this many commits before the newest.
    pub fn commits(n: usize) -> Self {
        Self {
            commits: n,
            ..Self::default()
        }
    }

    /// Keeps what was the newest at any moment of this long until now.
    pub fn age(age: Duration) -> Self {
        Self {
            age,
            ..Self::default()
        }
    }

    /// The snapshots to keep, at a time in nanoseconds.
    fn kept(self, chain: &Chain, now: i64) -> Vec<u64> {
        let mut kept = Vec::new();
        let changes = chain.rows().rev().filter(|row| {
            let is_merge = matches!(row.origin, Origin::Merge(_));
            !is_merge
        });
        // The newest change is the newest snapshot, if perhaps in other layers.
        kept.extend(changes.skip(1).take(self.commits).map(|row| row.sequence));
        if self.age > Duration::ZERO {
            let age = i64::try_from(self.age.as_nanos()).unwrap_or(i64::MAX);
            let since = now.saturating_sub(age);
            for row in chain.rows().rev() {
                kept.push(row.sequence);
                // It was the newest until the one after it came.
                if row.time < since {
                    break;
                }
            }
        }
        kept
    }
}

impl ArrayFile {
    /// The layers that a merge gives up: no snapshot stands on them that is kept by a tag or by
    /// `retention`, nor the merged one, which stands on the layers before `from`.
    pub(crate) fn given_up(
        &self,
        log: &PageSet<Log>,
        retention: Retention,
        from: Option<u64>,
    ) -> Result<Vec<LayerRow>> {
        let chain = self.chain_of(log)?;
        // Of snapshots that show the same the last is kept: earlier ones may have gone already.
        let last = |n: u64| chain.same_state(n).into_iter().max().unwrap_or(n);
        let mut kept: Vec<u64> = retention
            .kept(&chain, now())
            .into_iter()
            .map(last)
            .collect();
        kept.extend(self.snapshot.tags()?.iter().map(|tag| tag.sequence));
        if let Some(from) = from {
            let below = chain
                .layers_of(self.sequence())
                .find(|&number| number < from);
            kept.extend(below);
        }
        let needed = chain.needed(kept);
        let given_up = chain.rows().filter(|row| !row.gone);
        let given_up = given_up.filter(|row| !needed.contains(&row.sequence));
        Ok(given_up.cloned().collect())
    }
}
