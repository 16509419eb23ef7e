//! Raw metadata pages: the first byte says of which kind and table.

use array_format_core::wire::root::Root;
use array_format_core::wire::tables::{
    Arrays, Attributes, Frames, Inner, Layers, Log, Rows, Statistics, Table, Tags, encode_leaf,
};

use crate::cursor::Cursor;

pub const ROOT: u8 = 0;
pub const LEAVES: u8 = 1;
pub const INNER: u8 = 6;

/// What is decoded is encoded and decoded to the same.
pub fn run(data: &[u8]) {
    let mut cursor = Cursor(data);
    let kind = cursor.byte();
    let raw = cursor.0;
    match kind % 15 {
        ROOT => {
            if let Ok(root) = Root::decode(raw) {
                let again = Root::decode(&root.encode()).expect("what was decoded");
                assert_eq!(format!("{root:?}"), format!("{again:?}"));
            }
        }
        1 => leaf::<Arrays>(raw),
        2 => leaf::<Attributes>(raw),
        3 => leaf::<Statistics>(raw),
        4 => leaf::<Frames>(raw),
        5 => leaf::<Layers>(raw),
        6 => inner::<Arrays>(raw),
        7 => inner::<Attributes>(raw),
        8 => inner::<Statistics>(raw),
        9 => inner::<Frames>(raw),
        10 => inner::<Layers>(raw),
        11 => leaf::<Log>(raw),
        12 => inner::<Log>(raw),
        13 => leaf::<Tags>(raw),
        _ => inner::<Tags>(raw),
    }
}

fn leaf<T: Table>(raw: &[u8]) {
    let all = |raw: &[u8]| Rows::<T>::decode(raw).and_then(|rows| rows.to_vec());
    let Ok(rows) = all(raw) else {
        return;
    };
    let encoded = encode_leaf::<T>(&rows).expect("what was decoded");
    let again = all(&encoded).expect("what was encoded");
    assert_eq!(format!("{rows:?}"), format!("{again:?}"));

    // One at a time, found by its key: the same rows.
    let page = Rows::<T>::decode(raw).expect("it was decoded before");
    for (i, row) in rows.iter().enumerate().rev() {
        assert_eq!(page.position(T::key(row), None), Some(i));
        assert_eq!(page.position(T::key(row), i.checked_sub(1)), Some(i));
        let touched = page.row(i).expect("all rows are right");
        assert_eq!(format!("{touched:?}"), format!("{row:?}"));
    }
}

fn inner<T: Table>(raw: &[u8]) {
    let Ok(node) = Inner::<T>::decode(raw) else {
        return;
    };
    let again = Inner::<T>::decode(&node.encode()).expect("what was encoded");
    assert_eq!(format!("{node:?}"), format!("{again:?}"));
}
