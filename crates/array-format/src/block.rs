//! Blocks: runs of frames that lie back to back in a layer.

pub use array_format_core::codec::CodecId;

/// A run of an array's frames that one request can read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BlockMeta {
    /// The sequence number of the layer.
    pub layer: u64,
    /// The object, by its path in the store.
    pub object: String,
    /// The offset of its first byte there.
    pub offset: u64,
    /// Its stored bytes.
    pub length: u64,
    /// Its bytes once decoded.
    pub raw_length: u64,
    /// How many frames it holds.
    pub frames: u64,
    /// What they are compressed with.
    pub codec: CodecId,
}
