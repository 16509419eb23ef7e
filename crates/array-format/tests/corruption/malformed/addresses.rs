//! Addresses of pages.

use super::Case;
use super::Edit::{Address, Any, Twice};
use crate::forge::{ARRAYS, FRAMES, LAYERS, LOG, STATISTICS, TAGS};

pub const CASES: &[Case] = &[
    (
        "page in the header",
        Address(|tops| tops[ARRAYS].ints(65)[0] = 0),
    ),
    (
        "page past the end",
        Address(|tops| tops[ARRAYS].ints(65)[0] = 1 << 40),
    ),
    (
        "page at the end of 64 bits",
        Address(|tops| tops[ARRAYS].ints(65)[0] = u64::MAX - 5),
    ),
    (
        "page length of more than 32 bits",
        Address(|tops| tops[ARRAYS].ints(66)[0] = 1 << 33),
    ),
    (
        "page length of 4 GiB",
        Address(|tops| tops[ARRAYS].ints(66)[0] = u64::from(u32::MAX)),
    ),
    (
        "page raw length over the limit",
        Address(|tops| tops[ARRAYS].ints(67)[0] = 1 << 27),
    ),
    (
        "page raw length that is another",
        Address(|tops| tops[ARRAYS].ints(67)[0] += 1),
    ),
    (
        "page in an unknown layer",
        Address(|tops| tops[ARRAYS].ints(64)[0] = 77),
    ),
    (
        "page checksum that is another",
        Address(|tops| tops[ARRAYS].ints(68)[0] ^= 1),
    ),
    (
        "page in a layer that is there and not listed",
        Twice(|tops| tops[ARRAYS].ints(64)[0] = 2),
    ),
    (
        "statistics in a layer that is there and not listed",
        Twice(|tops| tops[STATISTICS].ints(64)[0] = 2),
    ),
    (
        "index page in a layer that is there and not listed",
        Twice(|tops| tops[FRAMES].ints(64)[0] = 2),
    ),
    (
        "log page in a layer that is there and not listed",
        Twice(|tops| tops[LOG].ints(64)[0] = 2),
    ),
    (
        "tags in a layer that is there and not listed",
        Twice(|tops| tops[TAGS].ints(64)[0] = 2),
    ),
    (
        "layers in a layer that is there and not listed",
        Twice(|tops| tops[LAYERS].ints(64)[0] = 2),
    ),
    (
        "page of no bytes",
        Address(|tops| {
            for id in [66, 67, 68] {
                tops[ARRAYS].ints(id)[0] = 0
            }
        }),
    ),
    (
        "page checksum of more than 32 bits",
        Address(|tops| tops[ARRAYS].ints(68)[0] += 1 << 32),
    ),
    (
        "page raw length one over the limit",
        Address(|tops| tops[ARRAYS].ints(67)[0] = (64 << 20) + 1),
    ),
    (
        "page of another table's address",
        Address(|tops| {
            for id in 65..=68 {
                tops[FRAMES].ints(id)[0] = tops[ARRAYS].ints(id)[0];
            }
        }),
    ),
    (
        "leaf that is another table's",
        Address(|tops| {
            for id in 65..=68 {
                tops[TAGS].ints(id)[0] = tops[LOG].ints(id)[0];
            }
        }),
    ),
    (
        "index page in the header",
        Address(|tops| tops[FRAMES].ints(65)[0] = 8),
    ),
    (
        "index page past the end",
        Address(|tops| tops[FRAMES].ints(65)[0] = 1 << 50),
    ),
    (
        "index page at the end of 64 bits",
        Address(|tops| tops[FRAMES].ints(65)[0] = u64::MAX - 3),
    ),
    (
        "index page checksum that is another",
        Address(|tops| tops[FRAMES].ints(68)[0] ^= 1),
    ),
    (
        "index page in an unknown layer",
        Address(|tops| tops[FRAMES].ints(64)[0] = u64::MAX),
    ),
    (
        "log page in the header",
        Address(|tops| tops[LOG].ints(65)[0] = 0),
    ),
    (
        "log page past the end",
        Address(|tops| tops[LOG].ints(65)[0] = 1 << 50),
    ),
    (
        "log page at the end of 64 bits",
        Address(|tops| tops[LOG].ints(65)[0] = u64::MAX - 3),
    ),
    (
        "log page checksum that is another",
        Address(|tops| tops[LOG].ints(68)[0] ^= 1),
    ),
    (
        "log page in an unknown layer",
        Address(|tops| tops[LOG].ints(64)[0] = 77),
    ),
    (
        "tags page in the header",
        Address(|tops| tops[TAGS].ints(65)[0] = 63),
    ),
    (
        "tags page past the end",
        Address(|tops| tops[TAGS].ints(65)[0] = 1 << 50),
    ),
    (
        "layers page past the end",
        Address(|tops| tops[LAYERS].ints(65)[0] = 1 << 50),
    ),
    (
        "layers page in the header",
        Address(|tops| tops[LAYERS].ints(65)[0] = 0),
    ),
    (
        "layers page in an unknown layer",
        Address(|tops| tops[LAYERS].ints(64)[0] = 77),
    ),
    (
        "page that reaches into the trailer",
        Any(|f| {
            // The end of the trailer is known; a column that may be ignored takes it in.
            f.address = |tops| tops[STATISTICS].ints(66)[0] += 1 << 11;
        }),
    ),
];
