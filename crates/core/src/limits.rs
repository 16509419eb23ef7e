//! What the format allows at most (`docs/format.md`, section 8). Writers refuse what readers refuse.

use crate::error::{Error, Result};

/// Axes of an array.
pub const RANK: u64 = 64;
/// Elements of an array, and its bytes where elements have a fixed width.
pub const ARRAY_BYTES: u64 = i64::MAX as u64;
/// Bytes of an array name, dimension name, attribute key, or string fill value.
pub const NAME_BYTES: u64 = 65_535;
/// Encoded bytes of an attribute value.
pub const ATTRIBUTE_BYTES: u64 = 32 << 20;
/// Bytes of a commit message.
pub const MESSAGE_BYTES: u64 = 65_535;
/// Depth of nested list dtypes.
pub const DTYPE_DEPTH: usize = 8;
/// Bytes of a frame, decoded and stored.
pub const FRAME_BYTES: u64 = 1 << 30;
/// Raw bytes of a page.
pub const PAGE_BYTES: u64 = 64 << 20;
/// Rows or children of a page.
pub const PAGE_ROWS: u64 = 65_536;
/// Levels of a table's tree.
pub const TREE_HEIGHT: u64 = 8;
/// Stages of a codec pipeline.
pub const PIPELINE_STAGES: usize = 8;
/// Parameters of a stage.
pub const STAGE_PARAMETERS: usize = 8;
/// Sequence numbers.
pub const SEQUENCE: u64 = 1 << 62;
/// Bytes of a string or binary in statistics; longer ones become bounds.
pub const STAT_BYTES: usize = 4096;

/// Refuses `actual` if it is more than `limit`.
pub fn check(what: &str, actual: u64, limit: u64) -> Result<()> {
    if actual > limit {
        return Err(Error::limit(what, actual, limit));
    }
    Ok(())
}

/// As [`check`], of what was read: it is the file that is wrong.
pub(crate) fn check_stored(what: &str, actual: u64, limit: u64) -> Result<()> {
    check(what, actual, limit).map_err(|e| Error::corrupt(e.to_string()))
}
