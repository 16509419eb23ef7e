//! Table 7: names that users gave to snapshots.

use super::{Table, column};
use crate::error::{Error, Result};
use crate::limits;
use crate::wire::columns::{Reader, Writer};
use crate::wire::header::Id;

const NAME: u16 = 1;
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

impl Table for Tags {
    const ID: u8 = 7;
    const NAME: &'static str = "tags";
    type Key = String;
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

    fn write_keys(out: &mut Writer, keys: &[&String]) {
        out.bytes(NAME, keys.iter().map(|key| key.as_bytes()));
    }

    fn read_keys(src: &mut Reader) -> Result<Vec<String>> {
        let names = src.row_bytes(NAME)?;
        let name = |i: usize| match names.text(i)? {
            "" => Err(Error::corrupt("a tag without a name")),
            name => {
                limits::check_stored("the name of a tag", name.len() as u64, limits::NAME_BYTES)?;
                Ok(name.to_owned())
            }
        };
        (0..names.len()).map(name).collect()
    }

    fn write_rows(out: &mut Writer, rows: &[TagRow]) -> Result<()> {
        out.ints(SEQUENCE, &column(rows, |r| r.sequence));
        out.bytes(LAYER, rows.iter().map(|r| r.layer.0.as_slice()));
        Ok(())
    }

    fn read_rows(src: &mut Reader, keys: Vec<String>) -> Result<Vec<TagRow>> {
        let n = keys.len();
        let sequences = src.ints_of(SEQUENCE, n)?;
        for &number in &sequences {
            limits::check_stored("a sequence number", number, limits::SEQUENCE)?;
        }
        let layers = src.bytes_of(LAYER, n)?;
        keys.into_iter()
            .enumerate()
            .map(|(i, name)| {
                Ok(TagRow {
                    name,
                    sequence: sequences[i],
                    layer: Id::decode(layers.get(i))?,
                })
            })
            .collect()
    }
}
