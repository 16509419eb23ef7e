//! Data types and fill values under Zarr's names.

use array_format::DType;
use array_format::array::ArrayMeta;
use array_format::value::fill_bytes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// The type of an array's numbers, and the extent of one more axis where each element is a list of
/// always so many: the bytes are the same.
pub fn flat(dtype: &DType) -> (&DType, Vec<u64>) {
    let mut inner = dtype;
    let mut extents = Vec::new();
    while let DType::FixedSizeList { child, size } = inner {
        extents.push(u64::from(*size));
        inner = child;
    }
    (inner, extents)
}

/// The shape and the chunk shape that Zarr sees.
pub fn shapes(meta: &ArrayMeta) -> (Vec<u64>, Vec<u64>) {
    let (_, inner) = flat(&meta.dtype);
    let with = |outer: &[u64]| [outer, inner.as_slice()].concat();
    (with(&meta.shape), with(&chunk_shape(meta)))
}

/// The chunk shape, no greater than the array: what reaches beyond would have to be filled up.
pub fn chunk_shape(meta: &ArrayMeta) -> Vec<u64> {
    let extents = meta.chunk_shape.iter().zip(&meta.shape);
    extents
        .map(|(&chunk, &extent)| chunk.min(extent.max(1)))
        .collect()
}

/// Bytes of a chunk, those of variable width as an estimate.
pub fn chunk_bytes(meta: &ArrayMeta) -> u64 {
    let width = meta.dtype.element_size().unwrap_or(32) as u64;
    chunk_shape(meta)
        .iter()
        .fold(width, |n, &extent| n.saturating_mul(extent))
}

/// The name in Zarr v3, or why there is none.
pub fn v3(dtype: &DType) -> Result<Value, String> {
    let (flat, inner) = flat(dtype);
    if !inner.is_empty() && flat.is_variable_length() {
        return Err(no_counterpart(dtype));
    }
    Ok(json!(match flat {
        DType::Bool => "bool",
        DType::Int8 => "int8",
        DType::Int16 => "int16",
        DType::Int32 => "int32",
        DType::Int64 => "int64",
        DType::UInt8 => "uint8",
        DType::UInt16 => "uint16",
        DType::UInt32 => "uint32",
        DType::UInt64 => "uint64",
        DType::Float16 => "float16",
        DType::BFloat16 => "bfloat16",
        DType::Float32 => "float32",
        DType::Float64 => "float64",
        DType::Complex64 => "complex64",
        DType::Complex128 => "complex128",
        DType::String => "string",
        DType::Binary => "variable_length_bytes",
        DType::TimestampNs => {
            let unit = json!({"unit": "ns", "scale_factor": 1});
            return Ok(json!({"name": "numpy.datetime64", "configuration": unit}));
        }
        _ => return Err(no_counterpart(dtype)),
    }))
}

/// NumPy's name of a type, as Zarr v2 has it, or why there is none.
pub fn v2(dtype: &DType) -> Result<&'static str, String> {
    match dtype {
        DType::String | DType::Binary => Ok("|O"),
        _ => numpy_type(dtype).ok_or_else(|| no_counterpart(dtype)),
    }
}

/// What NumPy calls a type whose elements it has as we do, such as `<f4`; that of the items, where
/// elements are lists of always so many.
pub fn numpy_type(dtype: &DType) -> Option<&'static str> {
    Some(match flat(dtype).0 {
        DType::Bool => "|b1",
        DType::Int8 => "|i1",
        DType::Int16 => "<i2",
        DType::Int32 => "<i4",
        DType::Int64 => "<i8",
        DType::UInt8 => "|u1",
        DType::UInt16 => "<u2",
        DType::UInt32 => "<u4",
        DType::UInt64 => "<u8",
        DType::Float16 => "<f2",
        DType::Float32 => "<f4",
        DType::Float64 => "<f8",
        DType::Complex64 => "<c8",
        DType::Complex128 => "<c16",
        DType::TimestampNs => "<M8[ns]",
        _ => return None,
    })
}

fn no_counterpart(dtype: &DType) -> String {
    format!("Zarr has no type for {dtype:?}")
}

/// What unwritten elements read as, in JSON. Both versions of Zarr write it so.
pub fn fill(meta: &ArrayMeta) -> Value {
    let (flat, _) = flat(&meta.dtype);
    let raw = fill_bytes(&meta.dtype, meta.fill_value.as_ref());
    let single = |at: usize| float(f32::from_le_bytes(take(&raw, at)).into());
    let double = |at: usize| float(f64::from_le_bytes(take(&raw, at)));
    match flat {
        DType::Bool => json!(raw.first().is_some_and(|&b| b != 0)),
        DType::Int8 => json!(i8::from_le_bytes(take(&raw, 0))),
        DType::Int16 => json!(i16::from_le_bytes(take(&raw, 0))),
        DType::Int32 => json!(i32::from_le_bytes(take(&raw, 0))),
        DType::Int64 | DType::TimestampNs => json!(i64::from_le_bytes(take(&raw, 0))),
        DType::UInt8 => json!(u8::from_le_bytes(take(&raw, 0))),
        DType::UInt16 => json!(u16::from_le_bytes(take(&raw, 0))),
        DType::UInt32 => json!(u32::from_le_bytes(take(&raw, 0))),
        DType::UInt64 => json!(u64::from_le_bytes(take(&raw, 0))),
        // Halves are exact as doubles.
        DType::Float16 => float(half::f16::from_bits(u16::from_le_bytes(take(&raw, 0))).to_f64()),
        DType::BFloat16 => float(half::bf16::from_bits(u16::from_le_bytes(take(&raw, 0))).to_f64()),
        DType::Float32 => single(0),
        DType::Float64 => double(0),
        DType::Complex64 => json!([single(0), single(4)]),
        DType::Complex128 => json!([double(0), double(8)]),
        DType::String => json!(String::from_utf8_lossy(&raw)),
        _ => json!(BASE64_STANDARD.encode(&raw)),
    }
}

/// A float in JSON, which has no names for those that are no numbers.
pub fn float(value: f64) -> Value {
    if value.is_nan() {
        json!("NaN")
    } else if value.is_infinite() {
        json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        json!(value)
    }
}

/// The bytes from `at` on; what is not there is zero.
fn take<const N: usize>(raw: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(raw.iter().skip(at)) {
        *to = *from;
    }
    bytes
}
