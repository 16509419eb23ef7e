//! Where the keys of a Zarr store lie: a folder, a ZIP archive, or an object store.

use std::io;
use std::path::Path as LocalPath;
use std::sync::Arc;

use anyhow::Context;
use array_format::bytes::Bytes;
use array_format::object_store::path::Path;
use array_format::object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use futures::TryStreamExt;
use tokio::runtime::Handle;
use zarrs::filesystem::FilesystemStore;
use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator, extract_byte_ranges};
use zarrs::storage::{
    ListableStorageTraits, MaybeBytesIterator, ReadableListableStorage, ReadableStorageTraits,
    StorageError, StoreKey, StoreKeys, StoreKeysPrefixes, StorePrefix,
};
use zarrs_zip::ZipStorageAdapter;

use crate::convert::Place;
use crate::open;

/// The store at a place.
pub fn open(place: &Place) -> anyhow::Result<ReadableListableStorage> {
    let (store, root): (ReadableListableStorage, String) = match place {
        Place::Local(path) if path.is_dir() => return Ok(Arc::new(FilesystemStore::new(path)?)),
        Place::Local(path) => {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => LocalPath::new("."),
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (Arc::new(FilesystemStore::new(folder)?), name.into_owned())
        }
        Place::Url(url) => {
            let (store, root) = open::place(url)?;
            let objects = |root| Objects {
                store,
                root,
                runtime: Handle::current(),
            };
            match root.filename() {
                Some(name) if name.ends_with(".zip") => {
                    let parts: Vec<_> = root.parts().collect();
                    let folder = Path::from_iter(parts[..parts.len() - 1].iter().cloned());
                    (Arc::new(objects(folder)), name.to_owned())
                }
                _ => return Ok(Arc::new(objects(root))),
            }
        }
    };
    archive(store, &root)
}

/// The ZIP archive in a store; one that was made of a folder has all keys within that.
fn archive(store: ReadableListableStorage, name: &str) -> anyhow::Result<ReadableListableStorage> {
    let key = || StoreKey::new(name).with_context(|| format!("{name} is no key"));
    let zip = ZipStorageAdapter::new(store.clone(), key()?)?;
    let top = zip.list_dir(&StorePrefix::root())?;
    match (top.keys().as_slice(), top.prefixes().as_slice()) {
        ([], [folder]) => {
            let folder = folder.as_str().trim_end_matches('/').to_owned();
            let within = ZipStorageAdapter::new_with_path(store, key()?, folder)?;
            Ok(Arc::new(within))
        }
        _ => Ok(Arc::new(zip)),
    }
}

/// Keys under a path of an object store. Calls block; they must not come from async code.
struct Objects {
    store: Arc<dyn ObjectStore>,
    root: Path,
    runtime: Handle,
}

impl Objects {
    fn path(&self, key: &str) -> Result<Path, StorageError> {
        let root = self.root.as_ref();
        let whole = match (root.is_empty(), key.trim_end_matches('/')) {
            (true, key) => key.to_owned(),
            (false, "") => root.to_owned(),
            (false, key) => format!("{root}/{key}"),
        };
        Path::parse(whole).map_err(failed)
    }

    fn get(&self, path: &Path, range: Option<GetRange>) -> Result<Bytes, Error> {
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        self.runtime
            .block_on(async { self.store.get_opts(path, options).await?.bytes().await })
    }

    /// A path as a key.
    fn key<'p>(&self, path: &'p Path) -> Option<&'p str> {
        let key = path.as_ref().strip_prefix(self.root.as_ref())?;
        Some(key.trim_start_matches('/'))
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StorageError {
    StorageError::from(Arc::new(io::Error::other(error)))
}

impl ReadableStorageTraits for Objects {
    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let path = self.path(key.as_str())?;
        let ranges: Vec<ByteRange> = ranges.collect();
        let parts = ranges.iter().map(|range| match *range {
            ByteRange::FromStart(0, None) => None,
            ByteRange::FromStart(from, None) => Some(GetRange::Offset(from)),
            ByteRange::FromStart(from, Some(n)) => Some(GetRange::Bounded(from..from + n)),
            ByteRange::Suffix(n) => Some(GetRange::Suffix(n)),
        });
        let parts: Result<Vec<Bytes>, Error> = parts.map(|part| self.get(&path, part)).collect();
        let parts = match parts {
            // Some web servers give whole files alone.
            Err(Error::NotSupported { .. }) => match self.get(&path, None) {
                Ok(whole) => extract_byte_ranges(&whole, Box::new(ranges.into_iter()))
                    .map(|parts| parts.into_iter().map(Bytes::from).collect())?,
                Err(error) => return Err(failed(error)),
            },
            Ok(parts) => parts,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        Ok(Some(Box::new(parts.into_iter().map(Ok))))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        let path = self.path(key.as_str())?;
        match self.runtime.block_on(self.store.head(&path)) {
            Ok(found) => Ok(Some(found.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn supports_get_partial(&self) -> bool {
        true
    }
}

impl ListableStorageTraits for Objects {
    fn list(&self) -> Result<StoreKeys, StorageError> {
        self.list_prefix(&StorePrefix::root())
    }

    fn list_prefix(&self, prefix: &StorePrefix) -> Result<StoreKeys, StorageError> {
        let path = self.path(prefix.as_str())?;
        let found = self.store.list(Some(&path)).try_collect::<Vec<_>>();
        let found = self.runtime.block_on(found).map_err(failed)?;
        let keys = found.iter().filter_map(|found| self.key(&found.location));
        keys.map(|key| Ok(StoreKey::new(key)?)).collect()
    }

    fn list_dir(&self, prefix: &StorePrefix) -> Result<StoreKeysPrefixes, StorageError> {
        let path = self.path(prefix.as_str())?;
        let found = self.store.list_with_delimiter(Some(&path));
        let found = self.runtime.block_on(found).map_err(failed)?;
        let keys = found.objects.iter().filter_map(|o| self.key(&o.location));
        let keys: Result<_, StorageError> = keys.map(|key| Ok(StoreKey::new(key)?)).collect();
        let prefixes = found.common_prefixes.iter().filter_map(|p| self.key(p));
        let prefixes: Result<_, StorageError> = prefixes
            .map(|prefix| Ok(StorePrefix::new(format!("{prefix}/"))?))
            .collect();
        Ok(StoreKeysPrefixes::new(keys?, prefixes?))
    }

    fn size_prefix(&self, prefix: &StorePrefix) -> Result<u64, StorageError> {
        let path = self.path(prefix.as_str())?;
        let sum = self
            .store
            .list(Some(&path))
            .try_fold(0, |sum, found| async move { Ok(sum + found.size) });
        self.runtime.block_on(sum).map_err(failed)
    }
}
