//! Edits of a handle that are not committed yet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use array_format_core::array::ArrayMeta;
use array_format_core::commit::{Changes, PlacedFrame};
use array_format_core::elements::Elements;
use array_format_core::geometry::TileKey;
use array_format_core::wire::tables::{AttributeKey, FrameKey, TagRow};

use crate::config::Settings;
use crate::spool::Spool;
use crate::storage::ObjectStoreBackend;
use crate::value::AttributeValue;

/// A tile that was changed.
#[derive(Debug, Clone)]
pub(crate) enum PendingTile {
    /// Decoded, over the tile's whole extent: likely to be changed again soon.
    Dirty(Arc<Elements>),
    /// Encoded, in the spool.
    Spooled(Box<PlacedFrame>),
    /// Cut off by a smaller shape.
    Removed,
}

/// An array with pending changes.
#[derive(Debug, Clone)]
pub(crate) struct PendingArray {
    /// Its definition as this handle sees it.
    pub(crate) meta: Arc<ArrayMeta>,
    /// Its definition in the snapshot; none if it was defined since.
    pub(crate) committed: Option<Arc<ArrayMeta>>,
    /// Tiles that differ from the snapshot's.
    pub(crate) tiles: BTreeMap<TileKey, PendingTile>,
}

impl PendingArray {
    pub(crate) fn is_changed(&self) -> bool {
        !self.tiles.is_empty() || self.committed.as_ref() != Some(&self.meta)
    }
}

/// All pending changes.
#[derive(Debug)]
pub(crate) struct Pending {
    /// By name; none where a committed array was deleted or renamed away.
    pub(crate) arrays: BTreeMap<String, Option<PendingArray>>,
    /// Ids of committed arrays that were deleted.
    pub(crate) removed: Vec<u64>,
    /// By array id and key; none where the attribute was removed.
    pub(crate) attributes: HashMap<u64, BTreeMap<Arc<str>, Option<AttributeValue>>>,
    /// By name; none where the tag was removed.
    pub(crate) tags: BTreeMap<String, Option<TagRow>>,
    /// Every key once, to be shared.
    keys: HashSet<Arc<str>>,
    /// Encoded frames.
    pub(crate) spool: Spool,
    /// The id of the next definition.
    pub(crate) next_array: u64,
    /// Bytes of dirty tiles.
    pub(crate) dirty: u64,
    /// Grows with every change.
    pub(crate) version: u64,
}

impl Pending {
    /// Nothing pending on a snapshot with this next id.
    pub(crate) fn new(next_array: u64, place: &ObjectStoreBackend, settings: &Settings) -> Self {
        Self {
            arrays: BTreeMap::new(),
            removed: Vec::new(),
            attributes: HashMap::new(),
            tags: BTreeMap::new(),
            keys: HashSet::new(),
            spool: Spool::new(place, settings),
            next_array,
            dirty: 0,
            version: 0,
        }
    }

    /// Whether there is nothing to commit.
    pub(crate) fn is_empty(&self) -> bool {
        self.removed.is_empty()
            && self.tags.is_empty()
            && self.attributes.values().all(BTreeMap::is_empty)
            && self
                .arrays
                .values()
                .all(|array| array.as_ref().is_some_and(|a| !a.is_changed()))
    }

    /// The array of this name, if it was touched.
    pub(crate) fn array(&self, name: &str) -> Option<&PendingArray> {
        self.arrays.get(name)?.as_ref()
    }

    /// Puts or removes an attribute.
    pub(crate) fn put_attribute(&mut self, id: u64, key: &str, value: Option<AttributeValue>) {
        self.version += 1;
        let key = match self.keys.get(key) {
            Some(key) => Arc::clone(key),
            None => {
                let key: Arc<str> = key.into();
                self.keys.insert(Arc::clone(&key));
                key
            }
        };
        self.attributes.entry(id).or_default().insert(key, value);
    }

    /// Puts or removes a tag.
    pub(crate) fn put_tag(&mut self, name: String, row: Option<TagRow>) {
        self.version += 1;
        self.tags.insert(name, row);
    }

    /// Puts a tile in place of what was pending for it.
    pub(crate) fn put_tile(&mut self, name: &str, key: TileKey, tile: PendingTile) {
        self.version += 1;
        let Some(Some(array)) = self.arrays.get_mut(name) else {
            return;
        };
        if let PendingTile::Dirty(elements) = &tile {
            self.dirty += elements.raw_len();
        }
        match array.tiles.insert(key, tile) {
            Some(PendingTile::Dirty(elements)) => self.dirty -= elements.raw_len(),
            Some(PendingTile::Spooled(frame)) => self.spool.discard(frame.stored),
            Some(PendingTile::Removed) | None => {}
        }
    }

    /// Forgets the tiles of an array that is not wanted any more.
    pub(crate) fn discard(&mut self, array: &PendingArray) {
        for tile in array.tiles.values() {
            match tile {
                PendingTile::Dirty(elements) => self.dirty -= elements.raw_len(),
                PendingTile::Spooled(frame) => self.spool.discard(frame.stored),
                PendingTile::Removed => {}
            }
        }
        self.attributes.remove(&array.meta.id);
    }

    /// What is pending, as a commit takes it. Dirty tiles have been spooled before.
    pub(crate) fn changes(&self) -> Changes {
        let mut changes = Changes {
            removed: self.removed.clone(),
            next_array: self.next_array,
            tags: self.tags.clone().into_iter().collect(),
            ..Changes::default()
        };
        for (name, array) in &self.arrays {
            let Some(array) = array else {
                changes.arrays.push((name.clone(), None));
                continue;
            };
            if array.committed.as_ref() != Some(&array.meta) {
                changes
                    .arrays
                    .push((name.clone(), Some(Arc::clone(&array.meta))));
            }
            for (tile, state) in &array.tiles {
                let key = FrameKey {
                    array: array.meta.id,
                    tile: tile.clone(),
                };
                match state {
                    PendingTile::Spooled(frame) => {
                        changes.frames.push((key, Some(PlacedFrame::clone(frame))))
                    }
                    PendingTile::Removed => changes.frames.push((key, None)),
                    PendingTile::Dirty(_) => debug_assert!(false, "dirty tiles are spooled first"),
                }
            }
        }
        for (&array, values) in &self.attributes {
            changes.attributes.extend(values.iter().map(|(key, value)| {
                let key = AttributeKey {
                    key: Arc::clone(key),
                    array,
                };
                (key, value.clone())
            }));
        }
        changes
    }

    /// Forgets arrays that were touched without a change: their definitions may move on.
    pub(crate) fn forget_unchanged(&mut self) {
        self.arrays
            .retain(|_, array| array.as_ref().is_none_or(PendingArray::is_changed));
    }

    /// Gives definitions that are not committed the ids that follow another snapshot.
    pub(crate) fn renumber(&mut self, first: u64, new_first: u64) {
        let renumbered = |id: u64| {
            if id >= first {
                id - first + new_first
            } else {
                id
            }
        };
        for array in self.arrays.values_mut().flatten() {
            let id = renumbered(array.meta.id);
            if id != array.meta.id {
                Arc::make_mut(&mut array.meta).id = id;
            }
        }
        self.attributes = std::mem::take(&mut self.attributes)
            .into_iter()
            .map(|(id, values)| (renumbered(id), values))
            .collect();
        self.next_array = renumbered(self.next_array);
    }
}
