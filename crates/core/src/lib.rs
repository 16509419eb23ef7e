//! The `array_format` file format and every decision about it, as pure functions.
//!
//! Bytes go in and values come out; nothing here reads, writes, waits, or asks the time.
//! Users take the crate `array_format`, which drives this one against object stores.
//!
//! | module | decides |
//! |---|---|
//! | [`wire`] | what the bytes of a layer mean |
//! | [`tree`] | how tables are looked up and changed, page by page |
//! | [`snapshot`] | what is visible after a layer |
//! | [`mod@commit`], [`rebuild`] | what the next layer, or a compacted one, holds |
//! | [`conflict`] | whether pending changes may follow the changes of others |
//! | [`geometry`], [`plan`] | which tiles, frames and ranges a region needs |
//! | [`frame`], [`codec`], [`elements`] | how elements become stored bytes and back |
//! | [`stats`] | minimum, maximum and counts |
//! | [`select`] | which arrays satisfy a predicate |

pub mod array;
pub mod codec;
pub mod commit;
pub mod conflict;
pub mod dtype;
pub mod element;
pub mod elements;
pub mod error;
pub mod frame;
pub mod geometry;
pub mod limits;
pub mod plan;
pub mod rebuild;
pub mod select;
pub mod snapshot;
pub mod stats;
pub mod timestamp;
pub mod tree;
pub mod value;
pub mod wire;

pub use dtype::DType;
pub use error::{Error, Place, Result};
pub use timestamp::TimestampNs;
