//! The rows of a leaf page: columns, of which rows are made when they are touched.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::OnceLock;

use super::{KeyColumns, Table, open, read_keys};
use crate::error::Result;
use crate::wire::page::LEAF;

/// Rows that are made together: few, as most look-ups want one.
const GROUP: usize = 8;

/// Empty until one of its rows is touched.
type Group<R> = OnceLock<Box<[R]>>;

/// A decoded leaf page. Keys are searched in their columns, which are dense.
#[derive(Debug)]
pub struct Rows<T: Table> {
    keys: T::Keys,
    columns: T::Columns,
    groups: Box<[Group<T::Row>]>,
}

impl<T: Table> Rows<T> {
    /// Reads a raw leaf page. What is wrong with a single row is said when it is touched.
    pub fn decode(raw: &[u8]) -> Result<Self> {
        let mut src = open::<T>(raw, LEAF)?;
        let keys = read_keys::<T>(&mut src)?;
        let columns = T::read_columns(&mut src, &keys)?;
        src.finish()?;
        let groups = keys.count().div_ceil(GROUP);
        Ok(Self {
            keys,
            columns,
            groups: (0..groups).map(|_| OnceLock::new()).collect(),
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.keys.count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How the key of row `i` compares.
    pub fn compare(&self, i: usize, key: &T::Key) -> Ordering {
        self.keys.compare(i, key)
    }

    /// The first row whose key is not below this one.
    pub fn lower_bound(&self, key: &T::Key) -> usize {
        self.search(0..self.len(), key)
    }

    /// The same among these rows; the end of them if there is none.
    fn search(&self, rows: Range<usize>, key: &T::Key) -> usize {
        let Range {
            start: mut from,
            end: mut to,
        } = rows;
        while from < to {
            let middle = from.midpoint(to);
            match self.compare(middle, key) {
                Ordering::Less => from = middle + 1,
                _ => to = middle,
            }
        }
        from
    }

    /// The place of the row with this key. `lesser` may be the place of a key that is not above it: what
    /// is near that is found at once, and what is before it not at all.
    pub fn position(&self, key: &T::Key, lesser: Option<usize>) -> Option<usize> {
        let rows = match lesser {
            Some(from) => self.gallop(from, key),
            None => 0..self.len(),
        };
        let at = self.search(rows, key);
        (at < self.len() && self.compare(at, key).is_eq()).then_some(at)
    }

    /// Rows from `from` on among which a key is to be searched, in steps that double.
    fn gallop(&self, mut from: usize, key: &T::Key) -> Range<usize> {
        let mut step = 1;
        while from + step < self.len() {
            if self.compare(from + step, key).is_ge() {
                return from..from + step;
            }
            from += step;
            step *= 2;
        }
        from..self.len()
    }

    /// Row `i`, which the caller knows to be there.
    ///
    /// # Errors
    /// Its columns hold what no row may have.
    pub fn row(&self, i: usize) -> Result<&T::Row> {
        let group = &self.groups[i / GROUP];
        let rows = match group.get() {
            Some(rows) => rows,
            None => {
                let from = i - i % GROUP;
                let to = self.len().min(from + GROUP);
                let made = (from..to).map(|i| self.make(i)).collect::<Result<_>>()?;
                group.get_or_init(|| made)
            }
        };
        Ok(&rows[i % GROUP])
    }

    /// All rows anew, for a caller that wants each once.
    ///
    /// # Errors
    /// As [`Rows::row`].
    pub fn to_vec(&self) -> Result<Vec<T::Row>> {
        (0..self.len()).map(|i| self.make(i)).collect()
    }

    fn make(&self, i: usize) -> Result<T::Row> {
        T::row(&self.keys, &self.columns, i)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::array::ArrayMeta;
    use crate::codec::PipelineRecord;
    use crate::dtype::DType;
    use crate::wire::columns::{Reader, Writer};
    use crate::wire::tables::{Arrays, encode_leaf};

    fn page(names: impl Iterator<Item = String>) -> Vec<u8> {
        let meta = |(i, name): (usize, String)| {
            let axes = vec![3; i % 3];
            let dims = axes.iter().map(|n| format!("axis {n}")).collect();
            Arc::new(ArrayMeta {
                name,
                id: i as u64 + 1,
                dtype: DType::Int16,
                shape: axes.clone(),
                chunk_shape: axes.clone(),
                tile_shape: axes,
                dimension_names: dims,
                fill_value: None,
                pipeline: PipelineRecord::default(),
            })
        };
        let rows: Vec<_> = names.enumerate().map(meta).collect();
        encode_leaf::<Arrays>(&rows).unwrap()
    }

    #[test]
    fn rows_are_found_and_made_one_at_a_time() {
        let raw = page((0..30).map(|i| format!("{:02}", 2 * i)));
        let rows = Rows::<Arrays>::decode(&raw).unwrap();
        assert_eq!(rows.len(), 30);
        for i in (0..30).rev() {
            let name = format!("{:02}", 2 * i);
            for lesser in (0..=i).map(Some).chain([None]) {
                assert_eq!(rows.position(&name, lesser), Some(i));
            }
            assert_eq!(rows.row(i).unwrap().name, name);
            assert_eq!(rows.row(i).unwrap().shape.len(), i % 3);
            let between = format!("{:02}", 2 * i + 1);
            for lesser in [None, Some(0), Some(i / 2), Some(i)] {
                assert_eq!(rows.position(&between, lesser), None);
            }
        }
        assert_eq!(rows.lower_bound(&"99".to_owned()), 30);
        let all = rows.to_vec().unwrap();
        assert!((0..30).all(|i| all[i] == *rows.row(i).unwrap()));
    }

    #[test]
    fn a_wrong_row_leaves_those_of_other_groups() {
        let raw = page((0..30).map(|i| format!("{i:02}")));
        // The same page with an unknown dtype in row 29.
        let mut src = Reader::new(&raw).unwrap();
        let mut out = Writer::new(src.kind, src.table);
        for id in [1, 16, 17, 18, 19, 20, 21, 22, 23, 24] {
            match id {
                16 | 18..=21 => out.ints(id, &src.ints(id).unwrap().into_vec()),
                _ => {
                    let column = src.bytes(id).unwrap();
                    let mut values: Vec<_> = (0..column.len()).map(|i| column.get(i)).collect();
                    if id == 17 {
                        values[29] = &[99];
                    }
                    out.bytes(id, values.into_iter());
                }
            }
        }
        let rows = Rows::<Arrays>::decode(&out.finish()).unwrap();
        assert!(rows.row(0).is_ok() && rows.to_vec().is_err());
        let error = rows.row(29).unwrap_err().to_string();
        assert!(error.contains("29"), "{error}");
    }
}
