//! Removing layers by the rule of vacancy (`docs/commit-protocol.md`).

use std::collections::BTreeMap;

use array_format_core::wire::HEADER_BYTES;
use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tombstone::{TOMBSTONE_BYTES, Tombstone};
use bytes::Bytes;
use object_store::PutMode;

use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::open::random_id;
use crate::storage::{Held, PutOutcome};

/// Layers of the past that are looked for where the store does not list.
pub(super) const LOOKED_FOR: usize = 256;

impl ArrayFile {
    /// Removes layers that merges have given up; how many. What cannot be removed is left for the
    /// next time.
    pub(super) async fn clear(&mut self) -> Result<u64> {
        if !self.look_at_base().await? {
            return Ok(0);
        }
        let mut removed = 0;
        for (number, layer) in self.given_up_and_there().await? {
            match self.vacate(number, layer).await {
                Ok(done) => removed += u64::from(done),
                Err(error) => {
                    let path = self.place.sidecar(number);
                    tracing::warn!(%path, %error, "a merged layer could not be removed");
                }
            }
        }
        Ok(removed)
    }

    /// Learns which layer is in the base's place; false if it is another file's.
    pub(super) async fn look_at_base(&mut self) -> Result<bool> {
        let head = self.place.head(self.place.path(), HEADER_BYTES as u64);
        let header = Header::decode(&head.await?)?;
        if header.file != self.snapshot.root.file {
            return Ok(false);
        }
        if header.layer != self.base_layer {
            // Another compactor was faster.
            self.refresh().await?;
        }
        Ok(true)
    }

    /// The layers that counted, are under their numbers, and were given up; oldest first. Among them
    /// are tombstones up to the base's number, by the id that they have now.
    async fn given_up_and_there(&self) -> Result<BTreeMap<u64, Option<Id>>> {
        let (chain, listed) = futures::join!(self.chain(), self.place.sidecars());
        let (chain, listed) = (chain?, listed?);
        // The merged layer that is in the base's place may still be under its number.
        let all = chain
            .rows()
            .filter(|row| row.gone || row.sequence == self.base_sequence)
            .map(|row| (row.sequence, Some(row.id)));
        Ok(match listed {
            Some(listed) => {
                let all: BTreeMap<u64, Option<Id>> = all.collect();
                let mut there = BTreeMap::new();
                for sidecar in listed.sidecars {
                    let number = sidecar.number;
                    let is_stone = sidecar.length == TOMBSTONE_BYTES as u64;
                    if is_stone && number <= self.base_sequence {
                        there.insert(number, None);
                    } else if let Some(id) = all.get(&number).filter(|_| !is_stone) {
                        there.insert(number, *id);
                    }
                }
                there
            }
            None => all.rev().take(LOOKED_FOR).collect(),
        })
    }

    /// Removes the object under a number, if it is this layer or a tombstone of this file; above the
    /// base's number, where none is vacated, a tombstone takes its place. False if there was nothing
    /// to do.
    pub(super) async fn vacate(&self, number: u64, layer: Option<Id>) -> Result<bool> {
        let below = number <= self.base_sequence;
        let ours = match self.place.look(number).await? {
            Held::Layer(header) => layer == Some(header.layer),
            Held::Tombstone(stone) => below && stone.header.file == self.snapshot.root.file,
            Held::Vacant | Held::Foreign(_) => false,
        };
        if !ours {
            return Ok(false);
        }
        if below {
            self.place.remove(&self.place.sidecar(number)).await?;
        } else {
            self.put_tombstone(number).await?;
        }
        Ok(true)
    }

    async fn put_tombstone(&self, number: u64) -> Result<()> {
        let stone = Tombstone {
            header: Header {
                file: self.snapshot.root.file,
                layer: random_id()?,
                sequence: number,
            },
            next: self.sequence(),
        };
        let path = self.place.sidecar(number);
        let bytes = vec![Bytes::copy_from_slice(&stone.encode())];
        match self.place.put(&path, bytes, PutMode::Overwrite).await {
            PutOutcome::Done(_) => Ok(()),
            PutOutcome::Unknown(error) => Err(error),
            PutOutcome::Taken | PutOutcome::Unsupported => Err(Error::Storage(format!(
                "the store does not let {path} be replaced"
            ))),
        }
    }
}
