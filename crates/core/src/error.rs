//! One error type for the whole library: it says what is wrong, where, and whose move it is.

use std::fmt;

use crate::dtype::DType;

/// The result of nearly every call of this library.
pub type Result<T> = std::result::Result<T, Error>;

/// A cause that is kept behind an [`Error`].
pub type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What went wrong, and where.
///
/// | kind | variants | whose move it is |
/// |---|---|---|
/// | the call | `ArrayNotFound`, `ArrayAlreadyExists`, `DTypeMismatch`, `InvalidArgument`, `Limit`, `ReadOnly`, `FileNotFound`, `FileAlreadyExists` | the caller's |
/// | the file | `Corrupt`, `InvalidFooter`, `Serialization`, `Codec`, `BlockOutOfRange` | restore it, or salvage |
/// | the version | `Unsupported`, `UnknownCodec` | upgrade, or register the codec |
/// | others at work | `Conflict`, `SnapshotExpired` | refresh and try again |
/// | the store | `Io`, `Storage`, `Store` | try again, or mend the store |
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation on the local file system failed.
    #[error("I/O error: {0}")]
    Io(#[from] std::io::Error),
    /// A value cannot be brought into, or read from, its stored form.
    #[error("serialization error: {0}")]
    Serialization(String),
    /// The end of an object is not the footer of one of our layers.
    #[error("invalid footer: {0}")]
    InvalidFooter(String),
    /// No visible array has this name.
    #[error("array not found: {name}")]
    ArrayNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// A block number is beyond the blocks of its layer.
    #[error("block out of range: {block_id}")]
    BlockOutOfRange {
        /// The number that was asked for.
        block_id: u32,
    },
    /// A codec could not encode or decode.
    #[error("codec error: {0}")]
    Codec(String),
    /// The object store answered with something that cannot be used.
    #[error("storage error: {0}")]
    Storage(String),
    /// A visible array already has this name.
    #[error("array already exists: {name}")]
    ArrayAlreadyExists {
        /// The name that is taken.
        name: String,
    },
    /// The Rust type of a call is not the type of the array.
    #[error("dtype mismatch: expected {expected:?}, got {actual:?}")]
    DTypeMismatch {
        /// The dtype of the array.
        expected: DType,
        /// The dtype of the call.
        actual: DType,
    },
    /// An argument does not fit; the text says which and what would.
    #[error("invalid argument: {0}")]
    InvalidArgument(String),
    /// Something is larger than the format or the machine allows.
    #[error("limit exceeded: {what} is {actual}, at most {limit} is possible")]
    Limit {
        /// What is too large.
        what: String,
        /// Its size.
        actual: u64,
        /// The greatest size that is allowed.
        limit: u64,
    },
    /// The bytes of a file are damaged.
    #[error("{place}: {detail}")]
    Corrupt {
        /// Where: object, layer, array, chunk.
        place: Place,
        /// What is wrong there.
        detail: String,
    },
    /// The file uses something that this version of the library does not know.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// An array was written with a codec that is not registered here.
    #[error(
        "unknown codec {name:?}: register it with `FileConfig::with_codec` or `codec::register` before reading"
    )]
    UnknownCodec {
        /// The codec's recorded name.
        name: String,
    },
    /// Another writer has committed a change that meets a pending one. Pending is kept.
    #[error(
        "conflict: {what} was changed by layer {layer} since this handle last saw the file; pending changes are kept"
    )]
    Conflict {
        /// What both writers touched: an array, a chunk, an attribute.
        what: String,
        /// The sequence number of the layer that was there first.
        layer: u64,
    },
    /// The layers that this handle reads were replaced; `refresh` moves it to the newest.
    #[error("snapshot expired: {detail}; call `refresh` to move to the newest state")]
    SnapshotExpired {
        /// Which layer is gone or replaced.
        detail: String,
    },
    /// The handle or the store does not allow writing.
    #[error("read-only: {0}")]
    ReadOnly(String),
    /// There is no file at this path.
    #[error("no file at {path}")]
    FileNotFound {
        /// The path in its store.
        path: String,
    },
    /// There is a file at this path already.
    #[error("a file exists at {path}; open it, or use `create` to start afresh")]
    FileAlreadyExists {
        /// The path in its store.
        path: String,
    },
    /// The object store failed.
    #[error("{operation} {path}: {source}")]
    Store {
        /// What was asked of the store.
        operation: &'static str,
        /// The object it was asked for.
        path: String,
        /// What the store said.
        source: Source,
    },
}

/// A place in a file: as much of object, layer, array and chunk as is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The object, by its path or the sequence number of its layer.
    pub layer: Option<String>,
    /// The metadata table or part of the layer.
    pub part: Option<String>,
    /// The array.
    pub array: Option<String>,
    /// The chunk's coordinates.
    pub chunk: Option<Vec<u64>>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("corrupt file")?;
        if let Some(layer) = &self.layer {
            write!(f, ": {layer}")?;
        }
        if let Some(part) = &self.part {
            write!(f, ": {part}")?;
        }
        if let Some(array) = &self.array {
            write!(f, ": array {array:?}")?;
        }
        if let Some(chunk) = &self.chunk {
            write!(f, ": chunk {chunk:?}")?;
        }
        Ok(())
    }
}

impl Error {
    /// An [`Error::InvalidArgument`].
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::InvalidArgument(what.into())
    }

    /// An [`Error::Corrupt`] whose place is not known yet; callers add it with [`Error::within`].
    pub fn corrupt(detail: impl Into<String>) -> Self {
        Self::Corrupt {
            place: Place::default(),
            detail: detail.into(),
        }
    }

    /// An [`Error::Limit`].
    pub fn limit(what: impl Into<String>, actual: u64, limit: u64) -> Self {
        Self::Limit {
            what: what.into(),
            actual,
            limit,
        }
    }

    /// Adds what is known of the place to an [`Error::Corrupt`], and leaves what stands there.
    #[must_use]
    pub fn within(mut self, outer: Place) -> Self {
        if let Self::Corrupt { place, .. } = &mut self {
            place.layer = place.layer.take().or(outer.layer);
            place.part = place.part.take().or(outer.part);
            place.array = place.array.take().or(outer.array);
            place.chunk = place.chunk.take().or(outer.chunk);
        }
        self
    }
}

impl Place {
    /// A place in the layer with this sequence number.
    pub fn layer(sequence: u64) -> Self {
        Self {
            layer: Some(format!("layer {sequence}")),
            ..Self::default()
        }
    }

    /// A part of a layer.
    pub fn part(part: impl Into<String>) -> Self {
        Self {
            part: Some(part.into()),
            ..Self::default()
        }
    }
}
