//! Pages in memory, decoded when they are first touched; and new pages on their way to a layer.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use foldhash::{HashMap, HashMapExt};

use super::late::{Late, PageSource};
use crate::error::{Error, Place, Result};
use crate::wire::page::{self, PageAddress};
use crate::wire::tables::{Inner, Rows, Table};

#[derive(Debug)]
enum Decoded<T: Table> {
    Inner(Inner<T>),
    Leaf(Rows<T>),
}

/// A stored page that is decoded on first touch.
#[derive(Debug)]
pub struct LoadedPage<T: Table> {
    stored: Bytes,
    decoded: OnceLock<Decoded<T>>,
}

impl<T: Table> LoadedPage<T> {
    /// A page with these stored bytes.
    pub fn new(stored: Bytes) -> Self {
        Self {
            stored,
            decoded: OnceLock::new(),
        }
    }

    /// Its stored bytes.
    pub fn stored(&self) -> &Bytes {
        &self.stored
    }

    fn decoded(&self, address: &PageAddress, leaf: bool) -> Result<&Decoded<T>> {
        if let Some(decoded) = self.decoded.get() {
            return Ok(decoded);
        }
        let raw = page::decode(address, &self.stored)?;
        let decoded = if leaf {
            Rows::decode(&raw).map(Decoded::Leaf)
        } else {
            Inner::decode(&raw).map(Decoded::Inner)
        };
        let decoded = decoded.map_err(|e| {
            e.within(Place {
                layer: Some(format!("layer {}", address.sequence)),
                part: Some(format!("{} page at byte {}", T::NAME, address.offset)),
                ..Place::default()
            })
        })?;
        Ok(self.decoded.get_or_init(|| decoded))
    }
}

/// Pages of one table: those in memory, and those that come when they are asked for.
#[derive(Debug)]
pub struct PageSet<T: Table> {
    pages: HashMap<PageAddress, Arc<LoadedPage<T>>>,
    /// The others, where they come by themselves.
    late: Option<Arc<Late<T>>>,
}

impl<T: Table> Clone for PageSet<T> {
    fn clone(&self) -> Self {
        Self {
            pages: self.pages.clone(),
            late: self.late.clone(),
        }
    }
}

impl<T: Table> Default for PageSet<T> {
    fn default() -> Self {
        Self {
            pages: HashMap::new(),
            late: None,
        }
    }
}

impl<T: Table> PageSet<T> {
    /// Adds a page.
    pub fn insert(&mut self, address: PageAddress, page: Arc<LoadedPage<T>>) {
        self.pages.insert(address, page);
    }

    /// Drops a page.
    pub fn remove(&mut self, address: &PageAddress) {
        self.pages.remove(address);
    }

    /// Has pages come from a source from now on that are not in memory.
    pub fn read_late(&mut self, source: Arc<dyn PageSource>) {
        self.late = Some(Arc::new(Late::new(source)));
    }

    /// Whether no page is missing, as all of them come by themselves.
    pub fn reads_late(&self) -> bool {
        self.late.is_some()
    }

    /// A page, if it is in memory.
    pub fn get(&self, address: &PageAddress) -> Option<&Arc<LoadedPage<T>>> {
        self.pages.get(address)
    }

    /// A page, if it is in memory or comes by itself.
    pub(super) fn find(&self, address: &PageAddress) -> Result<Option<&LoadedPage<T>>> {
        if let Some(page) = self.pages.get(address) {
            return Ok(Some(page));
        }
        let late = self.late.as_ref();
        late.map(|late| late.get(address)).transpose()
    }

    /// Stored bytes of all pages in memory.
    pub fn stored_bytes(&self) -> u64 {
        let here: u64 = self.pages.values().map(|p| p.stored.len() as u64).sum();
        here + self.late.as_ref().map_or(0, |late| late.stored_bytes())
    }

    pub(super) fn inner(&self, address: &PageAddress) -> Result<Option<&Inner<T>>> {
        let Some(page) = self.find(address)? else {
            return Ok(None);
        };
        match page.decoded(address, false)? {
            Decoded::Inner(inner) => Ok(Some(inner)),
            Decoded::Leaf(_) => Err(wrong_depth(address)),
        }
    }

    pub(super) fn leaf(&self, address: &PageAddress) -> Result<Option<&Rows<T>>> {
        let Some(page) = self.find(address)? else {
            return Ok(None);
        };
        match page.decoded(address, true)? {
            Decoded::Leaf(rows) => Ok(Some(rows)),
            Decoded::Inner(_) => Err(wrong_depth(address)),
        }
    }
}

fn wrong_depth(address: &PageAddress) -> Error {
    Error::corrupt(format!(
        "the page at byte {} of layer {} stands at two depths",
        address.offset, address.sequence
    ))
}

/// New pages of a layer, in the order in which they will stand there.
#[derive(Debug)]
pub struct PageWriter {
    sequence: u64,
    offset: u64,
    pages: Vec<(PageAddress, Bytes)>,
}

impl PageWriter {
    /// Pages from this offset on in the layer with this sequence number.
    pub fn new(sequence: u64, offset: u64) -> Self {
        Self {
            sequence,
            offset,
            pages: Vec::new(),
        }
    }

    /// Moves on: bytes of other kinds stand before the next page.
    pub fn skip_to(&mut self, offset: u64) {
        debug_assert!(
            offset >= self.offset,
            "layers are written from front to back"
        );
        self.offset = offset;
    }

    /// Where the next page will stand.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Appends a page, compressed if that helps.
    pub fn put(&mut self, raw: Vec<u8>) -> Result<PageAddress> {
        let raw_length = raw.len() as u32;
        let stored = page::encode(raw)?;
        let crc = crate::wire::crc(&stored);
        Ok(self.put_stored(stored.into(), raw_length, crc))
    }

    /// Appends a page that is in its stored form already.
    pub fn put_stored(&mut self, stored: Bytes, raw: u32, crc: u32) -> PageAddress {
        let address = PageAddress {
            sequence: self.sequence,
            offset: self.offset,
            stored: stored.len() as u32,
            raw,
            crc,
        };
        self.offset += stored.len() as u64;
        self.pages.push((address, stored));
        address
    }

    /// The pages since the last call.
    pub fn take(&mut self) -> Vec<(PageAddress, Bytes)> {
        std::mem::take(&mut self.pages)
    }
}
