//! The handle: its fields, what can be asked of it without I/O, and calls into the verbs.

use std::sync::{Arc, Mutex, OnceLock};

use array_format_core::array::ArrayMeta;
use array_format_core::snapshot::Snapshot;
use array_format_core::tree::PageSet;
use array_format_core::wire::header::Id;
use array_format_core::wire::tables::{FILE_ID, Frames};
use array_format_core::wire::trailer::Trailer;
use elsa::sync::FrozenMap;

use crate::commit::{InDoubt, Turns};
use crate::config::Settings;
use crate::element::ArrayElement;
use crate::error::{Error, Result};
use crate::fetch::Pins;
use crate::footer::Footer;
use crate::layout::MergedArrayMeta;
use crate::pending::Pending;
use crate::spec::ArraySpec;
use crate::stats::{ArrayStats, StatsFile};
use crate::storage::ObjectStoreBackend;
use crate::value::{AttributeValue, FillValue};

/// An open file: many named arrays, their attributes and statistics.
///
/// Reads need `&self`, run concurrently and see one snapshot, with the pending changes of this handle
/// on top. Changes need `&mut self` and become durable together with [`ArrayFile::flush`]. Dropping a
/// handle drops its pending changes.
///
/// Calls that are not `async` do no I/O.
#[derive(Debug)]
pub struct ArrayFile {
    pub(crate) place: ObjectStoreBackend,
    pub(crate) settings: Settings,
    pub(crate) writer: Id,
    pub(crate) snapshot: Snapshot,
    /// Pages of the frames table that came along with others.
    pub(crate) frame_pages: PageSet<Frames>,
    /// The versions of objects that the snapshot stands on.
    pub(crate) pins: Arc<Mutex<Pins>>,
    /// The sequence number of the base object.
    pub(crate) base_sequence: u64,
    /// The layer that the base object holds.
    pub(crate) base_layer: Id,
    /// The newest layer's trailer: whether this library may write.
    pub(crate) trailer: Trailer,
    /// Layers that this handle tried to write without learning how it ended.
    pub(crate) in_doubt: Vec<InDoubt>,
    /// What it knows of others who write.
    pub(crate) turns: Turns,
    pub(crate) pending: Pending,
    /// Whether it shows a point of the history, and takes no changes.
    pub(crate) frozen: bool,
    /// Sidecars that were never completely written.
    pub(crate) torn: Vec<u64>,
    /// Whether statistics are shown: not before the first flush of a new file.
    pub(crate) shows_statistics: bool,
    pub(crate) array_statistics: FrozenMap<String, Box<ArrayStats>>,
    pub(crate) all_statistics: OnceLock<StatsFile>,
}

impl ArrayFile {
    /// The definition of an array.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`]; [`Error::Corrupt`] if its page is damaged.
    pub fn get_array(&self, name: &str) -> Result<&ArrayMeta> {
        self.shared(name).map(|meta| &**meta)
    }

    /// As [`ArrayFile::get_array`], to be kept.
    pub(crate) fn shared(&self, name: &str) -> Result<&Arc<ArrayMeta>> {
        self.find(name)?.ok_or_else(|| Error::ArrayNotFound {
            name: name.to_owned(),
        })
    }

    /// As [`ArrayFile::shared`], with `None` for an unknown name.
    pub(crate) fn find(&self, name: &str) -> Result<Option<&Arc<ArrayMeta>>> {
        match self.pending.arrays.get(name) {
            Some(array) => Ok(array.as_ref().map(|a| &a.meta)),
            None => self.snapshot.array(name),
        }
    }

    /// Whether an array of this name is visible.
    pub fn contains(&self, name: &str) -> Result<bool> {
        Ok(self.find(name)?.is_some())
    }

    /// All visible arrays, in the order in which they were defined.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a page is damaged.
    pub fn arrays(&self) -> Result<Vec<&ArrayMeta>> {
        let mut out: Vec<&ArrayMeta> = Vec::new();
        self.snapshot.visit_arrays(|meta| {
            if !self.pending.arrays.contains_key(&meta.name) {
                out.push(meta);
            }
        })?;
        out.extend(self.pending.arrays.values().flatten().map(|a| &*a.meta));
        out.sort_unstable_by_key(|meta| meta.id);
        Ok(out)
    }

    /// All visible arrays, in the order in which they were defined.
    ///
    /// A damaged page was found when the file was opened; should one be malformed beneath a right
    /// checksum, this call logs it and returns nothing. [`ArrayFile::arrays`] returns the error.
    pub fn list_arrays(&self) -> Vec<MergedArrayMeta> {
        logged(self.arrays())
            .unwrap_or_default()
            .into_iter()
            .map(MergedArrayMeta::from)
            .collect()
    }

    /// The statistics of an array as of the last commit; `None` before the first flush, for an
    /// unknown array, and for one that is defined but not flushed.
    pub fn array_stats(&self, name: &str) -> Option<&ArrayStats> {
        if !self.shows_statistics {
            return None;
        }
        if let Some(stats) = self.array_statistics.get(name) {
            return Some(stats);
        }
        let stats = logged(self.committed_statistics(name))??;
        Some(
            self.array_statistics
                .insert(name.to_owned(), Box::new(stats)),
        )
    }

    /// The definition of a visible array as of the last commit, if it had one then.
    pub(crate) fn committed<'a>(&'a self, meta: &'a ArrayMeta) -> Option<&'a ArrayMeta> {
        match self.pending.array(&meta.name) {
            Some(array) => array.committed.as_deref(),
            None => Some(meta),
        }
    }

    fn committed_statistics(&self, name: &str) -> Result<Option<ArrayStats>> {
        let committed = self.find(name)?.and_then(|meta| self.committed(meta));
        committed
            .map(|meta| self.statistics_of(name, meta))
            .transpose()
    }

    /// Statistics of a committed array, under the name that is visible now.
    fn statistics_of(&self, name: &str, meta: &ArrayMeta) -> Result<ArrayStats> {
        let row_count = meta.elements();
        Ok(match self.snapshot.statistics(meta.id)? {
            Some(row) => ArrayStats {
                name: name.to_owned(),
                min: row.stats.min.clone(),
                max: row.stats.max.clone(),
                null_count: row_count.saturating_sub(row.stats.valid),
                row_count,
            },
            None => ArrayStats {
                name: name.to_owned(),
                min: None,
                max: None,
                null_count: row_count,
                row_count,
            },
        })
    }

    /// The statistics of all arrays as of the last commit; `None` before the first flush.
    pub fn stats(&self) -> Option<&StatsFile> {
        if !self.shows_statistics {
            return None;
        }
        if let Some(stats) = self.all_statistics.get() {
            return Some(stats);
        }
        let stats = logged(self.collect_statistics())?;
        Some(self.all_statistics.get_or_init(|| stats))
    }

    fn collect_statistics(&self) -> Result<StatsFile> {
        let columns = self.statistics_columns()?;
        let rows = columns.arrays.iter().enumerate();
        let arrays = rows
            .filter(|(_, meta)| self.committed(meta).is_some())
            .map(|(i, meta)| ArrayStats {
                name: meta.name.clone(),
                min: columns.min[i].cloned(),
                max: columns.max[i].cloned(),
                null_count: columns.null_count[i],
                row_count: columns.row_count[i],
            })
            .collect();
        Ok(StatsFile {
            arrays,
            ..StatsFile::default()
        })
    }

    /// Statistics are made anew when they are next asked for.
    pub(crate) fn forget_statistics(&mut self) {
        self.array_statistics = FrozenMap::new();
        self.all_statistics = OnceLock::new();
    }

    /// The layers that the current snapshot stands on: the base and its sidecars.
    pub fn num_layers(&self) -> usize {
        self.snapshot.root.layers.rows() as usize
    }

    /// The sequence number of the newest layer that this handle has seen.
    pub fn sequence(&self) -> u64 {
        self.snapshot.root.sequence
    }

    /// What the newest layer says of itself.
    pub fn footer(&self) -> Footer {
        Footer::new(&self.snapshot)
    }

    /// Whether there are changes that are not committed.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Numbers of sidecars that were found torn, never completely written, and passed over.
    pub fn torn_layers(&self) -> &[u64] {
        &self.torn
    }

    /// The place of the file in its store.
    pub fn storage(&self) -> &ObjectStoreBackend {
        &self.place
    }

    /// An attribute of an array; `Ok(None)` for an unknown key.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`]; [`Error::Corrupt`] if a page is damaged.
    pub fn get_attribute(&self, name: &str, key: &str) -> Result<Option<&AttributeValue>> {
        let id = self.get_array(name)?.id;
        self.attribute(id, key)
    }

    /// A row for every visible array, in the order in which they were defined: its name, and its
    /// value of one attribute.
    ///
    /// Costs one pass over the arrays and one over the attribute's column. A page that is malformed
    /// beneath a right checksum is logged, and nothing is returned.
    pub fn attribute_index(&self, key: &str) -> Vec<(String, Option<&AttributeValue>)> {
        logged(self.attribute_column(key)).unwrap_or_default()
    }

    /// Sets an attribute of an array, in place of the value it may have.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`]; [`Error::Limit`] for a key or value that is too long.
    pub fn set_attribute(&mut self, name: &str, key: &str, value: AttributeValue) -> Result<()> {
        let id = self.get_array(name)?.id;
        self.put_attribute(id, key, Some(value))
    }

    /// Removes an attribute of an array; false if it had none of this key.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`].
    pub fn remove_attribute(&mut self, name: &str, key: &str) -> Result<bool> {
        let id = self.get_array(name)?.id;
        let there = self.attribute(id, key)?.is_some();
        if there {
            self.put_attribute(id, key, None)?;
        }
        Ok(there)
    }

    /// All attributes of an array, by key.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`].
    pub fn attributes(&self, name: &str) -> Result<Vec<(String, &AttributeValue)>> {
        let id = self.get_array(name)?.id;
        self.attributes_of(id)
    }

    /// An attribute of the file itself.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a page is damaged.
    pub fn file_attribute(&self, key: &str) -> Result<Option<&AttributeValue>> {
        self.attribute(FILE_ID, key)
    }

    /// Sets an attribute of the file itself.
    ///
    /// # Errors
    /// [`Error::Limit`] for a key or value that is too long.
    pub fn set_file_attribute(&mut self, key: &str, value: AttributeValue) -> Result<()> {
        self.put_attribute(FILE_ID, key, Some(value))
    }

    /// Removes an attribute of the file itself; false if it had none of this key.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a page is damaged.
    pub fn remove_file_attribute(&mut self, key: &str) -> Result<bool> {
        let there = self.attribute(FILE_ID, key)?.is_some();
        if there {
            self.put_attribute(FILE_ID, key, None)?;
        }
        Ok(there)
    }

    /// All attributes of the file itself, by key.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a page is damaged.
    pub fn file_attributes(&self) -> Result<Vec<(String, &AttributeValue)>> {
        self.attributes_of(FILE_ID)
    }

    /// Defines an array with elements of `T`.
    ///
    /// An empty `shape` is a scalar. Without `chunk_shape` the array is one chunk. Dimension names of
    /// another number than the rank become `dim0`, `dim1`, …. The codec is the handle's.
    /// [`ArrayFile::create_array`] takes a spec with more choices.
    ///
    /// # Errors
    /// [`Error::ArrayAlreadyExists`]; [`Error::InvalidArgument`] or [`Error::Limit`] for a definition
    /// that is not possible.
    pub fn define_array<T: ArrayElement>(
        &mut self,
        name: impl Into<String>,
        dimension_names: Vec<String>,
        shape: Vec<usize>,
        chunk_shape: Option<Vec<usize>>,
        fill_value: Option<FillValue>,
    ) -> Result<()> {
        let mut spec = ArraySpec::new(T::dtype(), shape.into_iter().map(|n| n as u64))
            .dimensions(dimension_names);
        if let Some(chunks) = chunk_shape {
            spec = spec.chunks(chunks.into_iter().map(|n| n as u64));
        }
        if let Some(fill) = fill_value {
            spec = spec.fill(fill);
        }
        self.create_array(name, spec)
    }
}

/// The value, or nothing and a line in the log.
fn logged<V>(result: Result<V>) -> Option<V> {
    result
        .inspect_err(|error| tracing::error!(%error, "metadata cannot be read"))
        .ok()
}

impl Drop for ArrayFile {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            tracing::warn!(
                path = %self.place.path(),
                "a handle is dropped with changes that were never flushed"
            );
        }
    }
}
