//! Definitions of arrays, as they are listed.

pub use array_format_core::array::ArrayMeta;
pub use array_format_core::geometry::choose_tile;

use crate::dtype::DType;
use crate::value::FillValue;

/// A visible array: what the newest layer that changed it says.
#[derive(Debug, Clone, PartialEq)]
pub struct MergedArrayMeta {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// Its extent along each axis; empty for a scalar.
    pub shape: Vec<u64>,
    /// The extent of a chunk along each axis.
    pub chunk_shape: Vec<u64>,
    /// A name for each axis.
    pub dimension_names: Vec<String>,
    /// What unwritten elements read as.
    pub fill_value: Option<FillValue>,
}

impl From<&ArrayMeta> for MergedArrayMeta {
    fn from(meta: &ArrayMeta) -> Self {
        Self {
            name: meta.name.clone(),
            dtype: meta.dtype.clone(),
            shape: meta.shape.clone(),
            chunk_shape: meta.chunk_shape.clone(),
            dimension_names: meta.dimension_names.clone(),
            fill_value: meta.fill_value.clone(),
        }
    }
}
