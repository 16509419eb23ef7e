//! Trees: heights, children, rows.

use super::Case;
use super::Edit::{Any, Root, Top};
use crate::forge::{
    ARRAYS, ATTRIBUTES, Column, FRAMES, Forge, LAYERS, LOG, Page, STATISTICS, TAGS,
};

/// Puts levels of inner pages with many children, all of them the same page, over a leaf.
fn bomb(f: &mut Forge, levels: usize, children: usize) {
    let wide = wide(f, children);
    f.inner[FRAMES] = vec![wide.clone(); levels - 1];
    f.tops[FRAMES] = wide;
    f.root.ints(7)[FRAMES] = levels as u64;
    f.root.ints(8)[FRAMES] = children as u64 * f.tops[FRAMES].ints(69)[0];
}

/// The top of the frames with many children.
fn wide(f: &Forge, children: usize) -> Page {
    let mut wide = f.tops[FRAMES].clone();
    for (id, column) in &mut wide.columns {
        if let Column::Ints(values) = column {
            // The array ids of keys rise; all else is equal.
            let first = values[0];
            *values = (0..children as u64)
                .map(|i| first + if *id == 1 { i } else { 0 })
                .collect();
            if *id == 3 {
                *values = vec![0; 2 * children];
            }
        }
    }
    wide
}

/// An inner page whose children are itself, in a tree that is as high as can be.
fn circle(f: &mut Forge, children: usize) {
    f.leaves[FRAMES] = Some(Page {
        circular: true,
        ..wide(f, children)
    });
    f.root.ints(7)[FRAMES] = 8;
}

pub const CASES: &[Case] = &[
    (
        "rows fewer than the parent says",
        Top(ARRAYS, |p| p.ints(69)[0] = 4),
    ),
    (
        "rows fewer than the root says",
        Root(|p| p.ints(8)[ARRAYS] = 4),
    ),
    ("height 0", Root(|p| p.ints(7)[ARRAYS] = 0)),
    ("height 9", Root(|p| p.ints(7)[ARRAYS] = 9)),
    (
        "leaf at the depth of an inner page",
        Root(|p| p.ints(7)[ARRAYS] = 2),
    ),
    (
        "inner page at the depth of a leaf",
        Any(|f| f.inner[ARRAYS] = vec![f.tops[ARRAYS].clone()]),
    ),
    (
        "top without children, with rows",
        Any(|f| f.leaves[ATTRIBUTES] = None),
    ),
    (
        "eight levels of sixteen times the same page",
        Any(|f| bomb(f, 8, 16)),
    ),
    ("a leaf that is the child of three", Any(|f| bomb(f, 1, 3))),
    ("inner page that leads to itself", Any(|f| circle(f, 1))),
    (
        "inner page that leads to itself sixteen times",
        Any(|f| circle(f, 16)),
    ),
    (
        "inner page of another table",
        Any(|f| {
            f.inner[ARRAYS] = vec![Page {
                table: 3,
                ..f.tops[ARRAYS].clone()
            }];
            f.root.ints(7)[ARRAYS] = 2;
        }),
    ),
    (
        "inner page without children",
        Any(|f| {
            let mut page = f.tops[LOG].clone();
            for (_, column) in &mut page.columns {
                *column = Column::Ints(vec![]);
            }
            f.inner[LOG] = vec![page];
            f.root.ints(7)[LOG] = 2;
        }),
    ),
    (
        "leaf without rows",
        Any(|f| {
            for (_, column) in &mut f.leaf(STATISTICS).columns {
                *column = match column {
                    Column::Ints(_) => Column::Ints(vec![]),
                    _ => Column::Bytes(vec![]),
                };
            }
            f.rows(STATISTICS, 0);
        }),
    ),
    (
        "rows fewer than an inner page says",
        Any(|f| {
            let mut page = f.tops[ARRAYS].clone();
            page.ints(69)[0] += 1;
            f.inner[ARRAYS] = vec![page];
            f.root.ints(7)[ARRAYS] = 2;
        }),
    ),
    (
        "inner page with fewer rows than its parent says",
        Any(|f| {
            f.inner[FRAMES] = vec![f.tops[FRAMES].clone()];
            f.root.ints(7)[FRAMES] = 2;
            f.rows(FRAMES, 7);
        }),
    ),
    (
        "rows of more than 64 bits",
        Any(|f| {
            bomb(f, 1, 3);
            f.tops[FRAMES].ints(69).fill(u64::MAX);
            f.root.ints(8)[FRAMES] = u64::MAX;
        }),
    ),
    (
        "height 2 over an empty table",
        Any(|f| {
            f.empty(TAGS);
            f.root.ints(7)[TAGS] = 2;
        }),
    ),
    ("height of 2^64 − 1", Root(|p| p.ints(7)[FRAMES] = u64::MAX)),
    ("height 0 of the log", Root(|p| p.ints(7)[LOG] = 0)),
    ("height 9 of the tags", Root(|p| p.ints(7)[TAGS] = 9)),
    (
        "log with fewer rows than the root says",
        Root(|p| p.ints(8)[LOG] += 1),
    ),
    (
        "tags with fewer rows than their parent says",
        Any(|f| f.rows(TAGS, 3)),
    ),
    (
        "log with fewer rows than its parent says",
        Any(|f| f.rows(LOG, 9)),
    ),
    (
        "layers with fewer rows than their parent says",
        Any(|f| f.rows(LAYERS, 2)),
    ),
    ("top of another table", Top(ARRAYS, |p| p.table = 7)),
    ("top that is a leaf", Any(|f| f.tops[STATISTICS].kind = 3)),
    (
        "top of the log that is a leaf",
        Any(|f| f.tops[LOG].kind = 3),
    ),
    ("top without a column", Top(FRAMES, |p| p.remove(69))),
    (
        "top of the tags with an unknown column",
        Top(TAGS, |p| p.add(70, Column::Ints(vec![1]))),
    ),
    (
        "top cut short",
        Top(LOG, |p| p.raw = |raw| raw.truncate(30)),
    ),
    ("top of no bytes", Top(TAGS, |p| p.raw = Vec::clear)),
];
