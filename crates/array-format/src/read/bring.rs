//! Frames come from files, stores or the cache, and are decoded into the place where they belong.

use std::collections::HashMap;
use std::sync::Arc;

use array_format_core::frame::FrameDecoder;
use array_format_core::snapshot::Snapshot;
use array_format_core::wire::header::Id;
use array_format_core::wire::tables::{FrameRow, LayerRow};
use bytes::Bytes;
use futures::TryStreamExt;

use super::direct::{self, Job, Place, Stored};
use super::gather::{Lane, Target, Wanted};
use crate::ArrayFile;
use crate::blocking;
use crate::error::{Error, Result};
use crate::fetch::{self, Holder, Layers, Piece};
use crate::storage::OpenFile;

/// Decoded bytes of a request from which on decoding leaves the async runtime.
const BLOCKING_BYTES: u64 = 256 << 10;
/// Decoded bytes after which other tasks of a runtime of one thread get their turn.
const TURN_BYTES: u64 = 8 << 20;
/// The same where they have other threads: what is planned at a time.
const LONG_TURN_BYTES: u64 = 64 << 20;
/// A read of less than this is kept whole in the cache; a larger one would only drive others out.
const CACHED_BYTES: u64 = 16 << 20;

/// Where a wanted frame is.
struct Located {
    /// Which of the wanted ones it is.
    number: usize,
    layer: Id,
    piece: Piece,
}

/// Fetches, decodes and delivers frames.
pub(super) async fn bring(
    file: &ArrayFile,
    targets: &mut [Target<'_>],
    lanes: &[Lane],
    wanted: &[Wanted],
) -> Result<()> {
    let layers = file.layers();
    let mut bring = Bring {
        file,
        layers: &layers,
        targets,
        lanes,
        wanted,
    };
    let total: u64 = wanted.iter().map(|w| w.row.raw).sum();
    let ways = bring.ways(total)?;
    bring.near(ways.near).await?;
    bring.far(ways.far).await?;
    bring.kept(ways.kept, total).await
}

/// The ways to frames that are not in the cache; `docs/architecture.md`, "Reading".
#[derive(Default)]
struct Ways {
    near: Vec<(Located, Arc<OpenFile>)>,
    far: Vec<Located>,
    kept: Vec<Located>,
}

/// The layer and the file of the last frame: those of most frames are the same.
#[derive(Default)]
struct Last<'a> {
    layer: Option<&'a LayerRow>,
    file: Option<(Holder, Option<Arc<OpenFile>>)>,
}

impl<'a> Last<'a> {
    /// Where a frame is, and the layer that it is of.
    fn place(&mut self, snapshot: &'a Snapshot, row: &FrameRow) -> Result<(Piece, &'a LayerRow)> {
        let layer = match self.layer.filter(|layer| layer.sequence == row.sequence) {
            Some(layer) => layer,
            None => fetch::layer(snapshot, row.sequence)?,
        };
        self.layer = Some(layer);
        Ok((Piece::of_layer(snapshot, layer, row)?, layer))
    }

    /// An object of a layer as a file, if it is one.
    fn file(&mut self, layers: &Layers, holder: Holder) -> Result<Option<Arc<OpenFile>>> {
        if let Some((_, file)) = self.file.as_ref().filter(|(last, _)| *last == holder) {
            return Ok(file.clone());
        }
        let file = layers.open_file(holder)?;
        self.file = Some((holder, file.clone()));
        Ok(file)
    }
}

struct Bring<'a, 't> {
    file: &'a ArrayFile,
    layers: &'a Layers,
    targets: &'a mut [Target<'t>],
    lanes: &'a [Lane],
    wanted: &'a [Wanted],
}

impl Bring<'_, '_> {
    fn decoder(&self, wanted: &Wanted) -> &FrameDecoder {
        &self.lanes[wanted.lane].decoder
    }

    fn deliver(&mut self, wanted: &Wanted, raw: Bytes) -> Result<()> {
        let lane = &self.lanes[wanted.lane];
        wanted.deliver(raw, &lane.decoder, self.targets[lane.number].sink)
    }

    /// Chooses each frame's way, and delivers what the cache has. All frames have `total` bytes.
    fn ways(&mut self, total: u64) -> Result<Ways> {
        let cache = &self.file.settings.cache;
        let (mut ways, mut last) = (Ways::default(), Last::default());
        for (number, wanted) in self.wanted.iter().enumerate() {
            let Lane {
                number: of,
                decoder,
            } = &self.lanes[wanted.lane];
            let is_direct = self.targets[*of].sink.memory().is_some();
            let (piece, layer) = last
                .place(&self.file.snapshot, &wanted.row)
                .map_err(|e| e.within(decoder.place_of(&wanted.row)))?;
            let at_hand = match is_direct {
                true => last.file(self.layers, piece.holder)?,
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
                ways.near.push((located, Arc::clone(at_hand)));
                continue;
            }
            let is_quick = decoder.is_quick();
            let offset = wanted.row.offset;
            match cache.frame(layer, offset) {
                Some(raw) if raw.len() as u64 == wanted.row.raw => {
                    self.deliver(wanted, raw)?;
                    continue;
                }
                _ => {}
            }
            // Elements of large reads go straight to their place.
            let keeps = !is_direct || total <= CACHED_BYTES || wanted.part.shape != wanted.extent;
            match at_hand {
                // To keep a frame costs as much as to decode it, where that is quick.
                Some(at_hand) if !keeps || (is_quick && !cache.is_asked_again(layer, offset)) => {
                    ways.near.push((located, at_hand));
                }
                _ if keeps => ways.kept.push(located),
                _ => ways.far.push(located),
            }
        }
        Ok(ways)
    }

    /// Decodes frames out of files.
    async fn near(&mut self, located: Vec<(Located, Arc<OpenFile>)>) -> Result<()> {
        let most = match blocking::may_hold_up() {
            true => LONG_TURN_BYTES,
            false => TURN_BYTES,
        };
        let all = self.wanted;
        let mut rest = &located[..];
        while !rest.is_empty() {
            let mut work = 0;
            let n = rest.iter().take_while(|(located, _)| {
                let room = work < most;
                work += all[located.number].row.raw;
                room
            });
            let (turn, later) = rest.split_at(n.count());
            rest = later;
            let mut jobs = Vec::with_capacity(turn.len());
            for (located, file) in turn {
                let stored = Stored::File(Arc::clone(file), located.piece.range.start);
                jobs.extend(self.job(located.number, stored)?);
            }
            self.direct(jobs).await?;
            if !rest.is_empty() {
                blocking::give_way().await;
            }
        }
        Ok(())
    }

    /// Decodes frames as they come from a store.
    async fn far(&mut self, located: Vec<Located>) -> Result<()> {
        if located.is_empty() {
            return Ok(());
        }
        let pieces: Vec<Piece> = located.iter().map(|l| l.piece.clone()).collect();
        let most = self.file.settings.block_target_size as u64;
        let mut stream = fetch::each(self.layers, &pieces, most);
        while let Some(frames) = stream.try_next().await? {
            let mut jobs = Vec::with_capacity(frames.len());
            for (i, stored) in frames {
                jobs.extend(self.job(located[i].number, Stored::Fetched(stored))?);
            }
            self.direct(jobs).await?;
        }
        Ok(())
    }

    /// Frames that the cache is to keep, or whose elements need a type.
    async fn kept(&mut self, located: Vec<Located>, total: u64) -> Result<()> {
        if located.is_empty() {
            return Ok(());
        }
        let (located, again) = self.once(located);
        let cache = &self.file.settings.cache;
        let pieces: Vec<Piece> = located.iter().map(|l| l.piece.clone()).collect();
        let most = self.file.settings.block_target_size as u64;
        let mut stream = fetch::each(self.layers, &pieces, most);
        while let Some(frames) = stream.try_next().await? {
            let frames = frames.into_iter().map(|(i, stored)| (&located[i], stored));
            for (located, raw) in self.decode(frames.collect()).await? {
                let wanted = &self.wanted[located.number];
                let is_part = wanted.part.shape != wanted.extent;
                if is_part || total <= CACHED_BYTES {
                    cache.keep_frame(located.layer, wanted.row.offset, &raw);
                }
                for &number in again.get(&located.number).into_iter().flatten() {
                    self.deliver(&self.wanted[number], raw.clone())?;
                }
                self.deliver(wanted, raw)?;
            }
        }
        Ok(())
    }

    /// Each frame once, and for those that are wanted several times the numbers of the others: regions
    /// of one array may share frames.
    fn once(&self, mut located: Vec<Located>) -> (Vec<Located>, HashMap<usize, Vec<usize>>) {
        let (mut first, mut again) = (HashMap::new(), HashMap::<_, Vec<usize>>::new());
        if self.lanes.len() > 1 {
            located.retain(|l| {
                let first = *first
                    .entry((l.piece.holder, l.piece.range.start))
                    .or_insert(l.number);
                if first != l.number {
                    again.entry(first).or_default().push(l.number);
                }
                first == l.number
            });
        }
        (located, again)
    }

    /// Decodes frames, away from the async runtime if there is much to do.
    async fn decode<'l>(
        &self,
        frames: Vec<(&'l Located, Bytes)>,
    ) -> Result<Vec<(&'l Located, Bytes)>> {
        let wanted = self.wanted;
        let work: u64 = frames.iter().map(|(l, _)| wanted[l.number].row.raw).sum();
        let decoded: Vec<Result<Bytes>> = if work < BLOCKING_BYTES {
            let decode = |(located, stored): &(&Located, Bytes)| {
                let wanted = &wanted[located.number];
                self.decoder(wanted).decode(&wanted.row, stored.clone())
            };
            frames.iter().map(decode).collect()
        } else {
            let job = |(located, stored): &(&Located, Bytes)| {
                let wanted = &wanted[located.number];
                let decoder = self.decoder(wanted).clone();
                (decoder, wanted.row.clone(), stored.clone())
            };
            let jobs: Vec<_> = frames.iter().map(job).collect();
            blocking::run(move || {
                jobs.into_iter()
                    .map(|(decoder, row, stored)| decoder.decode(&row, stored))
                    .collect()
            })
            .await?
        };
        let mut out = Vec::with_capacity(decoded.len());
        for ((located, _), raw) in frames.into_iter().zip(decoded) {
            out.push((located, self.blamed(raw, &wanted[located.number]).await?));
        }
        Ok(out)
    }

    /// Tells a layer that was replaced from one that is damaged.
    async fn blamed<V>(&self, result: Result<V>, wanted: &Wanted) -> Result<V> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => {
                let found = Piece::of_frame(&self.file.snapshot, &wanted.row);
                let layer = found.ok().map(|(_, layer)| layer.id);
                Err(self.layers.blame(wanted.row.sequence, layer, error).await)
            }
        }
    }
}

impl<'a> Bring<'a, '_> {
    /// What is to be decoded of a frame, if it holds anything that is wanted.
    fn job(&mut self, number: usize, stored: Stored) -> Result<Option<Job<'a>>> {
        let wanted = &self.wanted[number];
        let lane = &self.lanes[wanted.lane];
        let held = wanted.held();
        wanted.fill_rest(held.as_ref(), self.targets[lane.number].sink)?;
        Ok(held.map(|part| Job {
            number,
            lane: wanted.lane,
            row: &wanted.row,
            stored,
            origin: &wanted.tile.origin,
            extent: &wanted.extent,
            part,
        }))
    }

    /// Decodes frames into the memory of their sinks.
    async fn direct(&mut self, jobs: Vec<Job<'a>>) -> Result<()> {
        match self.decode_into_memory(jobs) {
            None => Ok(()),
            Some((number, error)) => self.blamed(Err(error), &self.wanted[number]).await,
        }
    }

    /// What failed first is returned, with the number of its frame.
    fn decode_into_memory(&mut self, mut jobs: Vec<Job<'a>>) -> Option<(usize, Error)> {
        let lanes = jobs.iter().map(|job| job.lane);
        let (first, last) = (lanes.clone().min()?, lanes.max()?);
        jobs.iter_mut().for_each(|job| job.lane -= first);
        let mut lanes = self.lanes[first..=last].iter().peekable();
        let numbers = self.lanes[first].number..=self.lanes[last].number;
        let mut places = Vec::with_capacity(lanes.len());
        for (number, target) in numbers.clone().zip(&mut self.targets[numbers]) {
            if let Some(lane) = lanes.next_if(|lane| lane.number == number) {
                let memory = target.sink.memory();
                places.push(memory.map(|memory| Place::new(&lane.decoder, memory)));
            }
        }
        let work: u64 = jobs.iter().map(Job::work).sum();
        let threads = self.file.settings.threads;
        match work < BLOCKING_BYTES {
            true => direct::decode(&places, &jobs, 1),
            false => blocking::in_place(|| direct::decode(&places, &jobs, threads)),
        }
    }
}
