//! Metadata pages of large files on a local disk: they are read when they are first touched, so that
//! opening costs no more than what is looked at.

use std::collections::HashMap;
use std::sync::Arc;

use array_format_core::snapshot::Snapshot;
use array_format_core::tree::PageSource;
use array_format_core::wire::header::Header;
use array_format_core::wire::page::PageAddress;
use array_format_core::wire::{HEADER_BYTES, TRAILER_BYTES};
use array_format_core::{Error, Place, Result};
use bytes::Bytes;

use crate::fetch::{self, Holder, Layers};
use crate::storage::OpenFile;

/// Metadata up to this size are read whole when a file is opened.
const WHOLE_BYTES: u64 = 512 << 10;

/// The files of the layers that hold pages, by number. What is open stays readable, whatever takes
/// its name.
#[derive(Debug)]
pub(crate) struct Files(HashMap<u64, Arc<OpenFile>>);

impl Files {
    /// The files of a snapshot's pages, if these are many and all in files that may stay open.
    pub(crate) fn open(layers: &Layers, snapshot: &Snapshot) -> Result<Option<Self>> {
        let pages = &snapshot.root.pages;
        let live: u64 = pages.iter().map(|pages| pages.live).sum();
        if live <= WHOLE_BYTES {
            return Ok(None);
        }
        let mut files = HashMap::new();
        for pages in pages {
            match layers.open_file(Holder::layer(pages.sequence))? {
                Some(file) if file.may_stay() => files.insert(pages.sequence, file),
                _ => return Ok(None),
            };
        }
        Ok(Some(Self(files)))
    }

    /// Makes sure that the files hold the layers that the snapshot stands on.
    pub(crate) fn check(&self, snapshot: &Snapshot) -> Result<()> {
        for (&sequence, file) in &self.0 {
            let row = fetch::layer(snapshot, sequence)?;
            let mut header = [0; HEADER_BYTES];
            file.read_at(&mut header, 0)?;
            if Header::decode(&header)?.layer != row.id {
                return Err(Error::SnapshotExpired {
                    detail: format!("layer {sequence} was replaced"),
                });
            }
            let length = match sequence == snapshot.root.sequence {
                true => snapshot.object_length,
                false => row.length,
            };
            if file.length() != length {
                return Err(Error::corrupt(format!(
                    "an object of {} bytes, {length} are expected",
                    file.length()
                ))
                .within(Place::layer(sequence)));
            }
        }
        Ok(())
    }
}

impl PageSource for Files {
    fn page(&self, address: &PageAddress) -> Result<Bytes> {
        let place = || Place::layer(address.sequence);
        let file = self.0.get(&address.sequence).ok_or_else(|| {
            Error::corrupt("a page in a layer that the root does not list").within(place())
        })?;
        let end = address.offset.saturating_add(address.stored.into());
        let data = HEADER_BYTES as u64..file.length().saturating_sub(TRAILER_BYTES as u64);
        if address.offset < data.start || end > data.end {
            return Err(Error::corrupt(format!(
                "a reference to bytes {:?}, which are not all data",
                address.offset..end
            ))
            .within(place()));
        }
        let mut stored = vec![0; address.stored as usize];
        file.read_at(&mut stored, address.offset)?;
        Ok(stored.into())
    }
}
