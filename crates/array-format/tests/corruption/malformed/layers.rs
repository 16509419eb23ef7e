//! Layers and the log.

use super::Edit::{Any, Leaf};
use super::{Case, shorten};
use crate::forge::{Column, Forge, LAYERS, LOG, Page};

/// Of all rows: what the layers were made for.
fn kinds(p: &mut Page, kind: u64, of: u64) {
    let n = p.ints(1).len();
    p.add(24, Column::Ints(vec![kind; n]));
    p.add(25, Column::Ints(vec![of; n]));
}

/// All are of the first.
fn itself(p: &mut Page, kind: u64) {
    let of = p.ints(1)[0];
    kinds(p, kind, of);
}

fn gone(p: &mut Page, gone: u64) {
    let n = p.ints(1).len();
    p.add(26, Column::Ints(vec![gone; n]));
}

/// One more row, of a layer with this number.
fn more(f: &mut Forge, table: usize, number: u64) {
    let p = f.leaf(table);
    for (id, column) in &mut p.columns {
        match column {
            Column::Ints(values) if *id == 1 => values.push(number),
            Column::Ints(values) if !values.is_empty() => values.push(0),
            Column::Bytes(values) => values.push(values[0].clone()),
            _ => {}
        }
    }
    let n = p.ints(1).len() as u64;
    f.rows(table, n);
}

pub const CASES: &[Case] = &[
    (
        "layers without the layer itself",
        Leaf(LAYERS, |p| p.ints(1)[0] += 1),
    ),
    (
        "layers with another id",
        Leaf(LAYERS, |p| p.bytes(16)[0] = vec![7; 16]),
    ),
    (
        "layers with a short id",
        Leaf(LAYERS, |p| p.bytes(16)[0] = vec![7; 15]),
    ),
    ("no layers", Any(|f| f.empty(LAYERS))),
    ("layers: kind 3", Leaf(LAYERS, |p| kinds(p, 3, 0))),
    ("log: kind 3", Leaf(LOG, |p| kinds(p, 3, 0))),
    (
        "layers: kind 2^64 − 1",
        Leaf(LAYERS, |p| kinds(p, u64::MAX, 0)),
    ),
    ("log: kind 2^64 − 1", Leaf(LOG, |p| kinds(p, u64::MAX, 0))),
    (
        "layers: changes of a layer",
        Leaf(LAYERS, |p| kinds(p, 0, 1)),
    ),
    ("log: changes of a layer", Leaf(LOG, |p| kinds(p, 0, 1))),
    (
        "layers: a kind without what it is of",
        Leaf(LAYERS, |p| {
            kinds(p, 1, 0);
            p.remove(25);
        }),
    ),
    (
        "log: a kind without what it is of",
        Leaf(LOG, |p| {
            kinds(p, 1, 0);
            p.remove(25);
        }),
    ),
    (
        "layers: what it is of without a kind",
        Leaf(LAYERS, |p| {
            kinds(p, 1, 0);
            p.remove(24);
        }),
    ),
    (
        "log: what it is of without a kind",
        Leaf(LOG, |p| {
            kinds(p, 1, 0);
            p.remove(24);
        }),
    ),
    (
        "layers: kinds of more rows",
        Leaf(LAYERS, |p| {
            kinds(p, 1, 0);
            p.ints(24).push(0);
            p.ints(25).push(0);
        }),
    ),
    (
        "log: kinds of more rows",
        Leaf(LOG, |p| {
            kinds(p, 1, 0);
            p.ints(24).push(0);
            p.ints(25).push(0);
        }),
    ),
    (
        "layers: merge from itself on",
        Leaf(LAYERS, |p| itself(p, 1)),
    ),
    ("log: merge from itself on", Leaf(LOG, |p| itself(p, 1))),
    (
        "layers: merge from a later layer on",
        Leaf(LAYERS, |p| kinds(p, 1, u64::MAX)),
    ),
    (
        "log: merge from a later layer on",
        Leaf(LOG, |p| kinds(p, 1, u64::MAX)),
    ),
    ("layers: restore of itself", Leaf(LAYERS, |p| itself(p, 2))),
    ("log: restore of itself", Leaf(LOG, |p| itself(p, 2))),
    (
        "layers: restore of a later layer",
        Leaf(LAYERS, |p| kinds(p, 2, 1 << 40)),
    ),
    (
        "log: restore of a later layer",
        Leaf(LOG, |p| kinds(p, 2, 1 << 40)),
    ),
    ("layers: gone of 2", Leaf(LAYERS, |p| gone(p, 2))),
    ("log: gone of 2", Leaf(LOG, |p| gone(p, 2))),
    (
        "layers: gone of more rows",
        Leaf(LAYERS, |p| {
            gone(p, 1);
            p.ints(26).push(1);
        }),
    ),
    (
        "log: gone of more rows",
        Leaf(LOG, |p| {
            gone(p, 1);
            p.ints(26).push(1);
        }),
    ),
    (
        "layers: id of 15 bytes",
        Leaf(LAYERS, |p| p.bytes(16)[0].truncate(15)),
    ),
    (
        "log: id of 15 bytes",
        Leaf(LOG, |p| p.bytes(16)[0].truncate(15)),
    ),
    (
        "layers: id of no bytes",
        Leaf(LAYERS, |p| p.bytes(16)[0].clear()),
    ),
    ("log: id of no bytes", Leaf(LOG, |p| p.bytes(16)[0].clear())),
    (
        "layers: writer of 17 bytes",
        Leaf(LAYERS, |p| p.bytes(19)[0].push(0)),
    ),
    (
        "log: writer of 17 bytes",
        Leaf(LOG, |p| p.bytes(19)[0].push(0)),
    ),
    (
        "layers: message that is not UTF-8",
        Leaf(LAYERS, |p| p.bytes(20)[0] = vec![0xE2, 0x82]),
    ),
    (
        "log: message that is not UTF-8",
        Leaf(LOG, |p| p.bytes(20)[0] = vec![0xE2, 0x82]),
    ),
    (
        "layers: message over the limit",
        Leaf(LAYERS, |p| p.bytes(20)[0] = vec![b'm'; 1 << 16]),
    ),
    (
        "log: message over the limit",
        Leaf(LOG, |p| p.bytes(20)[0] = vec![b'm'; 1 << 16]),
    ),
    (
        "layers: messages fewer than rows",
        Leaf(LAYERS, |p| drop(p.bytes(20).pop())),
    ),
    (
        "log: messages fewer than rows",
        Leaf(LOG, |p| drop(p.bytes(20).pop())),
    ),
    (
        "layers: times fewer than rows",
        Leaf(LAYERS, |p| shorten(p.ints(18))),
    ),
    (
        "log: times fewer than rows",
        Leaf(LOG, |p| shorten(p.ints(18))),
    ),
    (
        "layers: unknown column",
        Leaf(LAYERS, |p| p.add(27, Column::Ints(vec![]))),
    ),
    (
        "log: unknown column",
        Leaf(LOG, |p| p.add(27, Column::Ints(vec![]))),
    ),
    (
        "layers: no column of lengths",
        Leaf(LAYERS, |p| p.remove(17)),
    ),
    ("log: no column of lengths", Leaf(LOG, |p| p.remove(17))),
    ("layers: one after the newest", Any(|f| more(f, LAYERS, 9))),
    (
        "layers: number over the limit",
        Any(|f| more(f, LAYERS, (1 << 62) + 1)),
    ),
    (
        "layers: number 2^64 − 1",
        Any(|f| more(f, LAYERS, u64::MAX)),
    ),
    (
        "layers: the newest with another id",
        Leaf(LAYERS, |p| p.bytes(16)[0][3] ^= 1),
    ),
    ("log: one after the newest", Any(|f| more(f, LOG, 9))),
    ("log: the newest layer", Any(|f| more(f, LOG, 4))),
    (
        "log: number over the limit",
        Any(|f| more(f, LOG, (1 << 62) + 1)),
    ),
    ("log: number 2^64 − 1", Any(|f| more(f, LOG, u64::MAX))),
    (
        "log: merge of number 2^64 − 1",
        Any(|f| {
            more(f, LOG, u64::MAX);
            let n = f.leaf(LOG).ints(1).len();
            let p = f.leaf(LOG);
            kinds(p, 0, 0);
            p.ints(24)[n - 1] = 1;
        }),
    ),
];
