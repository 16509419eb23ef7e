//! The `array_format` file format and every decision about it, as pure functions.
//!
//! Bytes go in and values come out; nothing here reads, writes, waits, or asks the time.
//! Users take the crate `array_format`, which drives this one against object stores.

pub mod codec;
pub mod dtype;
pub mod element;
pub mod elements;
pub mod error;
pub mod limits;
pub mod stats;
pub mod timestamp;
pub mod value;

pub use dtype::DType;
pub use error::{Error, Place, Result};
pub use timestamp::TimestampNs;
