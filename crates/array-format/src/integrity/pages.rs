//! Walking a table's pages, damaged ones included.

use std::collections::HashMap;

use array_format_core::wire::page::{self, PageAddress};
use array_format_core::wire::tables::{Inner, Rows, Table};
use bytes::Bytes;

use super::source::{Source, detail};
use crate::error::{Error, Result};
use crate::fetch::{Holder, Piece};
use array_format_core::tree::Tree;

/// Leaves that are read together.
const BATCH: usize = 64;

/// A page that cannot be read, and the rows that it covered.
#[derive(Debug)]
pub(super) struct Hole<K> {
    pub(super) address: PageAddress,
    /// Its first key.
    pub(super) from: K,
    /// The first key after it.
    pub(super) to: Option<K>,
    /// How many rows there are in it or beneath it.
    pub(super) rows: u64,
    pub(super) detail: String,
}

impl<K> Hole<K> {
    /// Its bytes in its layer.
    pub(super) fn bytes(&self) -> std::ops::Range<u64> {
        bytes_of(&self.address)
    }
}

fn bytes_of(address: &PageAddress) -> std::ops::Range<u64> {
    address.offset..address.offset.saturating_add(address.stored.into())
}

/// What a walk meets.
#[derive(Debug)]
pub(super) enum Step<T: Table> {
    Rows(Vec<T::Row>),
    Hole(Hole<T::Key>),
}

/// What walks have read.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) pages: u64,
    pub(super) bytes: u64,
    /// Stored bytes of pages by layer.
    pub(super) live: HashMap<u64, u64>,
    /// Pages that could not be read.
    pub(super) holes: u64,
}

impl Tally {
    fn count(&mut self, address: &PageAddress) {
        self.pages += 1;
        self.bytes += u64::from(address.stored);
        *self.live.entry(address.sequence).or_default() += u64::from(address.stored);
    }
}

/// The children of a page, on the way through them.
#[derive(Debug)]
struct Level<T: Table> {
    node: Inner<T>,
    next: usize,
    to: Option<T::Key>,
    height: u64,
}

/// A walk through a table in order, a handful of its pages in memory at a time.
pub(super) struct Walk<'a, T: Table> {
    source: &'a Source,
    levels: Vec<Level<T>>,
}

impl<'a, T: Table> Walk<'a, T> {
    pub(super) fn new(source: &'a Source, tree: &Tree<T>) -> Self {
        let top = Level {
            node: tree.top.clone(),
            next: 0,
            to: None,
            height: tree.height,
        };
        Self {
            source,
            levels: vec![top],
        }
    }

    /// The next leaves and holes; none at the end.
    pub(super) async fn next(&mut self, tally: &mut Tally) -> Result<Option<Vec<Step<T>>>> {
        loop {
            let Some(level) = self.levels.last_mut() else {
                return Ok(None);
            };
            let (from, end) = (level.next, level.node.pages.len());
            if from == end {
                self.levels.pop();
                continue;
            }
            let to = if level.height > 1 {
                from + 1
            } else {
                end.min(from + BATCH)
            };
            level.next = to;
            let height = level.height;
            let children: Vec<Child<T>> = (from..to)
                .map(|i| Child {
                    address: level.node.pages[i],
                    rows: level.node.rows[i],
                    from: level.node.keys[i].clone(),
                    to: level.node.keys.get(i + 1).or(level.to.as_ref()).cloned(),
                })
                .collect();
            let pieces: Vec<Piece> = children.iter().map(Child::piece).collect();
            let check = |i: usize, bytes: &Bytes| page::verify(&children[i].address, bytes);
            let stored = self.source.read(&pieces, check).await?;
            let mut steps = Vec::new();
            for (child, stored) in children.into_iter().zip(stored) {
                tally.count(&child.address);
                if height > 1 {
                    match stored.and_then(|stored| child.inner(&stored)) {
                        Ok(node) => self.levels.push(Level {
                            node,
                            next: 0,
                            to: child.to,
                            height: height - 1,
                        }),
                        Err(error) => steps.push(Step::Hole(child.hole(&error))),
                    }
                } else {
                    steps.push(match stored.and_then(|stored| child.leaf(&stored)) {
                        Ok(rows) => Step::Rows(rows),
                        Err(error) => Step::Hole(child.hole(&error)),
                    });
                }
            }
            if !steps.is_empty() {
                let holes = steps.iter().filter(|step| matches!(step, Step::Hole(_)));
                tally.holes += holes.count() as u64;
                return Ok(Some(steps));
            }
        }
    }
}

/// A page, and what its parent says of it.
struct Child<T: Table> {
    address: PageAddress,
    rows: u64,
    from: T::Key,
    to: Option<T::Key>,
}

impl<T: Table> Child<T> {
    fn piece(&self) -> Piece {
        Piece {
            holder: Holder::layer(self.address.sequence),
            range: bytes_of(&self.address),
        }
    }

    fn hole(self, error: &Error) -> Hole<T::Key> {
        Hole {
            address: self.address,
            from: self.from,
            to: self.to,
            rows: self.rows,
            detail: detail(error),
        }
    }

    fn check(&self, rows: u64, first: Option<&T::Key>, last: Option<&T::Key>) -> Result<()> {
        let (Some(first), Some(last)) = (first, last) else {
            return Err(Error::corrupt("it is empty"));
        };
        if rows != self.rows {
            return Err(Error::corrupt(format!(
                "it has {rows} rows, its parent says {}",
                self.rows
            )));
        }
        if *first < self.from || self.to.as_ref().is_some_and(|to| last >= to) {
            return Err(Error::corrupt("it holds keys outside its range"));
        }
        Ok(())
    }

    fn inner(&self, stored: &[u8]) -> Result<Inner<T>> {
        let node = Inner::<T>::decode(&page::decode(&self.address, stored)?)?;
        self.check(node.total_rows(), node.keys.first(), node.keys.last())?;
        Ok(node)
    }

    fn leaf(&self, stored: &[u8]) -> Result<Vec<T::Row>> {
        let rows = Rows::<T>::decode(&page::decode(&self.address, stored)?)?.to_vec()?;
        let (first, last) = (rows.first().map(T::key), rows.last().map(T::key));
        self.check(rows.len() as u64, first, last)?;
        Ok(rows)
    }
}
