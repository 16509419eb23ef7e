//! The root, the trailer and the header.

use array_format_core::wire::{HEADER_BYTES, crc};

use super::Edit::{Any, Root, Trailer};
use super::{Case, set_raw_u16, set_raw_u32, shorten};
use crate::forge::{Column, Forge};

/// Changes the header and mends its checksum.
fn header(f: &mut Forge, edit: fn(&mut [u8])) {
    let header = &mut f.head[..HEADER_BYTES];
    edit(header);
    let sum = crc(&header[..60]);
    header[60..].copy_from_slice(&sum.to_le_bytes());
}

pub const CASES: &[Case] = &[
    (
        "root without a table",
        Root(|p| p.ints(6)[4..].copy_from_slice(&[6, 7, 8])),
    ),
    ("root with a table twice", Root(|p| p.ints(6)[1] = 1)),
    (
        "root with a short id",
        Root(|p| p.bytes(1)[0] = vec![1; 15]),
    ),
    (
        "root with a sequence over the limit",
        Root(|p| p.ints(4)[0] = 1 << 63),
    ),
    ("newer major version", Trailer(|t| set_raw_u16(t, 48, 2))),
    ("unknown feature of readers", Trailer(|t| t[24] = 1)),
    ("reserved field in use", Trailer(|t| t[20] = 1)),
    ("object length that is another", Trailer(|t| t[40] ^= 1)),
    (
        "root in the header",
        Trailer(|t| t[..8].copy_from_slice(&8u64.to_le_bytes())),
    ),
    (
        "root past the end",
        Trailer(|t| t[..8].copy_from_slice(&u64::MAX.to_le_bytes())),
    ),
    ("root of 4 GiB", Trailer(|t| set_raw_u32(t, 8, u32::MAX))),
    (
        "root raw length over the limit",
        Trailer(|t| set_raw_u32(t, 12, u32::MAX)),
    ),
    ("root raw length that is another", Trailer(|t| t[12] ^= 1)),
    ("root without arrays", Root(|p| p.ints(6)[0] = 0)),
    (
        "root whose tables 6 and 7 are swapped",
        Root(|p| p.ints(6).swap(5, 6)),
    ),
    ("root without columns of tables", Root(|p| p.remove(6))),
    ("root with fewer heights", Root(|p| shorten(p.ints(7)))),
    ("root with fewer rows", Root(|p| shorten(p.ints(8)))),
    ("root with a table more", Root(|p| p.ints(6).push(8))),
    ("root of another kind", Root(|p| p.kind = 3)),
    ("root of a table", Root(|p| p.table = 1)),
    (
        "root with an unknown column",
        Root(|p| p.add(16, Column::Ints(vec![]))),
    ),
    (
        "root with a column twice",
        Root(|p| p.raw = |raw| set_raw_u16(raw, 16, 1)),
    ),
    (
        "root with bytes after it",
        Root(|p| p.raw = |raw| raw.push(1)),
    ),
    ("root of no bytes", Root(|p| p.raw = Vec::clear)),
    (
        "root with two file ids",
        Root(|p| p.bytes(1).push(vec![0; 16])),
    ),
    ("root with a long layer id", Root(|p| p.bytes(2)[0].push(0))),
    ("root of another layer", Root(|p| p.bytes(2)[0][0] ^= 1)),
    (
        "root with a parent of three bytes",
        Root(|p| p.bytes(3)[0] = vec![1; 3]),
    ),
    ("root without a parent's column", Root(|p| p.remove(3))),
    ("root with two sequences", Root(|p| p.ints(4).push(5))),
    ("root with another sequence", Root(|p| p.ints(4)[0] += 1)),
    ("root without a next array id", Root(|p| p.ints(5).clear())),
    (
        "root with page layers that fall",
        Root(|p| {
            *p.ints(10) = vec![4, 3];
            for id in [11, 13, 14] {
                *p.ints(id) = vec![0; 2];
            }
        }),
    ),
    (
        "root with fewer live bytes than layers",
        Root(|p| p.ints(11).clear()),
    ),
    (
        "root with fewer hints than layers",
        Root(|p| p.ints(13).clear()),
    ),
    (
        "root with more hints than layers",
        Root(|p| p.ints(14).push(0)),
    ),
    (
        "root without the bytes of frames",
        Root(|p| p.ints(12).clear()),
    ),
    (
        "root with two logs' bytes",
        Root(|p| p.add(15, Column::Ints(vec![1, 1]))),
    ),
    (
        "root with the bytes of the log as bytes",
        Root(|p| p.add(15, Column::Bytes(vec![vec![1]]))),
    ),
    (
        "hint that is reversed",
        Root(|p| {
            let from = p.ints(13)[0];
            p.ints(13)[0] = p.ints(14)[0];
            p.ints(14)[0] = from;
        }),
    ),
    ("hint beyond the end", Root(|p| p.ints(14)[0] = u64::MAX)),
    ("hint into the header", Root(|p| p.ints(13)[0] = 0)),
    ("live bytes of another number", Root(|p| p.ints(11)[0] += 1)),
    (
        "frame bytes of another number",
        Root(|p| p.ints(12)[0] += 1),
    ),
    ("log bytes of another number", Root(|p| p.ints(15)[0] += 1)),
    (
        "pages of a layer that has none",
        Root(|p| {
            p.ints(10).push(77);
            for id in [11, 13, 14] {
                p.ints(id).push(100);
            }
        }),
    ),
    ("newer minor version", Trailer(|t| set_raw_u16(t, 50, 9))),
    ("unknown feature of writers", Trailer(|t| t[39] = 0x80)),
    (
        "root into the trailer",
        Trailer(|t| t[8] = t[8].wrapping_add(1)),
    ),
    ("root of no stored bytes", Trailer(|t| set_raw_u32(t, 8, 0))),
    (
        "root at the end of the header",
        Trailer(|t| t[..8].copy_from_slice(&63u64.to_le_bytes())),
    ),
    (
        "root at the end of 64 bits",
        Trailer(|t| t[..8].copy_from_slice(&(u64::MAX - 100).to_le_bytes())),
    ),
    ("root checksum that is another", Trailer(|t| t[16] ^= 1)),
    ("object length of nothing", Trailer(|t| t[40..48].fill(0))),
    (
        "object length of 2^64 − 1",
        Trailer(|t| t[40..48].fill(0xFF)),
    ),
    ("tail magic that is another", Trailer(|t| t[63] ^= 1)),
    ("major version 0", Trailer(|t| set_raw_u16(t, 48, 0))),
    (
        "header of another version",
        Any(|f| header(f, |h| h[8] = 2)),
    ),
    (
        "header with a reserved field",
        Any(|f| header(f, |h| h[12] = 1)),
    ),
    ("header with another checksum", Any(|f| f.head[60] ^= 1)),
    ("header of another file", Any(|f| header(f, |h| h[16] ^= 1))),
    (
        "header of another layer",
        Any(|f| header(f, |h| h[32] ^= 1)),
    ),
    ("table that may be ignored", Any(|f| f.unknown = true)),
];
