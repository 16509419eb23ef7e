//! The metadata of a compacted layer: the whole state, packed anew, in one pass over its frames.

use bytes::Bytes;

use crate::commit::{self, CommitInfo, Committed, Next, own_row};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::tree::{Builder, Miss, PageSet, PageWriter};
use crate::wire::root::Root;
use crate::wire::tables::{FrameKey, FrameRow, Frames, LayerRow, Layers, Log, Origin};

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
        let pages = self.out.take().into_iter();
        Ok(pages
            .map(|(address, stored)| {
                self.live += u64::from(address.stored);
                stored
            })
            .collect())
    }

    /// The last pages, root and trailer, to be written at `end`, once all frames are pushed.
    ///
    /// `log` holds all pages of the log, and `given_up` are the layers of the history that no snapshot
    /// needs any more which is to be kept.
    pub fn finish(
        self,
        old: &Snapshot,
        log: &PageSet<Log>,
        given_up: &[LayerRow],
        end: u64,
    ) -> Result<Committed> {
        let Self {
            info,
            builder,
            mut out,
            live,
            frames,
            bytes,
            ..
        } = self;
        out.skip_to(end);
        let mut next = Next::alone(out, info.sequence, live);
        let frame_tree = next.build(builder, |n| &mut n.frames)?;
        let (left, from) = (commit::leaving(old)?, old.base()?.sequence);
        next.take_log(log, old.root.log_bytes);
        let elsewhere = |sequence: u64| sequence != info.sequence;
        let edits = commit::log_edits(&left, given_up, &[]);
        let log = next.keep_log(old, edits, 0, &elsewhere);
        let log = log.map_err(Miss::into_error)?;

        next.resident_from = next.out.offset();
        let root = &old.root;
        let arrays = next.copy(&root.arrays, &old.arrays, |n| &mut n.resident.arrays)?;
        let attributes = next.copy(&root.attributes, &old.attributes, |n| {
            &mut n.resident.attributes
        })?;
        let statistics = next.copy(&root.statistics, &old.statistics, |n| {
            &mut n.resident.statistics
        })?;
        let mut layers = Builder::<Layers>::default();
        let own = own_row(&info, Origin::Merge(from), 0, frames, bytes);
        layers.push(own, &mut next.out)?;
        let layers = next.build(layers, |n| &mut n.resident.layers)?;
        let tags = next.copy(&root.tags, &old.tags, |n| &mut n.resident.tags)?;
        let root = Root {
            file: root.file,
            layer: info.layer,
            parent: Some(root.layer),
            sequence: info.sequence,
            next_array: root.next_array,
            arrays,
            attributes,
            statistics,
            frames: frame_tree,
            layers,
            log,
            tags,
            pages: next.layer_pages(),
            log_bytes: next.log_bytes(),
            frame_bytes: bytes,
        };
        next.finish(root)
    }
}
