//! Frames: where they are, and what is said of them.

use array_format_core::wire::{HEAD_MAGIC, TAIL_MAGIC, crc};

use super::Edit::{Any, Leaf};
use super::{Case, shorten};
use crate::forge::{ARRAYS, Column, FRAMES, Forge, Page};

fn extent_of(p: &mut Page, extent: Vec<u8>) {
    let mut extents = vec![vec![]; 6];
    extents[0] = extent;
    p.add(21, Column::Bytes(extents));
}

fn sums_of(p: &mut Page, sums: Vec<u8>) {
    let mut all = vec![vec![]; 6];
    all[0] = sums;
    p.add(26, Column::Bytes(all));
}

/// Lets the frame of `c`, the last, be at this place.
fn place(f: &mut Forge, offset: u64, bytes: &[u8]) {
    last(f, 5, offset, bytes);
}

/// Lets the frame of `b` be these raw bytes.
fn text(f: &mut Forge, raw: &[u8]) {
    let offset = f.head.len() as u64;
    f.head.extend_from_slice(raw);
    last(f, 4, offset, raw);
    f.leaf(FRAMES).ints(19)[4] = raw.len() as u64;
}

fn last(f: &mut Forge, row: usize, offset: u64, bytes: &[u8]) {
    let p = f.leaf(FRAMES);
    let end = |p: &mut Page, to: usize| {
        let (gaps, stored) = (p.ints(17)[..to].to_vec(), p.ints(18)[..to].to_vec());
        let sum = |sum: u64, n: &u64| sum.wrapping_add(*n);
        gaps.iter().chain(&stored).fold(0, sum)
    };
    let (before, after) = (end(p, row), end(p, row + 1));
    p.ints(17)[row] = offset.wrapping_sub(before);
    p.ints(18)[row] = bytes.len() as u64;
    p.ints(20)[row] = crc(bytes).into();
    if row < 5 {
        let moved = after.wrapping_sub(end(p, row + 1));
        let gap = p.ints(17)[row + 1];
        p.ints(17)[row + 1] = gap.wrapping_add(moved);
    }
}

pub const CASES: &[Case] = &[
    ("frame of no bytes", Leaf(FRAMES, |p| p.ints(18)[0] = 0)),
    ("frame in the header", Leaf(FRAMES, |p| p.ints(17)[0] = 0)),
    (
        "frame past the end",
        Leaf(FRAMES, |p| p.ints(17)[0] = 1 << 40),
    ),
    (
        "frame into the trailer",
        Leaf(FRAMES, |p| p.ints(18)[4] = 1 << 12),
    ),
    (
        "frame over the limit",
        Leaf(FRAMES, |p| p.ints(18)[0] = 1 << 31),
    ),
    (
        "frame in an unknown layer",
        Leaf(FRAMES, |p| p.ints(16)[0] = 77),
    ),
    (
        "frame of another rank",
        Leaf(FRAMES, |p| {
            p.ints(2)[0] = 1;
            p.ints(3).remove(0);
        }),
    ),
    (
        "frame of a tile that its chunk lacks",
        Leaf(FRAMES, |p| p.ints(4)[1] = 9),
    ),
    (
        "frame that is larger than its tile",
        Leaf(FRAMES, |p| {
            let extent = [2u64, 3].map(u64::to_le_bytes).concat();
            extent_of(p, extent);
        }),
    ),
    (
        "frame whose raw length does not fit",
        Leaf(FRAMES, |p| p.ints(19)[0] = 12),
    ),
    (
        "frame whose raw length is huge",
        Leaf(FRAMES, |p| p.ints(19)[0] = 1 << 30),
    ),
    (
        "frame of strings whose raw length is huge",
        Leaf(FRAMES, |p| p.ints(19)[4] = 1 << 30),
    ),
    (
        "frame of strings whose raw length is another",
        Leaf(FRAMES, |p| p.ints(19)[4] += 1),
    ),
    (
        "frame checksum that is another",
        Leaf(FRAMES, |p| p.ints(20)[0] ^= 1),
    ),
    (
        "frame in the magic of the header",
        Any(|f| place(f, 0, &HEAD_MAGIC)),
    ),
    (
        "frame in the magic of the trailer",
        Any(|f| place(f, f.length.saturating_sub(8), &TAIL_MAGIC)),
    ),
    (
        "frame of more bytes than its object",
        Any(|f| place(f, 64, &vec![0; 1 << 20])),
    ),
    (
        "frame in a layer that is there and not listed",
        Leaf(FRAMES, |p| p.ints(16).fill(1)),
    ),
    (
        "frame in layer 2^64 − 1",
        Leaf(FRAMES, |p| p.ints(16)[5] = u64::MAX),
    ),
    (
        "frame at the end of 64 bits",
        Leaf(FRAMES, |p| p.ints(17)[0] = u64::MAX - 4),
    ),
    (
        "frame whose gap leads into the header",
        Leaf(FRAMES, |p| {
            p.ints(17)[1] = 40u64.wrapping_sub(p.ints(17)[0] + p.ints(18)[0])
        }),
    ),
    (
        "frame one byte over the limit",
        Leaf(FRAMES, |p| p.ints(18)[5] = (1 << 30) + 1),
    ),
    (
        "frame of one raw byte over the limit",
        Leaf(FRAMES, |p| p.ints(19)[4] = (1 << 30) + 1),
    ),
    (
        "frame of 2^64 − 1 raw bytes",
        Leaf(FRAMES, |p| p.ints(19)[4] = u64::MAX),
    ),
    ("frame of no raw bytes", Leaf(FRAMES, |p| p.ints(19)[5] = 0)),
    (
        "frame checksum of more than 32 bits",
        Leaf(FRAMES, |p| p.ints(20)[0] += 1 << 32),
    ),
    (
        "frame rank over the limit",
        Leaf(FRAMES, |p| p.ints(2)[0] = 65),
    ),
    (
        "frame coordinates fewer than its rank",
        Leaf(FRAMES, |p| shorten(p.ints(3))),
    ),
    (
        "frame ranks fewer than rows",
        Leaf(FRAMES, |p| shorten(p.ints(2))),
    ),
    (
        "frame beyond 2^64",
        Leaf(FRAMES, |p| p.ints(3)[6] = u64::MAX),
    ),
    (
        "frame of tile 2^64 − 1",
        Leaf(FRAMES, |p| p.ints(4)[3] = u64::MAX),
    ),
    (
        "frame outside of the array",
        Leaf(FRAMES, |p| p.ints(3)[9] = 7),
    ),
    (
        "frame of an array that is not there",
        Leaf(FRAMES, |p| p.ints(1)[5] = 99),
    ),
    (
        "frame in the place of another",
        Leaf(FRAMES, |p| {
            p.ints(17)[1] = (0u64).wrapping_sub(p.ints(18)[0]);
            p.ints(17)[2] += p.ints(18)[0];
            p.ints(20)[1] = p.ints(20)[0];
        }),
    ),
    (
        "frame of too many valid elements",
        Leaf(FRAMES, |p| p.ints(22)[0] = u64::MAX),
    ),
    (
        "extent of another rank",
        Leaf(FRAMES, |p| extent_of(p, vec![1; 8])),
    ),
    (
        "extent of a part of a number",
        Leaf(FRAMES, |p| extent_of(p, vec![1; 15])),
    ),
    (
        "extent of nothing",
        Leaf(FRAMES, |p| {
            p.ints(19)[0] = 0;
            extent_of(p, vec![0; 16]);
        }),
    ),
    (
        "extent of 2^128",
        Leaf(FRAMES, |p| extent_of(p, vec![0xFF; 16])),
    ),
    (
        "extent that its bytes do not fill",
        Leaf(FRAMES, |p| {
            extent_of(p, [1u64, 2].map(u64::to_le_bytes).concat())
        }),
    ),
    (
        "sums of more parts",
        Leaf(FRAMES, |p| sums_of(p, vec![1; 8])),
    ),
    (
        "sums of a part of a number",
        Leaf(FRAMES, |p| sums_of(p, vec![1; 3])),
    ),
    (
        "sums of other bytes",
        Leaf(FRAMES, |p| sums_of(p, vec![1; 4])),
    ),
    (
        "sums fewer than rows",
        Leaf(FRAMES, |p| p.add(26, Column::Bytes(vec![vec![]; 5]))),
    ),
    (
        "extents fewer than rows",
        Leaf(FRAMES, |p| p.add(21, Column::Bytes(vec![vec![]; 5]))),
    ),
    (
        "frame minima fewer than rows",
        Leaf(FRAMES, |p| drop(p.bytes(24).pop())),
    ),
    (
        "frame maxima more than rows",
        Leaf(FRAMES, |p| p.bytes(25).push(vec![])),
    ),
    (
        "frame minimum of an unknown tag",
        Leaf(FRAMES, |p| p.bytes(24)[0] = vec![6; 9]),
    ),
    (
        "frame maximum that is NaN",
        Leaf(FRAMES, |p| {
            p.bytes(25)[0] = [&[3u8][..], &f64::NAN.to_le_bytes()].concat();
        }),
    ),
    (
        "text of a frame that is not UTF-8",
        Any(|f| text(f, b"\x02\0\0\0\x01\0\0\0\xFF\x01\0\0\0y")),
    ),
    (
        "text of a frame of fewer elements",
        Any(|f| text(f, b"\x01\0\0\0\x01\0\0\0x")),
    ),
    (
        "text of a frame of 2^32 − 1 elements",
        Any(|f| text(f, b"\xFF\xFF\xFF\xFF\x01\0\0\0x")),
    ),
    (
        "text of a frame past its end",
        Any(|f| text(f, b"\x02\0\0\0\x01\0\0\0x\x09\0\0\0y")),
    ),
    (
        "text of a frame with bytes after it",
        Any(|f| text(f, b"\x02\0\0\0\x01\0\0\0x\x01\0\0\0yz")),
    ),
    (
        "text of a frame of three bytes",
        Any(|f| text(f, b"\x02\0\0")),
    ),
    (
        "items of a list past their element",
        Any(|f| {
            f.leaf(ARRAYS).bytes(17)[1] = vec![20, 4];
            text(f, b"\x02\0\0\0\x03\0\0\0xyz\0\0\0\0");
        }),
    ),
    (
        "bool of a frame that is neither",
        Leaf(ARRAYS, |p| p.bytes(17)[2] = vec![1]),
    ),
];
