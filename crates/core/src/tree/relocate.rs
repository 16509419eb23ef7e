//! Copying pages out of old layers into a new one, so that few layers hold live metadata.

use super::build::crown;
use super::lookup::{bounds_of, inner};
use super::update::Updated;
use super::{Miss, PageSet, PageWriter, Tree};
use crate::error::Result;
use crate::wire::page::PageAddress;
use crate::wire::tables::{Inner, Table};

impl<T: Table> Tree<T> {
    /// Copies every page for which `moves` holds, by its stored bytes.
    ///
    /// No page for which it holds is older than `oldest`; a page refers to none younger than itself,
    /// so the subtrees of older pages are not looked at.
    pub fn relocate(
        &self,
        pages: &PageSet<T>,
        oldest: u64,
        moves: &dyn Fn(u64) -> bool,
        out: &mut PageWriter,
    ) -> std::result::Result<Updated<T>, Miss> {
        let mut missing = Vec::new();
        find_missing(
            &self.top,
            self.height,
            None,
            pages,
            oldest,
            moves,
            &mut missing,
        )?;
        if !missing.is_empty() {
            return Err(Miss::Pages(missing));
        }
        let mut freed = Vec::new();
        let top = copy(
            &self.top,
            self.height,
            None,
            pages,
            oldest,
            moves,
            out,
            &mut freed,
        )?;
        Ok(Updated {
            tree: crown(top, self.height, out)?,
            freed,
        })
    }
}

fn find_missing<T: Table>(
    node: &Inner<T>,
    height: u64,
    outer: Option<&T::Key>,
    pages: &PageSet<T>,
    oldest: u64,
    moves: &dyn Fn(u64) -> bool,
    missing: &mut Vec<PageAddress>,
) -> Result<()> {
    for (i, address) in node.pages.iter().enumerate() {
        if address.sequence < oldest {
            continue;
        }
        if height > 1 {
            let bounds = bounds_of(node, i, outer);
            match inner(pages, address, node.rows[i], bounds)? {
                Some(child) => {
                    find_missing(child, height - 1, bounds.1, pages, oldest, moves, missing)?
                }
                None => missing.push(*address),
            }
        } else if moves(address.sequence) && pages.find(address)?.is_none() {
            missing.push(*address);
        }
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "a recursion's whole state")]
fn copy<T: Table>(
    node: &Inner<T>,
    height: u64,
    outer: Option<&T::Key>,
    pages: &PageSet<T>,
    oldest: u64,
    moves: &dyn Fn(u64) -> bool,
    out: &mut PageWriter,
    freed: &mut Vec<PageAddress>,
) -> Result<Inner<T>> {
    let mut copied = node.clone();
    for (i, address) in node.pages.iter().enumerate() {
        if address.sequence < oldest {
            continue;
        }
        let needed = || Miss::Pages(vec![*address]).into_error();
        if height > 1 {
            let bounds = bounds_of(node, i, outer);
            let child = inner(pages, address, node.rows[i], bounds)?.ok_or_else(needed)?;
            let below = copy(
                child,
                height - 1,
                bounds.1,
                pages,
                oldest,
                moves,
                out,
                freed,
            )?;
            if moves(address.sequence) || below.pages != child.pages {
                copied.pages[i] = out.put(below.encode())?;
                freed.push(*address);
            }
        } else if moves(address.sequence) {
            let stored = pages.find(address)?.ok_or_else(needed)?.stored().clone();
            copied.pages[i] = out.put_stored(stored, address.raw, address.crc);
            freed.push(*address);
        }
    }
    Ok(copied)
}
