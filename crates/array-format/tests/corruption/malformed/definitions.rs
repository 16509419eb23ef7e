//! Definitions of arrays.

use super::Edit::{Leaf, Root};
use super::{Case, shorten};
use crate::forge::ARRAYS;

fn fill(tag: u8, value: u64) -> Vec<u8> {
    [&[tag][..], &value.to_le_bytes()].concat()
}

pub const CASES: &[Case] = &[
    ("dtype unknown", Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![99])),
    (
        "dtype cut short",
        Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![20]),
    ),
    (
        "dtype nested too deep",
        Leaf(ARRAYS, |p| p.bytes(17)[0] = [vec![20; 9], vec![1]].concat()),
    ),
    (
        "dtype of no items",
        Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![19, 0, 0, 0, 0, 1]),
    ),
    (
        "rank beyond the limit",
        Leaf(ARRAYS, |p| p.ints(18)[0] = 65),
    ),
    (
        "rank that the shapes do not have",
        Leaf(ARRAYS, |p| p.ints(18)[0] = 1),
    ),
    (
        "shape beyond all memory",
        Leaf(ARRAYS, |p| p.ints(19)[..2].fill(1 << 62)),
    ),
    ("chunk of extent 0", Leaf(ARRAYS, |p| p.ints(20)[0] = 0)),
    ("tile of extent 0", Leaf(ARRAYS, |p| p.ints(21)[0] = 0)),
    (
        "tile greater than its chunk",
        Leaf(ARRAYS, |p| p.ints(21)[0] = 3),
    ),
    (
        "fill value of an unknown tag",
        Leaf(ARRAYS, |p| p.bytes(23)[0] = vec![42]),
    ),
    (
        "fill value that does not fit",
        Leaf(ARRAYS, |p| p.bytes(23)[0] = vec![4, b'x']),
    ),
    ("array id 0", Leaf(ARRAYS, |p| p.ints(16)[0] = 0)),
    ("array id twice", Leaf(ARRAYS, |p| p.ints(16)[1] = 1)),
    (
        "array id not given yet",
        Leaf(ARRAYS, |p| p.ints(16)[1] = 50),
    ),
    (
        "dimension name over the limit",
        Leaf(ARRAYS, |p| p.bytes(22)[0] = vec![b'd'; 1 << 16]),
    ),
    (
        "dimension name that is not UTF-8",
        Leaf(ARRAYS, |p| p.bytes(22)[0] = vec![0xFF]),
    ),
    (
        "dimension names fewer than axes",
        Leaf(ARRAYS, |p| drop(p.bytes(22).pop())),
    ),
    (
        "shape longer than its rank",
        Leaf(ARRAYS, |p| p.ints(19).push(1)),
    ),
    (
        "chunk shape shorter than its rank",
        Leaf(ARRAYS, |p| shorten(p.ints(20))),
    ),
    (
        "tile shape without values",
        Leaf(ARRAYS, |p| p.ints(21).clear()),
    ),
    (
        "rank of 2^64 − 1",
        Leaf(ARRAYS, |p| p.ints(18)[0] = u64::MAX),
    ),
    (
        "shape of 2^63 elements",
        Leaf(ARRAYS, |p| p.ints(19)[3] = 1 << 63),
    ),
    (
        "elements of 2^63 bytes",
        Leaf(ARRAYS, |p| p.ints(19)[..2].copy_from_slice(&[1 << 60, 2])),
    ),
    (
        "tile of more than a frame holds",
        Leaf(ARRAYS, |p| {
            p.ints(20)[3] = (1 << 30) + 1;
            p.ints(21)[3] = (1 << 30) + 1;
        }),
    ),
    (
        "chunk of more tiles than can be counted",
        Leaf(ARRAYS, |p| {
            p.ints(20)[..2].fill(1 << 40);
            p.ints(21)[..2].fill(1);
        }),
    ),
    (
        "dtype of no bytes",
        Leaf(ARRAYS, |p| p.bytes(17)[0].clear()),
    ),
    ("dtype 0", Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![0])),
    (
        "dtype with bytes after it",
        Leaf(ARRAYS, |p| p.bytes(17)[0].push(0)),
    ),
    (
        "dtype whose items are unknown",
        Leaf(ARRAYS, |p| p.bytes(17)[1] = vec![20, 99]),
    ),
    (
        "dtype of a list without a size",
        Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![19, 1, 0]),
    ),
    (
        "dtype of more bytes than can be counted",
        Leaf(ARRAYS, |p| {
            p.bytes(17)[0] = [b"\x13\xFF\xFF\xFF\xFF".repeat(8), vec![1]].concat();
        }),
    ),
    (
        "dtype of fixed lists nested too deep",
        Leaf(ARRAYS, |p| {
            p.bytes(17)[0] = [b"\x13\x01\0\0\0".repeat(9), vec![1]].concat();
        }),
    ),
    (
        "dtype of 2^20 lists",
        Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![20; 1 << 20]),
    ),
    (
        "fill value that is not UTF-8",
        Leaf(ARRAYS, |p| p.bytes(23)[1] = vec![4, 0xFF]),
    ),
    (
        "fill value over the limit",
        Leaf(ARRAYS, |p| p.bytes(23)[1] = vec![4; (1 << 16) + 1]),
    ),
    (
        "fill value of bytes for text",
        Leaf(ARRAYS, |p| p.bytes(23)[1] = vec![6, 1]),
    ),
    (
        "fill value beyond its integers",
        Leaf(ARRAYS, |p| p.bytes(23)[0] = fill(1, 1 << 40)),
    ),
    (
        "fill value below its integers",
        Leaf(ARRAYS, |p| p.bytes(23)[2] = fill(1, u64::MAX)),
    ),
    (
        "fill value of half an integer",
        Leaf(ARRAYS, |p| p.bytes(23)[0] = fill(3, 0.5f64.to_bits())),
    ),
    (
        "fill value that is no number for integers",
        Leaf(ARRAYS, |p| p.bytes(23)[0] = fill(3, f64::NAN.to_bits())),
    ),
    (
        "fill value cut short",
        Leaf(ARRAYS, |p| p.bytes(23)[0].truncate(5)),
    ),
    (
        "fill value with bytes after it",
        Leaf(ARRAYS, |p| p.bytes(23)[0].push(0)),
    ),
    (
        "fill value that is neither true nor false",
        Leaf(ARRAYS, |p| p.bytes(23)[2] = vec![0, 2]),
    ),
    (
        "fill value of a list",
        Leaf(ARRAYS, |p| {
            p.bytes(17)[1] = vec![20, 4];
            p.bytes(23)[1] = fill(1, 0);
        }),
    ),
    (
        "complex fill value of an integer",
        Leaf(ARRAYS, |p| {
            p.bytes(23)[0] = [fill(7, 0), vec![0; 8]].concat()
        }),
    ),
    (
        "array id of 2^64 − 1",
        Leaf(ARRAYS, |p| p.ints(16)[2] = u64::MAX),
    ),
    ("array id that is the next", Root(|p| p.ints(5)[0] = 3)),
    (
        "next array id over the limit",
        Root(|p| p.ints(5)[0] = (1 << 62) + 1),
    ),
];
