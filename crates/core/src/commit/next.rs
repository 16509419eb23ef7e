//! The pages of the next state while it is built.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bytes::Bytes;

use super::Committed;
use crate::error::Result;
use crate::snapshot::Snapshot;
use crate::tree::{Builder, Edits, LoadedPage, Miss, PageSet, PageWriter, Tree};
use crate::wire::page::{self, PageAddress};
use crate::wire::root::{LayerPages, Root};
use crate::wire::tables::{Frames, Log, Table};
use crate::wire::trailer::Trailer;
use crate::wire::{TRAILER_BYTES, crc};

/// Layers other than the newest that may hold live metadata pages.
const PAGE_LAYERS: usize = 6;
/// How many of them are left after folding.
const FOLDED_LAYERS: usize = 3;

/// The pages of the next state while it is built.
pub(crate) struct Next {
    pub(crate) resident: Snapshot,
    pub(crate) frames: PageSet<Frames>,
    pub(crate) out: PageWriter,
    sequence: u64,
    pub(crate) resident_from: u64,
    old: Vec<LayerPages>,
    /// Bytes of live pages by layer, without the log's.
    live: BTreeMap<u64, u64>,
    log: PageSet<Log>,
    log_bytes: u64,
    pages: Vec<Bytes>,
}

impl Next {
    pub(crate) fn new(
        snapshot: &Snapshot,
        frames: &PageSet<Frames>,
        sequence: u64,
        offset: u64,
    ) -> Self {
        let old = snapshot.root.pages.clone();
        Self {
            resident: snapshot.clone(),
            frames: frames.clone(),
            out: PageWriter::new(sequence, offset),
            sequence,
            resident_from: offset,
            live: old.iter().map(|p| (p.sequence, p.live)).collect(),
            old,
            log: PageSet::default(),
            log_bytes: snapshot.root.log_bytes,
            pages: Vec::new(),
        }
    }

    /// A state that stands on no other; `live` bytes of its pages are written already.
    pub(crate) fn alone(out: PageWriter, sequence: u64, live: u64) -> Self {
        Self {
            resident: Snapshot::default(),
            frames: PageSet::default(),
            resident_from: out.offset(),
            out,
            sequence,
            old: Vec::new(),
            live: BTreeMap::from([(sequence, live)]),
            log: PageSet::default(),
            log_bytes: 0,
            pages: Vec::new(),
        }
    }

    /// Goes on with a log, of which these pages are in memory.
    pub(crate) fn take_log(&mut self, pages: &PageSet<Log>, bytes: u64) {
        self.log = pages.clone();
        self.log_bytes = bytes;
    }

    pub(crate) fn log_pages(&mut self) -> &mut PageSet<Log> {
        &mut self.log
    }

    /// Stored bytes of the log's pages.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.log_bytes
    }

    pub(crate) fn apply<T: Table>(
        &mut self,
        tree: &Tree<T>,
        set: fn(&mut Self) -> &mut PageSet<T>,
        edits: &Edits<T>,
    ) -> std::result::Result<Tree<T>, Miss> {
        let pages = std::mem::take(set(self));
        let updated = tree.apply(&pages, edits, &mut self.out);
        *set(self) = pages;
        let updated = updated?;
        self.absorb(set, &updated.freed);
        Ok(updated.tree)
    }

    /// Takes new pages over, drops freed ones, and keeps the account of live bytes.
    fn absorb<T: Table>(&mut self, set: fn(&mut Self) -> &mut PageSet<T>, freed: &[PageAddress]) {
        for (address, stored) in self.out.take() {
            *self.account::<T>(address.sequence) += u64::from(address.stored);
            self.pages.push(stored.clone());
            set(self).insert(address, LoadedPage::new(stored).into());
        }
        for address in freed {
            let live = self.account::<T>(address.sequence);
            *live = live.saturating_sub(address.stored.into());
            set(self).remove(address);
        }
    }

    fn account<T: Table>(&mut self, sequence: u64) -> &mut u64 {
        if T::ID == Log::ID {
            &mut self.log_bytes
        } else {
            self.live.entry(sequence).or_default()
        }
    }

    /// Drops all pages of a table.
    pub(super) fn free<T: Table>(
        &mut self,
        tree: &Tree<T>,
        set: fn(&mut Self) -> &mut PageSet<T>,
    ) -> Result<()> {
        let (freed, _) = tree.addresses(set(self))?;
        self.absorb(set, &freed);
        Ok(())
    }

    /// Writes all rows of a table anew.
    pub(crate) fn copy<T: Table>(
        &mut self,
        tree: &Tree<T>,
        pages: &PageSet<T>,
        set: fn(&mut Self) -> &mut PageSet<T>,
    ) -> Result<Tree<T>> {
        let mut builder = Builder::<T>::default();
        let mut failed = None;
        let out = &mut self.out;
        tree.visit(pages, None, None, |row| {
            match builder.push(row.clone(), out) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None => self.build(builder, set),
        }
    }

    /// The tree of rows that were pushed.
    pub(crate) fn build<T: Table>(
        &mut self,
        builder: Builder<T>,
        set: fn(&mut Self) -> &mut PageSet<T>,
    ) -> Result<Tree<T>> {
        let tree = builder.finish(&mut self.out)?;
        self.absorb(set, &[]);
        Ok(tree)
    }

    /// Copies the pages of the smallest old layers, if too many layers hold pages.
    pub(super) fn fold(&mut self, root: &mut Root) -> std::result::Result<(), Miss> {
        let mut old: Vec<(u64, u64)> = self
            .live
            .iter()
            .filter(|&(&sequence, &live)| sequence != self.sequence && live > 0)
            .map(|(&sequence, &live)| (live, sequence))
            .collect();
        if old.len() <= PAGE_LAYERS {
            return Ok(());
        }
        old.sort_unstable();
        let folded: Vec<u64> = old[..old.len() - FOLDED_LAYERS]
            .iter()
            .map(|o| o.1)
            .collect();
        let oldest = folded.iter().copied().min().unwrap_or(0);
        let moves = |sequence: u64| folded.contains(&sequence);
        // Frames first: their pages stand before the resident ones only in layers that fold none,
        // and the resident range then covers them too, which costs a little reading ahead.
        root.frames = self.relocate(&root.frames, |n| &mut n.frames, oldest, &moves)?;
        root.arrays = self.relocate(&root.arrays, |n| &mut n.resident.arrays, oldest, &moves)?;
        root.attributes = self.relocate(
            &root.attributes,
            |n| &mut n.resident.attributes,
            oldest,
            &moves,
        )?;
        root.statistics = self.relocate(
            &root.statistics,
            |n| &mut n.resident.statistics,
            oldest,
            &moves,
        )?;
        root.layers = self.relocate(&root.layers, |n| &mut n.resident.layers, oldest, &moves)?;
        root.tags = self.relocate(&root.tags, |n| &mut n.resident.tags, oldest, &moves)?;
        for sequence in folded {
            self.live.insert(sequence, 0);
        }
        Ok(())
    }

    pub(super) fn relocate<T: Table>(
        &mut self,
        tree: &Tree<T>,
        set: fn(&mut Self) -> &mut PageSet<T>,
        oldest: u64,
        moves: &dyn Fn(u64) -> bool,
    ) -> std::result::Result<Tree<T>, Miss> {
        let pages = std::mem::take(set(self));
        let updated = tree.relocate(&pages, oldest, moves, &mut self.out);
        *set(self) = pages;
        let updated = updated?;
        self.absorb(set, &updated.freed);
        Ok(updated.tree)
    }

    /// The account of live pages, with the range of resident ones in each layer.
    pub(crate) fn layer_pages(&self) -> Vec<LayerPages> {
        self.live
            .iter()
            .filter(|&(_, &live)| live > 0)
            .map(|(&sequence, &live)| LayerPages {
                sequence,
                live,
                resident: if sequence == self.sequence {
                    self.resident_from..self.out.offset()
                } else {
                    self.old
                        .iter()
                        .find(|p| p.sequence == sequence)
                        .map_or(0..0, |p| p.resident.clone())
                },
            })
            .collect()
    }

    /// Root and trailer.
    pub(crate) fn finish(mut self, root: Root) -> Result<Committed> {
        let raw = root.encode();
        let root_offset = self.out.offset();
        let root_raw = raw.len() as u32;
        let stored: Bytes = page::encode(raw)?.into();
        let object_length = root_offset + stored.len() as u64 + TRAILER_BYTES as u64;
        let trailer = Trailer {
            root_offset,
            root_stored: stored.len() as u32,
            root_raw,
            root_crc: crc(&stored),
            writer_features: 0,
            object_length,
        };
        self.pages.push(stored);
        self.pages.push(Bytes::copy_from_slice(&trailer.encode()));
        let mut snapshot = self.resident;
        snapshot.root = root;
        snapshot.object_length = object_length;
        Ok(Committed {
            tail: self.pages,
            snapshot,
            frames: self.frames,
            trailer,
        })
    }
}
