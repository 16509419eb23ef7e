//! The value of an attribute.

use std::fmt;

use super::{Hex, bool_of, exact, split_tag, text, unknown_tag};
use crate::error::{Error, Result};
use crate::limits;

/// What this module decodes, for messages.
const WHAT: &str = "an attribute value";

/// What the tag of a list is more than that of its items.
const LIST: u8 = 32;

/// The value of an attribute: one value, or a list of values of one type.
#[derive(Debug, Clone)]
pub enum AttributeValue {
    /// `bool`
    Bool(bool),
    /// `i8`
    Int8(i8),
    /// `i16`
    Int16(i16),
    /// `i32`
    Int32(i32),
    /// `i64`
    Int64(i64),
    /// `u8`
    UInt8(u8),
    /// `u16`
    UInt16(u16),
    /// `u32`
    UInt32(u32),
    /// `u64`
    UInt64(u64),
    /// `f32`
    Float32(f32),
    /// `f64`
    Float64(f64),
    /// Text.
    String(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// A list of `bool`.
    BoolList(Vec<bool>),
    /// A list of `i8`.
    Int8List(Vec<i8>),
    /// A list of `i16`.
    Int16List(Vec<i16>),
    /// A list of `i32`.
    Int32List(Vec<i32>),
    /// A list of `i64`.
    Int64List(Vec<i64>),
    /// A list of `u8`, which are numbers; bytes are [`AttributeValue::Binary`].
    UInt8List(Vec<u8>),
    /// A list of `u16`.
    UInt16List(Vec<u16>),
    /// A list of `u32`.
    UInt32List(Vec<u32>),
    /// A list of `u64`.
    UInt64List(Vec<u64>),
    /// A list of `f32`.
    Float32List(Vec<f32>),
    /// A list of `f64`.
    Float64List(Vec<f64>),
    /// A list of texts.
    StringList(Vec<String>),
    /// A list of binaries.
    BinaryList(Vec<Vec<u8>>),
}

/// Calls a macro with tag, variant, list variant and Rust type of every number.
macro_rules! numbers {
    ($then:ident) => {
        $then! {
            1 Int8 Int8List i8;
            2 Int16 Int16List i16;
            3 Int32 Int32List i32;
            4 Int64 Int64List i64;
            5 UInt8 UInt8List u8;
            6 UInt16 UInt16List u16;
            7 UInt32 UInt32List u32;
            8 UInt64 UInt64List u64;
            9 Float32 Float32List f32;
            10 Float64 Float64List f64;
        }
    };
}

/// Floats are compared by their bits, so that equal values have equal stored bytes.
macro_rules! eq {
    ($($tag:literal $one:ident $list:ident $t:ident;)*) => {
        impl PartialEq for AttributeValue {
            fn eq(&self, other: &Self) -> bool {
                match (self, other) {
                    (Self::Bool(a), Self::Bool(b)) => a == b,
                    (Self::BoolList(a), Self::BoolList(b)) => a == b,
                    (Self::String(a), Self::String(b)) => a == b,
                    (Self::StringList(a), Self::StringList(b)) => a == b,
                    (Self::Binary(a), Self::Binary(b)) => a == b,
                    (Self::BinaryList(a), Self::BinaryList(b)) => a == b,
                    $(
                        (Self::$one(a), Self::$one(b)) => a.to_ne_bytes() == b.to_ne_bytes(),
                        // The bytes of the whole list at once.
                        (Self::$list(a), Self::$list(b)) => {
                            bytemuck::cast_slice::<$t, u8>(a) == bytemuck::cast_slice::<$t, u8>(b)
                        }
                    )*
                    _ => false,
                }
            }
        }
    };
}
numbers!(eq);

impl Eq for AttributeValue {}

macro_rules! codec {
    ($($tag:literal $one:ident $list:ident $t:ident;)*) => {
        impl AttributeValue {
            /// Appends the stored form.
            pub fn encode(&self, out: &mut Vec<u8>) {
                out.reserve(self.encoded_len());
                match self {
                    Self::Bool(v) => out.extend_from_slice(&[0, u8::from(*v)]),
                    Self::BoolList(list) => {
                        out.push(LIST);
                        out.extend(list.iter().map(|&v| u8::from(v)));
                    }
                    $(
                        Self::$one(v) => {
                            out.push($tag);
                            out.extend_from_slice(&v.to_le_bytes());
                        }
                        Self::$list(list) => {
                            out.push(LIST + $tag);
                            for v in list {
                                out.extend_from_slice(&v.to_le_bytes());
                            }
                        }
                    )*
                    Self::String(v) => {
                        out.push(11);
                        out.extend_from_slice(v.as_bytes());
                    }
                    Self::Binary(v) => {
                        out.push(12);
                        out.extend_from_slice(v);
                    }
                    Self::StringList(list) => {
                        out.push(LIST + 11);
                        list.iter().for_each(|v| put_item(v.as_bytes(), out));
                    }
                    Self::BinaryList(list) => {
                        out.push(LIST + 12);
                        list.iter().for_each(|v| put_item(v, out));
                    }
                }
            }

            /// How many bytes [`encode`](Self::encode) appends.
            pub fn encoded_len(&self) -> usize {
                1 + match self {
                    Self::Bool(_) => 1,
                    Self::BoolList(list) => list.len(),
                    $(
                        Self::$one(_) => size_of::<$t>(),
                        Self::$list(list) => size_of_val(list.as_slice()),
                    )*
                    Self::String(v) => v.len(),
                    Self::Binary(v) => v.len(),
                    Self::StringList(list) => list.iter().map(|v| 8 + v.len()).sum(),
                    Self::BinaryList(list) => list.iter().map(|v| 8 + v.len()).sum(),
                }
            }

            /// Reads the stored form, which must fill `bytes`.
            pub fn decode(bytes: &[u8]) -> Result<Self> {
                if bytes.len() as u64 > limits::ATTRIBUTE_BYTES {
                    return Err(Error::corrupt(format!(
                        "{WHAT} has {} bytes, at most {} are possible",
                        bytes.len(),
                        limits::ATTRIBUTE_BYTES
                    )));
                }
                let (tag, rest) = split_tag(WHAT, bytes)?;
                if let Some(item) = tag.checked_sub(LIST) {
                    return Self::decode_list(item, rest);
                }
                Ok(match tag {
                    0 => {
                        let [byte] = exact(WHAT, rest)?;
                        Self::Bool(bool_of(WHAT, byte)?)
                    }
                    $($tag => Self::$one(<$t>::from_le_bytes(exact(WHAT, rest)?)),)*
                    11 => Self::String(text(WHAT, rest)?),
                    12 => Self::Binary(rest.to_vec()),
                    other => return Err(unknown_tag(WHAT, other)),
                })
            }

            fn decode_list(item: u8, bytes: &[u8]) -> Result<Self> {
                Ok(match item {
                    0 => Self::BoolList(
                        bytes.iter().map(|&b| bool_of(WHAT, b)).collect::<Result<_>>()?,
                    ),
                    $($tag => Self::$list(
                        whole_items(bytes)?.iter().map(|b| <$t>::from_le_bytes(*b)).collect(),
                    ),)*
                    11 => Self::StringList(take_items(bytes, |item| text(WHAT, item))?),
                    12 => Self::BinaryList(take_items(bytes, |item| Ok(item.to_vec()))?),
                    other => return Err(unknown_tag(WHAT, LIST + other)),
                })
            }
        }
    };
}
numbers!(codec);

/// Appends an item of a list whose items vary in length.
fn put_item(item: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(item.len() as u64).to_le_bytes());
    out.extend_from_slice(item);
}

/// Items of fixed width.
fn whole_items<const N: usize>(bytes: &[u8]) -> Result<&[[u8; N]]> {
    match bytes.as_chunks() {
        (items, []) => Ok(items),
        _ => Err(Error::corrupt(format!(
            "{WHAT} has {} bytes of {N}-byte items",
            bytes.len()
        ))),
    }
}

/// Items of variable width. Each has a length of 8 bytes, so the list is bounded by its bytes.
fn take_items<T>(mut bytes: &[u8], read: impl Fn(&[u8]) -> Result<T>) -> Result<Vec<T>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let item = bytes.split_first_chunk().and_then(|(length, rest)| {
            rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
        });
        let Some((item, rest)) = item else {
            return Err(Error::corrupt(format!(
                "{WHAT} has a list that is cut short"
            )));
        };
        items.push(read(item)?);
        bytes = rest;
    }
    Ok(items)
}

macro_rules! from {
    ($($t:ty => $variant:ident;)*) => {
        $(impl From<$t> for AttributeValue {
            fn from(value: $t) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from! {
    bool => Bool;
    i8 => Int8;
    i16 => Int16;
    i32 => Int32;
    i64 => Int64;
    u8 => UInt8;
    u16 => UInt16;
    u32 => UInt32;
    u64 => UInt64;
    f32 => Float32;
    f64 => Float64;
    &str => String;
    String => String;
    Vec<u8> => Binary;
    Vec<bool> => BoolList;
    Vec<i8> => Int8List;
    Vec<i16> => Int16List;
    Vec<i32> => Int32List;
    Vec<i64> => Int64List;
    Vec<u16> => UInt16List;
    Vec<u32> => UInt32List;
    Vec<u64> => UInt64List;
    Vec<f32> => Float32List;
    Vec<f64> => Float64List;
    Vec<String> => StringList;
    Vec<Vec<u8>> => BinaryList;
}

impl From<Vec<&str>> for AttributeValue {
    fn from(list: Vec<&str>) -> Self {
        Self::StringList(list.into_iter().map(str::to_owned).collect())
    }
}

macro_rules! display {
    ($($tag:literal $one:ident $list:ident $t:ident;)*) => {
        impl fmt::Display for AttributeValue {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Bool(v) => v.fmt(f),
                    $(
                        Self::$one(v) => v.fmt(f),
                        Self::$list(v) => show_list(f, v.iter()),
                    )*
                    Self::String(v) => v.fmt(f),
                    Self::Binary(v) => Hex(v).fmt(f),
                    Self::BoolList(v) => show_list(f, v.iter()),
                    Self::StringList(v) => show_list(f, v.iter()),
                    Self::BinaryList(v) => show_list(f, v.iter().map(|item| Hex(item))),
                }
            }
        }
    };
}
numbers!(display);

/// Shows items in brackets.
fn show_list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    f.write_str("[")?;
    for (i, item) in items.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<AttributeValue> {
        use AttributeValue as A;
        vec![
            true.into(),
            A::Int8(-1),
            (-2i16).into(),
            (-3i32).into(),
            i64::MIN.into(),
            4u8.into(),
            5u16.into(),
            6u32.into(),
            u64::MAX.into(),
            f32::NAN.into(),
            (-0.0f64).into(),
            "m/s ü".into(),
            vec![1u8, 255].into(),
            vec![true, false].into(),
            vec![-1i8].into(),
            vec![-1i16, 300].into(),
            Vec::<i32>::new().into(),
            vec![1i64, 2].into(),
            A::UInt8List(vec![1, 2, 3]),
            vec![1u16].into(),
            vec![1u32].into(),
            vec![1u64].into(),
            vec![0.5f32, f32::NAN].into(),
            vec![0.5f64].into(),
            vec!["a", "", "bc"].into(),
            vec![vec![1u8], vec![]].into(),
        ]
    }

    #[test]
    fn every_value_reads_back() {
        for (i, value) in all().into_iter().enumerate() {
            let mut bytes = Vec::new();
            value.encode(&mut bytes);
            let tag = if i < 13 { i } else { i - 13 + 32 };
            assert_eq!(usize::from(bytes[0]), tag, "{value:?}");
            assert_eq!(bytes.len(), value.encoded_len(), "{value:?}");
            assert_eq!(AttributeValue::decode(&bytes).unwrap(), value);
            for other in all().into_iter().skip(i + 1) {
                assert_ne!(value, other);
            }
            // A length that does not fit the type is refused.
            if (1..=10).contains(&(tag % 32)) || tag == 0 {
                bytes.push(0);
                let fits = AttributeValue::decode(&bytes);
                assert_eq!(fits.is_ok(), [33, 37].contains(&tag), "{value:?}");
            }
        }
    }

    #[test]
    fn refuses_what_was_not_encoded() {
        let item = |length: u64, bytes: &[u8]| [&[43], &length.to_le_bytes()[..], bytes].concat();
        assert!(AttributeValue::decode(&item(2, b"ab")).is_ok());
        for bad in [
            vec![],
            vec![0, 2],
            vec![0],
            vec![13],
            vec![31],
            vec![45],
            vec![255, 0],
            vec![32, 0, 2],
            vec![11, 0xFF],
            item(1, &[0xFF]),
            item(3, b"ab"),
            item(1, b"ab"),
            item(u64::MAX, b"ab"),
        ] {
            let error = AttributeValue::decode(&bad).unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{bad:?}: {error}");
        }
    }

    #[test]
    fn shows_values_for_a_table() {
        let shown: Vec<String> = all().iter().map(ToString::to_string).collect();
        assert_eq!(shown[11], "m/s ü");
        assert_eq!(shown[12], "0x01ff");
        assert_eq!(shown[13], "[true, false]");
        assert_eq!(shown[24], "[a, , bc]");
        assert_eq!(shown[25], "[0x01, 0x]");
        let long = AttributeValue::Binary(vec![0xAB; 17]).to_string();
        assert_eq!(long, format!("0x{}…", "ab".repeat(16)));
    }
}
