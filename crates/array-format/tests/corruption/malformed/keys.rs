//! Keys: their order, their ranges, their text.

use super::Edit::{Any, Leaf, Top};
use super::{Case, shorten};
use crate::forge::{ARRAYS, ATTRIBUTES, Column, FRAMES, Forge, LAYERS, LOG, STATISTICS, TAGS};

/// Two children of the statistics, from these arrays on.
fn children(f: &mut Forge, first: [u64; 2]) {
    for (id, column) in &mut f.tops[STATISTICS].columns {
        if let Column::Ints(values) = column {
            *values = if *id == 1 {
                first.to_vec()
            } else {
                vec![values[0]; 2]
            };
        }
    }
    f.root.ints(8)[STATISTICS] *= 2;
}

pub const CASES: &[Case] = &[
    ("keys that fall", Leaf(ARRAYS, |p| p.bytes(1).swap(0, 1))),
    ("key twice", Leaf(ARRAYS, |p| p.bytes(1)[1] = b"a".to_vec())),
    (
        "name that is not UTF-8",
        Leaf(ARRAYS, |p| p.bytes(1)[1] = vec![0xFF]),
    ),
    (
        "name that is empty",
        Leaf(ARRAYS, |p| p.bytes(1)[0] = vec![]),
    ),
    (
        "keys outside their parent's range",
        Top(ARRAYS, |p| p.bytes(1)[0] = b"b".to_vec()),
    ),
    (
        "attribute key out of range",
        Leaf(ATTRIBUTES, |p| p.ints(2)[0] = 7),
    ),
    ("frames in no order", Leaf(FRAMES, |p| p.ints(4).swap(0, 1))),
    (
        "attributes that fall",
        Leaf(ATTRIBUTES, |p| p.ints(3).swap(0, 1)),
    ),
    (
        "attribute of an array twice",
        Leaf(ATTRIBUTES, |p| p.ints(3)[1] = p.ints(3)[0]),
    ),
    (
        "statistics that fall",
        Leaf(STATISTICS, |p| p.ints(1).swap(0, 1)),
    ),
    (
        "statistics of an array twice",
        Leaf(STATISTICS, |p| p.ints(1)[1] = 1),
    ),
    ("chunks that fall", Leaf(FRAMES, |p| p.ints(3).swap(0, 4))),
    ("frame twice", Leaf(FRAMES, |p| p.ints(4)[1] = 0)),
    ("log that falls", Leaf(LOG, |p| p.ints(1).swap(0, 1))),
    (
        "log of a layer twice",
        Leaf(LOG, |p| p.ints(1)[1] = p.ints(1)[0]),
    ),
    ("tags that fall", Leaf(TAGS, |p| p.bytes(1).swap(0, 1))),
    (
        "tag twice",
        Leaf(TAGS, |p| p.bytes(1)[1] = p.bytes(1)[0].clone()),
    ),
    (
        "layers that fall",
        Any(|f| {
            for (_, column) in &mut f.leaf(LAYERS).columns {
                match column {
                    Column::Ints(values) => values.push(values[0].saturating_sub(1)),
                    Column::Bytes(values) => values.push(values[0].clone()),
                    Column::Raw(..) => {}
                }
            }
            f.rows(LAYERS, 2);
        }),
    ),
    ("children whose keys fall", Any(|f| children(f, [9, 1]))),
    (
        "children whose keys are the same",
        Any(|f| children(f, [1, 1])),
    ),
    (
        "attributes outside their parent's range",
        Top(ATTRIBUTES, |p| p.bytes(1)[0] = b"l".to_vec()),
    ),
    (
        "statistics outside their parent's range",
        Top(STATISTICS, |p| p.ints(1)[0] = 2),
    ),
    (
        "frames outside their parent's range",
        Top(FRAMES, |p| p.ints(4)[0] = 1),
    ),
    (
        "log outside its parent's range",
        Top(LOG, |p| p.ints(1)[0] = 1),
    ),
    (
        "tags outside their parent's range",
        Top(TAGS, |p| p.bytes(1)[0] = b"o".to_vec()),
    ),
    (
        "layers outside their parent's range",
        Top(LAYERS, |p| p.ints(1)[0] += 1),
    ),
    ("keys up to the next child's", Any(|f| children(f, [1, 2]))),
    (
        "parent's name that is not UTF-8",
        Top(ARRAYS, |p| p.bytes(1)[0] = vec![0xC3]),
    ),
    (
        "parent's tag without a name",
        Top(TAGS, |p| p.bytes(1)[0] = vec![]),
    ),
    (
        "attribute key that is not UTF-8",
        Leaf(ATTRIBUTES, |p| p.bytes(1)[0] = vec![b'k', 0xFF]),
    ),
    (
        "attribute key over the limit",
        Leaf(ATTRIBUTES, |p| p.bytes(1)[0] = vec![b'k'; 1 << 16]),
    ),
    (
        "attribute keys without rows",
        Leaf(ATTRIBUTES, |p| shorten(p.ints(3))),
    ),
    (
        "parent's attribute key out of range",
        Top(ATTRIBUTES, |p| p.ints(2)[0] = 1),
    ),
    (
        "array name over the limit",
        Leaf(ARRAYS, |p| p.bytes(1)[2] = vec![b'c'; 1 << 16]),
    ),
];
