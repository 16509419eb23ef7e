//! The metadata of a new layer: from a snapshot and a set of changes to pages and a root.
//!
//! | step | what | touches |
//! |---|---|---|
//! | 1 | statistics of changed arrays | their rows, and the frames that are replaced |
//! | 2 | the tables | the leaf pages of changed keys, and the path above them |
//! | 3 | folding | pages of small old layers, if more than a handful hold any |
//! | 4 | the root | itself |

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::array::ArrayMeta;
use crate::error::{Error, Result};
use crate::frame::EncodedFrame;
use crate::limits;
use crate::snapshot::Snapshot;
use crate::stats::FrameStats;
use crate::tree::{Edits, LoadedPage, Miss, PageSet, PageWriter, Tree};
use crate::value::AttributeValue;
use crate::wire::header::Id;
use crate::wire::page::{self, PageAddress};
use crate::wire::root::{LayerPages, Root};
use crate::wire::tables::{
    AttributeKey, AttributeRow, Attributes, FrameKey, FrameRow, Frames, LayerRow, Layers,
    StatisticsRow, Table,
};
use crate::wire::trailer::Trailer;
use crate::wire::{TRAILER_BYTES, crc};

/// Layers other than the newest that may hold live metadata pages.
const PAGE_LAYERS: usize = 6;
/// How many of them are left after folding.
const FOLDED_LAYERS: usize = 3;

/// A frame of the new layer.
#[derive(Debug, Clone)]
pub struct PlacedFrame {
    /// Its offset in the new layer.
    pub offset: u64,
    /// Its stored bytes.
    pub stored: u64,
    /// Its bytes once decoded.
    pub raw: u64,
    /// The checksum of its stored bytes.
    pub crc: u32,
    /// Its extent where that is less than the tile's.
    pub extent: Option<crate::geometry::Coords>,
    /// Statistics of its elements.
    pub stats: FrameStats,
}

impl PlacedFrame {
    /// An encoded frame that will stand at this offset.
    pub fn new(frame: &EncodedFrame, offset: u64) -> Self {
        Self {
            offset,
            stored: frame.stored.len() as u64,
            raw: frame.raw,
            crc: frame.crc,
            extent: frame.extent.clone(),
            stats: frame.stats.clone(),
        }
    }

    /// Its row in the frames table.
    pub fn row(&self, key: FrameKey, sequence: u64) -> FrameRow {
        FrameRow {
            key,
            sequence,
            offset: self.offset,
            stored: self.stored,
            raw: self.raw,
            crc: self.crc,
            extent: self.extent.clone(),
            stats: self.stats.clone(),
        }
    }
}

/// What a commit changes. Each name, key and id stands in it once.
#[derive(Debug, Default)]
pub struct Changes {
    /// By name: a definition to put, or none to remove.
    pub arrays: Vec<(String, Option<ArrayMeta>)>,
    /// Ids of arrays whose frames, attributes and statistics go.
    pub removed: Vec<u64>,
    /// A value to put, or none to remove.
    pub attributes: Vec<(AttributeKey, Option<AttributeValue>)>,
    /// A frame to put, or none to remove.
    pub frames: Vec<(FrameKey, Option<PlacedFrame>)>,
    /// The next array id after these changes.
    pub next_array: u64,
}

/// Who commits, and under which number.
#[derive(Debug, Clone)]
pub struct CommitInfo {
    /// The id of the new layer.
    pub layer: Id,
    /// Its sequence number.
    pub sequence: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: i64,
    /// The writer's id.
    pub writer: Id,
    /// What the writer says of it.
    pub message: String,
}

/// The metadata of a new layer.
#[derive(Debug)]
pub struct Committed {
    /// What follows the data region: pages, root, trailer.
    pub tail: Vec<Bytes>,
    /// The state after it.
    pub snapshot: Snapshot,
    /// Pages of its frames table that are in memory.
    pub frames: PageSet<Frames>,
    /// Its trailer.
    pub trailer: Trailer,
}

/// Builds the metadata of the layer that follows `snapshot`.
///
/// `frames` holds pages of the frames table; those that are missing are asked for.
/// `offset` is where the data region of the new layer ends.
pub fn commit(
    snapshot: &Snapshot,
    frames: &PageSet<Frames>,
    changes: &Changes,
    info: &CommitInfo,
    offset: u64,
) -> std::result::Result<Committed, Miss> {
    limits::check("sequence number", info.sequence, limits::SEQUENCE)?;
    limits::check(
        "bytes of a commit message",
        info.message.len() as u64,
        limits::MESSAGE_BYTES,
    )?;
    let statistics = statistics(snapshot, frames, changes)?;
    let mut next = Next::new(snapshot, frames, info.sequence, offset);
    let frame_edits = frame_edits(changes, info.sequence);
    let root = &snapshot.root;

    let frame_tree = next.apply(&root.frames, |n| &mut n.frames, &frame_edits)?;
    next.resident_from = next.out.offset();
    let array_edits = Edits::new(changes.arrays.clone(), Vec::new());
    let arrays = next.apply(&root.arrays, |n| &mut n.resident.arrays, &array_edits)?;
    let attribute_edits = attribute_edits(snapshot, changes)?;
    let attributes = next.apply(
        &root.attributes,
        |n| &mut n.resident.attributes,
        &attribute_edits,
    )?;
    let frame_bytes = statistics.frame_bytes;
    let statistics = next.apply(
        &root.statistics,
        |n| &mut n.resident.statistics,
        &Edits::new(statistics.rows, Vec::new()),
    )?;
    let layer_edits = layer_edits(snapshot, changes, info)?;
    let layers = next.apply(&root.layers, |n| &mut n.resident.layers, &layer_edits)?;

    let mut new = Root {
        file: root.file,
        layer: info.layer,
        parent: Some(root.layer),
        sequence: info.sequence,
        next_array: changes.next_array,
        arrays,
        attributes,
        statistics,
        frames: frame_tree,
        layers,
        pages: Vec::new(),
        frame_bytes,
    };
    next.fold(&mut new)?;
    new.pages = next.layer_pages();
    Ok(next.finish(new)?)
}

/// The first layer of a new file: nothing but a root.
pub fn create(file: Id, info: &CommitInfo, offset: u64) -> Result<Committed> {
    let root = Root {
        file,
        layer: info.layer,
        parent: None,
        sequence: info.sequence,
        next_array: 1,
        ..Root::default()
    };
    let empty = Snapshot::new(root.clone(), 0);
    let frames = PageSet::default();
    let mut next = Next::new(&empty, &frames, info.sequence, offset);
    next.resident_from = offset;
    let edits = Edits::new(
        vec![(info.sequence, Some(own_row(info, 0, 0, 0)))],
        Vec::new(),
    );
    let layers = next
        .apply(&root.layers, |n| &mut n.resident.layers, &edits)
        .map_err(Miss::into_error)?;
    let mut new = Root { layers, ..root };
    new.pages = next.layer_pages();
    next.finish(new)
}

/// A new layer's own row.
pub(crate) fn own_row(info: &CommitInfo, arrays: u64, frames: u64, bytes: u64) -> LayerRow {
    LayerRow {
        sequence: info.sequence,
        id: info.layer,
        length: 0,
        time: info.time,
        writer: info.writer,
        message: info.message.clone(),
        arrays,
        frames,
        bytes,
    }
}

fn frame_edits(changes: &Changes, sequence: u64) -> Edits<Frames> {
    let rows = changes
        .frames
        .iter()
        .map(|(key, frame)| {
            let row = frame.as_ref().map(|f| f.row(key.clone(), sequence));
            (key.clone(), row)
        })
        .collect();
    let ranges = changes
        .removed
        .iter()
        .map(|&id| (FrameKey::first_of(id), FrameKey::first_of(id + 1)))
        .collect();
    Edits::new(rows, ranges)
}

fn attribute_edits(
    snapshot: &Snapshot,
    changes: &Changes,
) -> std::result::Result<Edits<Attributes>, Miss> {
    let mut rows: BTreeMap<AttributeKey, Option<AttributeRow>> = BTreeMap::new();
    if !changes.removed.is_empty() {
        let mut ids = changes.removed.clone();
        ids.sort_unstable();
        for key in snapshot.attribute_keys()? {
            let column = snapshot.attribute_column(&key, &ids)?;
            for (&array, _) in ids.iter().zip(column).filter(|(_, value)| value.is_some()) {
                let key = Arc::clone(&key);
                rows.insert(AttributeKey { key, array }, None);
            }
        }
    }
    for (key, value) in &changes.attributes {
        let row = value.as_ref().map(|value| AttributeRow {
            key: key.clone(),
            value: value.clone(),
        });
        rows.insert(key.clone(), row);
    }
    Ok(Edits::new(rows.into_iter().collect(), Vec::new()))
}

fn layer_edits(snapshot: &Snapshot, changes: &Changes, info: &CommitInfo) -> Result<Edits<Layers>> {
    let parent = snapshot
        .layer(snapshot.root.sequence)?
        .ok_or_else(|| Error::corrupt("a layer does not list itself"))?;
    let parent = LayerRow {
        length: snapshot.object_length,
        ..parent.clone()
    };
    let mut touched: Vec<u64> = changes.removed.clone();
    touched.extend(
        changes
            .arrays
            .iter()
            .filter_map(|(_, meta)| meta.as_ref().map(|m| m.id)),
    );
    touched.extend(changes.frames.iter().map(|(key, _)| key.array));
    touched.extend(changes.attributes.iter().map(|(key, _)| key.array));
    touched.sort_unstable();
    touched.dedup();
    let frames = changes
        .frames
        .iter()
        .filter_map(|(_, frame)| frame.as_ref());
    let row = own_row(
        info,
        touched.len() as u64,
        frames.clone().count() as u64,
        frames.map(|f| f.stored).sum(),
    );
    Ok(Edits::new(
        vec![(parent.sequence, Some(parent)), (row.sequence, Some(row))],
        Vec::new(),
    ))
}

struct NewStatistics {
    rows: Vec<(u64, Option<StatisticsRow>)>,
    frame_bytes: u64,
}

/// The statistics rows that change, without reading data: what is replaced is subtracted, what is
/// new is added. Bounds that a replaced frame held are looked for among the array's other frames.
fn statistics(
    snapshot: &Snapshot,
    pages: &PageSet<Frames>,
    changes: &Changes,
) -> std::result::Result<NewStatistics, Miss> {
    let mut frame_bytes = snapshot.root.frame_bytes;
    let mut rows: Vec<(u64, Option<StatisticsRow>)> = Vec::new();
    for &id in &changes.removed {
        if let Some(row) = snapshot.statistics(id)? {
            frame_bytes = frame_bytes.saturating_sub(row.stored);
            rows.push((id, None));
        }
    }
    let mut frames: Vec<&(FrameKey, Option<PlacedFrame>)> = changes.frames.iter().collect();
    frames.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let keys: Vec<FrameKey> = frames.iter().map(|(key, _)| key.clone()).collect();
    let olds = snapshot.root.frames.get_many(pages, &keys)?;
    let mut missing = Vec::new();
    let mut from = 0;
    while from < frames.len() {
        let array = frames[from].0.array;
        let to = from + frames[from..].partition_point(|(key, _)| key.array == array);
        let mut row = snapshot
            .statistics(array)?
            .cloned()
            .unwrap_or(StatisticsRow {
                array,
                ..StatisticsRow::default()
            });
        let before = row.stored;
        // Whether a bound may have gone with a replaced frame.
        let mut lost = false;
        let mut new = FrameStats::default();
        for ((_, frame), old) in frames[from..to].iter().zip(&olds[from..to]) {
            if let Some(old) = old {
                row.stats.valid = row.stats.valid.saturating_sub(old.stats.valid);
                row.stats.nan = row.stats.nan.saturating_sub(old.stats.nan);
                row.stored = row.stored.saturating_sub(old.stored);
                row.frames = row.frames.saturating_sub(1);
                lost |= old.stats.min.is_some() && old.stats.min == row.stats.min;
                lost |= old.stats.max.is_some() && old.stats.max == row.stats.max;
            }
            if let Some(frame) = frame {
                new.merge(&frame.stats);
                row.stored += frame.stored;
                row.frames += 1;
            }
        }
        if lost {
            match rest(snapshot, pages, array, &keys[from..to]) {
                Ok(mut stats) => {
                    stats.merge(&new);
                    row.stats = stats;
                }
                Err(Miss::Pages(pages)) => missing.extend(pages),
                Err(error) => return Err(error),
            }
        } else {
            row.stats.merge(&new);
        }
        frame_bytes = (frame_bytes + row.stored).saturating_sub(before);
        rows.push((array, (row.frames > 0).then_some(row)));
        from = to;
    }
    if missing.is_empty() {
        Ok(NewStatistics { rows, frame_bytes })
    } else {
        Err(Miss::Pages(missing))
    }
}

/// Statistics over all frames of an array but these.
fn rest(
    snapshot: &Snapshot,
    pages: &PageSet<Frames>,
    array: u64,
    but: &[FrameKey],
) -> std::result::Result<FrameStats, Miss> {
    let (from, to) = (FrameKey::first_of(array), FrameKey::first_of(array + 1));
    let tree = &snapshot.root.frames;
    let mut stats = FrameStats::default();
    let mut missing = Vec::new();
    for leaf in tree.leaves(pages, Some(&from), Some(&to))? {
        match tree.leaf_rows(pages, &leaf) {
            Ok(rows) => rows
                .iter()
                .filter(|row| row.key.array == array && but.binary_search(&row.key).is_err())
                .for_each(|row| stats.merge(&row.stats)),
            Err(Miss::Pages(pages)) => missing.extend(pages),
            Err(error) => return Err(error),
        }
    }
    if missing.is_empty() {
        Ok(stats)
    } else {
        Err(Miss::Pages(missing))
    }
}

/// The pages of the next state while it is built.
pub(crate) struct Next {
    resident: Snapshot,
    frames: PageSet<Frames>,
    pub(crate) out: PageWriter,
    sequence: u64,
    pub(crate) resident_from: u64,
    old: Vec<LayerPages>,
    /// Bytes of live pages by layer.
    live: BTreeMap<u64, u64>,
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
            pages: Vec::new(),
        }
    }

    /// Pages that were all written elsewhere, before the root.
    pub(crate) fn at(resident: Snapshot, out: PageWriter, sequence: u64) -> Self {
        Self {
            resident,
            frames: PageSet::default(),
            resident_from: out.offset(),
            out,
            sequence,
            old: Vec::new(),
            live: BTreeMap::new(),
            pages: Vec::new(),
        }
    }

    fn apply<T: Table>(
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
            *self.live.entry(address.sequence).or_default() += u64::from(address.stored);
            self.pages.push(stored.clone());
            set(self).insert(address, LoadedPage::new(stored).into());
        }
        for address in freed {
            if let Some(live) = self.live.get_mut(&address.sequence) {
                *live = live.saturating_sub(address.stored.into());
            }
            set(self).remove(address);
        }
    }

    /// Copies the pages of the smallest old layers, if too many layers hold pages.
    fn fold(&mut self, root: &mut Root) -> std::result::Result<(), Miss> {
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
        for sequence in folded {
            self.live.insert(sequence, 0);
        }
        Ok(())
    }

    fn relocate<T: Table>(
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
    fn layer_pages(&self) -> Vec<LayerPages> {
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
