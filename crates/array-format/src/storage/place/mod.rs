//! A file's place in an object store: the names of its objects, and what is asked of the store.

mod listing;
mod names;
mod reading;
mod writing;

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, UpdateVersion};

use super::Storage;
use super::local::{LocalStore, recognise};
use crate::error::{Error, Result};
pub(crate) use listing::{Listing, Sidecar};
pub(crate) use reading::{Held, Tail};
pub(crate) use writing::PutOutcome;

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

    /// Whether a list is a walk through a folder, which is not of one moment.
    fn walks(&self) -> bool {
        self.store.to_string().contains("Local")
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
