//! The metadata of a new layer: from a snapshot and a set of changes to pages and a root.
//!
//! | step | what | touches |
//! |---|---|---|
//! | 1 | statistics of changed arrays | their rows, and the frames that are replaced |
//! | 2 | the tables | the leaf pages of changed keys, and the path above them |
//! | 3 | folding | pages of small old layers, if more than a handful hold any |
//! | 4 | the root | itself |

mod merge;
mod next;
mod statistics;

use std::sync::Arc;

use bytes::Bytes;

use crate::array::ArrayMeta;
use crate::error::{Error, Result};
use crate::frame::EncodedFrame;
use crate::limits;
use crate::snapshot::Snapshot;
use crate::stats::FrameStats;
use crate::tree::{Edits, Miss, PageSet};
use crate::value::AttributeValue;
use crate::wire::header::Id;
use crate::wire::root::Root;
use crate::wire::sums::PartSums;
use crate::wire::tables::{
    Annex, AttributeKey, AttributeRow, Attributes, FrameKey, FrameRow, Frames, LayerRow, Layers,
    Origin, TagRow,
};
use crate::wire::trailer::Trailer;
pub(crate) use merge::{leaving, log_edits};
pub use merge::{merge, restore};
pub(crate) use next::Next;
use statistics::statistics;

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
    /// The checksums of its parts, if it is stored as it is and not small.
    pub sums: PartSums,
    /// Its extent where that is less than the tile's.
    pub extent: Option<crate::geometry::Coords>,
    /// Statistics of its elements.
    pub stats: FrameStats,
}

impl PlacedFrame {
    /// An encoded frame that will stand at this offset.
    pub fn new(frame: &EncodedFrame<'_>, offset: u64) -> Self {
        Self {
            offset,
            stored: frame.stored.len() as u64,
            raw: frame.raw,
            crc: frame.crc,
            sums: frame.sums.clone(),
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
            sums: self.sums.clone(),
            extent: self.extent.clone(),
            stats: self.stats.clone(),
        }
    }
}

/// What a commit changes. Each name, key and id stands in it once.
#[derive(Debug, Default)]
pub struct Changes {
    /// By name: a definition to put, or none to remove.
    pub arrays: Vec<(String, Option<Arc<ArrayMeta>>)>,
    /// Ids of arrays whose frames, attributes and statistics go.
    pub removed: Vec<u64>,
    /// A value to put, or none to remove.
    pub attributes: Vec<(AttributeKey, Option<AttributeValue>)>,
    /// A frame to put, or none to remove.
    pub frames: Vec<(FrameKey, Option<PlacedFrame>)>,
    /// By name: a tag to put, or none to remove.
    pub tags: Vec<(String, Option<TagRow>)>,
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
    /// Where the first part of its data is, if that is not in its own object.
    pub annex: Option<Annex>,
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
    let tag_edits = Edits::new(changes.tags.clone(), Vec::new());
    let tags = next.apply(&root.tags, |n| &mut n.resident.tags, &tag_edits)?;

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
        log: root.log.clone(),
        tags,
        pages: Vec::new(),
        log_bytes: root.log_bytes,
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
        vec![(info.sequence, Some(own_row(info, Origin::Commit, 0, 0, 0)))],
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
pub(crate) fn own_row(
    info: &CommitInfo,
    origin: Origin,
    arrays: u64,
    frames: u64,
    bytes: u64,
) -> LayerRow {
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
        origin,
        gone: false,
        annex: info.annex,
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
    // Keys of arrays that go, and keys that are set, are of different arrays.
    let mut rows: Vec<(AttributeKey, Option<AttributeRow>)> = Vec::new();
    if !changes.removed.is_empty() {
        let mut ids = changes.removed.clone();
        ids.sort_unstable();
        for key in snapshot.attribute_keys()? {
            let column = snapshot.attribute_column(&key, &ids)?;
            for (&array, _) in ids.iter().zip(column).filter(|(_, value)| value.is_some()) {
                let key = Arc::clone(&key);
                rows.push((AttributeKey { key, array }, None));
            }
        }
    }
    for (key, value) in &changes.attributes {
        let row = value.as_ref().map(|value| AttributeRow {
            key: key.clone(),
            value: value.clone(),
        });
        rows.push((key.clone(), row));
    }
    Ok(Edits::new(rows, Vec::new()))
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
        Origin::Commit,
        touched.len() as u64,
        frames.clone().count() as u64,
        frames.map(|f| f.stored).sum(),
    );
    Ok(Edits::new(
        vec![(parent.sequence, Some(parent)), (row.sequence, Some(row))],
        Vec::new(),
    ))
}
