//! The metadata of a compacted layer: the whole state, packed anew, in one pass over its frames.

use bytes::Bytes;

use crate::commit::{CommitInfo, Committed, Next, own_row};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::tree::{Builder, LoadedPage, PageSet, PageWriter, Tree};
use crate::wire::page::PageAddress;
use crate::wire::root::{LayerPages, Root};
use crate::wire::tables::{
    Arrays, Attributes, FrameKey, FrameRow, Frames, Layers, Statistics, Table,
};

/// Builds a layer that needs no other.
///
/// Frames are pushed in key order with their new places; pages of the frames table come out as they
/// fill and stand between the frames, so that memory does not grow with the file.
#[derive(Debug)]
pub struct Rebuild {
    info: CommitInfo,
    builder: Builder<Frames>,
    last: Option<FrameKey>,
    out: PageWriter,
    live: u64,
    frames: u64,
    bytes: u64,
}

impl Rebuild {
    /// A layer without frames yet.
    pub fn new(info: CommitInfo) -> Self {
        Self {
            out: PageWriter::new(info.sequence, 0),
            info,
            builder: Builder::default(),
            last: None,
            live: 0,
            frames: 0,
            bytes: 0,
        }
    }

    /// Takes the next frame, whose sequence and offset are those in the new layer, and returns pages
    /// to be written at `end`, where the layer ends so far.
    pub fn push(&mut self, row: FrameRow, end: u64) -> Result<Vec<Bytes>> {
        if self.last.as_ref().is_some_and(|last| *last >= row.key) {
            return Err(Error::corrupt("keys of frames do not rise"));
        }
        self.last = Some(row.key.clone());
        self.frames += 1;
        self.bytes += row.stored;
        self.out.skip_to(end);
        self.builder.push(row, &mut self.out)?;
        Ok(take(
            &mut self.out,
            &mut self.live,
            None::<&mut PageSet<Layers>>,
        ))
    }

    /// The last pages, root and trailer, to be written at `end`, once all frames are pushed.
    pub fn finish(self, old: &Snapshot, end: u64) -> Result<Committed> {
        let Self {
            info,
            builder,
            mut out,
            mut live,
            frames,
            bytes,
            ..
        } = self;
        out.skip_to(end);
        let mut tail = Vec::new();
        let frame_tree = builder.finish(&mut out)?;
        tail.extend(take(&mut out, &mut live, None::<&mut PageSet<Layers>>));
        let resident_from = out.offset();

        let mut snapshot = Snapshot::default();
        let arrays = copy_table::<Arrays>(&old.root.arrays, &old.arrays, &mut out)?;
        tail.extend(take(&mut out, &mut live, Some(&mut snapshot.arrays)));
        let attributes = copy_table::<Attributes>(&old.root.attributes, &old.attributes, &mut out)?;
        tail.extend(take(&mut out, &mut live, Some(&mut snapshot.attributes)));
        let statistics = copy_table::<Statistics>(&old.root.statistics, &old.statistics, &mut out)?;
        tail.extend(take(&mut out, &mut live, Some(&mut snapshot.statistics)));
        let mut layers = Builder::<Layers>::default();
        layers.push(own_row(&info, 0, frames, bytes), &mut out)?;
        let layers = layers.finish(&mut out)?;
        tail.extend(take(&mut out, &mut live, Some(&mut snapshot.layers)));

        let root = Root {
            file: old.root.file,
            layer: info.layer,
            parent: Some(old.root.layer),
            sequence: info.sequence,
            next_array: old.root.next_array,
            arrays,
            attributes,
            statistics,
            frames: frame_tree,
            layers,
            pages: vec![LayerPages {
                sequence: info.sequence,
                live,
                resident: resident_from..out.offset(),
            }],
            frame_bytes: bytes,
        };
        let next = Next::at(snapshot, out, info.sequence);
        let mut committed = next.finish(root)?;
        tail.append(&mut committed.tail);
        committed.tail = tail;
        Ok(committed)
    }
}

/// Takes new pages out of the writer and into the set that will serve them.
fn take<T: Table>(
    out: &mut PageWriter,
    live: &mut u64,
    mut set: Option<&mut PageSet<T>>,
) -> Vec<Bytes> {
    let keep = |(address, stored): (PageAddress, Bytes)| {
        *live += u64::from(address.stored);
        if let Some(set) = &mut set {
            set.insert(address, LoadedPage::new(stored.clone()).into());
        }
        stored
    };
    out.take().into_iter().map(keep).collect()
}

fn copy_table<T: Table>(
    tree: &Tree<T>,
    pages: &PageSet<T>,
    out: &mut PageWriter,
) -> Result<Tree<T>> {
    let mut builder = Builder::<T>::default();
    let mut failed = None;
    tree.visit(pages, None, None, |row| {
        match builder.push(row.clone(), out) {
            Ok(()) => std::ops::ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                std::ops::ControlFlow::Break(())
            }
        }
    })?;
    match failed {
        Some(error) => Err(error),
        None => builder.finish(out),
    }
}
