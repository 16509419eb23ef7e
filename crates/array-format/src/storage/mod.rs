//! Where layers are kept: objects of an object store, or bytes in memory.

pub mod contract;
mod local;
mod memory;
mod parts;
mod place;
mod trust;

pub use local::LocalStore;
pub(crate) use local::{Durably, Leftover, OpenFile, Staging};
pub use memory::InMemoryStorage;
pub use place::ObjectStoreBackend;
pub(crate) use place::{Held, Listing, Pin, PutOutcome, Sidecar, Tail};
pub use trust::Commits;

pub use crate::url::resolve;

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::Result;

/// One object that can be read in ranges and replaced as a whole.
#[async_trait]
pub trait Storage: Send + Sync {
    /// Its bytes.
    ///
    /// # Errors
    /// There is no such object, or the store failed.
    async fn size(&self) -> Result<u64>;

    /// A range of it.
    ///
    /// # Errors
    /// The range reaches past its end, or the store failed.
    async fn read(&self, range: Range<u64>) -> Result<Bytes>;

    /// Puts other bytes in its place.
    ///
    /// # Errors
    /// The store failed.
    async fn write(&self, bytes: Vec<Bytes>) -> Result<()>;
}
