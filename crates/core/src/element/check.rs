//! What stored bytes of elements must be, by their dtype.

use super::vlen::Pieces;
use crate::dtype::DType;
use crate::error::{Error, Result};

/// Checks whole elements of fixed width: only a bool has bytes that are no value.
pub(crate) fn fixed(dtype: &DType, bytes: &[u8]) -> Result<()> {
    match dtype {
        DType::Bool => bools(bytes),
        DType::FixedSizeList { child, .. } => fixed(child, bytes),
        _ => Ok(()),
    }
}

/// Checks one element of variable width, with all that is in it.
pub(crate) fn variable(dtype: &DType, bytes: &[u8]) -> Result<()> {
    match dtype {
        DType::String => utf8(bytes).map(|_| ()),
        DType::List { child } => match child.element_size() {
            Some(width) => {
                whole(bytes, width)?;
                fixed(child, bytes)
            }
            None => each(child, Pieces::new(bytes)?),
        },
        DType::FixedSizeList { child, size } => {
            let items = Pieces::new(bytes)?;
            if items.claimed() != *size {
                return Err(wrong_count(items.claimed().into(), (*size).into()));
            }
            each(child, items)
        }
        _ => Ok(()),
    }
}

fn each(child: &DType, mut items: Pieces<'_>) -> Result<()> {
    items.try_for_each(|item| variable(child, item?))
}

/// Refuses bytes other than 0 and 1.
pub(super) fn bools(bytes: &[u8]) -> Result<()> {
    // All bytes in one go: stopping at the first bad one would be slower.
    if bytes.iter().fold(0, |all, byte| all | byte) > 1 {
        return Err(Error::Serialization("a bool is not 0 or 1".into()));
    }
    Ok(())
}

/// Refuses bytes that are not whole elements of this width.
pub(super) fn whole(bytes: &[u8], width: usize) -> Result<()> {
    // Elements of no bytes fill none.
    if bytes.len().checked_rem(width).unwrap_or(bytes.len()) != 0 {
        return Err(Error::Serialization(format!(
            "{} bytes are not whole elements of {width} bytes",
            bytes.len()
        )));
    }
    Ok(())
}

/// Text, or what is wrong with it.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes)
        .map_err(|error| Error::Serialization(format!("a string is not UTF-8: {error}")))
}

/// A fixed-size list that has another number of items.
pub(super) fn wrong_count(actual: u64, expected: u64) -> Error {
    Error::Serialization(format!(
        "a fixed-size list of {expected} items has {actual}"
    ))
}
