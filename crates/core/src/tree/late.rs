//! Pages that are brought into memory when they are first touched.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use elsa::sync::FrozenMap;

use super::LoadedPage;
use crate::error::Result;
use crate::wire::page::{self, PageAddress};
use crate::wire::tables::Table;

/// Where stored pages are had at once, without waiting: a file that is open, for example.
pub trait PageSource: fmt::Debug + Send + Sync {
    /// The stored bytes of a page. Their checksum need not be looked at.
    ///
    /// # Errors
    /// They cannot be had, or no page may be there.
    fn page(&self, address: &PageAddress) -> Result<Bytes>;
}

/// Pages of one table that came from a source. Clones of a set share them.
pub(super) struct Late<T: Table> {
    source: Arc<dyn PageSource>,
    pages: FrozenMap<PageAddress, Arc<LoadedPage<T>>>,
}

impl<T: Table> fmt::Debug for Late<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Late({:?})", self.source)
    }
}

impl<T: Table> Late<T> {
    pub(super) fn new(source: Arc<dyn PageSource>) -> Self {
        Self {
            source,
            pages: FrozenMap::new(),
        }
    }

    pub(super) fn get(&self, address: &PageAddress) -> Result<&LoadedPage<T>> {
        if let Some(page) = self.pages.get(address) {
            return Ok(page);
        }
        let stored = self.source.page(address)?;
        page::verify(address, &stored)?;
        // Another thread may have been first: then its page stays.
        Ok(self
            .pages
            .insert(*address, Arc::new(LoadedPage::new(stored))))
    }

    /// Stored bytes of the pages that have come.
    pub(super) fn stored_bytes(&self) -> u64 {
        let addresses = self.pages.keys_cloned();
        addresses.iter().map(|a| u64::from(a.stored)).sum()
    }
}
