//! What the newest layer says of the file.

use array_format_core::snapshot::Snapshot;

/// The version of the format that this library writes: major, minor. It reads every minor of this major.
pub const FORMAT_VERSION: [u16; 2] = [
    array_format_core::wire::MAJOR_VERSION,
    array_format_core::wire::MINOR_VERSION,
];

/// A summary of the state after a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Footer {
    /// The file's id, in hexadecimal.
    pub file_id: String,
    /// The layer's id, in hexadecimal.
    pub layer_id: String,
    /// The id of the layer that it followed, if there was one.
    pub parent_id: Option<String>,
    /// Its sequence number.
    pub sequence: u64,
    /// Visible arrays.
    pub arrays: u64,
    /// Attributes of all arrays and of the file.
    pub attributes: u64,
    /// Stored frames.
    pub frames: u64,
    /// Stored bytes of these frames.
    pub frame_bytes: u64,
    /// Stored bytes of live metadata pages in all layers.
    pub metadata_bytes: u64,
    /// Layers, the base included.
    pub layers: u64,
    /// Layers that hold live metadata pages.
    pub metadata_layers: u64,
    /// Bytes of the layer's object.
    pub object_length: u64,
}

impl Footer {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let root = &snapshot.root;
        Self {
            file_id: format!("{:?}", root.file),
            layer_id: format!("{:?}", root.layer),
            parent_id: root.parent.map(|id| format!("{id:?}")),
            sequence: root.sequence,
            arrays: root.arrays.rows(),
            attributes: root.attributes.rows(),
            frames: root.frames.rows(),
            frame_bytes: root.frame_bytes,
            metadata_bytes: root.pages.iter().map(|p| p.live).sum(),
            layers: root.layers.rows(),
            metadata_layers: root.pages.len() as u64,
            object_length: snapshot.object_length,
        }
    }
}
