//! Statistics of changed arrays, without reading data.

use super::{Changes, PlacedFrame};
use crate::snapshot::Snapshot;
use crate::stats::FrameStats;
use crate::tree::{Miss, PageSet};
use crate::wire::tables::{FrameKey, Frames, StatisticsRow};

/// The statistics of the next state.
pub(super) struct NewStatistics {
    /// Rows that change.
    pub(super) rows: Vec<(u64, Option<StatisticsRow>)>,
    /// Stored bytes of all frames.
    pub(super) frame_bytes: u64,
}

/// The statistics rows that change, without reading data: what is replaced is subtracted, what is
/// new is added. Bounds that a replaced frame held are looked for among the array's other frames.
pub(super) fn statistics(
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
                // Neither may have a maximum: then the array may lack one because of this frame.
                let bounds = (&old.stats.min, &old.stats.max);
                lost |= bounds.0.is_some()
                    && (*bounds.0 == row.stats.min || *bounds.1 == row.stats.max);
            }
            if let Some(frame) = frame {
                new.merge(&frame.stats);
                row.stored = row.stored.saturating_add(frame.stored);
                row.frames = row.frames.saturating_add(1);
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
        frame_bytes = frame_bytes
            .saturating_add(row.stored)
            .saturating_sub(before);
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
