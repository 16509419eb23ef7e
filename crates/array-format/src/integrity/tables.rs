//! Whole tables, and what is known of arrays by their ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use array_format_core::codec::Codecs;
use array_format_core::frame::FrameDecoder;
use array_format_core::geometry::Coords;
use array_format_core::tree::Tree;
use array_format_core::wire::tables::{AttributeKey, FrameKey, Table};

use super::pages::{Hole, Step, Tally, Walk};
use super::problem::{Affected, Part, Problem};
use super::source::Source;
use crate::array::ArrayMeta;
use crate::error::{Error, Result};

/// Calls `visit` with the rows and holes of a table, in order.
pub(super) async fn each<T: Table>(
    source: &Source,
    tree: &Tree<T>,
    tally: &mut Tally,
    mut visit: impl FnMut(Step<T>),
) -> Result<()> {
    let mut walk = Walk::new(source, tree);
    while let Some(steps) = walk.next(tally).await? {
        steps.into_iter().for_each(&mut visit);
    }
    Ok(())
}

/// The report of a hole.
pub(super) fn hole_problem<T: Table>(
    source: &Source,
    hole: &Hole<T::Key>,
    affects: Vec<Affected>,
) -> Problem {
    Problem {
        object: source.path(hole.address.sequence),
        layer: Some(hole.address.sequence),
        bytes: Some(hole.bytes()),
        part: Part::Page(T::NAME),
        affects,
        detail: format!("{} ({} rows)", hole.detail, hole.rows),
    }
}

/// An array, and what its frames are decoded with.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) meta: Arc<ArrayMeta>,
    /// None if its codec is not at hand.
    pub(super) decoder: std::result::Result<FrameDecoder, Error>,
}

/// Arrays by their ids.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    arrays: BTreeMap<u64, Arc<Known>>,
}

impl Catalog {
    pub(super) fn insert(&mut self, meta: Arc<ArrayMeta>, codecs: &Codecs) {
        let decoder = FrameDecoder::new(&meta, codecs);
        let known = Known { meta, decoder };
        self.arrays.insert(known.meta.id, Arc::new(known));
    }

    pub(super) fn get(&self, id: u64) -> Option<&Arc<Known>> {
        self.arrays.get(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Known>> {
        self.arrays.values()
    }

    /// The name of an array, or what there is instead.
    pub(super) fn name(&self, id: u64) -> String {
        match self.arrays.get(&id) {
            Some(known) => known.meta.name.clone(),
            None => format!("(id {id})"),
        }
    }

    /// The arrays with ids from `from` on and before `to`.
    /// Arrays count that `written` says have frames.
    pub(super) fn between(
        &self,
        from: u64,
        to: Option<u64>,
        written: impl Fn(u64) -> bool,
    ) -> Vec<Affected> {
        let arrays = self.arrays.range(from..).map(|(_, known)| known);
        arrays
            .take_while(|known| to.is_none_or(|to| known.meta.id < to))
            .filter(|known| written(known.meta.id))
            .map(|known| Affected::Array(known.meta.name.clone()))
            .collect()
    }

    /// The chunks whose frames may have keys from `from` on and before `to`.
    /// Arrays count that `written` says have frames.
    pub(super) fn chunks_between(
        &self,
        from: &FrameKey,
        to: Option<&FrameKey>,
        written: impl Fn(u64) -> bool,
    ) -> Vec<Affected> {
        let arrays = self.arrays.range(from.array..).map(|(_, known)| known);
        arrays
            .take_while(|known| to.is_none_or(|to| known.meta.id <= to.array))
            .filter(|known| written(known.meta.id))
            .filter_map(|known| {
                let id = known.meta.id;
                let first = (id == from.array).then(|| from.tile.chunk.to_vec());
                let last = match to {
                    Some(to) if to.array == id => Some(last_before(&known.meta, to)?),
                    _ => None,
                };
                Some(Affected::Chunks {
                    array: known.meta.name.clone(),
                    from: first,
                    to: last,
                })
            })
            .collect()
    }

    /// An attribute's key as users know it.
    pub(super) fn attribute(&self, key: &AttributeKey) -> (String, Option<String>) {
        let array = self.arrays.get(&key.array);
        (
            key.key.to_string(),
            array.map(|known| known.meta.name.clone()),
        )
    }
}

/// The last chunk of an array that has tiles before a key; none if there is no such chunk.
fn last_before(meta: &ArrayMeta, key: &FrameKey) -> Option<Vec<u64>> {
    let mut chunk: Coords = key.tile.chunk.clone();
    if chunk.len() != meta.shape.len() {
        return None;
    }
    if key.tile.tile > 0 {
        return Some(chunk.to_vec());
    }
    for axis in (0..chunk.len()).rev() {
        if chunk[axis] > 0 {
            chunk[axis] -= 1;
            return Some(chunk.to_vec());
        }
        chunk[axis] = meta.shape[axis]
            .div_ceil(meta.chunk_shape[axis].max(1))
            .saturating_sub(1);
    }
    None
}
