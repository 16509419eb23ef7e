//! The history of a file as a tree: which layers each of its snapshots stands on.

use std::collections::{BTreeMap, HashSet};

use array_format_core::Place;
use array_format_core::snapshot::Snapshot;
use array_format_core::tree::{Miss, PageSet};
use array_format_core::wire::page::PageAddress;
use array_format_core::wire::tables::{LayerRow, Log, Origin};
use futures::future::BoxFuture;

use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::fetch::{self, Layers};

/// All layers that ever counted, by number, each with the one that its snapshot has beneath it.
///
/// A commit stands on the layer before it; a merge on the last one that it did not merge; a restore
/// on the layer that it restores.
#[derive(Debug)]
pub(crate) struct Chain {
    links: BTreeMap<u64, Link>,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) row: LayerRow,
    below: Option<u64>,
}

impl Chain {
    /// A chain of rows, which rise.
    pub(crate) fn new(rows: impl IntoIterator<Item = LayerRow>) -> Self {
        let mut links: BTreeMap<u64, Link> = BTreeMap::new();
        let mut last = None;
        for row in rows {
            let below = match row.origin {
                Origin::Commit => last,
                Origin::Merge(from) => {
                    let mut below = last;
                    while let Some(number) = below.filter(|&number| number >= from) {
                        below = links.get(&number).and_then(|link| link.below);
                    }
                    below
                }
                Origin::Restore(of) => links.contains_key(&of).then_some(of),
            };
            last = Some(row.sequence);
            links.insert(row.sequence, Link { row, below });
        }
        Self { links }
    }

    /// All layers, oldest first.
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &LayerRow> {
        self.links.values().map(|link| &link.row)
    }

    /// The layer with this number, if it ever counted.
    pub(crate) fn row(&self, number: u64) -> Option<&LayerRow> {
        self.links.get(&number).map(|link| &link.row)
    }

    /// The layers that a snapshot stands on, newest first.
    pub(crate) fn layers_of(&self, snapshot: u64) -> impl Iterator<Item = u64> {
        std::iter::successors(Some(snapshot), |number| self.links.get(number)?.below)
            .filter(|number| self.links.contains_key(number))
    }

    /// The snapshots that show the same state as this one, itself first: merges change nothing.
    pub(crate) fn same_state(&self, snapshot: u64) -> Vec<u64> {
        let is_merge = |row: &&LayerRow| matches!(row.origin, Origin::Merge(_));
        let first = self
            .links
            .range(..=snapshot)
            .rev()
            .map(|(_, link)| &link.row);
        let first = first.into_iter().find(|row| !is_merge(row));
        let Some(first) = first.map(|row| row.sequence) else {
            return vec![snapshot];
        };
        let after = self.links.range(first + 1..).map(|(_, link)| &link.row);
        let merges = after.take_while(is_merge).map(|row| row.sequence);
        let mut all = vec![snapshot];
        all.extend([first].into_iter().chain(merges).filter(|&n| n != snapshot));
        all
    }

    /// A snapshot that shows the same state as this one and is kept: no merge has given up its layers.
    pub(crate) fn kept_as(&self, snapshot: u64) -> Option<&LayerRow> {
        let is_there = |number: u64| self.row(number).is_some_and(|row| !row.gone);
        let whole = |n: &u64| self.layers_of(*n).all(is_there);
        self.row(self.same_state(snapshot).into_iter().find(whole)?)
    }

    /// The layers that any of these snapshots stands on.
    pub(crate) fn needed(&self, snapshots: impl IntoIterator<Item = u64>) -> HashSet<u64> {
        let mut needed = HashSet::new();
        for snapshot in snapshots {
            for number in self.layers_of(snapshot) {
                if !needed.insert(number) {
                    break;
                }
            }
        }
        needed
    }
}

impl ArrayFile {
    /// All pages of the log.
    pub(crate) async fn log_pages(&self) -> Result<PageSet<Log>> {
        let log = &self.snapshot.root.log;
        load_log(&self.layers(), &self.snapshot, |pages| {
            let leaves = log.leaves(pages, None, None)?;
            let absent = |address: &PageAddress| pages.get(address).is_none();
            let missing: Vec<_> = leaves
                .iter()
                .map(|leaf| leaf.address)
                .filter(absent)
                .collect();
            if missing.is_empty() {
                Ok(())
            } else {
                Err(Miss::Pages(missing))
            }
        })
        .await
    }

    /// The history up to this handle's snapshot. Costs the pages of the log.
    pub(crate) fn chain(&self) -> BoxFuture<'_, Result<Chain>> {
        Box::pin(async move { self.chain_of(&self.log_pages().await?) })
    }

    /// The history, out of all pages of the log.
    pub(crate) fn chain_of(&self, pages: &PageSet<Log>) -> Result<Chain> {
        let mut rows: Vec<LayerRow> = Vec::new();
        self.snapshot.root.log.visit(pages, None, None, |row| {
            rows.push(row.clone());
            std::ops::ControlFlow::Continue(())
        })?;
        rows.extend(self.snapshot.whole_layers()?);
        rows.sort_unstable_by_key(|row| row.sequence);
        if rows.windows(2).any(|w| w[0].sequence == w[1].sequence) {
            return Err(Error::corrupt("a layer is in the log and in the snapshot")
                .within(Place::part("log")));
        }
        if rows.last().map(|row| row.sequence) != Some(self.sequence()) {
            let place = Place {
                part: Some("log".into()),
                ..Place::layer(self.sequence())
            };
            return Err(Error::corrupt("it has layers after the newest").within(place));
        }
        for (i, row) in rows.iter().enumerate() {
            if let Origin::Restore(of) = row.origin
                && !rows[..i].iter().any(|older| older.sequence == of)
            {
                return Err(Error::corrupt(format!(
                    "layer {} restores layer {of}, which is not in the history",
                    row.sequence
                )));
            }
        }
        Ok(Chain::new(rows))
    }
}

async fn load_log(
    layers: &Layers,
    snapshot: &Snapshot,
    question: impl Fn(&PageSet<Log>) -> std::result::Result<(), Miss>,
) -> Result<PageSet<Log>> {
    let mut pages = PageSet::default();
    fetch::load_until(layers, snapshot, &mut pages, question).await?;
    Ok(pages)
}

/// The row of a layer that counts or did, wherever it is.
pub(crate) async fn layer_row(
    layers: &Layers,
    snapshot: &Snapshot,
    number: u64,
) -> Result<Option<LayerRow>> {
    if let Some(row) = snapshot.layer(number)? {
        return Ok(Some(row.clone()));
    }
    let log = &snapshot.root.log;
    let pages = load_log(layers, snapshot, |pages| {
        log.get(pages, &number).map(|_| ())
    })
    .await?;
    Ok(log.get(&pages, &number).map_err(Miss::into_error)?.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use array_format_core::wire::header::Id;

    fn row(sequence: u64, origin: Origin) -> LayerRow {
        LayerRow {
            sequence,
            id: Id([sequence as u8; 16]),
            length: 1,
            time: 0,
            writer: Id::default(),
            message: String::new(),
            arrays: 0,
            frames: 0,
            bytes: 0,
            origin,
            gone: false,
            annex: None,
        }
    }

    #[test]
    fn snapshots_stand_on_what_merges_and_restores_left() {
        use Origin::{Commit, Merge, Restore};
        let chain = Chain::new([
            row(0, Commit),
            row(1, Commit),
            row(2, Commit),
            row(3, Merge(1)),
            row(4, Commit),
            row(5, Restore(2)),
            row(6, Merge(0)),
            row(7, Commit),
        ]);
        let check = |snapshot: u64, want: &[u64]| {
            let layers: Vec<u64> = chain.layers_of(snapshot).collect();
            assert_eq!(layers, want, "{snapshot}");
        };
        check(2, &[2, 1, 0]);
        check(3, &[3, 0]);
        check(4, &[4, 3, 0]);
        check(5, &[5, 2, 1, 0]);
        check(6, &[6]);
        check(7, &[7, 6]);
        let mut needed: Vec<u64> = chain.needed([7, 4]).into_iter().collect();
        needed.sort_unstable();
        assert_eq!(needed, [0, 3, 4, 6, 7]);
        assert_eq!(chain.same_state(2), [2, 3]);
        assert_eq!(chain.same_state(6), [6, 5]);
        assert_eq!(chain.same_state(4), [4]);
    }
}
