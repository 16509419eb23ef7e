//! The tables: what their keys and rows are, and how leaf and inner pages hold them.

mod arrays;
mod attributes;
mod frames;
mod keys;
mod layers;
mod rows;
mod statistics;
mod tags;

use std::fmt::Debug;

pub use arrays::Arrays;
pub use attributes::{AttributeKey, AttributeRow, Attributes, FILE_ID};
pub use frames::{FrameKey, FrameRow, Frames};
pub use keys::KeyColumns;
pub use layers::{Annex, LayerRow, LayerTable, Layers, Log, Origin};
pub use rows::Rows;
pub use statistics::{Statistics, StatisticsRow};
pub use tags::{TagRow, Tags};

use super::columns::{Ints, Reader, Writer};
use super::page::{INNER, LEAF, PageAddress};
use crate::error::{Error, Result};
use crate::limits;

/// A table of the file's state: sorted rows in a tree of pages.
pub trait Table: Sized + Clone + Debug + Send + Sync + 'static {
    /// Its number in page headers and roots.
    const ID: u8;
    /// Its name in errors.
    const NAME: &'static str;
    /// What rows are sorted by.
    type Key: Ord + Clone + Debug + Send + Sync;
    /// The key columns of a page.
    type Keys: KeyColumns<Key = Self::Key>;
    /// The other columns of a leaf page.
    type Columns: Debug + Send + Sync;
    /// A row.
    type Row: Clone + Debug + Send + Sync;

    /// The key of a row.
    fn key(row: &Self::Row) -> &Self::Key;
    /// About how many raw bytes a row takes in a page.
    fn weight(row: &Self::Row) -> usize;
    /// About how many raw bytes a key takes in a page.
    fn key_weight(key: &Self::Key) -> usize;
    /// Refuses keys that no page may hold, leaf or inner.
    fn check_keys(_: &Self::Keys) -> Result<()> {
        Ok(())
    }
    /// Writes the key columns.
    fn write_keys(out: &mut Writer, keys: &[&Self::Key]);
    /// Writes the other columns.
    fn write_rows(out: &mut Writer, rows: &[Self::Row]) -> Result<()>;
    /// Reads the other columns of a leaf page with these keys.
    fn read_columns(src: &mut Reader, keys: &Self::Keys) -> Result<Self::Columns>;
    /// Makes row `i`, which is there.
    fn row(keys: &Self::Keys, columns: &Self::Columns, i: usize) -> Result<Self::Row>;
}

/// The children of an inner page, or of the top of a tree.
#[derive(Debug, Clone)]
pub struct Inner<T: Table> {
    /// The first key of each child.
    pub keys: Vec<T::Key>,
    /// Where each child is.
    pub pages: Vec<PageAddress>,
    /// How many rows there are beneath each.
    pub rows: Vec<u64>,
}

impl<T: Table> Default for Inner<T> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            pages: Vec::new(),
            rows: Vec::new(),
        }
    }
}

const SEQUENCE: u16 = 64;
const OFFSET: u16 = 65;
const STORED: u16 = 66;
const RAW: u16 = 67;
const CRC: u16 = 68;
const ROWS: u16 = 69;

/// Turns one column of rows into integers.
fn column<R>(rows: &[R], value: impl Fn(&R) -> u64) -> Vec<u64> {
    rows.iter().map(value).collect()
}

impl<T: Table> Inner<T> {
    /// The raw page.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(INNER, T::ID);
        T::write_keys(&mut out, &self.keys.iter().collect::<Vec<_>>());
        out.ints(SEQUENCE, &column(&self.pages, |p| p.sequence));
        out.ints(OFFSET, &column(&self.pages, |p| p.offset));
        out.ints(STORED, &column(&self.pages, |p| p.stored.into()));
        out.ints(RAW, &column(&self.pages, |p| p.raw.into()));
        out.ints(CRC, &column(&self.pages, |p| p.crc.into()));
        out.ints(ROWS, &self.rows);
        out.finish()
    }

    /// Reads a raw page.
    pub fn decode(raw: &[u8]) -> Result<Self> {
        let mut src = open::<T>(raw, INNER)?;
        let columns = read_keys::<T>(&mut src)?;
        let n = columns.count();
        let [sequence, offset, stored, page_raw, crc, rows] =
            [SEQUENCE, OFFSET, STORED, RAW, CRC, ROWS].map(|id| src.ints_of(id, n));
        src.finish()?;
        let (sequence, offset, stored) = (sequence?, offset?, stored?);
        let (page_raw, crc) = (page_raw?, crc?);
        [&stored, &page_raw, &crc]
            .into_iter()
            .try_for_each(narrow)?;
        let pages = (0..n)
            .map(|i| PageAddress {
                sequence: sequence.get(i),
                offset: offset.get(i),
                stored: stored.get(i) as u32,
                raw: page_raw.get(i) as u32,
                crc: crc.get(i) as u32,
            })
            .collect();
        let keys = (0..n).map(|i| columns.get(i)).collect::<Result<_>>()?;
        let rows = rows?.into_vec();
        Ok(Self { keys, pages, rows })
    }

    /// Rows beneath all children.
    pub fn total_rows(&self) -> u64 {
        self.rows.iter().fold(0, |n, &rows| n.saturating_add(rows))
    }
}

/// The raw leaf page of these rows, which are sorted.
pub fn encode_leaf<T: Table>(rows: &[T::Row]) -> Result<Vec<u8>> {
    let mut out = Writer::new(LEAF, T::ID);
    T::write_keys(&mut out, &rows.iter().map(T::key).collect::<Vec<_>>());
    T::write_rows(&mut out, rows)?;
    Ok(out.finish())
}

fn open<T: Table>(raw: &[u8], kind: u8) -> Result<Reader<'_>> {
    let src = Reader::new(raw)?;
    if (src.kind, src.table) != (kind, T::ID) {
        return Err(Error::corrupt(format!(
            "a page of kind {} of table {} where kind {kind} of {} is expected",
            src.kind,
            src.table,
            T::NAME
        )));
    }
    Ok(src)
}

/// Reads the key columns, if the keys are possible, not too many, and rise.
fn read_keys<T: Table>(src: &mut Reader) -> Result<T::Keys> {
    let keys = T::Keys::read(src)?;
    if keys.count() as u64 > limits::PAGE_ROWS {
        return Err(Error::corrupt("too many rows in a page"));
    }
    if (1..keys.count()).any(|i| keys.compare_next(i - 1).is_ge()) {
        return Err(Error::corrupt(format!("keys of {} do not rise", T::NAME)));
    }
    T::check_keys(&keys)?;
    Ok(keys)
}

/// Refuses numbers that do not fit 32 bits.
fn narrow(values: &Ints) -> Result<()> {
    if values.all(|value| u32::try_from(value).is_ok()) {
        Ok(())
    } else {
        Err(Error::corrupt("a number that must fit 32 bits"))
    }
}

fn check_ranks(ranks: &Ints) -> Result<()> {
    if ranks.all(|rank| rank <= limits::RANK) {
        Ok(())
    } else {
        Err(Error::corrupt(format!(
            "a rank of more than {} axes",
            limits::RANK
        )))
    }
}
