//! What an array is, and its elements in Rust.

pub use array_format_core::array::ArrayMeta;

pub use crate::chunks::Chunk;
pub use crate::element::{ArrayElement, Elements, List};
pub use crate::handle::{Array, ArrayMut};
pub use crate::spec::ArraySpec;
