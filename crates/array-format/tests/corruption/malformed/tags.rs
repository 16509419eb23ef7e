//! Tags.

use super::Edit::{Any, Leaf};
use super::{Case, shorten};
use crate::forge::{Column, TAGS};

pub const CASES: &[Case] = &[
    ("tag without a name", Leaf(TAGS, |p| p.bytes(1)[0] = vec![])),
    (
        "tag whose name is not UTF-8",
        Leaf(TAGS, |p| p.bytes(1)[1] = vec![b'z', 0x80]),
    ),
    (
        "tag whose name is over the limit",
        Leaf(TAGS, |p| p.bytes(1)[1] = vec![b'z'; 1 << 16]),
    ),
    (
        "tag of a layer that never was",
        Leaf(TAGS, |p| p.ints(16)[0] = 77),
    ),
    (
        "tag with the id of another layer",
        Leaf(TAGS, |p| p.bytes(17)[0][0] ^= 1),
    ),
    (
        "tag of a number over the limit",
        Leaf(TAGS, |p| p.ints(16)[0] = (1 << 62) + 1),
    ),
    (
        "tag of a number after the newest",
        Leaf(TAGS, |p| p.ints(16)[0] = 5),
    ),
    (
        "tag with an id of 15 bytes",
        Leaf(TAGS, |p| p.bytes(17)[0].truncate(15)),
    ),
    ("tag without a number", Leaf(TAGS, |p| shorten(p.ints(16)))),
    ("tags without a column", Leaf(TAGS, |p| p.remove(17))),
    (
        "tags with an unknown column",
        Leaf(TAGS, |p| p.add(18, Column::Ints(vec![0, 0]))),
    ),
    ("tags of another table", Leaf(TAGS, |p| p.table = 1)),
    (
        "tags that are an inner page",
        Any(|f| f.leaf(TAGS).kind = 2),
    ),
    (
        "numbers of tags as bytes",
        Leaf(TAGS, |p| p.add(16, Column::Bytes(vec![vec![1]; 2]))),
    ),
];
