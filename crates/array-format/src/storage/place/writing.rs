//! Putting objects, making them durable, removing them.

use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{
    Error as StoreError, GetOptions, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult,
    UpdateVersion,
};

use super::{ObjectStoreBackend, Pin, failed};
use crate::error::{Error, Result};
use crate::storage::{Durably, Staging};

/// Data that a store takes with one put, where it is not said otherwise: well below what stores
/// allow, and what a slow line sends before a client's timeout of 30 seconds.
const LARGEST_PUT: u64 = 512 << 20;

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
    /// Data that are put together with their layer: more are put beside it, in parts.
    pub(crate) fn largest_put(&self, configured: Option<u64>) -> u64 {
        let default = if self.is_known() {
            u64::MAX
        } else {
            LARGEST_PUT
        };
        configured.unwrap_or(default)
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
