//! The raw bytes of a page: a directory of typed columns (`docs/format.md`, section 3).

use super::cursor;
use crate::error::{Error, Result};
use crate::limits;

const TYPE_INT: u8 = 0;
const TYPE_BYTES: u8 = 1;
const MODE_PLAIN: u8 = 0;
const MODE_DELTA: u8 = 1;
/// Column ids from here on may be ignored by readers that do not know them.
const IGNORABLE: u16 = 0x8000;
/// Values in one column: rows times the greatest rank.
const COLUMN_VALUES: u64 = limits::PAGE_ROWS * limits::RANK;

/// Gathers the columns of a page.
#[derive(Debug)]
pub struct Writer {
    kind: u8,
    table: u8,
    directory: Vec<u8>,
    data: Vec<u8>,
    columns: u16,
}

impl Writer {
    /// A page of this kind and table, without columns.
    pub fn new(kind: u8, table: u8) -> Self {
        Self {
            kind,
            table,
            directory: Vec::new(),
            data: Vec::new(),
            columns: 0,
        }
    }

    /// Appends an integer column.
    pub fn ints(&mut self, id: u16, values: &[u64]) {
        let from = self.data.len();
        encode_ints(values, &mut self.data);
        self.entry(id, TYPE_INT, values.len(), from);
    }

    /// Appends a column of byte strings.
    pub fn bytes<'a, I>(&mut self, id: u16, values: I)
    where
        I: Iterator<Item = &'a [u8]> + Clone,
    {
        let from = self.data.len();
        let lengths: Vec<u64> = values.clone().map(|v| v.len() as u64).collect();
        if !lengths.is_empty() {
            let mut encoded = Vec::new();
            encode_ints(&lengths, &mut encoded);
            self.data
                .extend_from_slice(&(encoded.len() as u32).to_le_bytes());
            self.data.extend_from_slice(&encoded);
            if let Some(length) = common_length(&lengths) {
                for byte in 0..length {
                    self.data.extend(values.clone().map(|v| v[byte]));
                }
            } else {
                values.for_each(|v| self.data.extend_from_slice(v));
            }
        }
        self.entry(id, TYPE_BYTES, lengths.len(), from);
    }

    fn entry(&mut self, id: u16, kind: u8, count: usize, from: usize) {
        self.directory.extend_from_slice(&id.to_le_bytes());
        self.directory.extend_from_slice(&[kind, 0]);
        self.directory
            .extend_from_slice(&(count as u32).to_le_bytes());
        self.directory
            .extend_from_slice(&((self.data.len() - from) as u32).to_le_bytes());
        self.columns += 1;
    }

    /// The raw page.
    pub fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + self.directory.len() + self.data.len());
        out.extend_from_slice(&[self.kind, self.table]);
        out.extend_from_slice(&self.columns.to_le_bytes());
        out.extend_from_slice(&self.directory);
        out.extend_from_slice(&self.data);
        out
    }
}

/// The length that all strings of a column share, if there are at least two and they do.
fn common_length(lengths: &[u64]) -> Option<usize> {
    let (first, rest) = lengths.split_first()?;
    (!rest.is_empty() && rest.iter().all(|l| l == first)).then_some(*first as usize)
}

/// Chooses plain or delta, whichever needs the narrower digits.
fn encode_ints(values: &[u64], out: &mut Vec<u8>) {
    let Some(&first) = values.first() else {
        return;
    };
    let low = values.iter().copied().min().unwrap_or(first);
    let plain_width = width(values.iter().map(|v| v - low).max().unwrap_or(0));
    // Signed order of the differences, so that a step down does not look enormous.
    let deltas = || values.windows(2).map(|w| w[1].wrapping_sub(w[0]));
    let delta_low = deltas().map(|d| d as i64).min().unwrap_or(0) as u64;
    let delta_width = width(
        deltas()
            .map(|d| d.wrapping_sub(delta_low))
            .max()
            .unwrap_or(0),
    );
    if delta_width < plain_width {
        out.extend_from_slice(&[MODE_DELTA, delta_width as u8]);
        out.extend_from_slice(&delta_low.to_le_bytes());
        out.extend_from_slice(&first.to_le_bytes());
        let digits: Vec<u64> = deltas().map(|d| d.wrapping_sub(delta_low)).collect();
        transpose(&digits, delta_width, out);
    } else {
        out.extend_from_slice(&[MODE_PLAIN, plain_width as u8]);
        out.extend_from_slice(&low.to_le_bytes());
        let digits: Vec<u64> = values.iter().map(|v| v - low).collect();
        transpose(&digits, plain_width, out);
    }
}

/// Bytes that a number needs.
fn width(value: u64) -> usize {
    (u64::BITS - value.leading_zeros()).div_ceil(8) as usize
}

fn transpose(digits: &[u64], width: usize, out: &mut Vec<u8>) {
    for byte in 0..width {
        out.extend(digits.iter().map(|d| (d >> (8 * byte)) as u8));
    }
}

fn decode_ints(mut src: &[u8], count: usize) -> Result<Vec<u64>> {
    if count == 0 {
        return if src.is_empty() {
            Ok(Vec::new())
        } else {
            Err(Error::corrupt("an empty column has bytes"))
        };
    }
    let src = &mut src;
    let mode = cursor::u8(src)?;
    let width = usize::from(cursor::u8(src)?);
    if width > 8 {
        return Err(Error::corrupt(format!("digits of {width} bytes")));
    }
    let base = cursor::u64(src)?;
    let first = match mode {
        MODE_PLAIN => None,
        MODE_DELTA => Some(cursor::u64(src)?),
        other => return Err(Error::corrupt(format!("unknown integer mode {other}"))),
    };
    let digits = count - usize::from(first.is_some());
    if src.len() != digits * width {
        return Err(Error::corrupt(format!(
            "{digits} digits of {width} bytes expected, {} bytes there",
            src.len()
        )));
    }
    let mut values = Vec::with_capacity(count);
    values.extend(first);
    values.resize(count, base);
    let tail = &mut values[count - digits..];
    for (byte, plane) in src.chunks_exact(digits.max(1)).enumerate().take(width) {
        for (value, &digit) in tail.iter_mut().zip(plane) {
            *value = value.wrapping_add(u64::from(digit) << (8 * byte));
        }
    }
    if let Some(mut last) = first {
        for value in tail {
            last = last.wrapping_add(*value);
            *value = last;
        }
    }
    Ok(values)
}

/// A decoded column of byte strings.
#[derive(Debug, Default)]
pub struct Strings {
    data: Vec<u8>,
    ends: Vec<usize>,
}

impl Strings {
    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// String `i`, which the caller knows to be there.
    pub fn get(&self, i: usize) -> &[u8] {
        let from = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.data[from..self.ends[i]]
    }

    /// String `i` as text.
    pub fn text(&self, i: usize) -> Result<&str> {
        std::str::from_utf8(self.get(i)).map_err(|_| Error::corrupt("text that is not UTF-8"))
    }
}

fn decode_bytes(mut src: &[u8], count: usize) -> Result<Strings> {
    if count == 0 {
        return if src.is_empty() {
            Ok(Strings::default())
        } else {
            Err(Error::corrupt("an empty column has bytes"))
        };
    }
    let src = &mut src;
    let n = cursor::u32(src)? as usize;
    let lengths = decode_ints(cursor::take(src, n)?, count)?;
    let mut total = 0usize;
    let mut ends = Vec::with_capacity(count);
    for &length in &lengths {
        total = usize::try_from(length)
            .ok()
            .and_then(|length| total.checked_add(length))
            .filter(|&total| total <= src.len())
            .ok_or_else(|| Error::corrupt("strings reach past their column"))?;
        ends.push(total);
    }
    if total != src.len() {
        return Err(Error::corrupt("bytes after the strings of a column"));
    }
    let data = match common_length(&lengths) {
        Some(length) if length > 1 => {
            let mut data = vec![0; total];
            for (byte, plane) in src.chunks_exact(count).enumerate() {
                for (string, &value) in data.chunks_exact_mut(length).zip(plane) {
                    string[byte] = value;
                }
            }
            data
        }
        _ => src.to_vec(),
    };
    Ok(Strings { data, ends })
}

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
    pub fn ints(&mut self, id: u16) -> Result<Vec<u64>> {
        match self.column(id, TYPE_INT)? {
            Some((count, data)) => decode_ints(data, count),
            None => Ok(Vec::new()),
        }
    }

    /// An integer column of `count` values.
    pub fn ints_of(&mut self, id: u16, count: usize) -> Result<Vec<u64>> {
        expect_count(id, self.count(id), count)?;
        self.ints(id)
    }

    /// An integer column with a value for each row of a page at most.
    pub fn row_ints(&mut self, id: u16) -> Result<Vec<u64>> {
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
            Some((count, data)) => decode_bytes(data, count),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(ints: &[u64], strings: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = Writer::new(3, 4);
        writer.ints(1, ints);
        writer.bytes(2, strings.iter().map(Vec::as_slice));
        let raw = writer.finish();
        let mut reader = Reader::new(&raw).unwrap();
        assert_eq!((reader.kind, reader.table), (3, 4));
        assert_eq!(reader.ints_of(1, ints.len()).unwrap(), ints);
        let read = reader.bytes_of(2, strings.len()).unwrap();
        assert!((0..strings.len()).all(|i| read.get(i) == strings[i]));
        reader.finish().unwrap();
        raw
    }

    #[test]
    fn constants_and_sequences_cost_nothing_per_value() {
        let size = |values: &[u64]| {
            let mut out = Vec::new();
            encode_ints(values, &mut out);
            out.len()
        };
        assert_eq!(size(&[u64::MAX; 1000]), 10);
        assert_eq!(size(&(7..1007).collect::<Vec<_>>()), 18);
        assert_eq!(size(&(0..1000).rev().collect::<Vec<_>>()), 18);
        assert_eq!(size(&[0, u64::MAX]), 18);
    }

    #[test]
    fn every_cut_is_refused() {
        let raw = round_trip(&[1, 5, 900], &[b"ab".to_vec(), b"".to_vec()]);
        for cut in 0..raw.len() {
            assert!(Reader::new(&raw[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn unknown_columns_are_refused_unless_ignorable() {
        for (id, ok) in [(9, false), (0x8001, true)] {
            let mut writer = Writer::new(1, 0);
            writer.ints(id, &[1]);
            let raw = writer.finish();
            assert_eq!(Reader::new(&raw).unwrap().finish().is_ok(), ok);
        }
    }

    proptest! {
        #[test]
        fn columns_read_back(
            ints in prop::collection::vec(prop_oneof![any::<u64>(), 0..300u64], 0..50),
            strings in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..20),
            length in 0usize..5,
        ) {
            round_trip(&ints, &strings);
            let equal: Vec<_> = ints.iter().map(|v| v.to_le_bytes()[..length].to_vec()).collect();
            round_trip(&ints, &equal);
        }

        #[test]
        fn any_bytes_give_values_or_an_error(raw in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(mut reader) = Reader::new(&raw) {
                let _ = reader.ints(1);
                let _ = reader.bytes(2);
            }
        }
    }
}
