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

/// What becomes of the object under a number.
#[derive(Debug, Clone, Copy)]
enum WayOut {
    /// It is none of ours, or gone.
    None,
    Removal,
    Tombstone,
}

impl ArrayFile {
    /// Removes layers that merges have given up; how many. What cannot be removed is left for the
    /// next time.
    pub(super) async fn clear(&mut self) -> Result<u64> {
        if !self.look_at_base().await? {
            return Ok(0);
        }
        let (mut done, mut buried, mut vacated) = (Vec::new(), Vec::new(), Vec::new());
        for (number, layer) in self.given_up_and_there().await? {
            match self.way_out(number, layer).await {
                Ok(WayOut::None) => {}
                Ok(WayOut::Removal) => vacated.push(self.place.sidecar(number)),
                Ok(WayOut::Tombstone) => buried.push(number),
                Err(error) => done.push(Err(error)),
            }
        }
        if vacated.len() + buried.len() > 0 {
            // What stands for them goes first: it may be of somebody who did not get to its sync.
            self.place.make_durable().await?;
        }
        for number in buried {
            done.push(self.put_tombstone(number).await);
        }
        if !vacated.is_empty() {
            done.extend(self.place.remove_all(vacated).await);
        }
        let mut removed = 0;
        for done in done {
            match done {
                Ok(()) => removed += 1,
                Err(error) => tracing::warn!(%error, "a merged layer could not be removed"),
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

    /// Removes the object under a number. False if there was nothing to do.
    pub(super) async fn vacate(&self, number: u64, layer: Option<Id>) -> Result<bool> {
        match self.way_out(number, layer).await? {
            WayOut::None => return Ok(false),
            WayOut::Removal => self.place.remove(&self.place.sidecar(number)).await?,
            WayOut::Tombstone => self.put_tombstone(number).await?,
        }
        Ok(true)
    }

    /// How the object under a number goes, if it is this layer or a tombstone of this file.
    async fn way_out(&self, number: u64, layer: Option<Id>) -> Result<WayOut> {
        let below = number <= self.base_sequence;
        let ours = match self.place.look(number).await? {
            Held::Layer(header) => layer == Some(header.layer),
            Held::Tombstone(stone) => below && stone.header.file == self.snapshot.root.file,
            Held::Vacant | Held::Foreign(_) => false,
        };
        Ok(match ours {
            false => WayOut::None,
            true if below => WayOut::Removal,
            // Above the base's number none is vacated.
            true => WayOut::Tombstone,
        })
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
