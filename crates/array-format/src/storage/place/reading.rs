//! What objects hold, and in which version.

use std::ops::Range;

use array_format_core::wire::header::Header;
use array_format_core::wire::tombstone::{TOMBSTONE_BYTES, Tombstone};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    Error as StoreError, GetOptions, GetRange, GetResult, ObjectStoreExt, UpdateVersion,
};

use super::{ObjectStoreBackend, Pin, failed};
use crate::error::{Error, Result};
use crate::storage::OpenFile;

/// Bytes that are read off the end of a layer in the hope that they hold all its metadata.
const TAIL_BYTES: u64 = 64 << 10;
/// How often an object is looked at again that is replaced meanwhile.
const TAIL_ATTEMPTS: usize = 8;

/// The last bytes of an object.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    pub(crate) bytes: Bytes,
    pub(crate) object_length: u64,
    pub(crate) pin: Pin,
}

/// What stands under a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// No object.
    Vacant,
    /// The header of a layer, of any file, complete or torn.
    Layer(Header),
    /// A merged layer's tombstone.
    Tombstone(Tombstone),
    /// Something else, which begins so.
    Foreign(Bytes),
}

impl ObjectStoreBackend {
    /// The last bytes of an object. Where the store cannot read a suffix, its size is asked first.
    pub(crate) async fn tail(&self, path: &Path) -> Result<Tail> {
        let options = GetOptions {
            range: Some(GetRange::Suffix(TAIL_BYTES)),
            ..GetOptions::default()
        };
        match self.store.get_opts(path, options).await {
            Ok(result) => self.read_tail(path, result).await,
            Err(StoreError::NotFound { .. }) => Err(Error::FileNotFound {
                path: path.to_string(),
            }),
            // Azure refuses suffixes, and some servers those that are longer than the object.
            Err(refused) => self.tail_by_size(path, refused).await,
        }
    }

    /// The last bytes of an object whose suffix the store has refused.
    async fn tail_by_size(&self, path: &Path, refused: StoreError) -> Result<Tail> {
        for _ in 0..TAIL_ATTEMPTS {
            let meta = match self.store.head(path).await {
                Ok(meta) => meta,
                Err(gone @ StoreError::NotFound { .. }) => {
                    return Err(failed("read the end of", path, gone));
                }
                Err(_) => return Err(failed("read the end of", path, refused)),
            };
            if meta.size == 0 {
                return Ok(Tail {
                    bytes: Bytes::new(),
                    object_length: 0,
                    pin: Pin::default(),
                });
            }
            let range = meta.size.saturating_sub(TAIL_BYTES)..meta.size;
            let options = GetOptions {
                range: Some(GetRange::Bounded(range)),
                if_match: meta.e_tag,
                ..GetOptions::default()
            };
            match self.store.get_opts(path, options).await {
                Ok(result) if result.meta.size == meta.size => {
                    return self.read_tail(path, result).await;
                }
                // Replaced since its size was told: those bytes are not the end of what is there.
                Ok(_) | Err(StoreError::Precondition { .. }) => {}
                Err(source) => return Err(failed("read the end of", path, source)),
            }
        }
        Err(Error::SnapshotExpired {
            detail: format!("{path} is replaced faster than it can be read"),
        })
    }

    async fn read_tail(&self, path: &Path, result: GetResult) -> Result<Tail> {
        let object_length = result.meta.size;
        let pin = Pin {
            version: Some(UpdateVersion {
                e_tag: result.meta.e_tag.clone(),
                version: result.meta.version.clone(),
            }),
        };
        let bytes = result.bytes().await;
        let bytes = bytes.map_err(|source| failed("read the end of", path, source))?;
        if bytes.len() as u64 > object_length {
            return Err(Error::Storage(format!(
                "{path}: {} bytes of an object of {object_length}",
                bytes.len()
            )));
        }
        Ok(Tail {
            bytes,
            object_length,
            pin,
        })
    }

    /// A range of an object, which must still be the pinned version.
    pub(crate) async fn range(&self, path: &Path, range: Range<u64>, pin: &Pin) -> Result<Bytes> {
        let length = range.end - range.start;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: pin.version.as_ref().and_then(|v| v.e_tag.clone()),
            ..GetOptions::default()
        };
        let expired = || Error::SnapshotExpired {
            detail: format!("{path} was removed or replaced"),
        };
        let result = match self.store.get_opts(path, options).await {
            Ok(result) => result,
            Err(StoreError::NotFound { .. } | StoreError::Precondition { .. }) => {
                return Err(expired());
            }
            Err(source) => return Err(failed("read", path, source)),
        };
        let offset = result.range.start;
        let bytes = result.bytes().await;
        let bytes = bytes.map_err(|source| failed("read", path, source))?;
        // A range past the end is cut without a word, and some servers answer with everything.
        if bytes.len() as u64 == length {
            return Ok(bytes);
        }
        let from = range.start.checked_sub(offset).map(|from| from as usize);
        from.and_then(|from| Some(from..from.checked_add(length as usize)?))
            .filter(|range| range.end <= bytes.len())
            .map(|range| bytes.slice(range))
            .ok_or_else(|| {
                Error::corrupt(format!(
                    "bytes {} to {} of {path} are not there: the object was cut short",
                    range.start, range.end
                ))
            })
    }

    /// An object as a file, if it is one; it must still be the pinned version.
    pub(crate) fn open_file(&self, path: &Path, pin: &Pin) -> Result<Option<OpenFile>> {
        let Some(local) = &self.local else {
            return Ok(None);
        };
        let e_tag = pin.version.as_ref().and_then(|v| v.e_tag.as_deref());
        match local.open_file(path, e_tag) {
            Ok(file) => Ok(Some(file)),
            Err(StoreError::NotFound { .. } | StoreError::Precondition { .. }) => {
                Err(Error::SnapshotExpired {
                    detail: format!("{path} was removed or replaced"),
                })
            }
            Err(source) => Err(failed("read", path, source)),
        }
    }

    /// The first bytes of an object.
    pub(crate) async fn head(&self, path: &Path, length: u64) -> Result<Bytes> {
        let read = self.range(path, 0..length, &Pin::default()).await;
        let Err(Error::Store { .. }) = &read else {
            return read;
        };
        // Stores refuse a range of an empty object in ways of their own.
        match self.store.head(path).await {
            Ok(meta) if meta.size < length => Err(Error::corrupt(format!(
                "{path} has {} bytes, too few for a layer",
                meta.size
            ))),
            _ => read,
        }
    }

    /// What stands under a number, by its first bytes.
    pub(crate) async fn look(&self, sequence: u64) -> Result<Held> {
        Ok(match self.look_at(&self.sidecar(sequence)).await? {
            Held::Tombstone(stone) if stone.header.sequence != sequence => {
                Held::Foreign(Bytes::copy_from_slice(&stone.encode()))
            }
            held => held,
        })
    }

    /// What an object is, by its first bytes.
    pub(crate) async fn look_at(&self, path: &Path) -> Result<Held> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..TOMBSTONE_BYTES as u64)),
            ..GetOptions::default()
        };
        let (bytes, length) = match self.store.get_opts(path, options).await {
            Ok(result) => {
                let length = result.meta.size;
                let bytes = result.bytes().await;
                (
                    bytes.map_err(|source| failed("read", path, source))?,
                    length,
                )
            }
            Err(StoreError::NotFound { .. }) => return Ok(Held::Vacant),
            // Stores refuse a range of an empty object in ways of their own.
            Err(source) => match self.store.head(path).await {
                Ok(meta) if meta.size == 0 => (Bytes::new(), 0),
                _ => return Err(failed("read", path, source)),
            },
        };
        let start = bytes.slice(..bytes.len().min(TOMBSTONE_BYTES));
        if length == TOMBSTONE_BYTES as u64
            && let Some(stone) = Tombstone::decode(&start)
        {
            return Ok(Held::Tombstone(stone));
        }
        Ok(match Header::decode(&start) {
            Ok(header) => Held::Layer(header),
            Err(_) => Held::Foreign(start),
        })
    }

    /// The version of an object; none if there is no object.
    pub(crate) async fn version(&self, path: &Path) -> Result<Option<(Pin, u64)>> {
        match self.store.head(path).await {
            Ok(meta) => {
                let version = Some(UpdateVersion {
                    e_tag: meta.e_tag,
                    version: meta.version,
                });
                Ok(Some((Pin { version }, meta.size)))
            }
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(source) => Err(failed("head", path, source)),
        }
    }
}
