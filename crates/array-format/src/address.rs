//! Where stored data are.

/// The place of a frame among the frames of its array, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u32);

/// Where one frame of a chunk is stored: enough for any program to fetch its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkAddress {
    /// The sequence number of the layer.
    pub layer: u64,
    /// The path of the object that holds the layer, in the file's store.
    pub object: String,
    /// The offset of its first byte there.
    pub offset: u64,
    /// Its stored bytes.
    pub length: u64,
    /// Its bytes once decoded.
    pub raw_length: u64,
    /// CRC-32 of its stored bytes.
    pub crc: u32,
    /// The first element that it holds, within the array.
    pub origin: Vec<u64>,
    /// The box of elements that it holds, in C order.
    pub extent: Vec<u64>,
}
