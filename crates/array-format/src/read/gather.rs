//! Bringing the tiles of a region together from pending, the cache, and the layers.

use std::sync::Arc;

use array_format_core::array::ArrayMeta;
use array_format_core::frame::FrameDecoder;
use array_format_core::geometry::{Coords, Region, Tile};
use array_format_core::wire::header::Id;
use array_format_core::wire::tables::{FrameKey, FrameRow, LayerRow};
use bytes::Bytes;
use futures::TryStreamExt;

use super::sink::{Box, Decoded, Sink};
use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::fetch::{self, Piece};
use crate::pending::{PendingArray, PendingTile};

/// Tiles that are planned together: bounds the memory of a plan, not of a read.
const BATCH_TILES: usize = 1 << 14;
/// Decoded bytes of a request from which on decoding leaves the async runtime.
const BLOCKING_BYTES: u64 = 256 << 10;
/// A read of less than this is kept whole in the cache; a larger one would only drive others out.
const CACHED_BYTES: u64 = 16 << 20;

/// A frame to fetch.
struct Wanted {
    row: FrameRow,
    tile: Tile,
    /// The box that it holds.
    extent: Coords,
    /// What of the region lies in its tile.
    part: Region,
}

/// Brings the elements of a region to `sink`.
pub(crate) async fn gather(
    file: &ArrayFile,
    meta: &ArrayMeta,
    region: &Region,
    sink: &mut dyn Sink,
) -> Result<()> {
    let grid = meta.grid()?;
    let pending = file.pending.array(&meta.name);
    let mut tiles = grid.tiles(region);
    loop {
        let batch: Vec<Tile> = tiles.by_ref().take(BATCH_TILES).collect();
        if batch.is_empty() {
            return Ok(());
        }
        Gather {
            file,
            meta,
            pending,
            region,
        }
        .batch(batch, sink)
        .await?;
    }
}

struct Gather<'a> {
    file: &'a ArrayFile,
    meta: &'a ArrayMeta,
    pending: Option<&'a PendingArray>,
    region: &'a Region,
}

impl Gather<'_> {
    async fn batch(&self, tiles: Vec<Tile>, sink: &mut dyn Sink) -> Result<()> {
        let is_committed = self.file.is_committed(self.meta.id);
        let mut asked = Vec::new();
        for tile in tiles {
            let Some(part) = self.region.intersect(&tile.origin, &tile.extent) else {
                continue;
            };
            match self.pending.and_then(|p| p.tiles.get(&tile.key)) {
                Some(PendingTile::Dirty(elements)) => sink.put(
                    Decoded::Elements(elements),
                    Box {
                        origin: &tile.origin,
                        shape: &tile.extent,
                        part: &part,
                    },
                )?,
                Some(PendingTile::Spooled(frame)) => {
                    let key = FrameKey {
                        array: self.meta.id,
                        tile: tile.key.clone(),
                    };
                    let row = frame.row(key, self.file.sequence());
                    let stored = self.file.pending.spool.read(frame.offset, frame.stored)?;
                    let decoder = self.decoder()?;
                    let wanted = self.wanted(&decoder, row, tile, part)?;
                    let raw = decoder.decode(&wanted.row, stored)?;
                    self.deliver(&wanted, raw, &decoder, sink)?;
                }
                Some(PendingTile::Removed) => sink.fill(&part)?,
                None if !is_committed => sink.fill(&part)?,
                None => asked.push((tile, part)),
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let rows = self.rows(&asked).await?;
        if rows.iter().all(Option::is_none) {
            return asked.iter().try_for_each(|(_, part)| sink.fill(part));
        }
        let decoder = Arc::new(self.decoder()?);
        let mut wanted = Vec::new();
        for ((tile, part), row) in asked.into_iter().zip(rows) {
            match row {
                Some(row) => wanted.push(self.wanted(&decoder, row, tile, part)?),
                None => sink.fill(&part)?,
            }
        }
        self.frames(wanted, decoder, sink).await
    }

    fn decoder(&self) -> Result<FrameDecoder> {
        FrameDecoder::new(self.meta, &self.file.settings.codecs)
    }

    fn wanted(
        &self,
        decoder: &FrameDecoder,
        row: FrameRow,
        tile: Tile,
        part: Region,
    ) -> Result<Wanted> {
        let (_, extent) = decoder.extent(&row)?;
        Ok(Wanted {
            row,
            tile,
            extent,
            part,
        })
    }

    /// The rows of these tiles in the frames table.
    async fn rows(&self, tiles: &[(Tile, Region)]) -> Result<Vec<Option<FrameRow>>> {
        let file = self.file;
        let keys: Vec<FrameKey> = tiles
            .iter()
            .map(|(tile, _)| FrameKey {
                array: self.meta.id,
                tile: tile.key.clone(),
            })
            .collect();
        file.frame_rows(&keys).await
    }

    /// Fetches, decodes and delivers frames.
    async fn frames(
        &self,
        wanted: Vec<Wanted>,
        decoder: Arc<FrameDecoder>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let file = self.file;
        let cache = &file.settings.cache;
        let total: u64 = wanted.iter().map(|w| w.row.raw).sum();
        let mut absent = Vec::new();
        for wanted in wanted {
            let layer = fetch::layer(&file.snapshot, wanted.row.sequence)?;
            match cache.frame(layer.id, wanted.row.offset) {
                Some(raw) if raw.len() as u64 == wanted.row.raw => {
                    self.deliver(&wanted, raw, &decoder, sink)?;
                }
                _ => absent.push((wanted, layer)),
            }
        }
        let pieces: Vec<Piece> = absent
            .iter()
            .map(|(wanted, layer)| Piece::of_frame(layer, &wanted.row))
            .collect::<Result<_>>()?;
        let layers = file.layers();
        let most = file.settings.block_target_size as u64;
        let (layers, pieces) = (&layers, &pieces);
        let mut fetches = Vec::new();
        for (holder, request) in fetch::requests(pieces, most) {
            fetches.push(async move {
                let bytes = layers.range(holder, request.range.clone()).await?;
                let frame = |i: usize| {
                    let from = (pieces[i].range.start - request.range.start) as usize;
                    let to = (pieces[i].range.end - request.range.start) as usize;
                    (i, bytes.slice(from..to))
                };
                Ok::<Vec<(usize, Bytes)>, Error>(
                    request.pieces.iter().copied().map(frame).collect(),
                )
            });
        }
        let mut stream = fetch::in_flight(fetches);
        while let Some(frames) = stream.try_next().await? {
            let mut apart = Vec::new();
            for (i, stored) in frames {
                let (wanted, layer) = &absent[i];
                let place = wanted.place();
                // Large frames that are wanted whole go straight to their place.
                if total > CACHED_BYTES
                    && let Some(target) = sink.whole(&place)
                {
                    let decoded = decoder.decode_into(&wanted.row, &stored, target);
                    self.blamed(decoded, wanted, layer.id).await?;
                } else {
                    apart.push((i, stored));
                }
            }
            for (i, raw) in self.decode(apart, &absent, &decoder).await? {
                let (wanted, layer) = &absent[i];
                let is_part = wanted.part.shape != wanted.extent;
                if is_part || total <= CACHED_BYTES {
                    cache.keep_frame(layer.id, wanted.row.offset, &raw);
                }
                self.deliver(wanted, raw, &decoder, sink)?;
            }
        }
        Ok(())
    }

    /// Decodes frames, away from the async runtime if there is much to do.
    async fn decode(
        &self,
        frames: Vec<(usize, Bytes)>,
        absent: &[(Wanted, &LayerRow)],
        decoder: &Arc<FrameDecoder>,
    ) -> Result<Vec<(usize, Bytes)>> {
        let work: u64 = frames.iter().map(|(i, _)| absent[*i].0.row.raw).sum();
        let jobs: Vec<(usize, FrameRow, Bytes)> = frames
            .into_iter()
            .map(|(i, stored)| (i, absent[i].0.row.clone(), stored))
            .collect();
        let decoded: Vec<(usize, Result<Bytes>)> = if work < BLOCKING_BYTES {
            jobs.into_iter()
                .map(|(i, row, stored)| (i, decoder.decode(&row, stored)))
                .collect()
        } else {
            let decoder = Arc::clone(decoder);
            crate::blocking::run(move || {
                jobs.into_iter()
                    .map(|(i, row, stored)| (i, decoder.decode(&row, stored)))
                    .collect()
            })
            .await?
        };
        let mut out = Vec::with_capacity(decoded.len());
        for (i, raw) in decoded {
            let (wanted, layer) = &absent[i];
            out.push((i, self.blamed(raw, wanted, layer.id).await?));
        }
        Ok(out)
    }

    /// Tells a layer that was replaced from one that is damaged.
    async fn blamed<V>(&self, result: Result<V>, wanted: &Wanted, layer: Id) -> Result<V> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => {
                let layers = self.file.layers();
                Err(layers.blame(wanted.row.sequence, Some(layer), error).await)
            }
        }
    }

    /// Hands the elements of a frame over, and fills what the frame does not hold.
    fn deliver(
        &self,
        wanted: &Wanted,
        raw: Bytes,
        decoder: &FrameDecoder,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let held = wanted.part.intersect(&wanted.tile.origin, &wanted.extent);
        if held.as_ref() != Some(&wanted.part) {
            sink.fill(&wanted.part)?;
        }
        let Some(part) = held else {
            return Ok(());
        };
        let place = Box {
            origin: &wanted.tile.origin,
            shape: &wanted.extent,
            part: &part,
        };
        sink.put(Decoded::Raw(raw), place).map_err(|e| match e {
            Error::Serialization(detail) => {
                Error::corrupt(detail).within(decoder.place_of(&wanted.row))
            }
            other => other.within(decoder.place_of(&wanted.row)),
        })
    }
}

impl Wanted {
    fn place(&self) -> Box<'_> {
        Box {
            origin: &self.tile.origin,
            shape: &self.extent,
            part: &self.part,
        }
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
