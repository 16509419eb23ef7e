//! Regions become tiles: what is pending is delivered, and the rest looked up in the index.

use std::sync::Arc;

use array_format_core::array::ArrayMeta;
use array_format_core::commit::PlacedFrame;
use array_format_core::frame::FrameDecoder;
use array_format_core::geometry::{Coords, Region, Tile};
use array_format_core::wire::tables::{FrameKey, FrameRow};
use bytes::Bytes;
use futures::future::BoxFuture;

use super::bring::bring;
use super::sink::{Decoded, Sink, TileBox};
use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::fetch;
use crate::pending::PendingTile;

/// Tiles that are planned together: bounds the memory of a plan, not of a read.
const BATCH_TILES: usize = 1 << 14;

/// A region of an array that is read, and what takes its elements.
pub(crate) struct Target<'a> {
    pub(crate) meta: &'a Arc<ArrayMeta>,
    pub(crate) region: &'a Region,
    pub(crate) sink: &'a mut dyn Sink,
}

/// A tile to look up.
struct Asked {
    /// The target that it is of.
    number: usize,
    tile: Tile,
    /// What of the region lies in it.
    part: Region,
}

/// A frame to fetch.
pub(super) struct Wanted {
    /// Which of the lanes it belongs to.
    pub(super) lane: usize,
    pub(super) row: FrameRow,
    pub(super) tile: Tile,
    /// The box that it holds.
    pub(super) extent: Coords,
    /// What of the region lies in its tile.
    pub(super) part: Region,
}

/// A target with frames to fetch.
pub(super) struct Lane {
    /// Its place among the targets, which rises from lane to lane.
    pub(super) number: usize,
    pub(super) decoder: FrameDecoder,
}

/// Brings the elements of all targets to their sinks: one plan for all.
pub(crate) fn gather<'a, 't: 'a>(
    file: &'a ArrayFile,
    targets: &'a mut [Target<'t>],
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut asked = Vec::new();
        for number in 0..targets.len() {
            let target = &targets[number];
            let meta = target.meta;
            let pending = file.pending.array(&meta.name);
            let is_committed = file.is_committed(meta.id);
            for tile in meta.grid()?.tiles(target.region) {
                let target = &mut targets[number];
                let Some(part) = target.region.intersect(&tile.origin, &tile.extent) else {
                    continue;
                };
                match pending.and_then(|p| p.tiles.get(&tile.key)) {
                    Some(PendingTile::Dirty(elements)) => target.sink.put(
                        Decoded::Elements(elements),
                        TileBox {
                            origin: &tile.origin,
                            shape: &tile.extent,
                            part: &part,
                        },
                    )?,
                    Some(PendingTile::Spooled(frame)) => spooled(file, target, frame, tile, part)?,
                    Some(PendingTile::Removed) => target.sink.fill(&part)?,
                    None if !is_committed => target.sink.fill(&part)?,
                    None => asked.push(Asked { number, tile, part }),
                }
                if asked.len() == BATCH_TILES {
                    committed(file, targets, std::mem::take(&mut asked)).await?;
                }
            }
        }
        committed(file, targets, asked).await
    })
}

/// Delivers a tile that is pending as a frame.
fn spooled(
    file: &ArrayFile,
    target: &mut Target<'_>,
    frame: &PlacedFrame,
    tile: Tile,
    part: Region,
) -> Result<()> {
    let key = FrameKey {
        array: target.meta.id,
        tile: tile.key.clone(),
    };
    let row = frame.row(key, file.sequence());
    let stored = file.pending.spool.read(frame.offset, frame.stored)?;
    let decoder = FrameDecoder::new(target.meta, &file.settings.codecs)?;
    let wanted = Wanted::new(0, &decoder, row, tile, part)?;
    let raw = decoder.decode(&wanted.row, stored)?;
    wanted.deliver(raw, &decoder, target.sink)
}

/// Looks tiles up in the snapshot and brings their frames.
async fn committed(file: &ArrayFile, targets: &mut [Target<'_>], asked: Vec<Asked>) -> Result<()> {
    if asked.is_empty() {
        return Ok(());
    }
    let key = |asked: &Asked| FrameKey {
        array: targets[asked.number].meta.id,
        tile: asked.tile.key.clone(),
    };
    let keys = asked.iter().map(key).collect();
    let rows = rows(file, keys).await?;
    let mut lanes: Vec<Lane> = Vec::new();
    let mut wanted = Vec::with_capacity(asked.len());
    for (Asked { number, tile, part }, row) in asked.into_iter().zip(rows) {
        let target = &mut targets[number];
        let Some(row) = row else {
            target.sink.fill(&part)?;
            continue;
        };
        if lanes.last().is_none_or(|lane| lane.number != number) {
            let decoder = FrameDecoder::new(target.meta, &file.settings.codecs)?;
            lanes.push(Lane { number, decoder });
        }
        let lane = lanes.len() - 1;
        wanted.push(Wanted::new(lane, &lanes[lane].decoder, row, tile, part)?);
    }
    bring(file, targets, &lanes, &wanted).await
}

/// The rows of these keys in the frames table.
async fn rows(file: &ArrayFile, keys: Vec<FrameKey>) -> Result<Vec<Option<FrameRow>>> {
    if keys.is_sorted() {
        return file.frame_rows(&keys).await;
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| keys[a].cmp(&keys[b]));
    let sorted: Vec<FrameKey> = order.iter().map(|&i| keys[i].clone()).collect();
    let found = file.frame_rows(&sorted).await?;
    let mut rows = vec![None; keys.len()];
    for (i, row) in order.into_iter().zip(found) {
        rows[i] = row;
    }
    Ok(rows)
}

impl Wanted {
    fn new(
        lane: usize,
        decoder: &FrameDecoder,
        row: FrameRow,
        tile: Tile,
        part: Region,
    ) -> Result<Self> {
        let extent = decoder.extent_in(&row, &tile)?;
        Ok(Self {
            lane,
            row,
            tile,
            extent,
            part,
        })
    }

    /// What is wanted of what the frame holds.
    pub(super) fn held(&self) -> Option<Region> {
        match self.extent == self.tile.extent {
            true => Some(self.part.clone()),
            false => self.part.intersect(&self.tile.origin, &self.extent),
        }
    }

    /// Fills what is wanted of a tile if what its frame holds of it is not all.
    pub(super) fn fill_rest(&self, held: Option<&Region>, sink: &mut dyn Sink) -> Result<()> {
        match held == Some(&self.part) {
            true => Ok(()),
            false => sink.fill(&self.part),
        }
    }

    /// Hands the elements of a frame over, and fills what the frame does not hold.
    pub(super) fn deliver(
        &self,
        raw: Bytes,
        decoder: &FrameDecoder,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let held = self.held();
        self.fill_rest(held.as_ref(), sink)?;
        let Some(part) = held else {
            return Ok(());
        };
        let place = TileBox {
            origin: &self.tile.origin,
            shape: &self.extent,
            part: &part,
        };
        sink.put(Decoded::Raw(raw), place).map_err(|e| match e {
            Error::Serialization(detail) => {
                Error::corrupt(detail).within(decoder.place_of(&self.row))
            }
            other => other.within(decoder.place_of(&self.row)),
        })
    }
}

impl ArrayFile {
    /// The rows of these keys, which are sorted, in the snapshot's frames table.
    pub(crate) async fn frame_rows(&self, keys: &[FrameKey]) -> Result<Vec<Option<FrameRow>>> {
        let frames = &self.snapshot.root.frames;
        let owned = |rows: Vec<Option<&FrameRow>>| rows.into_iter().map(|r| r.cloned()).collect();
        // Most often the pages are at hand, and need no copy of the set.
        if let Ok(rows) = frames.get_many(&self.frame_pages, keys) {
            return Ok(owned(rows));
        }
        let mut pages = self.frame_pages.clone();
        fetch::ask(
            &self.layers(),
            &self.settings,
            &self.snapshot,
            &mut pages,
            |pages| frames.get_many(pages, keys).map(owned),
        )
        .await
    }
}
