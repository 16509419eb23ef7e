//! Table 2: attributes, sorted so that one key over all arrays is one run of rows.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::Table;
use crate::error::{Error, Result};
use crate::limits;
use crate::value::AttributeValue;
use crate::wire::columns::{Reader, Writer};

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

/// A place in a dictionary of `n`.
fn place(index: u64, n: usize) -> Result<usize> {
    usize::try_from(index)
        .ok()
        .filter(|&i| i < n)
        .ok_or_else(|| Error::corrupt(format!("entry {index} of a dictionary of {n}")))
}

impl Table for Attributes {
    const ID: u8 = 2;
    const NAME: &'static str = "attributes";
    type Key = AttributeKey;
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

    fn read_keys(src: &mut Reader) -> Result<Vec<AttributeKey>> {
        let names = src.row_bytes(KEYS)?;
        let name = |i: usize| {
            let name = names.text(i)?;
            limits::check_stored("an attribute key", name.len() as u64, limits::NAME_BYTES)?;
            Ok(Arc::from(name))
        };
        let names: Vec<Arc<str>> = (0..names.len()).map(name).collect::<Result<_>>()?;
        let index = src.row_ints(KEY_INDEX)?;
        let arrays = src.ints_of(ARRAY, index.len())?;
        index
            .into_iter()
            .zip(arrays)
            .map(|(i, array)| {
                Ok(AttributeKey {
                    key: Arc::clone(&names[place(i, names.len())?]),
                    array,
                })
            })
            .collect()
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

    fn read_rows(src: &mut Reader, keys: Vec<AttributeKey>) -> Result<Vec<AttributeRow>> {
        let stored = src.row_bytes(VALUES)?;
        let values: Vec<AttributeValue> = (0..stored.len())
            .map(|i| AttributeValue::decode(stored.get(i)))
            .collect::<Result<_>>()?;
        let index = src.row_ints(VALUE_INDEX)?;
        let expected = if index.is_empty() {
            values.len()
        } else {
            index.len()
        };
        if expected != keys.len() {
            return Err(Error::corrupt(format!(
                "{expected} attribute values for {} rows",
                keys.len()
            )));
        }
        // A dictionary must not turn a few stored bytes into a flood of copies.
        let expanded: usize = index
            .iter()
            .filter_map(|&i| values.get(i as usize))
            .map(AttributeValue::encoded_len)
            .fold(0, usize::saturating_add);
        if expanded as u64 > limits::PAGE_BYTES {
            return Err(Error::corrupt(
                "attribute values of a page are over the limit",
            ));
        }
        let value = |i: usize| -> Result<AttributeValue> {
            match index.get(i) {
                Some(&at) => Ok(values[place(at, values.len())?].clone()),
                None => Ok(values[i].clone()),
            }
        };
        keys.into_iter()
            .enumerate()
            .map(|(i, key)| {
                Ok(AttributeRow {
                    key,
                    value: value(i)?,
                })
            })
            .collect()
    }
}
