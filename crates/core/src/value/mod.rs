//! Single values: fill values, attributes, and the bounds in statistics (`docs/format.md`, section 5).

mod attribute;
mod fill;
mod stat;

pub use attribute::AttributeValue;
pub use fill::{FillValue, fill_bytes};
pub use stat::StatValue;

use std::fmt;

use crate::error::{Error, Result};

/// Bytes of a binary that are shown.
const SHOWN_BYTES: usize = 16;

/// Shows bytes as hexadecimal digits, cut where they would flood a table.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        for byte in self.0.iter().take(SHOWN_BYTES) {
            write!(f, "{byte:02x}")?;
        }
        if self.0.len() > SHOWN_BYTES {
            f.write_str("…")?;
        }
        Ok(())
    }
}

/// The tag of a stored value, and what follows it.
fn split_tag<'a>(what: &str, bytes: &'a [u8]) -> Result<(u8, &'a [u8])> {
    match bytes.split_first() {
        Some((&tag, rest)) => Ok((tag, rest)),
        None => Err(Error::corrupt(format!("{what} is empty"))),
    }
}

/// A value of fixed width, which must be all there is.
fn exact<const N: usize>(what: &str, bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| {
        Error::corrupt(format!(
            "{what} has {} bytes, but {N} are expected",
            bytes.len()
        ))
    })
}

/// A bool, for which only 0 and 1 stand.
fn bool_of(what: &str, byte: u8) -> Result<bool> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::corrupt(format!("{what} has a bool of {other}"))),
    }
}

/// Text, which must be UTF-8.
fn text(what: &str, bytes: &[u8]) -> Result<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::corrupt(format!("{what} is not UTF-8"))),
    }
}

/// The error for a tag that this version does not know.
fn unknown_tag(what: &str, tag: u8) -> Error {
    Error::corrupt(format!("{what} has the unknown tag {tag}"))
}
