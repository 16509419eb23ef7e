//! The state of a file after one layer: what is visible, and where it is.
//!
//! The pages of names, attributes, statistics, layers and tags are held as stored bytes and decoded on
//! first touch, or come from a source then; those of frames and the log are fetched when they are
//! needed.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;

use crate::array::ArrayMeta;
use crate::error::{Error, Place, Result};
use crate::tree::{LoadedPage, Miss, PageSet, PageSource, Tree};
use crate::value::AttributeValue;
use crate::wire::page::{self, PageAddress};
use crate::wire::root::Root;
use crate::wire::tables::{
    Arrays, AttributeKey, AttributeRow, Attributes, LayerRow, Layers, Statistics, StatisticsRow,
    Table, TagRow, Tags,
};
use crate::wire::trailer::Trailer;

/// A whole state of a file.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// From which everything is reached.
    pub root: Root,
    /// Bytes of the object that carries the root.
    pub object_length: u64,
    pub(crate) arrays: PageSet<Arrays>,
    pub(crate) attributes: PageSet<Attributes>,
    pub(crate) statistics: PageSet<Statistics>,
    pub(crate) layers: PageSet<Layers>,
    pub(crate) tags: PageSet<Tags>,
}

/// Reads the root of a layer out of the last bytes of its object, if they reach back far enough.
///
/// # Errors
/// The bytes are not the end of a layer, or are damaged.
pub fn read_root(tail: &[u8], trailer: &Trailer) -> Result<Option<Root>> {
    let tail_start = trailer.object_length - tail.len() as u64;
    let Some(from) = trailer.root_offset.checked_sub(tail_start) else {
        return Ok(None);
    };
    let from = from as usize;
    let stored = &tail[from..from + trailer.root_stored as usize];
    let address = PageAddress {
        // The sequence number is only known from the root itself; it serves errors here.
        sequence: 0,
        offset: trailer.root_offset,
        stored: trailer.root_stored,
        raw: trailer.root_raw,
        crc: trailer.root_crc,
    };
    let raw = page::decode(&address, stored).map_err(|e| match e {
        Error::Corrupt { detail, .. } => Error::corrupt(detail).within(Place::part("root")),
        other => other,
    })?;
    Root::decode(&raw).map(Some)
}

/// A page that a snapshot needs in memory, and the table it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    table: u8,
    /// Where it is.
    pub address: PageAddress,
}

/// Pages of one table that are not in memory: the inner ones first, then the leaves.
fn missing_of<T: Table>(tree: &Tree<T>, pages: &PageSet<T>, out: &mut Vec<Wanted>) -> Result<()> {
    if pages.reads_late() {
        return Ok(());
    }
    let (all, _) = tree.addresses(pages)?;
    let missing = all.into_iter().filter(|a| pages.get(a).is_none());
    out.extend(missing.map(|address| Wanted {
        table: T::ID,
        address,
    }));
    Ok(())
}

impl Snapshot {
    /// A snapshot with its root alone; [`Snapshot::missing`] says what it needs.
    pub fn new(root: Root, object_length: u64) -> Self {
        Self {
            root,
            object_length,
            ..Self::default()
        }
    }

    /// The pages that must be supplied before anything is asked; empty when it is complete.
    pub fn missing(&self) -> Result<Vec<Wanted>> {
        let mut out = Vec::new();
        missing_of(&self.root.arrays, &self.arrays, &mut out)?;
        missing_of(&self.root.attributes, &self.attributes, &mut out)?;
        missing_of(&self.root.statistics, &self.statistics, &mut out)?;
        missing_of(&self.root.layers, &self.layers, &mut out)?;
        missing_of(&self.root.tags, &self.tags, &mut out)?;
        Ok(out)
    }

    /// Supplies a page, if its bytes are right.
    pub fn supply(&mut self, wanted: Wanted, stored: Bytes) -> Result<()> {
        let Wanted { table, address } = wanted;
        page::verify(&address, &stored)?;
        match table {
            Arrays::ID => self.arrays.insert(address, LoadedPage::new(stored).into()),
            Attributes::ID => self
                .attributes
                .insert(address, LoadedPage::new(stored).into()),
            Statistics::ID => self
                .statistics
                .insert(address, LoadedPage::new(stored).into()),
            Tags::ID => self.tags.insert(address, LoadedPage::new(stored).into()),
            _ => self.layers.insert(address, LoadedPage::new(stored).into()),
        }
        Ok(())
    }

    /// Has pages of names, attributes, statistics and tags come from a source when they are touched.
    pub fn read_late(&mut self, source: &Arc<dyn PageSource>) {
        self.arrays.read_late(Arc::clone(source));
        self.attributes.read_late(Arc::clone(source));
        self.statistics.read_late(Arc::clone(source));
        self.tags.read_late(Arc::clone(source));
    }

    /// Stored bytes of the pages in memory.
    pub fn resident_bytes(&self) -> u64 {
        self.arrays.stored_bytes()
            + self.attributes.stored_bytes()
            + self.statistics.stored_bytes()
            + self.layers.stored_bytes()
            + self.tags.stored_bytes()
    }

    /// The array with this name.
    pub fn array(&self, name: &str) -> Result<Option<&Arc<ArrayMeta>>> {
        let found = self.root.arrays.get(&self.arrays, &name.to_owned());
        found
            .map_err(Miss::into_error)?
            .map(|meta| self.check_id(meta))
            .transpose()
    }

    /// An id that is yet to be given would be given twice.
    fn check_id<'a>(&self, meta: &'a Arc<ArrayMeta>) -> Result<&'a Arc<ArrayMeta>> {
        if meta.id == 0 || meta.id >= self.root.next_array {
            return Err(Error::corrupt(format!(
                "array id {}, the next is {}",
                meta.id, self.root.next_array
            ))
            .within(Place {
                array: Some(meta.name.clone()),
                ..Place::default()
            }));
        }
        Ok(meta)
    }

    /// Calls `visit` with every array, by name.
    pub fn visit_arrays<'a>(&'a self, mut visit: impl FnMut(&'a Arc<ArrayMeta>)) -> Result<()> {
        let mut checked = Ok(());
        self.root.arrays.visit(&self.arrays, None, None, |row| {
            match self.check_id(row) {
                Ok(row) => visit(row),
                Err(error) => {
                    checked = Err(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        checked
    }

    /// An attribute of the array with this id.
    pub fn attribute(&self, array: u64, key: &str) -> Result<Option<&AttributeValue>> {
        let key = AttributeKey {
            key: key.into(),
            array,
        };
        let row = self.root.attributes.get(&self.attributes, &key);
        Ok(row.map_err(Miss::into_error)?.map(|row| &row.value))
    }

    /// The attributes of the arrays with these ids, which rise, in their order.
    pub fn attribute_column(
        &self,
        key: &str,
        arrays: &[u64],
    ) -> Result<Vec<Option<&AttributeValue>>> {
        let key: Arc<str> = key.into();
        let keys: Vec<AttributeKey> = arrays
            .iter()
            .map(|&array| AttributeKey {
                key: Arc::clone(&key),
                array,
            })
            .collect();
        let rows = self.root.attributes.get_many(&self.attributes, &keys);
        let rows = rows.map_err(Miss::into_error)?;
        Ok(rows
            .into_iter()
            .map(|row| row.map(|row| &row.value))
            .collect())
    }

    /// Calls `visit` with every value of one attribute and the id of its array, or of the file, by id.
    pub fn visit_attribute<'a>(
        &'a self,
        key: &str,
        mut visit: impl FnMut(u64, &'a AttributeValue),
    ) -> Result<()> {
        let at = |key: String| AttributeKey {
            key: key.into(),
            array: 0,
        };
        let (from, to) = (at(key.to_owned()), at(format!("{key}\0")));
        let pages = &self.attributes;
        self.root
            .attributes
            .visit(pages, Some(&from), Some(&to), |row| {
                visit(row.key.array, &row.value);
                ControlFlow::Continue(())
            })
    }

    /// The distinct attribute keys of the file, rising. Costs a look-up a key.
    pub fn attribute_keys(&self) -> Result<Vec<Arc<str>>> {
        let mut keys: Vec<Arc<str>> = Vec::new();
        loop {
            let after = keys.last().map(|last| AttributeKey {
                key: format!("{last}\0").into(),
                array: 0,
            });
            let mut next: Option<&AttributeRow> = None;
            self.root
                .attributes
                .visit(&self.attributes, after.as_ref(), None, |row| {
                    next = Some(row);
                    ControlFlow::Break(())
                })?;
            match next {
                Some(row) => keys.push(Arc::clone(&row.key.key)),
                None => return Ok(keys),
            }
        }
    }

    /// The attributes of one array, by key.
    pub fn attributes_of(&self, array: u64) -> Result<Vec<(Arc<str>, &AttributeValue)>> {
        let keys: Vec<AttributeKey> = self
            .attribute_keys()?
            .into_iter()
            .map(|key| AttributeKey { key, array })
            .collect();
        let rows = self.root.attributes.get_many(&self.attributes, &keys);
        let rows = rows.map_err(Miss::into_error)?;
        Ok(rows
            .into_iter()
            .flatten()
            .map(|row| (Arc::clone(&row.key.key), &row.value))
            .collect())
    }

    /// The statistics of the array with this id, if it was ever written.
    pub fn statistics(&self, array: u64) -> Result<Option<&StatisticsRow>> {
        self.root
            .statistics
            .get(&self.statistics, &array)
            .map_err(Miss::into_error)
    }

    /// Calls `visit` with the statistics of every array that was written, by id.
    pub fn visit_statistics<'a>(&'a self, mut visit: impl FnMut(&'a StatisticsRow)) -> Result<()> {
        self.root
            .statistics
            .visit(&self.statistics, None, None, |row| {
                visit(row);
                ControlFlow::Continue(())
            })
    }

    /// The layer with this sequence number.
    pub fn layer(&self, sequence: u64) -> Result<Option<&LayerRow>> {
        self.root
            .layers
            .get(&self.layers, &sequence)
            .map_err(Miss::into_error)
    }

    /// All layers, base first.
    pub fn layers(&self) -> Result<Vec<&LayerRow>> {
        let mut out = Vec::new();
        self.root.layers.visit(&self.layers, None, None, |row| {
            out.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(out)
    }

    /// The last of the layers from this snapshot's own number on, which should be its own.
    pub fn newest(&self) -> Result<Option<&LayerRow>> {
        let mut last = None;
        let from = Some(&self.root.sequence);
        self.root.layers.visit(&self.layers, from, None, |row| {
            last = Some(row);
            ControlFlow::Continue(())
        })?;
        Ok(last)
    }

    /// All layers, base first, the newest one's own row with the length of its object too.
    pub fn whole_layers(&self) -> Result<Vec<LayerRow>> {
        let whole = |row: &LayerRow| LayerRow {
            length: match row.length {
                0 => self.object_length,
                length => length,
            },
            ..row.clone()
        };
        Ok(self.layers()?.into_iter().map(whole).collect())
    }

    /// The base of this snapshot.
    pub fn base(&self) -> Result<&LayerRow> {
        let mut first = None;
        self.root.layers.visit(&self.layers, None, None, |row| {
            first = Some(row);
            ControlFlow::Break(())
        })?;
        first.ok_or_else(|| Error::corrupt("a snapshot without layers").within(Place::part("root")))
    }

    /// The snapshot that a tag names.
    pub fn tag(&self, name: &str) -> Result<Option<&TagRow>> {
        let found = self.root.tags.get(&self.tags, &name.to_owned());
        found.map_err(Miss::into_error)
    }

    /// All tags, by name.
    pub fn tags(&self) -> Result<Vec<&TagRow>> {
        let mut out = Vec::new();
        self.root.tags.visit(&self.tags, None, None, |row| {
            out.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(out)
    }
}
