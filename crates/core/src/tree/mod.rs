//! A table as a tree of immutable pages: looked up, changed by writing new pages, never in place.
//!
//! Nothing here fetches. A call that lacks pages says which ([`Miss::Pages`]); the caller supplies
//! them and calls again. Each round goes one level deeper, so there are at most as many rounds as
//! the tree has levels.

mod build;
mod late;
mod lookup;
mod pages;
mod relocate;
mod update;

pub use build::Builder;
pub use late::PageSource;
pub use lookup::Leaf;
pub use pages::{LoadedPage, PageSet, PageWriter};
pub use update::{Edits, Updated};

use crate::error::{Error, Result};
use crate::limits;
use crate::wire::page::PageAddress;
use crate::wire::tables::{Inner, Table};

/// Why a call could not be answered.
#[derive(Debug)]
pub enum Miss {
    /// These pages are needed first.
    Pages(Vec<PageAddress>),
    /// It cannot be answered at all.
    Error(Error),
}

impl From<Error> for Miss {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Miss {
    /// The error of a call whose pages are all in memory by construction.
    pub fn into_error(self) -> Error {
        match self {
            Self::Error(error) => error,
            Self::Pages(pages) => Error::corrupt(format!(
                "{} metadata pages are referred to but not among those of the snapshot",
                pages.len()
            )),
        }
    }
}

/// A table: the children of its top, and how many levels there are beneath.
#[derive(Debug, Clone)]
pub struct Tree<T: Table> {
    /// Levels of pages beneath the top; the last are leaves.
    pub height: u64,
    /// The children of the top.
    pub top: Inner<T>,
}

impl<T: Table> Default for Tree<T> {
    fn default() -> Self {
        Self {
            height: 1,
            top: Inner::default(),
        }
    }
}

impl<T: Table> Tree<T> {
    /// Height, rows, and the raw bytes of the top.
    pub(crate) fn encode(&self) -> (u64, u64, Vec<u8>) {
        (self.height, self.rows(), self.top.encode())
    }

    pub(crate) fn decode(height: u64, rows: u64, top: Inner<T>) -> Result<Self> {
        if height == 0 || height > limits::TREE_HEIGHT {
            return Err(Error::corrupt(format!(
                "table {} has height {height}",
                T::NAME
            )));
        }
        if height > 1 && top.keys.is_empty() {
            return Err(Error::corrupt(format!(
                "table {} has height {height} and no pages",
                T::NAME
            )));
        }
        if top.total_rows() != rows {
            return Err(Error::corrupt(format!(
                "table {} has {rows} rows, its pages have {}",
                T::NAME,
                top.total_rows()
            )));
        }
        Ok(Self { height, top })
    }

    /// Rows of the table.
    pub fn rows(&self) -> u64 {
        self.top.total_rows()
    }
}
