//! Reading the columns of a page.

use super::{COLUMN_VALUES, IGNORABLE, Ints, Strings, TYPE_BYTES, TYPE_INT};
use crate::error::{Error, Result};
use crate::limits;
use crate::wire::cursor;

#[derive(Debug)]
struct Column<'a> {
    id: u16,
    kind: u8,
    count: usize,
    data: &'a [u8],
    read: bool,
}

/// The columns of a raw page.
#[derive(Debug)]
pub struct Reader<'a> {
    /// Root, inner or leaf.
    pub kind: u8,
    /// The table, 0 in a root.
    pub table: u8,
    columns: Vec<Column<'a>>,
}

impl<'a> Reader<'a> {
    /// Reads the directory.
    pub fn new(mut raw: &'a [u8]) -> Result<Self> {
        let src = &mut raw;
        let kind = cursor::u8(src)?;
        let table = cursor::u8(src)?;
        let n = usize::from(cursor::u16(src)?);
        let mut directory = cursor::take(src, n * 12)?;
        let directory = &mut directory;
        let mut columns: Vec<Column<'a>> = Vec::with_capacity(n);
        for _ in 0..n {
            let id = cursor::u16(directory)?;
            let kind = cursor::u8(directory)?;
            let zero = cursor::u8(directory)?;
            let count = cursor::u32(directory)?;
            let length = cursor::u32(directory)? as usize;
            if columns.last().is_some_and(|last| last.id >= id) {
                return Err(Error::corrupt("column ids do not rise"));
            }
            if zero != 0 || (kind > TYPE_BYTES && id < IGNORABLE) {
                return Err(Error::corrupt(format!("column {id} has an unknown type")));
            }
            if u64::from(count) > COLUMN_VALUES {
                return Err(Error::corrupt(format!("column {id} has {count} values")));
            }
            columns.push(Column {
                id,
                kind,
                count: count as usize,
                data: cursor::take(src, length)?,
                read: id >= IGNORABLE,
            });
        }
        if !src.is_empty() {
            return Err(Error::corrupt("bytes after the last column of a page"));
        }
        Ok(Self {
            kind,
            table,
            columns,
        })
    }

    fn column(&mut self, id: u16, kind: u8) -> Result<Option<(usize, &'a [u8])>> {
        let Some(column) = self.columns.iter_mut().find(|c| c.id == id) else {
            return Ok(None);
        };
        if column.kind != kind {
            return Err(Error::corrupt(format!("column {id} has the wrong type")));
        }
        column.read = true;
        Ok(Some((column.count, column.data)))
    }

    /// An integer column; empty where it is missing.
    pub fn ints(&mut self, id: u16) -> Result<Ints> {
        match self.column(id, TYPE_INT)? {
            Some((count, data)) => Ints::decode(data, count),
            None => Ok(Ints::default()),
        }
    }

    /// An integer column of `count` values.
    pub fn ints_of(&mut self, id: u16, count: usize) -> Result<Ints> {
        expect_count(id, self.count(id), count)?;
        self.ints(id)
    }

    /// An integer column with a value for each row of a page at most.
    pub fn row_ints(&mut self, id: u16) -> Result<Ints> {
        self.check_rows(id)?;
        self.ints(id)
    }

    /// A column of byte strings with one for each row of a page at most.
    pub fn row_bytes(&mut self, id: u16) -> Result<Strings> {
        self.check_rows(id)?;
        self.bytes(id)
    }

    /// Before it is decoded: a constant column costs no bytes.
    fn check_rows(&self, id: u16) -> Result<()> {
        match self.count(id) as u64 {
            count if count > limits::PAGE_ROWS => Err(Error::corrupt(format!(
                "column {id} has {count} values, a page has {} rows at most",
                limits::PAGE_ROWS
            ))),
            _ => Ok(()),
        }
    }

    /// Values of a column; 0 where it is missing.
    fn count(&self, id: u16) -> usize {
        let column = self.columns.iter().find(|c| c.id == id);
        column.map_or(0, |column| column.count)
    }

    /// A column of byte strings; empty where it is missing.
    pub fn bytes(&mut self, id: u16) -> Result<Strings> {
        match self.column(id, TYPE_BYTES)? {
            Some((count, data)) => Strings::decode(data, count),
            None => Ok(Strings::default()),
        }
    }

    /// A column of `count` byte strings.
    pub fn bytes_of(&mut self, id: u16, count: usize) -> Result<Strings> {
        expect_count(id, self.count(id), count)?;
        self.bytes(id)
    }

    /// Refuses the page if it has a column that nobody asked for and that may not be ignored.
    pub fn finish(self) -> Result<()> {
        match self.columns.iter().find(|c| !c.read) {
            Some(column) => Err(Error::corrupt(format!("unknown column {}", column.id))),
            None => Ok(()),
        }
    }
}

fn expect_count(id: u16, actual: usize, expected: usize) -> Result<()> {
    if actual == expected {
        return Ok(());
    }
    Err(Error::corrupt(format!(
        "column {id} has {actual} values, {expected} expected"
    )))
}
