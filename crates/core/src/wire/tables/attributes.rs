//! Table 2: attributes, sorted so that one key over all arrays is one run of rows.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::Table;
use super::keys::KeyColumns;
use crate::error::{Error, Result};
use crate::limits;
use crate::value::AttributeValue;
use crate::wire::columns::{Ints, Reader, Strings, Writer};

const KEYS: u16 = 1;
const KEY_INDEX: u16 = 2;
const ARRAY: u16 = 3;
const VALUES: u16 = 16;
const VALUE_INDEX: u16 = 17;

/// The array id under which the file's own attributes stand.
pub const FILE_ID: u64 = 0;

/// Table 2.
#[derive(Debug, Clone, Copy)]
pub struct Attributes;

/// Which attribute of which array.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeKey {
    /// The attribute's key, shared by its rows.
    pub key: Arc<str>,
    /// The array, or [`FILE_ID`].
    pub array: u64,
}

/// An attribute.
#[derive(Debug, Clone)]
pub struct AttributeRow {
    /// Which.
    pub key: AttributeKey,
    /// Its value.
    pub value: AttributeValue,
}

/// Distinct items in order of appearance, and for each item of the list its place among them.
fn dictionary<T: Hash + Eq + Clone>(items: impl Iterator<Item = T>) -> (Vec<T>, Vec<u64>) {
    let mut distinct = Vec::new();
    let mut places = HashMap::new();
    let index = items
        .map(|item| {
            *places.entry(item).or_insert_with_key(|item| {
                distinct.push(item.clone());
                distinct.len() as u64 - 1
            })
        })
        .collect();
    (distinct, index)
}

/// Refuses places that are not in a dictionary of `n`.
fn check_places(places: &Ints, n: usize) -> Result<()> {
    if places.all(|place| place < n as u64) {
        Ok(())
    } else {
        Err(Error::corrupt(format!(
            "an entry that a dictionary of {n} does not have"
        )))
    }
}

/// The key columns of a page.
#[derive(Debug)]
pub struct AttributeKeys {
    /// The distinct keys.
    names: Vec<Arc<str>>,
    index: Ints,
    arrays: Ints,
}

impl AttributeKeys {
    fn name(&self, i: usize) -> &Arc<str> {
        &self.names[self.index.get(i) as usize]
    }
}

impl KeyColumns for AttributeKeys {
    type Key = AttributeKey;

    fn read(src: &mut Reader) -> Result<Self> {
        let names = src.row_bytes(KEYS)?;
        let name = |i: usize| {
            let name = names.text(i)?;
            limits::check_stored("an attribute key", name.len() as u64, limits::NAME_BYTES)?;
            Ok(Arc::from(name))
        };
        let names: Vec<Arc<str>> = (0..names.len()).map(name).collect::<Result<_>>()?;
        let index = src.row_ints(KEY_INDEX)?;
        check_places(&index, names.len())?;
        let arrays = src.ints_of(ARRAY, index.len())?;
        Ok(Self {
            names,
            index,
            arrays,
        })
    }

    fn count(&self) -> usize {
        self.index.len()
    }

    fn get(&self, i: usize) -> Result<AttributeKey> {
        Ok(AttributeKey {
            key: Arc::clone(self.name(i)),
            array: self.arrays.get(i),
        })
    }

    fn compare(&self, i: usize, key: &AttributeKey) -> Ordering {
        let array = || self.arrays.get(i).cmp(&key.array);
        self.name(i).cmp(&key.key).then_with(array)
    }

    fn compare_next(&self, i: usize) -> Ordering {
        let array = || self.arrays.get(i).cmp(&self.arrays.get(i + 1));
        let name = match self.index.get(i) == self.index.get(i + 1) {
            true => Ordering::Equal,
            false => self.name(i).cmp(self.name(i + 1)),
        };
        name.then_with(array)
    }
}

/// The other columns of a leaf page.
#[derive(Debug)]
pub struct AttributeColumns {
    values: Strings,
    /// Where the value of each row is among them; empty where each row has its own.
    index: Ints,
}

impl Table for Attributes {
    const ID: u8 = 2;
    const NAME: &'static str = "attributes";
    type Key = AttributeKey;
    type Keys = AttributeKeys;
    type Columns = AttributeColumns;
    type Row = AttributeRow;

    fn key(row: &AttributeRow) -> &AttributeKey {
        &row.key
    }

    fn weight(row: &AttributeRow) -> usize {
        8 + row.value.encoded_len()
    }

    fn key_weight(key: &AttributeKey) -> usize {
        key.key.len() + 8
    }

    fn write_keys(out: &mut Writer, keys: &[&AttributeKey]) {
        let (distinct, index) = dictionary(keys.iter().map(|k| &*k.key));
        out.bytes(KEYS, distinct.iter().map(|k| k.as_bytes()));
        out.ints(KEY_INDEX, &index);
        let arrays: Vec<u64> = keys.iter().map(|k| k.array).collect();
        out.ints(ARRAY, &arrays);
    }

    fn write_rows(out: &mut Writer, rows: &[AttributeRow]) -> Result<()> {
        let encoded: Vec<Vec<u8>> = rows
            .iter()
            .map(|row| {
                let mut bytes = Vec::new();
                row.value.encode(&mut bytes);
                bytes
            })
            .collect();
        let (distinct, index) = dictionary(encoded.iter().map(Vec::as_slice));
        if distinct.len() * 2 <= rows.len() {
            out.bytes(VALUES, distinct.iter().copied());
            out.ints(VALUE_INDEX, &index);
        } else {
            out.bytes(VALUES, encoded.iter().map(Vec::as_slice));
        }
        Ok(())
    }

    fn read_columns(src: &mut Reader, keys: &AttributeKeys) -> Result<AttributeColumns> {
        let columns = AttributeColumns {
            values: src.row_bytes(VALUES)?,
            index: src.row_ints(VALUE_INDEX)?,
        };
        let (distinct, places) = (columns.values.len(), columns.index.len());
        let expected = if places == 0 { distinct } else { places };
        if expected != keys.count() {
            return Err(Error::corrupt(format!(
                "{expected} attribute values for {} rows",
                keys.count()
            )));
        }
        check_places(&columns.index, distinct)?;
        // A dictionary must not turn a few stored bytes into a flood of copies.
        let lengths = columns
            .index
            .iter()
            .map(|at| columns.values.get(at as usize).len());
        if lengths.sum::<usize>() as u64 > limits::PAGE_BYTES {
            return Err(Error::corrupt(
                "attribute values of a page are over the limit",
            ));
        }
        Ok(columns)
    }

    fn row(keys: &AttributeKeys, columns: &AttributeColumns, i: usize) -> Result<AttributeRow> {
        let at = match columns.index.len() {
            0 => i,
            _ => columns.index.get(i) as usize,
        };
        Ok(AttributeRow {
            key: keys.get(i)?,
            value: AttributeValue::decode(columns.values.get(at))?,
        })
    }
}
