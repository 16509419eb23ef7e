//! Key columns that several tables share: numbers and names.

use std::cmp::Ordering;
use std::fmt::Debug;

use crate::error::Result;
use crate::wire::columns::{Ints, Reader, Strings};

/// The key columns of a page, leaf or inner.
pub trait KeyColumns: Sized + Debug + Send + Sync {
    /// What they make up.
    type Key;

    /// Reads them.
    fn read(src: &mut Reader) -> Result<Self>;
    /// How many keys there are.
    fn count(&self) -> usize;
    /// Key `i`.
    fn get(&self, i: usize) -> Result<Self::Key>;
    /// How key `i` compares.
    fn compare(&self, i: usize, key: &Self::Key) -> Ordering;
    /// How key `i` compares with the one after it.
    fn compare_next(&self, i: usize) -> Ordering;
}

/// The column that holds keys that are numbers.
pub(super) const NUMBER: u16 = 1;

/// Keys that are numbers: array ids, sequence numbers.
impl KeyColumns for Ints {
    type Key = u64;

    fn read(src: &mut Reader) -> Result<Self> {
        src.row_ints(NUMBER)
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, i: usize) -> Result<u64> {
        Ok(self.get(i))
    }

    fn compare(&self, i: usize, key: &u64) -> Ordering {
        self.get(i).cmp(key)
    }

    fn compare_next(&self, i: usize) -> Ordering {
        self.get(i).cmp(&self.get(i + 1))
    }
}

/// The column that holds keys that are names.
pub(super) const NAME: u16 = 1;

/// Keys that are names: of arrays, of tags. They are text.
#[derive(Debug)]
pub struct Names(Strings);

impl Names {
    /// Name `i`.
    pub fn name(&self, i: usize) -> Result<&str> {
        self.0.text(i)
    }
}

impl KeyColumns for Names {
    type Key = String;

    fn read(src: &mut Reader) -> Result<Self> {
        let names = src.row_bytes(NAME)?;
        names.check_text()?;
        Ok(Self(names))
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn get(&self, i: usize) -> Result<String> {
        self.name(i).map(str::to_owned)
    }

    fn compare(&self, i: usize, key: &String) -> Ordering {
        self.0.get(i).cmp(key.as_bytes())
    }

    fn compare_next(&self, i: usize) -> Ordering {
        self.0.get(i).cmp(self.0.get(i + 1))
    }
}
