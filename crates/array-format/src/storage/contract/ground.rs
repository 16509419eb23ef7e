//! Where a clause is tried: a folder of its own, and calls whose answers are findings.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    Error as StoreError, GetOptions, GetRange, ListResult, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutOptions, PutResult, UpdateVersion,
};

use super::{ContractOptions, Sample};
use crate::error::{Error, Result};
use crate::storage::place;

/// Most characters of what a store says.
const BRIEF: usize = 200;

/// Why a clause ended before all of it was seen to hold.
#[derive(Debug)]
pub(super) enum Stop {
    Broken(String),
    Absent(String),
    Untried(String),
}

pub(super) type Outcome<V = ()> = std::result::Result<V, Stop>;

/// Ends a clause that is broken.
pub(super) fn broken<V>(how: impl Into<String>) -> Outcome<V> {
    Err(Stop::Broken(how.into()))
}

/// What a store says, in a line.
pub(super) fn brief(error: &StoreError) -> String {
    let text = error.to_string();
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().take(BRIEF).collect()
}

/// A call failed: the store cannot do it, or does not do what is asked.
pub(super) fn failed(what: &str, error: &StoreError) -> Stop {
    let how = format!("{what}: {}", brief(error));
    match place::says_that_it_cannot(error) {
        true => Stop::Absent(how),
        false => Stop::Broken(how),
    }
}

/// An object, or a range of it, as it was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) bytes: Bytes,
    pub(super) meta: ObjectMeta,
}

pub(super) struct Ground {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) options: ContractOptions,
    root: String,
    folder: String,
    made: Mutex<BTreeSet<Path>>,
    /// Why nothing can be put, once that is known.
    takes_nothing: Mutex<Option<String>>,
    remark: Mutex<Option<String>>,
    seed: AtomicU64,
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that do not repeat, other ones for each seed; the seed comes first.
pub(super) fn pattern(seed: u64, length: usize) -> Bytes {
    let mut bytes = Vec::with_capacity(length + 8);
    let mut state = seed;
    while bytes.len() < length {
        bytes.extend_from_slice(&state.to_le_bytes());
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
    }
    bytes.truncate(length);
    bytes.into()
}

/// The version that a put has made.
pub(super) fn version_of_put(put: PutResult) -> UpdateVersion {
    UpdateVersion {
        e_tag: put.e_tag,
        version: put.version,
    }
}

/// The version of an object that was read.
pub(super) fn version_of(meta: &ObjectMeta) -> UpdateVersion {
    UpdateVersion {
        e_tag: meta.e_tag.clone(),
        version: meta.version.clone(),
    }
}

/// The version that a call tells, if it tells any.
pub(super) fn told(by: &str, version: UpdateVersion) -> Outcome<UpdateVersion> {
    if version.e_tag.is_none() && version.version.is_none() {
        return Err(Stop::Absent(format!("a {by} tells no version")));
    }
    Ok(version)
}

fn parsed(path: &str) -> Outcome<Path> {
    Path::parse(path).map_err(|error| Stop::Untried(error.to_string()))
}

/// The folder that an object is in.
pub(super) fn folder_of(path: &Path) -> Path {
    let parts: Vec<_> = path.parts().collect();
    let above = parts.len().saturating_sub(1);
    parts.into_iter().take(above).collect()
}

impl Ground {
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        prefix: &Path,
        options: &ContractOptions,
    ) -> Result<Self> {
        let random = getrandom::u64();
        let random = random.map_err(|error| Error::Storage(format!("no randomness: {error}")))?;
        let root = match prefix.as_ref() {
            "" => format!("contract-{random:016x}"),
            prefix => format!("{prefix}/contract-{random:016x}"),
        };
        Ok(Self {
            store,
            options: options.clone(),
            folder: root.clone(),
            root,
            made: Mutex::default(),
            takes_nothing: Mutex::default(),
            remark: Mutex::default(),
            seed: AtomicU64::new(random >> 1),
        })
    }

    /// Goes on with another clause.
    pub(super) fn enter(&mut self, clause: &str) {
        let name: String = clause.split([' ', ',']).filter(|w| !w.is_empty()).collect();
        self.folder = format!("{}/{name}", self.root);
    }

    /// The folder of all clauses.
    pub(super) fn root(&self) -> &str {
        &self.root
    }

    /// Says something that breaks nothing.
    pub(super) fn remark(&self, remark: impl Into<String>) {
        *lock(&self.remark) = Some(remark.into());
    }

    pub(super) fn take_remark(&self) -> Option<String> {
        lock(&self.remark).take()
    }

    /// The clause's own folder.
    pub(super) fn folder(&self) -> Outcome<Path> {
        parsed(&self.folder)
    }

    /// A folder in it.
    pub(super) fn folder_in(&self, name: &str) -> Outcome<Path> {
        parsed(&format!("{}/{name}", self.folder))
    }

    /// A path in it, to which something will be put.
    pub(super) fn path(&self, name: &str) -> Outcome<Path> {
        let path = parsed(&format!("{}/{name}", self.folder))?;
        lock(&self.made).insert(path.clone());
        Ok(path)
    }

    /// Bytes that were not there before.
    pub(super) fn fresh(&self, length: usize) -> Bytes {
        pattern(self.seed.fetch_add(1, Relaxed), length)
    }

    /// Puts an object, whatever is there.
    pub(super) async fn put(&self, path: &Path, bytes: &Bytes) -> Outcome<UpdateVersion> {
        // Clients repeat over and over what some servers cannot do.
        if let Some(why) = lock(&self.takes_nothing).clone() {
            return Err(Stop::Absent(why));
        }
        let put = self.store.put(path, bytes.clone().into()).await;
        put.map(version_of_put).map_err(|error| {
            let stop = failed("a put", &error);
            if let Stop::Absent(why) = &stop {
                *lock(&self.takes_nothing) = Some(why.clone());
            }
            stop
        })
    }

    /// Puts an object under a condition; none if the store refuses because of it.
    pub(super) async fn put_if(
        &self,
        path: &Path,
        bytes: &Bytes,
        mode: PutMode,
    ) -> Outcome<Option<UpdateVersion>> {
        let options = PutOptions::from(mode);
        match self
            .store
            .put_opts(path, bytes.clone().into(), options)
            .await
        {
            Ok(put) => Ok(Some(version_of_put(put))),
            // Azure calls the one what others call the other.
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(None),
            Err(error) => Err(failed("a conditional put", &error)),
        }
    }

    pub(super) async fn read_with(
        &self,
        path: &Path,
        options: GetOptions,
    ) -> std::result::Result<Read, StoreError> {
        let result = self.store.get_opts(path, options).await?;
        let meta = result.meta.clone();
        let bytes = result.bytes().await?;
        Ok(Read { bytes, meta })
    }

    pub(super) async fn read_range(
        &self,
        path: &Path,
        range: GetRange,
    ) -> std::result::Result<Read, StoreError> {
        let options = GetOptions {
            range: Some(range),
            ..GetOptions::default()
        };
        self.read_with(path, options).await
    }

    /// What is there, if anything is.
    pub(super) async fn get(&self, path: &Path) -> Outcome<Option<Read>> {
        match self.read_with(path, GetOptions::default()).await {
            Ok(read) => Ok(Some(read)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => broken(format!("a get: {}", brief(&error))),
        }
    }

    pub(super) async fn head(&self, path: &Path) -> Outcome<Option<ObjectMeta>> {
        match self.store.head(path).await {
            Ok(meta) => Ok(Some(meta)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => broken(format!("a head: {}", brief(&error))),
        }
    }

    /// Sees that an object is there with these bytes.
    pub(super) async fn sees(&self, path: &Path, bytes: &Bytes, when: &str) -> Outcome<Read> {
        let Some(read) = self.get(path).await? else {
            return broken(format!("{when}: a get finds no object"));
        };
        if read.bytes != bytes {
            return broken(format!("{when}: a get reads other bytes than were put"));
        }
        let sizes = [
            ("get", Some(read.meta.size)),
            ("head", self.head(path).await?.map(|meta| meta.size)),
        ];
        for (what, size) in sizes {
            if size != Some(bytes.len() as u64) {
                let length = bytes.len();
                return broken(format!("{when}: {what} tells {size:?} of {length} bytes"));
            }
        }
        Ok(read)
    }

    /// Sees that there is no object.
    pub(super) async fn sees_nothing(&self, path: &Path, when: &str) -> Outcome {
        if self.get(path).await?.is_some() || self.head(path).await?.is_some() {
            return broken(format!("{when}: an object is there"));
        }
        Ok(())
    }

    /// Removes an object; false if the store says that it is not there.
    pub(super) async fn delete(&self, path: &Path) -> Outcome<bool> {
        match self.store.delete(path).await {
            Ok(()) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed("a delete", &error)),
        }
    }

    /// What is in a folder, and which folders are.
    pub(super) async fn list(&self, folder: &Path) -> Outcome<ListResult> {
        match self.store.list_with_delimiter(Some(folder)).await {
            Ok(listed) => Ok(listed),
            Err(StoreError::NotFound { .. }) => Ok(ListResult {
                common_prefixes: Vec::new(),
                objects: Vec::new(),
            }),
            Err(error) => Err(failed("a list", &error)),
        }
    }

    /// An object to be read: a new one, or where nothing can be put the one that the caller knows.
    pub(super) async fn sample(&self, length: usize) -> Outcome<Sample> {
        let (path, bytes) = (self.path("sample")?, self.fresh(length));
        match self.put(&path, &bytes).await {
            Ok(_) => Ok(Sample { path, bytes }),
            Err(Stop::Absent(why)) => self.options.sample.clone().ok_or_else(|| {
                Stop::Untried(format!(
                    "no sample was given, and nothing can be put: {why}"
                ))
            }),
            Err(stop) => Err(stop),
        }
    }

    /// Removes everything; the paths of what cannot be removed.
    pub(super) async fn clear(&self) -> Vec<String> {
        if lock(&self.takes_nothing).is_some() {
            return Vec::new();
        }
        let mut paths = lock(&self.made).clone();
        if let Ok(root) = Path::parse(&self.root) {
            let listed = self.store.list(Some(&root)).try_collect::<Vec<_>>().await;
            paths.extend(listed.into_iter().flatten().map(|object| object.location));
        }
        let all: Vec<_> = paths.iter().cloned().map(Ok).collect();
        let removed = self.store.delete_stream(stream::iter(all).boxed());
        let removed: Vec<_> = removed.collect().await;
        if removed.len() == paths.len() && removed.iter().all(is_gone) {
            return Vec::new();
        }
        let mut left = Vec::new();
        for path in paths {
            if self.delete(&path).await.is_err() && !matches!(self.head(&path).await, Ok(None)) {
                left.push(path.to_string());
            }
        }
        left
    }
}

/// Whether a deletion leaves nothing.
pub(super) fn is_gone<V>(deleted: &std::result::Result<V, StoreError>) -> bool {
    matches!(deleted, Ok(_) | Err(StoreError::NotFound { .. }))
}
