//! The tables: what their keys and rows are, and how leaf and inner pages hold them.

mod arrays;
mod attributes;
mod frames;
mod layers;
mod statistics;
mod tags;

use std::fmt::Debug;

pub use arrays::Arrays;
pub use attributes::{AttributeKey, AttributeRow, Attributes, FILE_ID};
pub use frames::{FrameKey, FrameRow, Frames};
pub use layers::{Annex, LayerRow, LayerTable, Layers, Log, Origin};
pub use statistics::{Statistics, StatisticsRow};
pub use tags::{TagRow, Tags};

use super::columns::{Reader, Writer};
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
    /// A row.
    type Row: Clone + Debug + Send + Sync;

    /// The key of a row.
    fn key(row: &Self::Row) -> &Self::Key;
    /// About how many raw bytes a row takes in a page.
    fn weight(row: &Self::Row) -> usize;
    /// About how many raw bytes a key takes in a page.
    fn key_weight(key: &Self::Key) -> usize;
    /// Writes the key columns.
    fn write_keys(out: &mut Writer, keys: &[&Self::Key]);
    /// Reads the key columns.
    fn read_keys(src: &mut Reader) -> Result<Vec<Self::Key>>;
    /// Writes the other columns.
    fn write_rows(out: &mut Writer, rows: &[Self::Row]) -> Result<()>;
    /// Reads the other columns.
    fn read_rows(src: &mut Reader, keys: Vec<Self::Key>) -> Result<Vec<Self::Row>>;
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
        let keys = keys::<T>(&mut src)?;
        let n = keys.len();
        let [sequence, offset, stored, page_raw, crc, rows] =
            [SEQUENCE, OFFSET, STORED, RAW, CRC, ROWS].map(|id| src.ints_of(id, n));
        src.finish()?;
        let (sequence, offset, rows) = (sequence?, offset?, rows?);
        let (stored, page_raw, crc) = (narrow(stored?)?, narrow(page_raw?)?, narrow(crc?)?);
        let pages = (0..n)
            .map(|i| PageAddress {
                sequence: sequence[i],
                offset: offset[i],
                stored: stored[i],
                raw: page_raw[i],
                crc: crc[i],
            })
            .collect();
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

/// Reads a raw leaf page.
pub fn decode_leaf<T: Table>(raw: &[u8]) -> Result<Vec<T::Row>> {
    let mut src = open::<T>(raw, LEAF)?;
    let keys = keys::<T>(&mut src)?;
    let rows = T::read_rows(&mut src, keys)?;
    src.finish()?;
    Ok(rows)
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

fn keys<T: Table>(src: &mut Reader) -> Result<Vec<T::Key>> {
    let keys = T::read_keys(src)?;
    if keys.len() as u64 > limits::PAGE_ROWS {
        return Err(Error::corrupt("too many rows in a page"));
    }
    if keys.windows(2).any(|w| w[0] >= w[1]) {
        return Err(Error::corrupt(format!("keys of {} do not rise", T::NAME)));
    }
    Ok(keys)
}

/// Values that must fit 32 bits.
fn narrow(values: Vec<u64>) -> Result<Vec<u32>> {
    values
        .into_iter()
        .map(|v| u32::try_from(v).map_err(|_| Error::corrupt("a number that must fit 32 bits")))
        .collect()
}

/// Cuts a flat list into pieces of the given lengths, which must use it up.
fn pieces<'a, V>(flat: &'a [V], lengths: &[u64]) -> Result<Vec<&'a [V]>> {
    let mut rest = flat;
    let mut out = Vec::with_capacity(lengths.len());
    for &length in lengths {
        let (head, tail) = usize::try_from(length)
            .ok()
            .and_then(|n| rest.split_at_checked(n))
            .ok_or_else(|| Error::corrupt("a list column is too short for its rows"))?;
        out.push(head);
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(Error::corrupt("a list column is too long for its rows"));
    }
    Ok(out)
}

fn check_ranks(ranks: &[u64]) -> Result<()> {
    match ranks.iter().find(|&&rank| rank > limits::RANK) {
        Some(rank) => Err(Error::corrupt(format!("rank {rank}"))),
        None => Ok(()),
    }
}
