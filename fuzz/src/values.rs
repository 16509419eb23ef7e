//! The stored forms within pages. Each has one spelling: what is decoded is encoded to the same.

use array_format_core::DType;
use array_format_core::codec::PipelineRecord;
use array_format_core::value::{AttributeValue, FillValue, StatValue};

use crate::cursor::Cursor;

pub const DTYPE: u8 = 0;
pub const FILL: u8 = 1;
pub const ATTRIBUTE: u8 = 2;
pub const STAT: u8 = 3;
pub const PIPELINE: u8 = 4;

pub fn run(data: &[u8]) {
    let mut cursor = Cursor(data);
    let kind = cursor.byte();
    let bytes = cursor.0;
    let mut out = Vec::new();
    match kind % 5 {
        DTYPE => match DType::decode(bytes) {
            Ok(dtype) => {
                dtype.encode(&mut out);
                let _ = (dtype.element_size(), dtype.lane_size(), dtype.stat_kind());
            }
            Err(_) => return,
        },
        FILL => match FillValue::decode(bytes) {
            Ok(fill) => {
                fill.encode(&mut out);
                for dtype in crate::codec::DTYPES {
                    let _ = fill.check(&dtype);
                }
            }
            Err(_) => return,
        },
        ATTRIBUTE => match AttributeValue::decode(bytes) {
            Ok(value) => {
                value.encode(&mut out);
                assert_eq!(value.encoded_len(), out.len());
                let _ = value.to_string();
            }
            Err(_) => return,
        },
        STAT => match StatValue::decode(bytes) {
            Ok(value) => value.encode(&mut out),
            Err(_) => return,
        },
        _ => match PipelineRecord::decode(bytes) {
            Ok(record) => {
                record.encode(&mut out).expect("what was decoded");
                let _ = record.to_string();
            }
            Err(_) => return,
        },
    }
    assert_eq!(out, bytes);
}
