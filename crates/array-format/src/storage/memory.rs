//! Bytes in memory.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;

use super::Storage;
use crate::error::{Error, Result};

/// One object in memory; clones share it.
///
/// [`ArrayFile::flush_memory`](crate::ArrayFile::flush_memory) puts a layer's bytes here.
#[derive(Debug, Clone, Default)]
pub struct InMemoryStorage {
    bytes: Arc<RwLock<Bytes>>,
}

impl InMemoryStorage {
    /// An empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its bytes.
    pub fn bytes(&self) -> Bytes {
        self.bytes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn replace(&self, bytes: Bytes) {
        *self.bytes.write().unwrap_or_else(PoisonError::into_inner) = bytes;
    }
}

#[async_trait]
impl Storage for InMemoryStorage {
    async fn size(&self) -> Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let bytes = self.bytes();
        if range.start > range.end || range.end > bytes.len() as u64 {
            return Err(Error::Storage(format!(
                "range {range:?} of an object of {} bytes",
                bytes.len()
            )));
        }
        Ok(bytes.slice(range.start as usize..range.end as usize))
    }

    async fn write(&self, bytes: Vec<Bytes>) -> Result<()> {
        self.replace(bytes.concat().into());
        Ok(())
    }
}
