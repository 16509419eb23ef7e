//! Making pages out of sorted rows, and levels out of pages.

use super::{PageWriter, Tree};
use crate::error::Result;
use crate::limits;
use crate::wire::tables::{Inner, Table, encode_leaf};

/// Raw bytes that a page is meant to have: small enough that a commit of one row stays small,
/// large enough that Zstandard finds what repeats.
const PAGE_WEIGHT: usize = 32 << 10;
/// The address columns of a child.
const CHILD_WEIGHT: usize = 32;
/// Raw bytes of a tree's top, which every commit repeats.
const TOP_WEIGHT: usize = 8 << 10;

/// Appends rows in key order and turns them into pages of about equal size.
#[derive(Debug)]
pub struct Builder<T: Table> {
    rows: Vec<T::Row>,
    weight: usize,
    done: Inner<T>,
}

impl<T: Table> Default for Builder<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            weight: 0,
            done: Inner::default(),
        }
    }
}

impl<T: Table> Builder<T> {
    /// Appends a row. Its key is above all before it.
    pub fn push(&mut self, row: T::Row, out: &mut PageWriter) -> Result<()> {
        let weight = T::weight(&row);
        // Two pages' worth are kept back, so that the last two can be evened out.
        if self.weight + weight > 2 * PAGE_WEIGHT || self.rows.len() as u64 >= limits::PAGE_ROWS {
            self.emit(PAGE_WEIGHT, out)?;
        }
        self.weight += weight;
        self.rows.push(row);
        Ok(())
    }

    /// Writes the rows that are kept back.
    pub(super) fn flush(&mut self, out: &mut PageWriter) -> Result<()> {
        if self.weight > PAGE_WEIGHT {
            // A full page and a rest, as appends leave it; halves where the rest would be tiny.
            let rest = self.weight - PAGE_WEIGHT;
            let first = if rest < PAGE_WEIGHT / 4 {
                self.weight / 2
            } else {
                PAGE_WEIGHT
            };
            self.emit(first, out)?;
        }
        while !self.rows.is_empty() {
            self.emit(usize::MAX, out)?;
        }
        Ok(())
    }

    /// Writes one page of at most this weight, and of at least one row.
    fn emit(&mut self, weight: usize, out: &mut PageWriter) -> Result<()> {
        let mut taken = 0;
        let mut n = 0;
        for row in self.rows.iter().take(limits::PAGE_ROWS as usize) {
            let next = taken + T::weight(row);
            if n > 0 && next > weight {
                break;
            }
            taken = next;
            n += 1;
        }
        let rest = self.rows.split_off(n);
        let rows = std::mem::replace(&mut self.rows, rest);
        self.weight -= taken;
        if let Some(first) = rows.first() {
            let address = out.put(encode_leaf::<T>(&rows)?)?;
            self.done.keys.push(T::key(first).clone());
            self.done.pages.push(address);
            self.done.rows.push(rows.len() as u64);
        }
        Ok(())
    }

    /// Takes over a child that is as it was.
    pub(super) fn keep(&mut self, node: &Inner<T>, i: usize) {
        push_child(&mut self.done, node, i);
    }

    pub(super) fn into_children(mut self, out: &mut PageWriter) -> Result<Inner<T>> {
        self.flush(out)?;
        Ok(self.done)
    }

    /// The tree of all rows.
    pub fn finish(self, out: &mut PageWriter) -> Result<Tree<T>> {
        let children = self.into_children(out)?;
        crown(children, 1, out)
    }
}

/// Copies child `i` of one node to the end of another.
pub(super) fn push_child<T: Table>(to: &mut Inner<T>, from: &Inner<T>, i: usize) {
    to.keys.push(from.keys[i].clone());
    to.pages.push(from.pages[i]);
    to.rows.push(from.rows[i]);
}

fn child_weight<T: Table>(node: &Inner<T>, i: usize) -> usize {
    T::key_weight(&node.keys[i]) + CHILD_WEIGHT
}

fn weight<T: Table>(node: &Inner<T>) -> usize {
    (0..node.keys.len()).map(|i| child_weight(node, i)).sum()
}

/// Writes inner pages over these children, and returns the pages as children.
pub(super) fn level<T: Table>(children: &Inner<T>, out: &mut PageWriter) -> Result<Inner<T>> {
    let total = weight(children);
    let share = total.div_ceil(total.div_ceil(PAGE_WEIGHT).max(1));
    let mut parents = Inner::default();
    let mut node = Inner::default();
    let mut taken = 0;
    for i in 0..children.keys.len() {
        let next = child_weight(children, i);
        let full = taken + next > share && node.keys.len() >= 2;
        if full || node.keys.len() as u64 >= limits::PAGE_ROWS {
            put_inner(&mut parents, std::mem::take(&mut node), out)?;
            taken = 0;
        }
        push_child(&mut node, children, i);
        taken += next;
    }
    put_inner(&mut parents, node, out)?;
    Ok(parents)
}

fn put_inner<T: Table>(parents: &mut Inner<T>, node: Inner<T>, out: &mut PageWriter) -> Result<()> {
    if let Some(first) = node.keys.first() {
        parents.keys.push(first.clone());
        parents.rows.push(node.total_rows());
        parents.pages.push(out.put(node.encode())?);
    }
    Ok(())
}

/// Puts levels over these children, which are `height` levels above the rows, until the top is small.
pub(super) fn crown<T: Table>(
    mut children: Inner<T>,
    mut height: u64,
    out: &mut PageWriter,
) -> Result<Tree<T>> {
    if children.keys.is_empty() {
        return Ok(Tree::default());
    }
    while weight(&children) > TOP_WEIGHT && children.keys.len() > 2 && height < limits::TREE_HEIGHT
    {
        children = level(&children, out)?;
        height += 1;
    }
    Ok(Tree {
        height,
        top: children,
    })
}
