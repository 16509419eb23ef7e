//! Attributes in JSON.

use array_format::array::ArrayMeta;
use array_format::{AttributeValue, DType};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::dtype::{flat, float};

/// Attributes as an object, in their order. Bytes are base64.
pub fn attributes<'a>(
    all: impl IntoIterator<Item = (String, &'a AttributeValue)>,
) -> Map<String, Value> {
    all.into_iter()
        .map(|(key, value)| (key, attribute(value)))
        .collect()
}

/// The attributes of an array of Zarr v3, where xarray expects `_FillValue` of floats as the base64
/// of a double.
pub fn of_array<'a>(
    meta: &ArrayMeta,
    all: impl IntoIterator<Item = (String, &'a AttributeValue)>,
) -> Map<String, Value> {
    let mut object = attributes(all);
    let is_float = matches!(
        flat(&meta.dtype).0,
        DType::Float16 | DType::BFloat16 | DType::Float32 | DType::Float64
    );
    if let (true, Some(value)) = (is_float, object.get_mut("_FillValue")) {
        let number = match &*value {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        if let Some(number) = number {
            *value = json!(BASE64_STANDARD.encode(number.to_le_bytes()));
        }
    }
    object
}

fn attribute(value: &AttributeValue) -> Value {
    use AttributeValue as A;
    fn list<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
        Value::Array(items.iter().map(one).collect())
    }
    match value {
        A::Bool(v) => json!(v),
        A::Int8(v) => json!(v),
        A::Int16(v) => json!(v),
        A::Int32(v) => json!(v),
        A::Int64(v) => json!(v),
        A::UInt8(v) => json!(v),
        A::UInt16(v) => json!(v),
        A::UInt32(v) => json!(v),
        A::UInt64(v) => json!(v),
        A::Float32(v) => single(*v),
        A::Float64(v) => float(*v),
        A::String(v) => json!(v),
        A::Binary(v) => json!(BASE64_STANDARD.encode(v)),
        A::BoolList(v) => json!(v),
        A::Int8List(v) => json!(v),
        A::Int16List(v) => json!(v),
        A::Int32List(v) => json!(v),
        A::Int64List(v) => json!(v),
        A::UInt8List(v) => list(v, |v| json!(v)),
        A::UInt16List(v) => json!(v),
        A::UInt32List(v) => json!(v),
        A::UInt64List(v) => json!(v),
        A::Float32List(v) => list(v, |&v| single(v)),
        A::Float64List(v) => list(v, |&v| float(v)),
        A::StringList(v) => json!(v),
        A::BinaryList(v) => list(v, |v| json!(BASE64_STANDARD.encode(v))),
    }
}

/// In as few digits as tell it from other singles: 0.01 and not 0.009999999776482582.
fn single(value: f32) -> Value {
    match value.is_finite().then(|| value.to_string().parse()) {
        Some(Ok(shortest)) => float(shortest),
        _ => float(value.into()),
    }
}
