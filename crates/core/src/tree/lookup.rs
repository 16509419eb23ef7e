//! Finding rows.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use super::{Miss, PageSet, Tree};
use crate::error::{Error, Place, Result};
use crate::wire::page::PageAddress;
use crate::wire::tables::{Inner, Rows, Table};

/// The keys that a subtree may hold: from the first, up to and without the second.
type Bounds<'a, K> = (Option<&'a K>, Option<&'a K>);

/// Refuses keys outside their page's range; how the first and the last compare is given.
fn check_bounds<K>(
    first: impl Fn(&K) -> Ordering,
    last: impl Fn(&K) -> Ordering,
    (from, to): Bounds<'_, K>,
) -> Result<()> {
    let below = from.is_some_and(|from| first(from).is_lt());
    let above = to.is_some_and(|to| last(to).is_ge());
    if below || above {
        return Err(Error::corrupt(
            "a metadata page holds keys outside its range",
        ));
    }
    Ok(())
}

/// A leaf page, and what its parent says of it.
#[derive(Debug, Clone)]
pub struct Leaf<K> {
    /// Where it is.
    pub address: PageAddress,
    rows: u64,
    from: Option<K>,
    to: Option<K>,
}

fn place_of<T: Table>(address: &PageAddress) -> Place {
    Place {
        layer: Some(format!("layer {}", address.sequence)),
        part: Some(format!("{} page at byte {}", T::NAME, address.offset)),
        ..Place::default()
    }
}

/// The bounds of child `i`.
pub(super) fn bounds_of<'a, T: Table>(
    node: &'a Inner<T>,
    i: usize,
    outer: Option<&'a T::Key>,
) -> Bounds<'a, T::Key> {
    (Some(&node.keys[i]), node.keys.get(i + 1).or(outer))
}

pub(super) fn inner<'a, T: Table>(
    pages: &'a PageSet<T>,
    address: &PageAddress,
    rows: u64,
    bounds: Bounds<'_, T::Key>,
) -> Result<Option<&'a Inner<T>>> {
    let Some(node) = pages.inner(address)? else {
        return Ok(None);
    };
    let (Some(first), Some(last)) = (node.keys.first(), node.keys.last()) else {
        return Err(Error::corrupt("an inner page without children").within(place_of::<T>(address)));
    };
    if node.total_rows() != rows {
        return Err(Error::corrupt(format!(
            "an inner page of {} has {} rows, its parent says {rows}",
            T::NAME,
            node.total_rows()
        ))
        .within(place_of::<T>(address)));
    }
    check_bounds(|key| first.cmp(key), |key| last.cmp(key), bounds)
        .map_err(|e| e.within(place_of::<T>(address)))?;
    Ok(Some(node))
}

pub(super) fn leaf<'a, T: Table>(
    pages: &'a PageSet<T>,
    address: &PageAddress,
    rows: u64,
    bounds: Bounds<'_, T::Key>,
) -> Result<Option<&'a Rows<T>>> {
    let Some(found) = pages.leaf(address)? else {
        return Ok(None);
    };
    if found.is_empty() || found.len() as u64 != rows {
        return Err(Error::corrupt(format!(
            "a page of {} has {} rows, its parent says {rows}",
            T::NAME,
            found.len()
        ))
        .within(place_of::<T>(address)));
    }
    let last = found.len() - 1;
    let compare = |i: usize| move |key: &T::Key| found.compare(i, key);
    check_bounds(compare(0), compare(last), bounds)
        .map_err(|e| e.within(place_of::<T>(address)))?;
    Ok(Some(found))
}

/// Row `i` of the page at this address, which is there.
fn row<'a, T: Table>(rows: &'a Rows<T>, i: usize, address: &PageAddress) -> Result<&'a T::Row> {
    rows.row(i).map_err(|e| e.within(place_of::<T>(address)))
}

/// All rows of the page at this address, made anew.
pub(super) fn all<T: Table>(rows: &Rows<T>, address: &PageAddress) -> Result<Vec<T::Row>> {
    rows.to_vec().map_err(|e| e.within(place_of::<T>(address)))
}

/// Gathers the rows of sorted keys, and the pages that are missing for that.
struct Gather<'a, 'k, T: Table> {
    pages: &'a PageSet<T>,
    keys: &'k [T::Key],
    found: Vec<Option<&'a T::Row>>,
    missing: Vec<PageAddress>,
}

impl<'a, T: Table> Gather<'a, '_, T> {
    fn descend(
        &mut self,
        node: &'a Inner<T>,
        level: u64,
        outer: Option<&'a T::Key>,
        mut from: usize,
        to: usize,
    ) -> Result<()> {
        while from < to {
            let key = &self.keys[from];
            let after = node.keys.partition_point(|k| k <= key);
            let Some(i) = after.checked_sub(1) else {
                from += 1;
                continue;
            };
            let bounds = bounds_of(node, i, outer);
            let end = match node.keys.get(i + 1) {
                Some(next) => from + self.keys[from..to].partition_point(|k| k < next),
                None => to,
            };
            let address = &node.pages[i];
            if level > 1 {
                match inner(self.pages, address, node.rows[i], bounds)? {
                    Some(child) => self.descend(child, level - 1, bounds.1, from, end)?,
                    None => self.missing.push(*address),
                }
            } else {
                match leaf(self.pages, address, node.rows[i], bounds)? {
                    Some(rows) => {
                        let mut before = None;
                        for k in from..end {
                            let at = rows.position(&self.keys[k], before);
                            before = at.or(before);
                            let row = at.map(|at| row(rows, at, address));
                            self.found[k] = row.transpose()?;
                        }
                    }
                    None => self.missing.push(*address),
                }
            }
            from = end;
        }
        Ok(())
    }
}

impl<T: Table> Tree<T> {
    /// The row with this key.
    pub fn get<'a>(
        &'a self,
        pages: &'a PageSet<T>,
        key: &T::Key,
    ) -> std::result::Result<Option<&'a T::Row>, Miss> {
        let found = self.get_many(pages, std::slice::from_ref(key))?;
        Ok(found.into_iter().next().flatten())
    }

    /// The rows with these keys, which are sorted. Each page is visited once.
    pub fn get_many<'a>(
        &'a self,
        pages: &'a PageSet<T>,
        keys: &[T::Key],
    ) -> std::result::Result<Vec<Option<&'a T::Row>>, Miss> {
        debug_assert!(keys.is_sorted(), "a key after a greater one is not found");
        let mut gather = Gather {
            pages,
            keys,
            found: vec![None; keys.len()],
            missing: Vec::new(),
        };
        gather.descend(&self.top, self.height, None, 0, keys.len())?;
        if gather.missing.is_empty() {
            Ok(gather.found)
        } else {
            Err(Miss::Pages(gather.missing))
        }
    }

    /// Calls `visit` with the rows from `from` on, up to and without `to`, in order, until it breaks.
    ///
    /// A table whose pages are not all in memory is walked with [`Tree::leaves`] instead: here the
    /// first page that is missing ends the visit.
    pub fn visit<'a>(
        &'a self,
        pages: &'a PageSet<T>,
        from: Option<&T::Key>,
        to: Option<&T::Key>,
        mut visit: impl FnMut(&'a T::Row) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut each = |address: &PageAddress, rows: u64, bounds: Bounds<'_, T::Key>| {
            let rows = leaf(pages, address, rows, bounds)?
                .ok_or_else(|| Miss::Pages(vec![*address]).into_error())?;
            let first = from.map_or(0, |from| rows.lower_bound(from));
            let end = to.map_or(rows.len(), |to| rows.lower_bound(to));
            for i in first..end {
                if visit(row(rows, i, address)?).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(match end < rows.len() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        };
        let mut missing = Vec::new();
        let _ = walk(
            &self.top,
            self.height,
            None,
            pages,
            from,
            to,
            &mut missing,
            &mut each,
        )?;
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Miss::Pages(missing).into_error())
        }
    }

    /// The leaf pages that may hold keys from `from` on, up to and without `to`, with their rows.
    pub fn leaves(
        &self,
        pages: &PageSet<T>,
        from: Option<&T::Key>,
        to: Option<&T::Key>,
    ) -> std::result::Result<Vec<Leaf<T::Key>>, Miss> {
        let mut leaves = Vec::new();
        let mut missing = Vec::new();
        let _ = walk(
            &self.top,
            self.height,
            None,
            pages,
            from,
            to,
            &mut missing,
            &mut |address, rows, (from, to)| {
                leaves.push(Leaf {
                    address: *address,
                    rows,
                    from: from.cloned(),
                    to: to.cloned(),
                });
                Ok(ControlFlow::Continue(()))
            },
        )?;
        if missing.is_empty() {
            Ok(leaves)
        } else {
            Err(Miss::Pages(missing))
        }
    }

    /// The rows of a leaf that [`Tree::leaves`] named, made anew.
    pub fn leaf_rows(
        &self,
        pages: &PageSet<T>,
        of: &Leaf<T::Key>,
    ) -> std::result::Result<Vec<T::Row>, Miss> {
        let bounds = (of.from.as_ref(), of.to.as_ref());
        let rows = leaf(pages, &of.address, of.rows, bounds)?;
        let rows = rows.ok_or_else(|| Miss::Pages(vec![of.address]))?;
        Ok(all(rows, &of.address)?)
    }

    /// The addresses of all pages of the tree, as far as its inner pages are in memory, and the
    /// inner pages that are not.
    pub fn addresses(&self, pages: &PageSet<T>) -> Result<(Vec<PageAddress>, Vec<PageAddress>)> {
        let mut all = Vec::new();
        let mut missing = Vec::new();
        let mut nodes = vec![(&self.top, self.height, None)];
        while let Some((node, level, outer)) = nodes.pop() {
            all.extend_from_slice(&node.pages);
            if level > 1 {
                for (i, address) in node.pages.iter().enumerate() {
                    // Ranges keep a page from being the child of many, level upon level.
                    let bounds = bounds_of(node, i, outer);
                    match inner(pages, address, node.rows[i], bounds)? {
                        Some(child) => nodes.push((child, level - 1, bounds.1)),
                        None => missing.push(*address),
                    }
                }
            }
        }
        Ok((all, missing))
    }
}

/// What is done with each leaf: its address, rows and bounds.
type EachLeaf<'f, K> = dyn FnMut(&PageAddress, u64, Bounds<'_, K>) -> Result<ControlFlow<()>> + 'f;

/// Visits the leaves of a range in order; inner pages that are missing are noted.
#[expect(clippy::too_many_arguments, reason = "a recursion's whole state")]
fn walk<'a, T: Table>(
    node: &'a Inner<T>,
    level: u64,
    outer: Option<&'a T::Key>,
    pages: &'a PageSet<T>,
    from: Option<&T::Key>,
    to: Option<&T::Key>,
    missing: &mut Vec<PageAddress>,
    each: &mut EachLeaf<'_, T::Key>,
) -> Result<ControlFlow<()>> {
    let first = from.map_or(0, |from| {
        node.keys.partition_point(|k| k <= from).saturating_sub(1)
    });
    for i in first..node.keys.len() {
        let bounds = bounds_of(node, i, outer);
        if to.is_some_and(|to| bounds.0.is_some_and(|key| key >= to)) {
            return Ok(ControlFlow::Break(()));
        }
        let address = &node.pages[i];
        let flow = if level > 1 {
            match inner(pages, address, node.rows[i], bounds)? {
                Some(child) => walk(child, level - 1, bounds.1, pages, from, to, missing, each)?,
                None => {
                    missing.push(*address);
                    ControlFlow::Continue(())
                }
            }
        } else {
            each(address, node.rows[i], bounds)?
        };
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}
