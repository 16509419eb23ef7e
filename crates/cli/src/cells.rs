//! Single elements without a Rust type: as text, and as JSON.

use std::fmt;

use array_format::array::ArrayMeta;
use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::value::fill_bytes;
use array_format::{DType, StatValue};
use serde::{Serialize, Serializer};

use crate::times;

/// An element.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Bool(bool),
    Int(i64),
    UInt(u64),
    Single(f32),
    Double(f64),
    Complex(f64, f64),
    Text(String),
    Bytes(Vec<u8>),
    Time(i64),
    List(Vec<Cell>),
}

/// The elements of a region, each as a cell.
pub fn cells<'e>(dtype: &'e DType, elements: &'e Elements) -> impl Iterator<Item = Cell> + 'e {
    (0..elements.len()).map(move |i| cell(dtype, raw(elements, i)))
}

/// The stored bytes of one element.
pub fn raw(elements: &Elements, i: usize) -> &[u8] {
    match elements {
        Elements::Fixed { width, bytes } => &bytes[i * width..(i + 1) * width],
        Elements::Variable(elements) => &elements[i],
    }
}

/// The elements with these numbers.
pub fn pick(elements: &Elements, picks: Vec<usize>) -> Elements {
    match elements {
        Elements::Fixed { width, .. } => {
            let mut bytes = Vec::with_capacity(picks.len() * width);
            for i in picks {
                bytes.extend_from_slice(raw(elements, i));
            }
            Elements::Fixed {
                width: *width,
                bytes,
            }
        }
        Elements::Variable(all) => {
            Elements::Variable(picks.into_iter().map(|i| all[i].clone()).collect())
        }
    }
}

/// What elements of an array that were never written read as, if it says so.
pub fn fill(meta: &ArrayMeta) -> Option<Cell> {
    let fill = meta.fill_value.as_ref()?;
    Some(cell(&meta.dtype, &fill_bytes(&meta.dtype, Some(fill))))
}

/// One element from its stored bytes.
pub fn cell(dtype: &DType, raw: &[u8]) -> Cell {
    /// The number in these bytes; what is too short is filled up, which no checked file has.
    fn number<const N: usize>(raw: &[u8]) -> [u8; N] {
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(raw) {
            *to = *from;
        }
        bytes
    }
    let half = |raw| u16::from_le_bytes(number(raw));
    match dtype {
        DType::Bool => Cell::Bool(raw.first().is_some_and(|&b| b != 0)),
        DType::Int8 => Cell::Int(i8::from_le_bytes(number(raw)).into()),
        DType::Int16 => Cell::Int(i16::from_le_bytes(number(raw)).into()),
        DType::Int32 => Cell::Int(i32::from_le_bytes(number(raw)).into()),
        DType::Int64 => Cell::Int(i64::from_le_bytes(number(raw))),
        DType::UInt8 => Cell::UInt(u8::from_le_bytes(number(raw)).into()),
        DType::UInt16 => Cell::UInt(u16::from_le_bytes(number(raw)).into()),
        DType::UInt32 => Cell::UInt(u32::from_le_bytes(number(raw)).into()),
        DType::UInt64 => Cell::UInt(u64::from_le_bytes(number(raw))),
        DType::Float16 => Cell::Single(half::f16::from_bits(half(raw)).to_f32()),
        DType::BFloat16 => Cell::Single(half::bf16::from_bits(half(raw)).to_f32()),
        DType::Float32 => Cell::Single(f32::from_le_bytes(number(raw))),
        DType::Float64 => Cell::Double(f64::from_le_bytes(number(raw))),
        DType::Complex64 => Cell::Complex(
            f32::from_le_bytes(number(raw)).into(),
            f32::from_le_bytes(number(raw.get(4..).unwrap_or_default())).into(),
        ),
        DType::Complex128 => Cell::Complex(
            f64::from_le_bytes(number(raw)),
            f64::from_le_bytes(number(raw.get(8..).unwrap_or_default())),
        ),
        DType::TimestampNs => Cell::Time(i64::from_le_bytes(number(raw))),
        DType::String => Cell::Text(String::from_utf8_lossy(raw).into_owned()),
        DType::List { child } | DType::FixedSizeList { child, .. } => Cell::List(items(child, raw)),
        // Bytes, and types of later versions.
        _ => Cell::Bytes(raw.to_vec()),
    }
}

/// The items of a list.
fn items(child: &DType, raw: &[u8]) -> Vec<Cell> {
    let count = match child.element_size() {
        Some(width) => raw.len().checked_div(width).unwrap_or(0) as u64,
        None => {
            let count = raw.first_chunk().map_or(0, |&n| u32::from_le_bytes(n));
            u64::from(count)
        }
    };
    match Elements::decode(child, Bytes::copy_from_slice(raw), count) {
        Ok(elements) => cells(child, &elements).collect(),
        Err(_) => vec![Cell::Bytes(raw.to_vec())],
    }
}

/// The shortest text that reads as the same number.
fn float(f: &mut fmt::Formatter<'_>, text: String) -> fmt::Result {
    f.write_str(text.strip_suffix(".0").unwrap_or(&text))
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(v) => write!(f, "{v}"),
            Self::Int(v) => write!(f, "{v}"),
            Self::UInt(v) => write!(f, "{v}"),
            Self::Single(v) => float(f, format!("{v:?}")),
            Self::Double(v) => float(f, format!("{v:?}")),
            Self::Complex(re, im) => write!(f, "{re}{im:+}i"),
            Self::Text(v) => f.write_str(v),
            Self::Bytes(v) => v.iter().try_for_each(|b| write!(f, "{b:02x}")),
            Self::Time(v) => f.write_str(&times::text(*v)),
            Self::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}

/// Numbers that JSON does not have are text: `"NaN"`, `"Infinity"`, `"-Infinity"`.
fn json_float<S: Serializer>(v: f64, s: S) -> Result<S::Ok, S::Error> {
    match v {
        v if v.is_nan() => s.serialize_str("NaN"),
        f64::INFINITY => s.serialize_str("Infinity"),
        f64::NEG_INFINITY => s.serialize_str("-Infinity"),
        v => s.serialize_f64(v),
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(v) => s.serialize_bool(*v),
            Self::Int(v) => s.serialize_i64(*v),
            Self::UInt(v) => s.serialize_u64(*v),
            Self::Single(v) if v.is_finite() => s.serialize_f32(*v),
            Self::Single(v) => json_float((*v).into(), s),
            Self::Double(v) => json_float(*v, s),
            Self::Complex(re, im) => [Self::Double(*re), Self::Double(*im)].serialize(s),
            Self::List(items) => items.serialize(s),
            Self::Text(_) | Self::Bytes(_) | Self::Time(_) => s.collect_str(self),
        }
    }
}

/// A minimum or maximum of elements of this type.
pub fn statistic(dtype: &DType, value: &StatValue) -> Cell {
    match value {
        StatValue::UInt(v) if *dtype == DType::Bool => Cell::Bool(*v != 0),
        StatValue::Int(v) => Cell::Int(*v),
        StatValue::UInt(v) => Cell::UInt(*v),
        StatValue::Float(v) if matches!(dtype, DType::Float64) => Cell::Double(*v),
        StatValue::Float(v) => Cell::Single(*v as f32),
        StatValue::Bytes(v) if *dtype == DType::String => {
            Cell::Text(String::from_utf8_lossy(v).into_owned())
        }
        StatValue::Bytes(v) => Cell::Bytes(v.clone()),
        StatValue::TimestampNs(v) => Cell::Time(*v),
    }
}

/// A minimum or maximum as text; a dash where there is none.
pub fn bound(cell: Option<&Cell>) -> String {
    cell.map_or_else(|| "–".to_owned(), Cell::to_string)
}

/// The name of a type, as NumPy and Zarr have it.
pub fn dtype_name(dtype: &DType) -> String {
    match dtype {
        DType::Bool => "bool".to_owned(),
        DType::Int8 => "int8".to_owned(),
        DType::Int16 => "int16".to_owned(),
        DType::Int32 => "int32".to_owned(),
        DType::Int64 => "int64".to_owned(),
        DType::UInt8 => "uint8".to_owned(),
        DType::UInt16 => "uint16".to_owned(),
        DType::UInt32 => "uint32".to_owned(),
        DType::UInt64 => "uint64".to_owned(),
        DType::Float16 => "float16".to_owned(),
        DType::BFloat16 => "bfloat16".to_owned(),
        DType::Float32 => "float32".to_owned(),
        DType::Float64 => "float64".to_owned(),
        DType::Complex64 => "complex64".to_owned(),
        DType::Complex128 => "complex128".to_owned(),
        DType::String => "string".to_owned(),
        DType::Binary => "binary".to_owned(),
        DType::TimestampNs => "timestamp_ns".to_owned(),
        DType::List { child } => format!("list<{}>", dtype_name(child)),
        DType::FixedSizeList { child, size } => format!("{}[{size}]", dtype_name(child)),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use array_format::{ArrayElement, List};

    fn shown<T: ArrayElement>(values: &[T]) -> Vec<String> {
        let raw = T::encode_chunk(values);
        let n = values.len() as u64;
        let elements = Elements::decode(&T::dtype(), Bytes::from(raw), n).unwrap();
        cells(&T::dtype(), &elements)
            .map(|c| c.to_string())
            .collect()
    }

    #[test]
    fn elements_of_every_kind_are_shown() {
        assert_eq!(shown(&[true, false]), ["true", "false"]);
        assert_eq!(shown(&[-3i8, 7]), ["-3", "7"]);
        assert_eq!(shown(&[u64::MAX]), ["18446744073709551615"]);
        assert_eq!(shown(&[0.1f32, 2.0, f32::NAN]), ["0.1", "2", "NaN"]);
        assert_eq!(shown(&[1e300f64]), ["1e300"]);
        assert_eq!(shown(&["a".to_owned(), "ü".to_owned()]), ["a", "ü"]);
        assert_eq!(
            shown(&[array_format::TimestampNs(0)]),
            ["1970-01-01T00:00:00Z"]
        );
        assert_eq!(
            shown(&[List(vec![1i16, 2]), List(vec![])]),
            ["[1, 2]", "[]"]
        );
        assert_eq!(shown(&[[1u8, 2], [3, 4]]), ["[1, 2]", "[3, 4]"]);
        assert_eq!(
            shown(&[List(vec!["x".to_owned(), String::new()])]),
            ["[x, ]"]
        );
    }

    #[test]
    fn what_json_lacks_is_text() {
        let json = |cell: Cell| serde_json::to_string(&cell).unwrap();
        assert_eq!(json(Cell::Single(0.1)), "0.1");
        assert_eq!(json(Cell::Double(f64::NAN)), "\"NaN\"");
        assert_eq!(json(Cell::Single(f32::NEG_INFINITY)), "\"-Infinity\"");
        assert_eq!(json(Cell::Complex(1.0, -2.0)), "[1.0,-2.0]");
        assert_eq!(json(Cell::Bytes(vec![1, 255])), "\"01ff\"");
    }
}
