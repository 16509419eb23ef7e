//! Pages and their columns.

use super::Edit::{Any, Leaf, Top};
use super::{Case, set_raw_u16, set_raw_u32, shorten};
use crate::forge::{
    ARRAYS, ATTRIBUTES, BYTES, Column, FRAMES, Forge, INTS, LOG, Page, STATISTICS, TAGS,
};

/// The most values of a column.
const MOST: usize = 64 << 16;
/// A Zstandard frame of no bytes.
const EMPTY_FRAME: [u8; 9] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0, 1, 0, 0];

/// A constant integer column.
fn int(value: u64) -> Vec<u8> {
    [&[0, 0][..], &value.to_le_bytes()].concat()
}

fn ints(count: u32, parts: &[&[u8]]) -> Column {
    Column::Raw(INTS, count, parts.concat())
}

fn strings(count: u32, lengths: &[&[u8]], data: &[u8]) -> Column {
    let lengths = lengths.concat();
    let n = (lengths.len() as u32).to_le_bytes();
    Column::Raw(BYTES, count, [&n[..], &lengths, data].concat())
}

/// Numbers of arrays in the log.
fn numbers(p: &mut Page, parts: &[&[u8]]) {
    let n = p.ints(1).len() as u32;
    p.add(21, ints(n, parts));
}

fn zip(p: &mut Page, stored: fn(&mut Vec<u8>)) {
    p.zipped = true;
    p.stored = stored;
    // It is worth compressing.
    p.add(0x8FFF, Column::Raw(BYTES, 1, vec![0; 500]));
}

/// Statistics of this many arrays, in a few bytes.
fn many(f: &mut Forge, n: usize) {
    let p = f.leaf(STATISTICS);
    for (id, column) in &mut p.columns {
        *column = match *id {
            1 => Column::Ints((1..=n as u64).collect()),
            18 | 19 => Column::Bytes(vec![vec![]; n]),
            _ => Column::Ints(vec![0; n]),
        };
    }
    f.rows(STATISTICS, n as u64);
}

pub const CASES: &[Case] = &[
    ("page of another kind", Leaf(ARRAYS, |p| p.kind = 2)),
    ("page of an unknown kind", Leaf(ARRAYS, |p| p.kind = 9)),
    ("page of another table", Leaf(ATTRIBUTES, |p| p.table = 3)),
    (
        "column missing",
        Leaf(ARRAYS, |p| drop(p.columns.remove(2))),
    ),
    (
        "column unknown",
        Leaf(ARRAYS, |p| p.columns.push((99, Column::Ints(vec![1, 2])))),
    ),
    (
        "column of another type",
        Leaf(ARRAYS, |p| {
            *p.column(16) = Column::Bytes(vec![vec![1], vec![2]])
        }),
    ),
    (
        "column of an unknown type",
        Leaf(ARRAYS, |p| p.raw = |raw| raw[6] = 7),
    ),
    (
        "columns out of order",
        Leaf(ARRAYS, |p| p.columns.swap(1, 2)),
    ),
    (
        "column longer than the page",
        Leaf(ARRAYS, |p| p.raw = |raw| set_raw_u32(raw, 12, u32::MAX)),
    ),
    (
        "column of too many values",
        Leaf(STATISTICS, |p| p.raw = |raw| set_raw_u32(raw, 8, u32::MAX)),
    ),
    (
        "more columns than the page has bytes",
        Leaf(ARRAYS, |p| p.raw = |raw| set_raw_u16(raw, 2, u16::MAX)),
    ),
    (
        "bytes after the last column",
        Leaf(ARRAYS, |p| p.raw = |raw| raw.push(0)),
    ),
    (
        "page cut short",
        Leaf(ARRAYS, |p| p.raw = |raw| raw.truncate(raw.len() - 1)),
    ),
    ("page empty", Leaf(ARRAYS, |p| p.raw = Vec::clear)),
    (
        "integers of an unknown mode",
        Leaf(STATISTICS, |p| {
            p.raw = |raw| {
                let data = 4 + 12 * usize::from(raw[2]);
                raw[data] = 2;
            }
        }),
    ),
    (
        "integers of nine bytes",
        Leaf(STATISTICS, |p| {
            p.raw = |raw| {
                let data = 4 + 12 * usize::from(raw[2]);
                raw[data + 1] = 9;
            }
        }),
    ),
    (
        "page that unpacks to 64 MiB",
        Leaf(ARRAYS, |p| {
            p.zipped = true;
            p.raw = |raw| raw.resize(60 << 20, 0);
        }),
    ),
    (
        "column of no values with bytes",
        Leaf(STATISTICS, |p| {
            p.raw = |raw| set_raw_u32(raw, 4 + 12 + 4, 0)
        }),
    ),
    (
        "column of a value too many",
        Leaf(STATISTICS, |p| p.ints(17).push(0)),
    ),
    (
        "column of a value too few",
        Leaf(STATISTICS, |p| shorten(p.ints(17))),
    ),
    (
        "column twice",
        Leaf(STATISTICS, |p| p.raw = |raw| set_raw_u16(raw, 16, 1)),
    ),
    (
        "column with a reserved byte",
        Leaf(STATISTICS, |p| p.raw = |raw| raw[7] = 1),
    ),
    (
        "column of one value more than the limit",
        Leaf(STATISTICS, |p| {
            p.raw = |raw| set_raw_u32(raw, 8, MOST as u32 + 1)
        }),
    ),
    (
        "constant column of four million values",
        Leaf(STATISTICS, |p| *p.ints(16) = vec![1; MOST]),
    ),
    ("four million keys", Any(|f| many(f, MOST))),
    (
        "one row more than a page may have",
        Any(|f| many(f, (1 << 16) + 1)),
    ),
    (
        "four million frames",
        Leaf(FRAMES, |p| {
            for id in [2, 4] {
                *p.ints(id) = vec![0; MOST];
            }
            *p.ints(1) = (0..MOST as u64).collect();
            *p.ints(3) = vec![];
        }),
    ),
    (
        "four million attribute keys",
        Leaf(ATTRIBUTES, |p| *p.bytes(1) = vec![vec![]; MOST]),
    ),
    (
        "four million attribute values",
        Leaf(ATTRIBUTES, |p| {
            p.zipped = true;
            *p.bytes(16) = vec![vec![0, 1]; MOST];
        }),
    ),
    (
        "four million dimension names",
        Leaf(ARRAYS, |p| *p.bytes(22) = vec![vec![]; MOST]),
    ),
    (
        "four million names",
        Leaf(ARRAYS, |p| *p.bytes(1) = vec![vec![]; MOST]),
    ),
    (
        "four million messages",
        Leaf(LOG, |p| *p.bytes(20) = vec![vec![]; MOST]),
    ),
    (
        "four million children",
        Top(FRAMES, |p| *p.ints(65) = vec![64; MOST]),
    ),
    (
        "strings that reach past their column",
        Leaf(TAGS, |p| p.add(1, strings(2, &[&int(1000)], b"ab"))),
    ),
    (
        "strings of 2^64 bytes together",
        Leaf(TAGS, |p| p.add(1, strings(2, &[&int(1 << 63)], b""))),
    ),
    (
        "bytes after the strings",
        Leaf(TAGS, |p| p.add(1, strings(2, &[&int(1)], b"abc"))),
    ),
    (
        "lengths of strings past their column",
        Leaf(TAGS, |p| {
            p.add(1, Column::Raw(BYTES, 2, vec![200, 0, 0, 0, 0, 0]))
        }),
    ),
    (
        "strings without their lengths",
        Leaf(TAGS, |p| p.add(1, Column::Raw(BYTES, 2, vec![1, 0]))),
    ),
    (
        "lengths of strings in an unknown mode",
        Leaf(TAGS, |p| p.add(1, strings(2, &[&[7, 0], &[0; 8]], b""))),
    ),
    (
        "integers cut short",
        Leaf(LOG, |p| numbers(p, &[&[0, 1], &[0; 8], &[1]])),
    ),
    (
        "integers with a digit too many",
        Leaf(LOG, |p| numbers(p, &[&int(5), &[1]])),
    ),
    (
        "integers without their first",
        Leaf(LOG, |p| numbers(p, &[&[1, 0], &[0; 8]])),
    ),
    (
        "integers without a base",
        Leaf(LOG, |p| numbers(p, &[&[0, 0, 1]])),
    ),
    (
        "four million integers of eight bytes in ten bytes",
        Leaf(LOG, |p| p.add(21, ints(MOST as u32, &[&[0, 8], &[0; 8]]))),
    ),
    (
        "directory cut short",
        Leaf(TAGS, |p| p.raw = |raw| raw.truncate(20)),
    ),
    (
        "page of three bytes",
        Leaf(TAGS, |p| p.raw = |raw| raw.truncate(3)),
    ),
    (
        "page with bytes after its Zstandard frame",
        Leaf(ARRAYS, |p| zip(p, |stored| stored.push(0))),
    ),
    (
        "page of two Zstandard frames",
        Leaf(ARRAYS, |p| {
            zip(p, |stored| stored.extend_from_slice(&EMPTY_FRAME))
        }),
    ),
    (
        "page of a Zstandard frame and one to skip",
        Leaf(ARRAYS, |p| {
            zip(p, |stored| {
                stored.extend_from_slice(b"\x50\x2A\x4D\x18\0\0\0\0")
            })
        }),
    ),
    (
        "page of two mebibytes with bytes after its frame",
        Leaf(ARRAYS, |p| {
            zip(p, |stored| stored.push(0));
            p.add(0x9000, Column::Raw(BYTES, 1, vec![0; 2 << 20]));
        }),
    ),
    (
        "page of a Zstandard frame cut short",
        Leaf(ARRAYS, |p| {
            zip(p, |stored| stored.truncate(stored.len() - 3))
        }),
    ),
    (
        "page of an empty Zstandard frame",
        Leaf(ARRAYS, |p| zip(p, |stored| *stored = EMPTY_FRAME.to_vec())),
    ),
    (
        "page that is no Zstandard frame",
        Leaf(ARRAYS, |p| zip(p, |stored| stored[0] ^= 1)),
    ),
    (
        "page that unpacks to more",
        Any(|f| {
            f.leaf(ARRAYS).zipped = true;
            f.address = |tops| tops[ARRAYS].ints(67)[0] -= 1;
        }),
    ),
    (
        "page that unpacks to less",
        Any(|f| {
            f.leaf(ARRAYS).zipped = true;
            f.address = |tops| tops[ARRAYS].ints(67)[0] += 1;
        }),
    ),
    (
        "column that may be ignored",
        Leaf(ARRAYS, |p| {
            p.add(0x8001, Column::Raw(9, 3, vec![1, 2, 3, 4]))
        }),
    ),
    (
        "column that may be ignored, of too many values",
        Leaf(ARRAYS, |p| {
            p.add(0x8001, Column::Raw(9, MOST as u32 + 1, vec![]))
        }),
    ),
];
