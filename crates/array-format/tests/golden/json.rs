//! As much JSON as a dump needs: compact text with sorted keys.

use std::collections::BTreeMap;

use array_format::{AttributeValue, FillValue, StatValue};

/// A text as a JSON string.
pub fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Bytes as a string of hex digits.
pub fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    string(&digits)
}

/// A list of JSON values.
pub fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// An object of JSON values.
pub fn object<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let sorted: BTreeMap<&str, String> = entries.into_iter().collect();
    let entries: Vec<String> = sorted
        .into_iter()
        .map(|(key, value)| format!("{}:{value}", string(key)))
        .collect();
    format!("{{{}}}", entries.join(","))
}

/// A value, or `null`.
pub fn option<V>(value: Option<V>, show: impl Fn(V) -> String) -> String {
    value.map_or("null".to_owned(), show)
}

/// The bits of a float.
fn bits(value: f64) -> String {
    string(&format!("{:016x}", value.to_bits()))
}

fn bits32(value: f32) -> String {
    string(&format!("{:08x}", value.to_bits()))
}

/// A fill value as the dump has it.
pub fn fill(fill: &FillValue) -> String {
    let (kind, value) = match fill {
        FillValue::Bool(v) => ("bool", v.to_string()),
        FillValue::Int(v) => ("int", v.to_string()),
        FillValue::UInt(v) => ("uint", v.to_string()),
        FillValue::Float(v) => ("float", bits(*v)),
        FillValue::String(v) => ("string", string(v)),
        FillValue::TimestampNs(v) => ("timestamp", v.to_string()),
        FillValue::Binary(v) => ("binary", hex(v)),
        FillValue::Complex { re, im } => ("complex", list([bits(*re), bits(*im)])),
        other => panic!("{other:?} has no place in a dump yet"),
    };
    object([("kind", string(kind)), ("value", value)])
}

/// A minimum or maximum as the dump has it.
pub fn stat(value: &StatValue) -> String {
    let (kind, value) = match value {
        StatValue::Int(v) => ("int", v.to_string()),
        StatValue::UInt(v) => ("uint", v.to_string()),
        StatValue::Float(v) => ("float", bits(*v)),
        StatValue::Bytes(v) => ("bytes", hex(v)),
        StatValue::TimestampNs(v) => ("timestamp", v.to_string()),
    };
    object([("kind", string(kind)), ("value", value)])
}

/// An attribute as the dump has it.
pub fn attribute(value: &AttributeValue) -> String {
    use AttributeValue as A;
    fn each<V>(values: &[V], show: impl Fn(&V) -> String) -> String {
        list(values.iter().map(show))
    }
    let (kind, value) = match value {
        A::Bool(v) => ("bool", v.to_string()),
        A::Int8(v) => ("int8", v.to_string()),
        A::Int16(v) => ("int16", v.to_string()),
        A::Int32(v) => ("int32", v.to_string()),
        A::Int64(v) => ("int64", v.to_string()),
        A::UInt8(v) => ("uint8", v.to_string()),
        A::UInt16(v) => ("uint16", v.to_string()),
        A::UInt32(v) => ("uint32", v.to_string()),
        A::UInt64(v) => ("uint64", v.to_string()),
        A::Float32(v) => ("float32", bits32(*v)),
        A::Float64(v) => ("float64", bits(*v)),
        A::String(v) => ("string", string(v)),
        A::Binary(v) => ("binary", hex(v)),
        A::BoolList(v) => ("list<bool>", each(v, bool::to_string)),
        A::Int8List(v) => ("list<int8>", each(v, i8::to_string)),
        A::Int16List(v) => ("list<int16>", each(v, i16::to_string)),
        A::Int32List(v) => ("list<int32>", each(v, i32::to_string)),
        A::Int64List(v) => ("list<int64>", each(v, i64::to_string)),
        A::UInt8List(v) => ("list<uint8>", each(v, u8::to_string)),
        A::UInt16List(v) => ("list<uint16>", each(v, u16::to_string)),
        A::UInt32List(v) => ("list<uint32>", each(v, u32::to_string)),
        A::UInt64List(v) => ("list<uint64>", each(v, u64::to_string)),
        A::Float32List(v) => ("list<float32>", each(v, |v| bits32(*v))),
        A::Float64List(v) => ("list<float64>", each(v, |v| bits(*v))),
        A::StringList(v) => ("list<string>", each(v, |v| string(v))),
        A::BinaryList(v) => ("list<binary>", each(v, |v| hex(v))),
    };
    object([("type", string(kind)), ("value", value)])
}
