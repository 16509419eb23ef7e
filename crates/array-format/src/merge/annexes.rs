//! Removing annexes that nobody needs.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use array_format_core::wire::header::Id;
use array_format_core::wire::tables::LayerRow;
use object_store::ObjectMeta;

use super::vacate::LOOKED_FOR;
use super::vacuum::{Orphan, Reason};
use crate::ArrayFile;
use crate::error::Result;
use crate::history::Chain;
use crate::storage::Held;

impl ArrayFile {
    /// Removes the annexes of layers that merges have given up; how many. What cannot be removed is
    /// left for the next time.
    pub(super) async fn clear_annexes(&self) -> Result<u64> {
        let chain = self.chain().await?;
        let gone = chain.rows().filter(|row| row.gone);
        let mut given_up: Vec<Id> = gone.filter_map(|row| Some(row.annex?.id)).collect();
        if given_up.is_empty() {
            return Ok(0);
        }
        match self.place.sidecars().await? {
            Some(listed) => {
                let there: HashSet<Id> = listed.annexes.into_iter().map(|(id, _)| id).collect();
                given_up.retain(|id| there.contains(id));
            }
            None => drop(given_up.drain(..given_up.len().saturating_sub(LOOKED_FOR))),
        }
        let mut removed = 0;
        for id in given_up {
            let path = self.place.annex(id);
            match self.place.remove(&path).await {
                Ok(()) => removed += 1,
                Err(error) => tracing::warn!(%path, %error, "an annex could not be removed"),
            }
        }
        Ok(removed)
    }

    /// Annexes among these that nobody needs: of layers that were given up, and, if they are older
    /// than `grace`, those that no layer names.
    pub(super) async fn orphaned_annexes(
        &self,
        chain: &Chain,
        listed: Vec<(Id, ObjectMeta)>,
        grace: Duration,
    ) -> Result<Vec<Orphan>> {
        let mut orphans = Vec::new();
        for (id, object) in listed {
            let names = |row: &&LayerRow| row.annex.is_some_and(|annex| annex.id == id);
            let reason = match chain.rows().find(names) {
                Some(row) if row.gone => Reason::Unneeded,
                Some(_) => continue,
                None => {
                    let age = SystemTime::now().duration_since(object.last_modified.into());
                    let old = age.is_ok_and(|age| age >= grace);
                    if !old || !self.is_own_annex(id).await? {
                        continue;
                    }
                    Reason::Unfinished
                }
            };
            orphans.push(Orphan {
                path: object.location.to_string(),
                bytes: object.size,
                reason,
            });
        }
        Ok(orphans)
    }

    /// Whether the annex with this id is of this file.
    async fn is_own_annex(&self, id: Id) -> Result<bool> {
        Ok(match self.place.look_at(&self.place.annex(id)).await? {
            Held::Layer(header) => header.file == self.snapshot.root.file && header.layer == id,
            Held::Vacant | Held::Tombstone(_) | Held::Foreign(_) => false,
        })
    }
}
