//! Layers that move what is there: merges of the newest layers, and returns to an older state.

use std::collections::{BTreeMap, HashSet};

use super::{CommitInfo, Committed, Next, own_row};
use crate::error::{Error, Result};
use crate::limits;
use crate::snapshot::Snapshot;
use crate::tree::{Edits, Miss, PageSet, Tree};
use crate::wire::root::Root;
use crate::wire::tables::{FrameRow, Frames, LayerRow, Layers, Log, Origin};

/// Builds a layer that holds what the layers from `from` on hold, and refers to none of them.
///
/// `moved` are all frames of these layers, in key order, at their places in the new layer, whose
/// data region ends at `offset`. `log` holds all pages of the log, and `given_up` are the layers of
/// the history that no snapshot needs any more which is to be kept.
#[expect(clippy::too_many_arguments, reason = "each is a value of its own kind")]
pub fn merge(
    snapshot: &Snapshot,
    frames: &PageSet<Frames>,
    log: &PageSet<Log>,
    moved: &[FrameRow],
    from: u64,
    given_up: &[LayerRow],
    info: &CommitInfo,
    offset: u64,
) -> std::result::Result<Committed, Miss> {
    check(info)?;
    let root = &snapshot.root;
    let mut next = Next::new(snapshot, frames, info.sequence, offset);
    next.take_log(log, root.log_bytes);
    let is_merged = |sequence: u64| sequence >= from && sequence != info.sequence;

    let rows = moved.iter().map(|row| (row.key.clone(), Some(row.clone())));
    let tree = next.apply(
        &root.frames,
        |n| &mut n.frames,
        &Edits::new(rows.collect(), Vec::new()),
    )?;
    let frame_tree = next.relocate(&tree, |n| &mut n.frames, from, &is_merged)?;
    let (kept, left) = split(snapshot, |row| row.sequence < from)?;
    let log = next.keep_log(snapshot, log_edits(&left, given_up, &[]), from, &is_merged)?;
    next.resident_from = next.out.offset();

    let arrays = next.relocate(&root.arrays, |n| &mut n.resident.arrays, from, &is_merged)?;
    let attributes = next.relocate(
        &root.attributes,
        |n| &mut n.resident.attributes,
        from,
        &is_merged,
    )?;
    let statistics = next.relocate(
        &root.statistics,
        |n| &mut n.resident.statistics,
        from,
        &is_merged,
    )?;
    let tags = next.relocate(&root.tags, |n| &mut n.resident.tags, from, &is_merged)?;
    let bytes = moved.iter().map(|row| row.stored).sum();
    let own = own_row(info, Origin::Merge(from), 0, moved.len() as u64, bytes);
    debug_assert!(!kept.is_empty(), "the base is merged by a rebuild");
    let layers = next.put_layers(&root.layers, &left, own)?;
    let layers = next.relocate(&layers, |n| &mut n.resident.layers, from, &is_merged)?;

    let mut new = Root {
        layer: info.layer,
        parent: Some(root.layer),
        sequence: info.sequence,
        arrays,
        attributes,
        statistics,
        frames: frame_tree,
        layers,
        log,
        tags,
        pages: Vec::new(),
        ..root.clone()
    };
    next.fold(&mut new)?;
    new.pages = next.layer_pages();
    new.log_bytes = next.log_bytes();
    Ok(next.finish(new)?)
}

/// Builds a layer after which the state is that of `target` again. The history stays, and so do tags.
///
/// # Errors
/// A page is damaged, or a limit is exceeded.
pub fn restore(
    current: &Snapshot,
    log: &PageSet<Log>,
    target: &Snapshot,
    info: &CommitInfo,
    offset: u64,
) -> std::result::Result<Committed, Miss> {
    check(info)?;
    let (root, old) = (&current.root, &target.root);
    let mut next = Next::new(target, &PageSet::default(), info.sequence, offset);
    next.take_log(log, root.log_bytes);
    let stays: HashSet<u64> = target.layers()?.iter().map(|row| row.sequence).collect();
    let (_, left) = split(current, |row| stays.contains(&row.sequence))?;
    let back: Vec<u64> = stays.into_iter().collect();
    let everything = |sequence: u64| sequence != info.sequence;
    let log = next.keep_log(current, log_edits(&left, &[], &back), 0, &everything)?;
    next.resident_from = next.out.offset();

    // Tags are of the file, not of a state of it.
    next.free(&old.tags, |n| &mut n.resident.tags)?;
    let tags = next.copy(&root.tags, &current.tags, |n| &mut n.resident.tags)?;
    let newest = LayerRow {
        length: target.object_length,
        ..own_of(target)?.clone()
    };
    let own = own_row(info, Origin::Restore(old.sequence), 0, 0, 0);
    let edits = Edits::new(
        vec![(newest.sequence, Some(newest)), (own.sequence, Some(own))],
        Vec::new(),
    );
    let layers = next.apply(&old.layers, |n| &mut n.resident.layers, &edits)?;
    let mut new = Root {
        layer: info.layer,
        parent: Some(root.layer),
        sequence: info.sequence,
        next_array: root.next_array.max(old.next_array),
        layers,
        log,
        tags,
        ..old.clone()
    };
    new.pages = next.layer_pages();
    new.log_bytes = next.log_bytes();
    Ok(next.finish(new)?)
}

fn check(info: &CommitInfo) -> Result<()> {
    limits::check("sequence number", info.sequence, limits::SEQUENCE)?;
    limits::check(
        "bytes of a commit message",
        info.message.len() as u64,
        limits::MESSAGE_BYTES,
    )
}

fn own_of(snapshot: &Snapshot) -> Result<&LayerRow> {
    snapshot
        .layer(snapshot.root.sequence)?
        .ok_or_else(|| Error::corrupt("a layer does not list itself"))
}

/// The layers for which `stays` holds, and those that leave, whose rows are then complete.
fn split(
    snapshot: &Snapshot,
    stays: impl Fn(&LayerRow) -> bool,
) -> Result<(Vec<LayerRow>, Vec<LayerRow>)> {
    Ok(snapshot.whole_layers()?.into_iter().partition(stays))
}

/// Layers that leave the snapshot come into the log, those that are given up are marked there, and
/// those that come back into the snapshot leave it.
pub(crate) fn log_edits(left: &[LayerRow], given_up: &[LayerRow], back: &[u64]) -> Edits<Log> {
    let mut rows: BTreeMap<u64, Option<LayerRow>> = BTreeMap::new();
    rows.extend(left.iter().map(|row| (row.sequence, Some(row.clone()))));
    rows.extend(given_up.iter().map(|row| {
        let gone = LayerRow {
            gone: true,
            ..row.clone()
        };
        (row.sequence, Some(gone))
    }));
    rows.extend(back.iter().map(|&sequence| (sequence, None)));
    Edits::new(rows.into_iter().collect(), Vec::new())
}

impl Next {
    /// Writes the log anew where it changes or moves.
    pub(crate) fn keep_log(
        &mut self,
        snapshot: &Snapshot,
        edits: Edits<Log>,
        oldest: u64,
        moves: &dyn Fn(u64) -> bool,
    ) -> std::result::Result<Tree<Log>, Miss> {
        let log = self.apply(&snapshot.root.log, |n| n.log_pages(), &edits)?;
        self.relocate(&log, |n| n.log_pages(), oldest, moves)
    }

    /// The layers without those that left, and with the new one.
    fn put_layers(
        &mut self,
        tree: &Tree<Layers>,
        left: &[LayerRow],
        own: LayerRow,
    ) -> std::result::Result<Tree<Layers>, Miss> {
        let mut rows: Vec<(u64, Option<LayerRow>)> =
            left.iter().map(|row| (row.sequence, None)).collect();
        rows.push((own.sequence, Some(own)));
        let edits = Edits::new(rows, Vec::new());
        self.apply(tree, |n| &mut n.resident.layers, &edits)
    }
}

/// All layers of a snapshot as its log has them once they have left.
pub(crate) fn leaving(snapshot: &Snapshot) -> Result<Vec<LayerRow>> {
    Ok(split(snapshot, |_| false)?.1)
}
