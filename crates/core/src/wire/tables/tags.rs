//! Table 7: names that users gave to snapshots.

use super::keys::{KeyColumns, NAME, Names};
use super::{Table, column};
use crate::error::{Error, Result};
use crate::limits;
use crate::wire::columns::{Ints, Reader, Strings, Writer};
use crate::wire::header::Id;

const SEQUENCE: u16 = 16;
const LAYER: u16 = 17;

/// Table 7.
#[derive(Debug, Clone, Copy)]
pub struct Tags;

/// A tag: the snapshot that it names is retained as long as the tag is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRow {
    /// The name.
    pub name: String,
    /// The sequence number of the snapshot's newest layer.
    pub sequence: u64,
    /// The id of that layer.
    pub layer: Id,
}

/// The columns of a leaf page.
#[derive(Debug)]
pub struct TagColumns {
    sequences: Ints,
    layers: Strings,
}

impl Table for Tags {
    const ID: u8 = 7;
    const NAME: &'static str = "tags";
    type Key = String;
    type Keys = Names;
    type Columns = TagColumns;
    type Row = TagRow;

    fn key(row: &TagRow) -> &String {
        &row.name
    }

    fn weight(row: &TagRow) -> usize {
        row.name.len() + 24
    }

    fn key_weight(key: &String) -> usize {
        key.len()
    }

    fn check_keys(keys: &Names) -> Result<()> {
        (0..keys.count()).try_for_each(|i| match keys.name(i)? {
            "" => Err(Error::corrupt("a tag without a name")),
            name => {
                limits::check_stored("the name of a tag", name.len() as u64, limits::NAME_BYTES)
            }
        })
    }

    fn write_keys(out: &mut Writer, keys: &[&String]) {
        out.bytes(NAME, keys.iter().map(|key| key.as_bytes()));
    }

    fn write_rows(out: &mut Writer, rows: &[TagRow]) -> Result<()> {
        out.ints(SEQUENCE, &column(rows, |r| r.sequence));
        out.bytes(LAYER, rows.iter().map(|r| r.layer.0.as_slice()));
        Ok(())
    }

    fn read_columns(src: &mut Reader, keys: &Names) -> Result<TagColumns> {
        let n = keys.count();
        Ok(TagColumns {
            sequences: src.ints_of(SEQUENCE, n)?,
            layers: src.bytes_of(LAYER, n)?,
        })
    }

    fn row(keys: &Names, columns: &TagColumns, i: usize) -> Result<TagRow> {
        let sequence = columns.sequences.get(i);
        limits::check_stored("a sequence number", sequence, limits::SEQUENCE)?;
        Ok(TagRow {
            name: keys.get(i)?,
            sequence,
            layer: Id::decode(columns.layers.get(i))?,
        })
    }
}
