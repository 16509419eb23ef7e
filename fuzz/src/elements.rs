//! Decoded frames as elements: a dtype with its length before it, the count, and the bytes.

use array_format_core::DType;
use array_format_core::elements::Elements;

use crate::cursor::Cursor;

/// What is decoded is encoded to the same bytes.
pub fn run(data: &[u8]) {
    let mut cursor = Cursor(data);
    let length = cursor.below(32);
    let Ok(dtype) = DType::decode(cursor.take(length)) else {
        return;
    };
    let n = cursor.short() as u64;
    let raw = cursor.0;
    if let Ok(elements) = Elements::decode(&dtype, raw.to_vec().into(), n) {
        assert_eq!(elements.len() as u64, n);
        assert_eq!(elements.encode().expect("what was decoded"), raw);
    }
}
