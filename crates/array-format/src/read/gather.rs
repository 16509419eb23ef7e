//! Bringing the tiles of a region together from pending, the cache, and the layers.

use std::sync::Arc;

use array_format_core::array::ArrayMeta;
use array_format_core::frame::FrameDecoder;
use array_format_core::geometry::{Coords, Region, Tile};
use array_format_core::wire::header::Id;
use array_format_core::wire::tables::{FrameKey, FrameRow};
use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::BoxFuture;

use super::direct::{self, Job, Stored};
use super::sink::{Decoded, Sink, TileBox};
use crate::ArrayFile;
use crate::blocking;
use crate::error::{Error, Result};
use crate::fetch::{self, Layers, Piece};
use crate::pending::{PendingArray, PendingTile};
use crate::storage::OpenFile;

/// Tiles that are planned together: bounds the memory of a plan, not of a read.
const BATCH_TILES: usize = 1 << 14;
/// Decoded bytes of a request from which on decoding leaves the async runtime.
const BLOCKING_BYTES: u64 = 256 << 10;
/// Decoded bytes after which other tasks of a runtime of one thread get their turn.
const TURN_BYTES: u64 = 8 << 20;
/// The same where they have other threads: what is planned at a time.
const LONG_TURN_BYTES: u64 = 64 << 20;
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

/// Where a wanted frame is.
struct Located {
    /// Which of the wanted ones it is.
    number: usize,
    layer: Id,
    piece: Piece,
}

/// Brings the elements of a region to `sink`.
pub(crate) fn gather<'a>(
    file: &'a ArrayFile,
    meta: &'a Arc<ArrayMeta>,
    region: &'a Region,
    sink: &'a mut dyn Sink,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
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
    })
}

struct Gather<'a> {
    file: &'a ArrayFile,
    meta: &'a Arc<ArrayMeta>,
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
                    TileBox {
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
        let mut wanted = Vec::with_capacity(asked.len());
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
        let extent = decoder.extent_in(&row, &tile)?;
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
        let layers = file.layers();
        let is_direct = sink.memory().is_some();
        // Elements of large reads go straight to their place.
        let keeps = |wanted: &Wanted| {
            !is_direct || total <= CACHED_BYTES || wanted.part.shape != wanted.extent
        };
        let (mut kept, mut near, mut far) = (Vec::new(), Vec::new(), Vec::new());
        for (number, wanted) in wanted.iter().enumerate() {
            let (piece, layer) = Piece::of_frame(&file.snapshot, &wanted.row)
                .map_err(|e| e.within(decoder.place_of(&wanted.row)))?;
            let at_hand = match is_direct {
                true => layers.open_file(piece.holder)?,
                false => None,
            };
            let layer = layer.id;
            let located = Located {
                number,
                layer,
                piece,
            };
            // Stored bytes that a file holds as they are: the system keeps those in memory already.
            if let (Some(at_hand), true) = (&at_hand, decoder.is_raw(&wanted.row)) {
                near.push((located, Arc::clone(at_hand)));
                continue;
            }
            let offset = wanted.row.offset;
            match cache.frame(layer, offset) {
                Some(raw) if raw.len() as u64 == wanted.row.raw => {
                    self.deliver(wanted, raw, &decoder, sink)?;
                    continue;
                }
                _ => {}
            }
            let keeps = keeps(wanted);
            match at_hand {
                // To keep a frame costs as much as to decode it, where that is quick.
                Some(at_hand)
                    if !keeps || (decoder.is_quick() && !cache.is_asked_again(layer, offset)) =>
                {
                    near.push((located, at_hand));
                }
                _ if keeps => kept.push(located),
                _ => far.push(located),
            }
        }
        self.near(&wanted, near, &decoder, sink).await?;
        self.far(&layers, &wanted, far, &decoder, sink).await?;
        self.kept(&layers, &wanted, kept, decoder, total, sink)
            .await
    }

    /// Decodes frames out of files.
    async fn near(
        &self,
        wanted: &[Wanted],
        located: Vec<(Located, Arc<OpenFile>)>,
        decoder: &FrameDecoder,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let most = match blocking::may_hold_up() {
            true => LONG_TURN_BYTES,
            false => TURN_BYTES,
        };
        let mut rest = &located[..];
        while !rest.is_empty() {
            let mut work = 0;
            let n = rest.iter().take_while(|(located, _)| {
                let room = work < most;
                work += wanted[located.number].row.raw;
                room
            });
            let (turn, later) = rest.split_at(n.count());
            rest = later;
            let mut jobs = Vec::with_capacity(turn.len());
            for (i, (located, file)) in turn.iter().enumerate() {
                let wanted = &wanted[located.number];
                self.fill_rest(wanted, sink)?;
                let stored = Stored::File(Arc::clone(file), located.piece.range.start);
                jobs.extend(wanted.job(i, stored));
            }
            let place = |i: usize| {
                let located = &turn[i].0;
                (&wanted[located.number], located.layer)
            };
            self.direct(jobs, place, decoder, sink).await?;
            if !rest.is_empty() {
                blocking::give_way().await;
            }
        }
        Ok(())
    }

    /// Decodes frames as they come from a store.
    async fn far(
        &self,
        layers: &Layers,
        wanted: &[Wanted],
        located: Vec<Located>,
        decoder: &FrameDecoder,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        if located.is_empty() {
            return Ok(());
        }
        let pieces: Vec<Piece> = located.iter().map(|l| l.piece.clone()).collect();
        let most = self.file.settings.block_target_size as u64;
        let mut stream = fetch::each(layers, &pieces, most);
        while let Some(frames) = stream.try_next().await? {
            let mut jobs = Vec::with_capacity(frames.len());
            for (i, stored) in frames {
                let wanted = &wanted[located[i].number];
                self.fill_rest(wanted, sink)?;
                jobs.extend(wanted.job(i, Stored::Fetched(stored)));
            }
            let place = |i: usize| (&wanted[located[i].number], located[i].layer);
            self.direct(jobs, place, decoder, sink).await?;
        }
        Ok(())
    }

    /// Decodes frames into memory. `place` tells which frame has this number.
    async fn direct<'w>(
        &self,
        jobs: Vec<Job<'_>>,
        place: impl Fn(usize) -> (&'w Wanted, Id),
        decoder: &FrameDecoder,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let Some(mut memory) = sink.memory() else {
            return Ok(());
        };
        let work: u64 = jobs.iter().map(|job| job.row.raw).sum();
        let threads = self.file.settings.threads;
        let failed = match work < BLOCKING_BYTES {
            true => direct::decode(decoder, &jobs, &mut memory, 1),
            false => blocking::in_place(|| direct::decode(decoder, &jobs, &mut memory, threads)),
        };
        match failed {
            None => Ok(()),
            Some((i, error)) => {
                let (wanted, layer) = place(i);
                self.blamed(Err(error), wanted, layer).await
            }
        }
    }

    /// Decodes frames that the cache is to keep, or whose elements need a type.
    async fn kept(
        &self,
        layers: &Layers,
        wanted: &[Wanted],
        located: Vec<Located>,
        decoder: Arc<FrameDecoder>,
        total: u64,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        if located.is_empty() {
            return Ok(());
        }
        let cache = &self.file.settings.cache;
        let pieces: Vec<Piece> = located.iter().map(|l| l.piece.clone()).collect();
        let most = self.file.settings.block_target_size as u64;
        let mut stream = fetch::each(layers, &pieces, most);
        while let Some(frames) = stream.try_next().await? {
            let of = |i: usize| (&wanted[located[i].number], located[i].layer);
            for (i, raw) in self.decode(frames, of, &decoder).await? {
                let (wanted, layer) = of(i);
                let is_part = wanted.part.shape != wanted.extent;
                if is_part || total <= CACHED_BYTES {
                    cache.keep_frame(layer, wanted.row.offset, &raw);
                }
                self.deliver(wanted, raw, &decoder, sink)?;
            }
        }
        Ok(())
    }

    /// Decodes frames, away from the async runtime if there is much to do.
    async fn decode<'w>(
        &self,
        frames: Vec<(usize, Bytes)>,
        of: impl Fn(usize) -> (&'w Wanted, Id),
        decoder: &Arc<FrameDecoder>,
    ) -> Result<Vec<(usize, Bytes)>> {
        let work: u64 = frames.iter().map(|(i, _)| of(*i).0.row.raw).sum();
        let jobs: Vec<(usize, FrameRow, Bytes)> = frames
            .into_iter()
            .map(|(i, stored)| (i, of(i).0.row.clone(), stored))
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
            let (wanted, layer) = of(i);
            out.push((i, self.blamed(raw, wanted, layer).await?));
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

    /// Fills what is wanted of a tile if its frame does not hold all of it.
    fn fill_rest(&self, wanted: &Wanted, sink: &mut dyn Sink) -> Result<()> {
        match wanted.held().as_ref() == Some(&wanted.part) {
            true => Ok(()),
            false => sink.fill(&wanted.part),
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
        self.fill_rest(wanted, sink)?;
        let Some(part) = wanted.held() else {
            return Ok(());
        };
        let place = TileBox {
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
    /// What is wanted of what the frame holds.
    fn held(&self) -> Option<Region> {
        self.part.intersect(&self.tile.origin, &self.extent)
    }

    fn job(&self, number: usize, stored: Stored) -> Option<Job<'_>> {
        Some(Job {
            number,
            row: &self.row,
            stored,
            origin: &self.tile.origin,
            extent: &self.extent,
            part: self.held()?,
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
