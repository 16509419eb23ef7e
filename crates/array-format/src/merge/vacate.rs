//! Removing layers by the rule of vacancy (`docs/commit-protocol.md`).

use std::collections::BTreeMap;

use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tombstone::{TOMBSTONE_BYTES, Tombstone};
use bytes::Bytes;
use object_store::PutMode;

use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::history::Retention;
use crate::open::random_id;
use crate::storage::{Held, PutOutcome};

/// Layers of the past that are looked for where the store does not list.
const LOOKED_FOR: usize = 256;

impl ArrayFile {
    /// Removes layers that counted and that no retained snapshot needs; how many. What cannot be
    /// removed is left for the next time.
    pub(super) async fn clear(&self, retention: Retention) -> Result<u64> {
        let unneeded = self.unneeded(retention).await?;
        self.redirect(unneeded.keys().copied()).await?;
        let mut removed = 0;
        for (number, layer) in unneeded {
            match self.vacate(number, layer).await {
                Ok(done) => removed += u64::from(done),
                Err(error) => {
                    let path = self.place.sidecar(number);
                    tracing::warn!(%path, %error, "a merged layer could not be removed");
                }
            }
        }
        Ok(removed + self.clear_tombstones().await?)
    }

    /// Removes tombstones up to the base's number, and those above it that another one leads past.
    async fn clear_tombstones(&self) -> Result<u64> {
        let mut removed = 0;
        let mut led_to = self.base_sequence + 1;
        for (number, stone) in self.tombstones().await? {
            if number < led_to && self.may_be_vacant(number).await? {
                self.place.remove(&self.place.sidecar(number)).await?;
                removed += 1;
            } else {
                led_to = led_to.max(stone.next);
            }
        }
        Ok(removed)
    }

    /// The tombstones of this file, by rising number; none where the store does not list.
    async fn tombstones(&self) -> Result<Vec<(u64, Tombstone)>> {
        let listed = self.place.sidecars().await?;
        let mut out = Vec::new();
        for sidecar in listed.map(|listed| listed.sidecars).unwrap_or_default() {
            if sidecar.length == TOMBSTONE_BYTES as u64
                && let Held::Tombstone(stone) = self.place.look(sidecar.number).await?
                && stone.header.file == self.snapshot.root.file
            {
                out.push((sidecar.number, stone));
            }
        }
        Ok(out)
    }

    /// The layers that counted, are under their numbers, and that no retained snapshot needs;
    /// oldest first.
    pub(super) async fn unneeded(&self, retention: Retention) -> Result<BTreeMap<u64, Id>> {
        let (chain, listed) = futures::join!(self.chain(), self.place.sidecars());
        let (chain, listed) = (chain?, listed?);
        let needed = chain.needed(self.retained(&chain, retention)?);
        // The merged layer that is in the base's place may still be under its number.
        let goes = |number: u64| !needed.contains(&number) || number == self.base_sequence;
        let all = chain.rows().filter(|row| goes(row.sequence));
        let all = all.map(|row| (row.sequence, row.id));
        Ok(match listed {
            Some(listed) => {
                let all: BTreeMap<u64, Id> = all.collect();
                let there = listed.sidecars.iter().map(|sidecar| sidecar.number);
                there
                    .filter_map(|number| Some((number, *all.get(&number)?)))
                    .collect()
            }
            None => all.rev().take(LOOKED_FOR).collect(),
        })
    }

    /// Makes tombstones that lead to layers which are about to go lead to the newest one.
    pub(super) async fn redirect(&self, going: impl Iterator<Item = u64>) -> Result<()> {
        let going: Vec<u64> = going.collect();
        if going.is_empty() {
            return Ok(());
        }
        for (number, stone) in self.tombstones().await? {
            if number > self.base_sequence && going.contains(&stone.next) {
                self.put_tombstone(number).await?;
            }
        }
        Ok(())
    }

    /// Removes the object under a number, if it is this layer; or puts a tombstone in its place.
    /// False if there was nothing to do.
    pub(super) async fn vacate(&self, number: u64, layer: Id) -> Result<bool> {
        match self.place.look(number).await? {
            Held::Layer(header) if header.layer == layer => {}
            _ => return Ok(false),
        }
        if self.may_be_vacant(number).await? {
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

    /// The rule of vacancy: whoever could take a vacant number must find his parent gone.
    pub(super) async fn may_be_vacant(&self, number: u64) -> Result<bool> {
        if number <= self.base_sequence {
            return Ok(true);
        }
        let before = number - 1;
        if before <= self.base_sequence {
            return Ok(false);
        }
        Ok(matches!(
            self.place.look(before).await?,
            Held::Vacant | Held::Tombstone(_)
        ))
    }
}
