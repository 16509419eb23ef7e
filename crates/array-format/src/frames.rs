//! Walking the index of frames, a page in memory at a time.

use std::collections::HashSet;

use array_format_core::tree::{Leaf, PageSet};
use array_format_core::wire::page::PageAddress;
use array_format_core::wire::tables::{FrameKey, FrameRow, Frames};
use futures::future::BoxFuture;

use crate::ArrayFile;
use crate::error::Result;
use crate::fetch::{self, Layers};

/// The rows of a part of the index, leaf by leaf.
pub(crate) struct FrameWalk<'a> {
    file: &'a ArrayFile,
    layers: Layers,
    pages: PageSet<Frames>,
    leaves: std::vec::IntoIter<Leaf<FrameKey>>,
    /// The only array whose rows are wanted one by one.
    array: Option<u64>,
}

impl<'a> FrameWalk<'a> {
    /// All frames of a file.
    pub(crate) async fn all(file: &'a ArrayFile) -> Result<Self> {
        Self::new(file, None, None, 0).await
    }

    /// Leaves that may hold frames in layers from this number on, since no page refers to a layer
    /// that is younger than its own.
    pub(crate) async fn since(file: &'a ArrayFile, layer: u64) -> Result<Self> {
        Self::new(file, None, None, layer).await
    }

    /// The frames of one array.
    pub(crate) async fn of_array(file: &'a ArrayFile, id: u64) -> Result<Self> {
        let (from, to) = (FrameKey::first_of(id), FrameKey::first_of(id + 1));
        Self::new(file, Some(&from), Some(&to), 0).await
    }

    fn new<'b>(
        file: &'a ArrayFile,
        from: Option<&'b FrameKey>,
        to: Option<&'b FrameKey>,
        since: u64,
    ) -> BoxFuture<'b, Result<Self>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            let layers = file.layers();
            let mut pages = file.frame_pages.clone();
            let tree = &file.snapshot.root.frames;
            let (settings, snapshot) = (&file.settings, &file.snapshot);
            let mut leaves = fetch::ask(&layers, settings, snapshot, &mut pages, |pages| {
                tree.leaves(pages, from, to)
            })
            .await?;
            leaves.retain(|leaf| leaf.address.sequence >= since);
            Ok(Self {
                file,
                layers,
                pages,
                leaves: leaves.into_iter(),
                array: from.map(|key| key.array),
            })
        })
    }

    /// The rows of the next leaf.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<FrameRow>>> {
        let Some(leaf) = self.leaves.next() else {
            return Ok(None);
        };
        let tree = &self.file.snapshot.root.frames;
        let (settings, snapshot) = (&self.file.settings, &self.file.snapshot);
        let rows = fetch::ask(&self.layers, settings, snapshot, &mut self.pages, |pages| {
            tree.leaf_rows(pages, &leaf)
        })
        .await?;
        self.pages.remove(&leaf.address);
        Ok(Some(rows))
    }

    /// Where the leaves are that are still to come.
    pub(crate) fn addresses(&self) -> HashSet<PageAddress> {
        self.leaves
            .as_slice()
            .iter()
            .map(|leaf| leaf.address)
            .collect()
    }

    /// Leaves out some leaves.
    pub(crate) fn skip(&mut self, addresses: &HashSet<PageAddress>) {
        let leaves = std::mem::take(&mut self.leaves);
        let kept: Vec<_> = leaves
            .filter(|leaf| !addresses.contains(&leaf.address))
            .collect();
        self.leaves = kept.into_iter();
    }

    /// The next row; `rows` are those of the current leaf.
    pub(crate) async fn next_row(
        &mut self,
        rows: &mut std::vec::IntoIter<FrameRow>,
    ) -> Result<Option<FrameRow>> {
        loop {
            let wanted = |row: &FrameRow| self.array.is_none_or(|id| row.key.array == id);
            if let Some(row) = rows.find(wanted) {
                return Ok(Some(row));
            }
            match self.next().await? {
                Some(next) => *rows = next.into_iter(),
                None => return Ok(None),
            }
        }
    }
}
