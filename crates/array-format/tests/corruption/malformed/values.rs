//! Values of attributes, and statistics.

use super::Case;
use super::Edit::{Any, Leaf};
use crate::forge::{ATTRIBUTES, Column, STATISTICS};

/// A list of one item, and the length that it is said to have.
fn list(tag: u8, length: u64, item: &[u8]) -> Vec<u8> {
    [&[tag][..], &length.to_le_bytes(), item].concat()
}

pub const CASES: &[Case] = &[
    (
        "attribute of an unknown tag",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![200, 1]),
    ),
    (
        "attribute without a tag",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![]),
    ),
    (
        "attribute list past its end",
        Leaf(ATTRIBUTES, |p| {
            p.bytes(16)[0] = [&[43u8][..], &u64::MAX.to_le_bytes()].concat();
        }),
    ),
    (
        "attribute text that is not UTF-8",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![11, 0xFF]),
    ),
    (
        "statistics of an unknown tag",
        Leaf(STATISTICS, |p| p.bytes(18)[0] = vec![99; 9]),
    ),
    (
        "statistics that are NaN",
        Leaf(STATISTICS, |p| {
            p.bytes(18)[0] = [&[3u8][..], &f64::NAN.to_le_bytes()].concat();
        }),
    ),
    (
        "attribute that is neither true nor false",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![0, 2]),
    ),
    (
        "attribute list that is neither true nor false",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![32, 1, 2]),
    ),
    (
        "attribute cut short",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![3, 1, 2, 3]),
    ),
    (
        "attribute with bytes after it",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![1, 1, 2]),
    ),
    (
        "attribute list of a part of an item",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![35, 1, 2, 3, 4, 5]),
    ),
    (
        "attribute list of an unknown tag",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![45]),
    ),
    (
        "attribute of tag 13",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![13, 0]),
    ),
    (
        "attribute of tag 31",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![31, 0]),
    ),
    (
        "attribute list of text that is not UTF-8",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = list(43, 1, &[0xFF])),
    ),
    (
        "attribute list of bytes past its end",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = list(44, 9, &[1])),
    ),
    (
        "attribute list whose last length is cut short",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![44, 0, 0, 0]),
    ),
    (
        "attribute over the limit",
        Leaf(ATTRIBUTES, |p| {
            p.zipped = true;
            p.bytes(16)[0] = vec![12; (32 << 20) + 1];
        }),
    ),
    (
        "attribute of an array that is not there",
        Leaf(ATTRIBUTES, |p| p.ints(3)[2] = 99),
    ),
    (
        "attribute values fewer than rows",
        Leaf(ATTRIBUTES, |p| drop(p.bytes(16).pop())),
    ),
    (
        "attribute values of fewer rows",
        Leaf(ATTRIBUTES, |p| p.add(17, Column::Ints(vec![0, 0]))),
    ),
    (
        "attribute value that its page lacks",
        Leaf(ATTRIBUTES, |p| p.add(17, Column::Ints(vec![0, 1, 3]))),
    ),
    (
        "attribute value of number 2^64 − 1",
        Leaf(ATTRIBUTES, |p| p.add(17, Column::Ints(vec![u64::MAX; 3]))),
    ),
    (
        "attribute that is many",
        Any(|f| {
            let p = f.leaf(ATTRIBUTES);
            p.zipped = true;
            let n = 1 << 16;
            *p.ints(2) = vec![0; n];
            *p.ints(3) = (0..n as u64).collect();
            *p.bytes(16) = vec![vec![11; 1 << 20]];
            p.add(17, Column::Ints(vec![0; n]));
            f.rows(ATTRIBUTES, n as u64);
        }),
    ),
    (
        "statistics of no bytes after their tag",
        Leaf(STATISTICS, |p| p.bytes(18)[0] = vec![1]),
    ),
    (
        "statistics with bytes after them",
        Leaf(STATISTICS, |p| p.bytes(19)[0].push(0)),
    ),
    (
        "statistics of tag 0",
        Leaf(STATISTICS, |p| p.bytes(19)[0] = vec![0; 9]),
    ),
    (
        "statistics of text over the limit",
        Leaf(STATISTICS, |p| p.bytes(18)[1] = vec![4; 4098]),
    ),
    (
        "statistics of too many valid elements",
        Leaf(STATISTICS, |p| p.ints(16)[0] = u64::MAX),
    ),
    (
        "statistics of another kind",
        Leaf(STATISTICS, |p| p.bytes(18)[0] = vec![4, b'x']),
    ),
    (
        "statistics of fewer frames",
        Leaf(STATISTICS, |p| p.ints(21)[0] -= 1),
    ),
    (
        "statistics of more bytes",
        Leaf(STATISTICS, |p| p.ints(20)[0] = u64::MAX),
    ),
    (
        "statistics without a column",
        Leaf(STATISTICS, |p| p.remove(20)),
    ),
    (
        "minima fewer than rows",
        Leaf(STATISTICS, |p| drop(p.bytes(18).pop())),
    ),
];
