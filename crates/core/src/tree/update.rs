//! Changing a table: pages that a change touches are written anew, all others are kept.

use super::build::{Builder, crown, level, push_child};
use super::lookup::{all, bounds_of, inner, leaf};
use super::{Miss, PageSet, PageWriter, Tree};
use crate::error::Result;
use crate::wire::page::PageAddress;
use crate::wire::tables::{Inner, Table};

/// Changes to a table.
#[derive(Debug)]
pub struct Edits<T: Table> {
    /// By key, rising: a row to put, or none to remove.
    rows: Vec<(T::Key, Option<T::Row>)>,
    /// Keys to remove, from the first up to and without the second: rising, apart from each other.
    /// They go before rows are put.
    ranges: Vec<(T::Key, T::Key)>,
}

impl<T: Table> Edits<T> {
    /// Sorts the changes. Keys are distinct, and so are ranges.
    pub fn new(mut rows: Vec<(T::Key, Option<T::Row>)>, mut ranges: Vec<(T::Key, T::Key)>) -> Self {
        rows.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        ranges.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Self { rows, ranges }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.ranges.is_empty()
    }

    fn slice(&self) -> Part<'_, T> {
        Part {
            rows: &self.rows,
            ranges: &self.ranges,
        }
    }
}

/// The changes that fall into one subtree.
#[derive(Debug)]
struct Part<'e, T: Table> {
    rows: &'e [(T::Key, Option<T::Row>)],
    ranges: &'e [(T::Key, T::Key)],
}

impl<T: Table> Clone for Part<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Table> Copy for Part<'_, T> {}

impl<'e, T: Table> Part<'e, T> {
    /// Splits at `to`: what comes before it, and what comes from it on (a range may be in both).
    fn split(self, to: Option<&T::Key>) -> (Self, Self) {
        let Some(to) = to else {
            return (
                self,
                Self {
                    rows: &[],
                    ranges: &[],
                },
            );
        };
        let row = self.rows.partition_point(|(key, _)| key < to);
        let before = self.ranges.partition_point(|(from, _)| from < to);
        let after = self.ranges.partition_point(|(_, end)| end <= to);
        (
            Self {
                rows: &self.rows[..row],
                ranges: &self.ranges[..before],
            },
            Self {
                rows: &self.rows[row..],
                ranges: &self.ranges[after..],
            },
        )
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.ranges.is_empty()
    }

    /// Whether one range removes every key of these bounds.
    fn removes_all(&self, from: &T::Key, to: Option<&T::Key>) -> bool {
        self.rows.is_empty()
            && self
                .ranges
                .iter()
                .any(|(first, end)| first <= from && to.is_some_and(|to| to <= end))
    }

    fn removes(&self, key: &T::Key) -> bool {
        let i = self.ranges.partition_point(|(from, _)| from <= key);
        i > 0 && *key < self.ranges[i - 1].1
    }
}

/// A changed tree.
#[derive(Debug)]
pub struct Updated<T: Table> {
    /// It.
    pub tree: Tree<T>,
    /// Pages of the old tree that the new one does not have.
    pub freed: Vec<PageAddress>,
}

impl<T: Table> Tree<T> {
    /// Applies changes. New pages go to `out`, but only if none is missing.
    pub fn apply(
        &self,
        pages: &PageSet<T>,
        edits: &Edits<T>,
        out: &mut PageWriter,
    ) -> std::result::Result<Updated<T>, Miss> {
        if edits.is_empty() {
            return Ok(Updated {
                tree: self.clone(),
                freed: Vec::new(),
            });
        }
        let mut missing = Vec::new();
        find_missing(
            &self.top,
            self.height,
            None,
            edits.slice(),
            pages,
            &mut missing,
        )?;
        if !missing.is_empty() {
            return Err(Miss::Pages(missing));
        }
        let mut freed = Vec::new();
        let mut children = rewrite(
            &self.top,
            self.height,
            None,
            edits.slice(),
            pages,
            out,
            &mut freed,
        )?;
        // A top of one inner page that is kept becomes that page's children, one level less.
        let mut height = self.height;
        while height > 1 && children.keys.len() == 1 {
            let address = children.pages[0];
            let Some(only) = pages.inner(&address)? else {
                break;
            };
            freed.push(address);
            children = only.clone();
            height -= 1;
        }
        let tree = crown(children, height, out)?;
        Ok(Updated { tree, freed })
    }
}

/// The pages that [`rewrite`] will read.
fn find_missing<T: Table>(
    node: &Inner<T>,
    height: u64,
    outer: Option<&T::Key>,
    mut edits: Part<'_, T>,
    pages: &PageSet<T>,
    missing: &mut Vec<PageAddress>,
) -> Result<()> {
    for i in 0..node.keys.len() {
        let bounds = bounds_of(node, i, outer);
        let (here, rest) = edits.split(bounds.1);
        edits = rest;
        let address = &node.pages[i];
        if here.is_empty() {
            continue;
        }
        if height > 1 {
            match inner(pages, address, node.rows[i], bounds)? {
                Some(child) => {
                    find_missing(child, height - 1, bounds.1, here, pages, missing)?;
                }
                None => missing.push(*address),
            }
        } else if !here.removes_all(&node.keys[i], bounds.1)
            && leaf(pages, address, node.rows[i], bounds)?.is_none()
        {
            missing.push(*address);
        }
    }
    Ok(())
}

/// The children that take the place of a node's.
fn rewrite<T: Table>(
    node: &Inner<T>,
    height: u64,
    outer: Option<&T::Key>,
    mut edits: Part<'_, T>,
    pages: &PageSet<T>,
    out: &mut PageWriter,
    freed: &mut Vec<PageAddress>,
) -> Result<Inner<T>> {
    let needed = |address: &PageAddress| Miss::Pages(vec![*address]).into_error();
    if height == 1 {
        let mut builder = Builder::<T>::default();
        if node.keys.is_empty() {
            merge(Vec::new(), edits, &mut builder, out)?;
        }
        for i in 0..node.keys.len() {
            let bounds = bounds_of(node, i, outer);
            let (here, rest) = edits.split(bounds.1);
            edits = rest;
            let address = &node.pages[i];
            if here.is_empty() {
                builder.flush(out)?;
                builder.keep(node, i);
                continue;
            }
            freed.push(*address);
            if !here.removes_all(&node.keys[i], bounds.1) {
                let rows =
                    leaf(pages, address, node.rows[i], bounds)?.ok_or_else(|| needed(address))?;
                merge(all(rows, address)?, here, &mut builder, out)?;
            }
        }
        return builder.into_children(out);
    }
    let mut children = Inner::default();
    for i in 0..node.keys.len() {
        let bounds = bounds_of(node, i, outer);
        let (here, rest) = edits.split(bounds.1);
        edits = rest;
        let address = &node.pages[i];
        if here.is_empty() {
            push_child(&mut children, node, i);
            continue;
        }
        freed.push(*address);
        let child = inner(pages, address, node.rows[i], bounds)?.ok_or_else(|| needed(address))?;
        let below = rewrite(child, height - 1, bounds.1, here, pages, out, freed)?;
        if !below.keys.is_empty() {
            let written = level(&below, out)?;
            for k in 0..written.keys.len() {
                push_child(&mut children, &written, k);
            }
        }
    }
    Ok(children)
}

/// Rows of a leaf with the changes applied.
fn merge<T: Table>(
    rows: Vec<T::Row>,
    edits: Part<'_, T>,
    builder: &mut Builder<T>,
    out: &mut PageWriter,
) -> Result<()> {
    let mut old = rows
        .into_iter()
        .filter(|row| !edits.removes(T::key(row)))
        .peekable();
    for (key, row) in edits.rows {
        while let Some(before) = old.next_if(|row| T::key(row) < key) {
            builder.push(before, out)?;
        }
        let _ = old.next_if(|row| T::key(row) == key);
        if let Some(row) = row {
            builder.push(row.clone(), out)?;
        }
    }
    for row in old {
        builder.push(row, out)?;
    }
    Ok(())
}
