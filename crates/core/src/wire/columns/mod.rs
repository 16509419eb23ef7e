//! The raw bytes of a page: a directory of typed columns (`docs/format.md`, section 3).

mod ints;
mod lists;
mod reader;

pub use ints::Ints;
pub use lists::{Lists, Strings};
pub use reader::Reader;

use crate::limits;

const TYPE_INT: u8 = 0;
const TYPE_BYTES: u8 = 1;
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
        ints::encode(values, &mut self.data);
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
            ints::encode(&lengths, &mut encoded);
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
        assert_eq!(reader.ints_of(1, ints.len()).unwrap().into_vec(), ints);
        let read = reader.bytes_of(2, strings.len()).unwrap();
        assert!((0..strings.len()).all(|i| read.get(i) == strings[i]));
        reader.finish().unwrap();
        raw
    }

    #[test]
    fn constants_and_sequences_cost_nothing_per_value() {
        let size = |values: &[u64]| {
            let mut out = Vec::new();
            ints::encode(values, &mut out);
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
