//! A merge on its way: the frames that it has copied, and the layer that would hold them.

use std::borrow::Cow;
use std::collections::HashMap;

use array_format_core::Place;
use array_format_core::commit::{self, CommitInfo, Committed};
use array_format_core::rebuild::Rebuild;
use array_format_core::wire;
use array_format_core::wire::tables::FrameRow;
use bytes::Bytes;
use object_store::PutMode;
use object_store::path::Path;

use super::{Progress, Report};
use crate::ArrayFile;
use crate::commit::upload_annex;
use crate::error::{Error, Result};
use crate::fetch::{self, Piece};
use crate::frames::FrameWalk;
use crate::history::Retention;
use crate::spool::Spool;
use crate::storage::PutOutcome;

/// Stored bytes that are copied together.
const BATCH_BYTES: u64 = 16 << 20;

/// What is to be merged, and what of it was copied.
///
/// When others commit before the merge does, only what they wrote is copied in addition: so a merge
/// of any size gets its turn. Memory: the address of each frame, 48 bytes.
pub(crate) struct Merge {
    /// The first layer that is merged; none for all.
    from: Option<u64>,
    /// Which older snapshots it keeps.
    retention: Retention,
    /// Copied frames.
    spool: Spool,
    /// Where a frame was, and where it is in `spool`.
    places: HashMap<(u64, u64), u64>,
    /// Pages that stand behind the frames.
    pages: Spool,
    /// What follows data and pages, and for which layer.
    end: Option<(CommitInfo, Vec<Bytes>)>,
    progress: Option<Progress>,
    copied: u64,
}

impl Merge {
    /// A merge of the layers from `from` on, or of all.
    pub(crate) fn new(
        file: &ArrayFile,
        from: Option<u64>,
        retention: Retention,
        progress: Option<Progress>,
    ) -> Self {
        Self {
            from,
            retention,
            spool: Spool::new(&file.place, &file.settings),
            places: HashMap::new(),
            pages: Spool::temporary(&file.place, &file.settings),
            end: None,
            progress,
            copied: 0,
        }
    }

    /// Bytes of frames that were copied.
    pub(crate) fn copied(&self) -> u64 {
        self.copied
    }

    /// The parts of the layer that was built last, without its header, and what it is.
    pub(crate) fn last(&self) -> Result<Option<(CommitInfo, Vec<Bytes>)>> {
        let Some((info, tail)) = &self.end else {
            return Ok(None);
        };
        let mut parts = self.spool.own_contents()?;
        parts.extend(self.behind(tail)?);
        Ok(Some((info.clone(), parts)))
    }

    /// What stands behind the frames.
    fn behind(&self, tail: &[Bytes]) -> Result<Vec<Bytes>> {
        let mut parts = self.pages.contents()?;
        parts.extend(tail.iter().cloned());
        Ok(parts)
    }

    /// Puts the layer that was built last.
    pub(crate) async fn put(
        &mut self,
        path: &Path,
        header: Bytes,
        mode: PutMode,
    ) -> Result<PutOutcome> {
        let tail = self.end.as_ref().map(|(_, tail)| self.behind(tail));
        let tail = tail.transpose()?.unwrap_or_default();
        self.spool.put(path, header, tail, mode).await
    }

    /// The merged layer, on the file's current snapshot.
    pub(crate) async fn build(
        &mut self,
        file: &ArrayFile,
        info: &mut CommitInfo,
    ) -> Result<Committed> {
        self.copy_frames(file).await?;
        let largest = file.place.largest_put(file.settings.largest_put);
        let id = file.snapshot.root.file;
        upload_annex(&file.place, id, largest, &mut self.spool).await?;
        info.annex = self.spool.annex();
        self.pages = Spool::temporary(&file.place, &file.settings);
        let committed = match self.from {
            None => self.build_whole(file, info).await?,
            Some(from) => self.build_part(file, from, info).await?,
        };
        self.end = Some((info.clone(), committed.tail.clone()));
        Ok(committed)
    }

    /// A layer that needs no other.
    async fn build_whole(&mut self, file: &ArrayFile, info: &CommitInfo) -> Result<Committed> {
        let log = file.log_pages().await?;
        let given_up = file.given_up(&log, self.retention, None)?;
        let mut rebuild = Rebuild::new(info.clone());
        // Pages stand behind all frames.
        let before = self.spool.own_end() - self.pages.end();
        let mut walk = FrameWalk::all(file).await?;
        while let Some(rows) = walk.next().await? {
            for row in rows {
                let row = self.moved(row, info.sequence)?;
                for page in rebuild.push(row, before + self.pages.end())? {
                    self.pages.append_raw(Cow::Borrowed(&page))?;
                }
            }
        }
        rebuild.finish(&file.snapshot, &log, &given_up, before + self.pages.end())
    }

    /// A layer that refers to those before `from`.
    async fn build_part(
        &mut self,
        file: &ArrayFile,
        from: u64,
        info: &CommitInfo,
    ) -> Result<Committed> {
        let log = file.log_pages().await?;
        let given_up = file.given_up(&log, self.retention, Some(from))?;
        let mut moved = Vec::new();
        let mut walk = FrameWalk::since(file, from).await?;
        while let Some(rows) = walk.next().await? {
            for row in rows.into_iter().filter(|row| row.sequence >= from) {
                moved.push(self.moved(row, info.sequence)?);
            }
        }
        let mut pages = file.frame_pages.clone();
        let (layers, settings, snapshot) = (file.layers(), &file.settings, &file.snapshot);
        let end = self.spool.own_end();
        fetch::ask(&layers, settings, snapshot, &mut pages, |pages| {
            commit::merge(snapshot, pages, &log, &moved, from, &given_up, info, end)
        })
        .await
    }

    /// The row of a copied frame at its new place.
    fn moved(&self, row: FrameRow, sequence: u64) -> Result<FrameRow> {
        let place = self.places.get(&(row.sequence, row.offset));
        let offset = *place
            .ok_or_else(|| Error::corrupt("a frame that was not in the index a moment ago"))?;
        Ok(FrameRow {
            sequence,
            offset,
            ..row
        })
    }

    /// Copies the frames that were not copied yet, in key order.
    async fn copy_frames(&mut self, file: &ArrayFile) -> Result<()> {
        let from = self.from.unwrap_or(0);
        let mut walk = FrameWalk::since(file, from).await?;
        let mut batch: Vec<FrameRow> = Vec::new();
        let mut bytes = 0;
        while let Some(rows) = walk.next().await? {
            for row in rows.into_iter().filter(|row| row.sequence >= from) {
                if self.places.contains_key(&(row.sequence, row.offset)) {
                    continue;
                }
                bytes += row.stored;
                batch.push(row);
                if bytes >= BATCH_BYTES {
                    self.copy_batch(file, std::mem::take(&mut batch)).await?;
                    bytes = 0;
                }
            }
        }
        self.copy_batch(file, batch).await
    }

    async fn copy_batch(&mut self, file: &ArrayFile, rows: Vec<FrameRow>) -> Result<()> {
        let layers = file.layers();
        let pieces: Vec<Piece> = rows
            .iter()
            .map(|row| Piece::of_frame(&file.snapshot, row).map(|(piece, _)| piece))
            .collect::<Result<_>>()?;
        let most = file.settings.block_target_size as u64;
        let stored = fetch::pieces(&layers, &pieces, most).await?;
        for (row, stored) in rows.iter().zip(&stored) {
            if wire::crc(stored) != row.crc {
                let error = Error::corrupt(format!(
                    "the frame at byte {} of array id {} is damaged: checksum differs",
                    row.offset, row.key.array
                ))
                .within(Place {
                    chunk: Some(row.key.tile.chunk.to_vec()),
                    ..Place::layer(row.sequence)
                });
                let layer = fetch::layer(&file.snapshot, row.sequence)?.id;
                return Err(layers.blame(row.sequence, Some(layer), error).await);
            }
        }
        let frames = rows
            .iter()
            .zip(stored.iter().map(|s| Cow::Borrowed(&s[..])));
        self.spool.append_all(frames.collect(), |row, offset| {
            self.places.insert((row.sequence, row.offset), offset);
            self.copied += row.stored;
        })?;
        if let Some(progress) = &self.progress {
            progress(Report {
                copied: self.copied,
                total: file.snapshot.root.frame_bytes.max(self.copied),
            });
        }
        Ok(())
    }
}
