//! Whether pending changes may follow a snapshot that they were not made on.
//!
//! Every name, attribute and frame that a change touches must be in the newer snapshot what it was
//! in the one that the change was made on. Then applying it there gives what applying it before the
//! other commits would have given, and nothing of either is lost.

use crate::array::ArrayMeta;
use crate::commit::Changes;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::tree::{Miss, PageSet};
use crate::wire::tables::{FILE_ID, FrameKey, FrameRow, Frames};

/// A snapshot and the pages of its frames table that are in memory.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// Pages of its frames table.
    pub frames: &'a PageSet<Frames>,
}

impl View<'_> {
    fn frames_of(&self, keys: &[FrameKey]) -> std::result::Result<Vec<Option<&FrameRow>>, Miss> {
        self.snapshot.root.frames.get_many(self.frames, keys)
    }
}

/// Refuses changes that meet what was committed between two snapshots of one file.
///
/// # Errors
/// [`Error::Conflict`] with what met, or the pages that are needed to tell.
pub fn check(base: View<'_>, newer: View<'_>, changes: &Changes) -> std::result::Result<(), Miss> {
    let layer = newer.snapshot.root.sequence;
    let conflict = |what: String| Miss::Error(Error::Conflict { what, layer });
    let first_new = base.snapshot.root.next_array;

    for (name, _) in &changes.arrays {
        let before = base.snapshot.array(name)?;
        let after = newer.snapshot.array(name)?;
        // A definition that only follows from data (the choice of a codec) meets nothing new.
        if before != after {
            return Err(conflict(format!("array {name:?}")));
        }
    }
    // Arrays that are written to, or whose attributes are set, must not have been deleted or
    // redefined. Ids stay, so it is enough that the same id has the same definition.
    let mut touched: Vec<u64> = changes.frames.iter().map(|(key, _)| key.array).collect();
    touched.extend(changes.attributes.iter().map(|(key, _)| key.array));
    touched.extend(&changes.removed);
    touched.retain(|&id| id != FILE_ID && id < first_new);
    touched.sort_unstable();
    touched.dedup();
    if !touched.is_empty() {
        let (before, after) = (
            by_id(base.snapshot, &touched)?,
            by_id(newer.snapshot, &touched)?,
        );
        for ((id, before), after) in touched.iter().zip(before).zip(after) {
            if before != after {
                return Err(conflict(name_of(base.snapshot, *id)));
            }
        }
    }
    for (key, _) in &changes.attributes {
        let id = key.array;
        if id < first_new
            && base.snapshot.attribute(id, &key.key)? != newer.snapshot.attribute(id, &key.key)?
        {
            return Err(conflict(format!(
                "attribute {:?} of {}",
                key.key,
                name_of(base.snapshot, id)
            )));
        }
    }
    for (name, _) in &changes.tags {
        if base.snapshot.tag(name)? != newer.snapshot.tag(name)? {
            return Err(conflict(format!("tag {name:?}")));
        }
    }
    for &id in &changes.removed {
        // Whoever deletes an array has not seen what was written to it since.
        if base.snapshot.statistics(id)? != newer.snapshot.statistics(id)? {
            return Err(conflict(name_of(base.snapshot, id)));
        }
    }
    // Whoever makes an array smaller has cut the frames that were there, not those that came since.
    let mut puts: Vec<&ArrayMeta> = changes
        .arrays
        .iter()
        .filter_map(|(_, meta)| meta.as_deref())
        .filter(|put| put.id < first_new)
        .collect();
    puts.sort_unstable_by_key(|put| put.id);
    let ids: Vec<u64> = puts.iter().map(|put| put.id).collect();
    for (put, old) in puts.into_iter().zip(by_id(base.snapshot, &ids)?) {
        let is_smaller =
            |old: &ArrayMeta| put.shape.iter().zip(&old.shape).any(|(new, old)| new < old);
        let frames = |snapshot: &Snapshot| -> Result<u64> {
            Ok(snapshot.statistics(put.id)?.map_or(0, |row| row.frames))
        };
        if old.is_some_and(is_smaller) && frames(base.snapshot)? != frames(newer.snapshot)? {
            return Err(conflict(name_of(base.snapshot, put.id)));
        }
    }
    let mut keys: Vec<FrameKey> = changes
        .frames
        .iter()
        .map(|(key, _)| key)
        .filter(|key| key.array < first_new)
        .cloned()
        .collect();
    keys.sort_unstable();
    let (before, after) = (base.frames_of(&keys), newer.frames_of(&keys));
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(Miss::Pages(mut a)), Err(Miss::Pages(b))) => {
            a.extend(b);
            return Err(Miss::Pages(a));
        }
        (Err(miss), _) | (_, Err(miss)) => return Err(miss),
    };
    for ((key, before), after) in keys.iter().zip(before).zip(after) {
        // A compaction moves frames and keeps their bytes.
        let content = |row: Option<&FrameRow>| {
            row.map(|r| (r.crc, r.stored, r.raw, r.extent.clone(), r.stats.clone()))
        };
        if content(before) != content(after) {
            return Err(conflict(format!(
                "{}, chunk {:?}",
                name_of(base.snapshot, key.array),
                key.tile.chunk
            )));
        }
    }
    Ok(())
}

/// How an error names an array.
fn name_of(snapshot: &Snapshot, id: u64) -> String {
    match by_id(snapshot, &[id]).as_deref() {
        Ok([Some(meta)]) => format!("array {:?}", meta.name),
        _ if id == FILE_ID => "the file".to_owned(),
        _ => format!("the array with id {id}"),
    }
}

/// The arrays with these ids, which rise.
fn by_id<'a>(snapshot: &'a Snapshot, ids: &[u64]) -> Result<Vec<Option<&'a ArrayMeta>>> {
    let mut out = vec![None; ids.len()];
    snapshot.visit_arrays(|meta| {
        if let Ok(at) = ids.binary_search(&meta.id) {
            out[at] = Some(&**meta);
        }
    })?;
    Ok(out)
}
