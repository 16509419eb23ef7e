//! A file's place in an object store: the names of its objects, and what is asked of the store.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{
    Error as StoreError, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutOptions, PutPayload, PutResult, UpdateVersion,
};

use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tombstone::{TOMBSTONE_BYTES, Tombstone};

use super::local::{LocalStore, OpenFile, Staging, recognise};
use super::trust::PROBE;
use super::{Durably, Storage};
use crate::error::{Error, Result};

/// Bytes that are read off the end of a layer in the hope that they hold all its metadata.
const TAIL_BYTES: u64 = 64 << 10;
/// How often an object is looked at again that is replaced meanwhile.
const TAIL_ATTEMPTS: usize = 8;

/// Objects that stores list in one answer.
const LIST_PAGE: usize = 1000;

/// What an annex's name has after the stem of the file.
const ANNEX: &str = ".annex.";
/// Data that a store takes with one put, where it is not said otherwise: well below what stores
/// allow, and what a slow line sends before a client's timeout of 30 seconds.
const LARGEST_PUT: u64 = 512 << 20;

/// One file in an object store.
///
/// Its base is the object at `path`; its sidecars are `{stem}.{n}.af` beside it, where the stem is
/// the path without a trailing `.af`.
#[derive(Debug, Clone)]
pub struct ObjectStoreBackend {
    store: Arc<dyn ObjectStore>,
    base: Path,
    /// The same store, if it is a folder of the local disk.
    local: Option<Arc<LocalStore>>,
}

/// The version of an object that a handle has seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pin {
    pub(crate) version: Option<UpdateVersion>,
}

/// An object with the name of a sidecar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sidecar {
    pub(crate) number: u64,
    pub(crate) length: u64,
}

/// What the folder of a file shows.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    /// Objects with the names of sidecars, by rising number.
    pub(crate) sidecars: Vec<Sidecar>,
    /// Probes of writers (see `trust.rs`).
    pub(crate) probes: Vec<ObjectMeta>,
    /// Objects with the names of annexes, by their ids.
    pub(crate) annexes: Vec<(Id, ObjectMeta)>,
    base_e_tag: Option<String>,
    base_length: u64,
}

impl Listing {
    /// Whether the base was, when it was listed, the one whose end was read.
    pub(crate) fn agrees(&self, base: &Tail) -> bool {
        let read = base.pin.version.as_ref().and_then(|v| v.e_tag.as_ref());
        let same_tag = match (&self.base_e_tag, read) {
            // Azure's lists leave the quotes out.
            (Some(listed), Some(read)) => listed.trim_matches('"') == read.trim_matches('"'),
            _ => true,
        };
        same_tag && self.base_length == base.object_length
    }
}

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

/// How a conditional put ended.
#[derive(Debug)]
pub(crate) enum PutOutcome {
    /// The object is ours.
    Done(Pin),
    /// Another object, or another version, is there.
    Taken,
    /// The store cannot do it conditionally.
    Unsupported,
    /// It failed, and may or may not have been done.
    Unknown(Error),
}

pub(super) fn failed(operation: &'static str, path: &Path, source: StoreError) -> Error {
    match source {
        StoreError::NotFound { .. } => Error::FileNotFound {
            path: path.to_string(),
        },
        source => Error::Store {
            operation,
            path: path.to_string(),
            source: Box::new(source),
        },
    }
}

/// Whether a store says that it cannot, or may not, do what it was asked to.
pub(super) fn says_that_it_cannot(error: &StoreError) -> bool {
    match error {
        StoreError::NotImplemented { .. }
        | StoreError::NotSupported { .. }
        | StoreError::PermissionDenied { .. }
        | StoreError::Unauthenticated { .. } => true,
        // Web servers without WebDAV answer what they cannot do with any error that they like.
        StoreError::Generic { store, .. } => *store == "HTTP",
        _ => false,
    }
}

/// How a put ended, by the store's answer.
fn put_outcome(path: &Path, answer: std::result::Result<PutResult, StoreError>) -> PutOutcome {
    match answer {
        Ok(result) => PutOutcome::Done(Pin {
            version: Some(UpdateVersion {
                e_tag: result.e_tag,
                version: result.version,
            }),
        }),
        Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
            PutOutcome::Taken
        }
        Err(StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }) => {
            PutOutcome::Unsupported
        }
        Err(source) => PutOutcome::Unknown(failed("write", path, source)),
    }
}

impl ObjectStoreBackend {
    /// The file whose base is at `path`.
    ///
    /// # Errors
    /// The path is empty.
    pub fn new(store: Arc<dyn ObjectStore>, path: Path) -> Result<Self> {
        Self::with_sync(store, path, true)
    }

    /// The same. On a local disk, whose plain store it replaces by [`LocalStore`], what is written is
    /// synced or not.
    pub(crate) fn with_sync(store: Arc<dyn ObjectStore>, path: Path, sync: bool) -> Result<Self> {
        if path.as_ref().is_empty() {
            return Err(Error::invalid("the path of a file must not be empty"));
        }
        let local = recognise(&*store).map(|local| Arc::new(local.with_sync(sync)));
        Ok(Self {
            store: match &local {
                Some(local) => Arc::clone(local) as Arc<dyn ObjectStore>,
                None => store,
            },
            base: path,
            local,
        })
    }

    /// The store, if it is a folder of the local disk.
    pub(crate) fn local(&self) -> Option<&LocalStore> {
        self.local.as_deref()
    }

    /// The path of the base.
    pub fn path(&self) -> &Path {
        &self.base
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    pub(super) fn stem(&self) -> &str {
        let base = self.base.as_ref();
        base.strip_suffix(".af").unwrap_or(base)
    }

    /// The path of the base without its ending: what all names of the file begin with.
    pub(crate) fn stem_path(&self) -> Path {
        Path::parse(self.stem()).unwrap_or_else(|_| Path::from(self.stem()))
    }

    /// The path of the sidecar with this number.
    pub(crate) fn sidecar(&self, sequence: u64) -> Path {
        // The stem is canonical already: encoding it again would double its escapes.
        let path = format!("{}.{sequence}.af", self.stem());
        Path::parse(&path).unwrap_or_else(|_| Path::from(path))
    }

    /// The path of the annex with this id.
    pub(crate) fn annex(&self, id: Id) -> Path {
        let path = format!("{}{ANNEX}{id:?}", self.stem());
        Path::parse(&path).unwrap_or_else(|_| Path::from(path))
    }

    /// The id of an annex of this file's name.
    fn annex_id(&self, path: &Path) -> Option<Id> {
        Id::parse(
            path.as_ref()
                .strip_prefix(self.stem())?
                .strip_prefix(ANNEX)?,
        )
    }

    /// Data that are put together with their layer: more are put beside it, in parts.
    pub(crate) fn largest_put(&self, configured: Option<u64>) -> u64 {
        let default = if self.is_known() {
            u64::MAX
        } else {
            LARGEST_PUT
        };
        configured.unwrap_or(default)
    }

    /// The number of a sidecar of this file's name.
    fn number(&self, path: &Path) -> Option<u64> {
        let digits = path
            .as_ref()
            .strip_prefix(self.stem())?
            .strip_prefix('.')?
            .strip_suffix(".af")?;
        let canonical = digits.bytes().all(|b| b.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        canonical.then(|| digits.parse().ok())?
    }

    /// Whether an object of this file name, in the file's folder, has the name of the base, a sidecar
    /// or an annex.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        let base = self.base.filename();
        let stem = base.map(|base| base.strip_suffix(".af").unwrap_or(base));
        let number = || {
            let rest = name.strip_prefix(stem?)?.strip_prefix('.')?;
            rest.strip_suffix(".af")?.parse::<u64>().ok()
        };
        let annex = || Id::parse(name.strip_prefix(stem?)?.strip_prefix(ANNEX)?);
        base == Some(name) || number().is_some() || annex().is_some()
    }

    /// Whether a list is a walk through a folder, which is not of one moment.
    fn walks(&self) -> bool {
        self.store.to_string().contains("Local")
    }

    /// The objects in the file's own folder; `None` if the store cannot list.
    async fn folder(&self) -> Result<Option<Vec<ObjectMeta>>> {
        let folder = self
            .base
            .as_ref()
            .rsplit_once('/')
            .and_then(|(folder, _)| Path::parse(folder).ok());
        match self.store.list_with_delimiter(folder.as_ref()).await {
            Ok(listed) => Ok(Some(listed.objects)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(source) if says_that_it_cannot(&source) => Ok(None),
            Err(source) => Err(failed("list", &self.base, source)),
        }
    }

    /// The numbers of all sidecars, rising, whether the base is there or not; `None` if the store
    /// cannot list.
    pub(crate) async fn numbers(&self) -> Result<Option<Vec<u64>>> {
        let listed = self.folder().await?;
        Ok(listed.map(|objects| {
            let numbers = objects.iter().filter_map(|o| self.number(&o.location));
            let mut numbers: Vec<u64> = numbers.collect();
            numbers.sort_unstable();
            numbers
        }))
    }

    /// The sidecars of this name; `None` if the store cannot list.
    ///
    /// Lists the file's own folder and nothing above or beneath it.
    pub(crate) async fn sidecars(&self) -> Result<Option<Listing>> {
        let Some(listed) = self.folder().await? else {
            return Ok(None);
        };
        // A listing that lacks the base itself says nothing (some HTTP servers answer so).
        let Some(base) = listed.iter().find(|o| o.location == self.base) else {
            return Ok(None);
        };
        let mut base = base.clone();
        if self.walks() || listed.len() >= LIST_PAGE {
            // Numbers are vacated after the base was replaced: if it is the same after the list as
            // in it, no number was vacated meanwhile.
            match self.store.head(&self.base).await {
                Ok(now) => base = now,
                Err(source) => return Err(failed("head", &self.base, source)),
            }
        }
        let sidecar = |object: &ObjectMeta| {
            let number = self.number(&object.location)?;
            let length = object.size;
            Some(Sidecar { number, length })
        };
        let mut sidecars: Vec<Sidecar> = listed.iter().filter_map(sidecar).collect();
        sidecars.sort_unstable_by_key(|sidecar| sidecar.number);
        let probe = format!("{}{PROBE}", self.stem());
        let is_probe = |object: &&ObjectMeta| object.location.as_ref().starts_with(&probe);
        Ok(Some(Listing {
            sidecars,
            probes: listed.iter().filter(is_probe).cloned().collect(),
            annexes: self.annexes_in(&listed),
            base_e_tag: base.e_tag.clone(),
            base_length: base.size,
        }))
    }

    fn annexes_in(&self, listed: &[ObjectMeta]) -> Vec<(Id, ObjectMeta)> {
        let annex = |object: &ObjectMeta| Some((self.annex_id(&object.location)?, object.clone()));
        listed.iter().filter_map(annex).collect()
    }

    /// Which of these sidecars exist, asked one by one but all at once.
    pub(crate) async fn probe(&self, numbers: Range<u64>) -> Result<Vec<Sidecar>> {
        let mut probes = Vec::new();
        for number in numbers {
            probes.push(async move {
                let path = self.sidecar(number);
                match self.store.head(&path).await {
                    Ok(meta) => Ok(Some(Sidecar {
                        number,
                        length: meta.size,
                    })),
                    Err(StoreError::NotFound { .. }) => Ok(None),
                    Err(source) => Err(failed("head", &path, source)),
                }
            });
        }
        let found: Vec<Option<Sidecar>> = futures::future::try_join_all(probes).await?;
        Ok(found.into_iter().flatten().collect())
    }

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

    /// Puts an object, under a condition or none.
    pub(crate) async fn put(&self, path: &Path, parts: Vec<Bytes>, mode: PutMode) -> PutOutcome {
        let payload: PutPayload = parts.into_iter().collect();
        let options = PutOptions {
            mode,
            ..PutOptions::default()
        };
        put_outcome(path, self.store.put_opts(path, payload, options).await)
    }

    /// Makes an object out of a file beside it: its first `length` bytes under a header, and a tail.
    pub(crate) async fn publish(
        &self,
        path: &Path,
        staging: &Staging,
        header: Bytes,
        length: u64,
        tail: Vec<Bytes>,
        mode: PutMode,
    ) -> PutOutcome {
        let Some(local) = self.local() else {
            return PutOutcome::Unsupported;
        };
        let put = local.publish(path, staging, header, length, tail, &mode);
        put_outcome(path, put.await)
    }

    /// A file beside the base, for data to come; none where objects are no files.
    pub(crate) fn staging(&self) -> Option<Result<Staging>> {
        let staging = self.local()?.staging(&self.base);
        Some(staging.map_err(|source| failed("write", &self.base, source)))
    }

    /// Puts a copy of the object `by`, which is on the local disk, in the base's place.
    pub(crate) async fn replace_base(&self, version: UpdateVersion, by: &Path) -> PutOutcome {
        let (Some(local), Some(e_tag)) = (self.local(), version.e_tag) else {
            return PutOutcome::Unsupported;
        };
        put_outcome(&self.base, local.replace(&self.base, &e_tag, by).await)
    }

    /// Makes durable what is there of the file, whoever put it there and was told that it failed.
    pub(crate) async fn make_durable(&self) -> Result<()> {
        // Other stores have no halfway.
        if !self.walks() {
            return Ok(());
        }
        let mut options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        options.extensions.insert(Durably);
        let synced = self.store.get_opts(&self.base, options).await;
        synced
            .map(drop)
            .map_err(|source| failed("sync", &self.base, source))
    }

    /// Removes objects, if they are there; an answer for each.
    pub(crate) async fn remove_all(&self, paths: Vec<Path>) -> Vec<Result<()>> {
        let paths = stream::iter(paths.into_iter().map(Ok)).boxed();
        let removed = self.store.delete_stream(paths);
        let answers = removed.map(|removed| match removed {
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(source) => Err(failed("remove layers of", &self.base, source)),
        });
        answers.collect().await
    }

    /// Removes an object, if it is there.
    pub(crate) async fn remove(&self, path: &Path) -> Result<()> {
        match self.store.delete(path).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(source) => Err(failed("remove", path, source)),
        }
    }
}

#[async_trait]
impl Storage for ObjectStoreBackend {
    async fn size(&self) -> Result<u64> {
        let meta = self.store.head(&self.base).await;
        meta.map(|meta| meta.size)
            .map_err(|source| failed("head", &self.base, source))
    }

    async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        self.range(&self.base, range, &Pin::default()).await
    }

    async fn write(&self, bytes: Vec<Bytes>) -> Result<()> {
        match self.put(&self.base, bytes, PutMode::Overwrite).await {
            PutOutcome::Done(_) => Ok(()),
            PutOutcome::Unknown(error) => Err(error),
            PutOutcome::Taken | PutOutcome::Unsupported => Err(Error::ReadOnly(format!(
                "the store of {} does not take objects",
                self.base
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Azure's lists tell ETags without their quotes.
    #[test]
    fn a_listed_base_is_the_one_that_was_read_quotes_or_not() {
        let agrees = |listed: Option<&str>, read: Option<&str>, length: u64| {
            let listing = Listing {
                sidecars: Vec::new(),
                probes: Vec::new(),
                annexes: Vec::new(),
                base_e_tag: listed.map(str::to_owned),
                base_length: length,
            };
            let version = UpdateVersion {
                e_tag: read.map(str::to_owned),
                version: None,
            };
            listing.agrees(&Tail {
                bytes: Bytes::new(),
                object_length: 10,
                pin: Pin {
                    version: Some(version),
                },
            })
        };
        for listed in [Some("0x1"), Some("\"0x1\""), None] {
            assert!(agrees(listed, Some("\"0x1\""), 10), "{listed:?}");
            assert!(!agrees(listed, Some("\"0x1\""), 11), "{listed:?}");
        }
        assert!(!agrees(Some("0x2"), Some("\"0x1\""), 10));
        assert!(agrees(Some("0x2"), None, 10));
    }

    #[test]
    fn sidecars_are_told_by_their_exact_name() {
        let store = Arc::new(object_store::memory::InMemory::new());
        let check = |base: &str, path: &str, want: Option<u64>| {
            let place = ObjectStoreBackend::new(store.clone(), Path::from(base)).unwrap();
            assert_eq!(place.number(&Path::from(path)), want, "{base} {path}");
            if let Some(number) = want {
                assert_eq!(place.sidecar(number).as_ref(), path);
            }
        };
        check("d/run.af", "d/run.2.af", Some(2));
        check("run", "run.12.af", Some(12));
        for other in [
            "d/run.02.af",
            "d/run..af",
            "d/run.2",
            "d/run.x.af",
            "d/running.2.af",
            "d/run.af",
            "d/run.99999999999999999999.af",
        ] {
            check("d/run.af", other, None);
        }
        assert!(ObjectStoreBackend::new(store.clone(), Path::from("")).is_err());
    }
}
