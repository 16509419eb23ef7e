//! Documents of Zarr v2: `.zarray`, `.zattrs`, `.zgroup`.

use array_format::array::ArrayMeta;
use array_format::{AttributeValue, DType};
use serde_json::{Value, json};

use crate::dtype::fill;
use crate::json;

/// How the bytes of a chunk become elements, in numcodecs' terms.
#[derive(Debug, Clone, Default)]
pub struct Encoding {
    filters: Vec<Value>,
    compressor: Option<Value>,
    /// Texts and bytes, which are objects to NumPy.
    elements: Option<Value>,
}

impl Encoding {
    /// Of elements that are not compressed.
    pub fn of_elements(dtype: &DType) -> Self {
        let elements = match dtype {
            DType::String => Some(json!({"id": "vlen-utf8"})),
            DType::Binary => Some(json!({"id": "vlen-bytes"})),
            _ => None,
        };
        Self {
            elements,
            ..Self::default()
        }
    }

    /// The same elements, without filters and compressor.
    pub fn plain(self) -> Self {
        Self {
            elements: self.elements,
            ..Self::default()
        }
    }

    pub fn has_compressor(&self) -> bool {
        self.compressor.is_some()
    }
}

/// How the frames of an array are encoded, or why numcodecs cannot decode them.
pub fn encoding(meta: &ArrayMeta) -> Result<Encoding, String> {
    let mut encoding = Encoding::of_elements(&meta.dtype);
    if meta.pipeline.is_auto() {
        return Ok(encoding);
    }
    let lane = meta.dtype.lane_size();
    for stage in &meta.pipeline.stages {
        let level = stage.parameters.first();
        match stage.name.as_str() {
            "shuffle" => encoding
                .filters
                .push(json!({"id": "shuffle", "elementsize": lane})),
            "delta" => {
                let lanes = format!("<u{lane}");
                encoding
                    .filters
                    .push(json!({"id": "delta", "dtype": lanes, "astype": lanes}));
            }
            "lz4" => {
                let acceleration = level.unwrap_or(&1);
                encoding.compressor = Some(json!({"id": "lz4", "acceleration": acceleration}));
            }
            "zstd" => {
                encoding.compressor = Some(json!({"id": "zstd", "level": level.unwrap_or(&3)}))
            }
            "pco" if is_pco_readable(&meta.dtype) => {
                encoding.compressor = Some(json!({"id": "pcodec", "level": level.unwrap_or(&8)}));
            }
            other => return Err(format!("Zarr does not know codec {other} for this type")),
        }
    }
    Ok(encoding)
}

/// Whether what pcodec stores has the array's own type, and not that of its lanes.
fn is_pco_readable(dtype: &DType) -> bool {
    matches!(
        dtype,
        DType::Int16
            | DType::Int32
            | DType::Int64
            | DType::UInt16
            | DType::UInt32
            | DType::UInt64
            | DType::Float16
            | DType::Float32
            | DType::Float64
    )
}

/// `.zarray`
pub fn array(
    meta: &ArrayMeta,
    dtype: &str,
    encoding: &Encoding,
    shape: &[u64],
    chunks: &[u64],
) -> Value {
    let mut filters = encoding.filters.clone();
    filters.extend(encoding.elements.clone());
    json!({
        "zarr_format": 2,
        "shape": shape,
        "chunks": chunks,
        "dtype": dtype,
        "compressor": encoding.compressor,
        // Readers of v2 take what has this value as missing.
        "fill_value": meta.fill_value.as_ref().map(|_| fill(meta)),
        "order": "C",
        "filters": match filters.is_empty() {
            true => Value::Null,
            false => Value::Array(filters),
        },
    })
}

/// `.zattrs` of an array
pub fn attributes<'a>(
    meta: &ArrayMeta,
    rank: usize,
    all: impl IntoIterator<Item = (String, &'a AttributeValue)>,
) -> Value {
    let mut object = json::attributes(all);
    let name = |axis: usize| match meta.dimension_names.get(axis).map(String::as_str) {
        None | Some("") => format!("dim_{axis}"),
        Some(name) => name.to_owned(),
    };
    // `fill_value` says it, and xarray refuses to be told twice.
    if meta.fill_value.is_some() {
        object.shift_remove("_FillValue");
    }
    let names: Vec<String> = (0..rank).map(name).collect();
    object.insert("_ARRAY_DIMENSIONS".to_owned(), json!(names));
    Value::Object(object)
}

/// `.zgroup`
pub fn group() -> Value {
    json!({"zarr_format": 2})
}
