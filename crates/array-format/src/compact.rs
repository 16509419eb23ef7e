//! Merging all layers into one base.
//!
//! | stopped after | a reader sees |
//! |---|---|
//! | building the merged layer | the state before |
//! | creating it as `{stem}.{n+1}.af` | the same state, in one layer |
//! | putting it in the base's place | the same state; older sidecars no longer count |
//! | removing what it replaced | the same state |

use array_format_core::rebuild::Rebuild;
use array_format_core::wire;
use array_format_core::wire::HEADER_BYTES;
use array_format_core::wire::header::Header;
use array_format_core::wire::tables::FrameRow;
use bytes::Bytes;
use object_store::PutMode;

use crate::ArrayFile;
use crate::commit::Holder;
use crate::error::{Error, Place, Result};
use crate::fetch::{self, Piece};
use crate::pending::new_spool;
use crate::spool::Spool;
use crate::storage::{Pin, PutOutcome};

/// Stored bytes that are copied together.
const BATCH_BYTES: u64 = 16 << 20;
/// Layers of others that one call follows before it gives up.
const ATTEMPTS: usize = 8;

impl ArrayFile {
    /// Flushes, then merges all layers into one base, without what was deleted or replaced. The base
    /// alone is then the whole file.
    ///
    /// Frames are copied as they are stored; memory does not grow with the file. Sidecars are removed
    /// once the new base is in place: handles that still read them get
    /// [`Error::SnapshotExpired`].
    ///
    /// # Errors
    /// As [`ArrayFile::flush`]; [`Error::Corrupt`] if a frame is damaged: then nothing is replaced.
    pub async fn compact(&mut self) -> Result<()> {
        self.flush().await?;
        // Others may have committed since this handle last looked.
        self.refresh().await?;
        for _ in 0..ATTEMPTS {
            if self.num_layers() == 1 && self.sequence() == self.base_sequence {
                return Ok(());
            }
            if self.merge().await? {
                return Ok(());
            }
        }
        Err(Error::Conflict {
            what: "the file is changed faster than it can be compacted: the whole of it".into(),
            layer: self.sequence(),
        })
    }

    /// Tries to merge all layers; false if another commit was there first and has been followed.
    async fn merge(&mut self) -> Result<bool> {
        self.trailer.check_writable()?;
        let mut sequence = self.sequence() + 1;
        let (info, committed, parts) = loop {
            let info = self.commit_info(sequence)?;
            let (spool, rebuild) = self
                .copy_frames(Rebuild::new(info.clone()), sequence)
                .await?;
            let committed = rebuild.finish(&self.snapshot, spool.end())?;
            let mut parts = vec![self.header(&info)];
            parts.extend(spool.contents()?);
            parts.extend(committed.tail.iter().cloned());
            self.doubt(info.layer);
            let path = self.place.sidecar(sequence);
            let error = match self.place.put(&path, parts.clone(), PutMode::Create).await {
                PutOutcome::Done(_) => break (info, committed, parts),
                PutOutcome::Unsupported => {
                    return Err(Error::ReadOnly(format!(
                        "the store of {path} cannot create objects atomically, which compaction needs"
                    )));
                }
                PutOutcome::Taken => None,
                PutOutcome::Unknown(error) => Some(error),
            };
            match self.holder(sequence).await? {
                Holder::Ours(ours) if ours.layer == info.layer => {
                    break (info, committed, parts);
                }
                Holder::Foreign => sequence += 1,
                Holder::Nobody => {
                    return Err(error.unwrap_or_else(|| {
                        Error::Storage(format!("{path} was taken and is gone again: try again"))
                    }));
                }
                Holder::Ours(_) | Holder::SameFile => {
                    let before = self.sequence();
                    self.refresh().await?;
                    if self.sequence() == before {
                        sequence += 1;
                        continue;
                    }
                    return Ok(false);
                }
            }
        };
        let old: Vec<u64> = self
            .snapshot
            .layers()?
            .iter()
            .map(|row| row.sequence)
            .collect();
        let old_base = self.base_sequence;
        let base_pin = match self.promote(parts).await? {
            Some(pin) => pin,
            // Another compaction has put a newer base there, which holds what ours would.
            None => {
                self.place.remove(&self.place.sidecar(sequence)).await?;
                self.refresh().await?;
                return Ok(false);
            }
        };
        self.base_sequence = info.sequence;
        self.base_layer = info.layer;
        self.layers().set_pin(info.sequence, base_pin);
        self.install(committed.snapshot, committed.frames);
        self.trailer = committed.trailer;
        self.forget_pending();
        let replaced = old.into_iter().filter(|&n| n != old_base);
        for number in replaced.chain([sequence]) {
            // They do not count any more; whoever cannot remove them leaves them for later.
            let path = self.place.sidecar(number);
            if let Err(error) = self.place.remove(&path).await {
                tracing::warn!(%path, %error, "a merged layer could not be removed");
            }
        }
        Ok(true)
    }

    /// Puts a merged layer in the base's place, if the base is still the one that was merged.
    async fn promote(&self, parts: Vec<Bytes>) -> Result<Option<Pin>> {
        let base = self.place.path();
        let version = self.layers().version(self.base_sequence);
        if let Some(version) = version {
            match self
                .place
                .put(base, parts.clone(), PutMode::Update(version))
                .await
            {
                PutOutcome::Done(pin) => return Ok(Some(pin)),
                PutOutcome::Taken => return Ok(None),
                PutOutcome::Unknown(error) => return Err(error),
                PutOutcome::Unsupported => {}
            }
        }
        // A store without compare-and-swap: the check and the put are two steps.
        let head = self.place.head(base, HEADER_BYTES as u64).await?;
        if Header::decode(&head)?.layer != self.base_layer {
            return Ok(None);
        }
        match self.place.put(base, parts, PutMode::Overwrite).await {
            PutOutcome::Done(pin) => Ok(Some(pin)),
            PutOutcome::Taken | PutOutcome::Unsupported => Err(Error::ReadOnly(format!(
                "the store does not let {base} be replaced"
            ))),
            PutOutcome::Unknown(error) => Err(error),
        }
    }

    /// Copies all live frames, in order.
    async fn copy_frames(&self, mut rebuild: Rebuild, sequence: u64) -> Result<(Spool, Rebuild)> {
        let mut spool = new_spool(&self.settings);
        let frames = &self.snapshot.root.frames;
        let layers = self.layers();
        let mut pages = self.frame_pages.clone();
        let leaves = fetch::ask(
            &layers,
            &self.settings,
            &self.snapshot,
            &mut pages,
            |pages| frames.leaves(pages, None, None),
        )
        .await?;
        let mut batch: Vec<FrameRow> = Vec::new();
        let mut bytes = 0;
        for leaf in leaves {
            let rows = fetch::ask(
                &layers,
                &self.settings,
                &self.snapshot,
                &mut pages,
                |pages| frames.leaf_rows(pages, &leaf).map(<[FrameRow]>::to_vec),
            )
            .await?;
            pages.remove(&leaf.address);
            for row in rows {
                bytes += row.stored;
                batch.push(row);
                if bytes >= BATCH_BYTES {
                    let full = std::mem::take(&mut batch);
                    self.copy_batch(full, sequence, &mut spool, &mut rebuild)
                        .await?;
                    bytes = 0;
                }
            }
        }
        self.copy_batch(batch, sequence, &mut spool, &mut rebuild)
            .await?;
        Ok((spool, rebuild))
    }

    async fn copy_batch(
        &self,
        rows: Vec<FrameRow>,
        sequence: u64,
        spool: &mut Spool,
        rebuild: &mut Rebuild,
    ) -> Result<()> {
        let layers = self.layers();
        let pieces: Vec<Piece> = rows
            .iter()
            .map(|row| Piece {
                sequence: row.sequence,
                range: row.offset..row.end(),
            })
            .collect();
        let most = self.settings.block_target_size as u64;
        let stored = fetch::pieces(&layers, &pieces, most).await?;
        for (row, stored) in rows.into_iter().zip(stored) {
            if wire::crc(&stored) != row.crc {
                let error = Error::corrupt(format!(
                    "the frame at byte {} of array id {} is damaged: checksum differs",
                    row.offset, row.key.array
                ))
                .within(Place {
                    chunk: Some(row.key.tile.chunk.to_vec()),
                    ..Place::layer(row.sequence)
                });
                let layer = fetch::layer_id(&self.snapshot, row.sequence)?;
                return Err(layers.blame(row.sequence, Some(layer), error).await);
            }
            let row = FrameRow {
                sequence,
                offset: spool.append(&stored)?,
                ..row
            };
            for page in rebuild.push(row, spool.end())? {
                spool.append_raw(&page)?;
            }
        }
        Ok(())
    }

    /// What compaction would give back: stored bytes of the file that nothing visible refers to.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a page is damaged.
    pub fn reclaimable_bytes(&self) -> Result<u64> {
        let layers = self.snapshot.layers()?;
        let total: u64 = layers
            .iter()
            .map(|row| match row.length {
                0 => self.snapshot.object_length,
                length => length,
            })
            .sum();
        let root = &self.snapshot.root;
        let live: u64 = root.frame_bytes + root.pages.iter().map(|p| p.live).sum::<u64>();
        Ok(total.saturating_sub(live))
    }
}
