//! Frames: where they may stand, and whether they hold what the index says.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use array_format_core::wire;
use array_format_core::wire::tables::FrameRow;
use bytes::Bytes;

use super::compare::corrected;
use super::problem::{Affected, Part, Problem};
use super::source::{Source, detail};
use super::tables::{Catalog, Known};
use crate::blocking;
use crate::error::{Error, Result};
use crate::fetch::{Holder, Piece};
use crate::stats::FrameStats;

/// Stored bytes, decoded bytes and frames that are examined together.
const STORED_BYTES: u64 = 16 << 20;
const RAW_BYTES: u64 = 128 << 20;
const FRAMES: usize = 1 << 12;
/// Decoded bytes from which on a worker thread is worth its start.
const BLOCKING_BYTES: u64 = 256 << 10;

/// Ranges of objects that are taken. Ranges that touch are one, so that it stays small: writers put
/// frames back to back.
#[derive(Debug, Default)]
pub(super) struct Taken(HashMap<Holder, BTreeMap<u64, u64>>);

impl Taken {
    /// Takes a range; false if a part of it is taken already.
    pub(super) fn take(&mut self, holder: Holder, range: Range<u64>) -> bool {
        let ranges = self.0.entry(holder).or_default();
        let before = ranges.range(..=range.start).next_back();
        let before = before.map(|(&start, &end)| (start, end));
        let after = ranges.range(range.start..).next();
        let after = after.map(|(&start, &end)| (start, end));
        if before.is_some_and(|(_, end)| end > range.start)
            || after.is_some_and(|(start, _)| start < range.end)
        {
            return false;
        }
        let (mut start, mut end) = (range.start, range.end);
        if let Some((touching, _)) = before.filter(|&(_, end)| end == range.start) {
            start = touching;
        }
        if let Some((touching, far)) = after.filter(|&(start, _)| start == range.end) {
            ranges.remove(&touching);
            end = far;
        }
        ranges.insert(start, end);
        true
    }
}

/// A frame to be examined.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) row: FrameRow,
    pub(super) array: Arc<Known>,
}

/// A frame whose bytes are right.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) stored: Bytes,
    /// Its statistics, if the index has others.
    pub(super) corrected: Option<FrameStats>,
    /// Whether the index has other checksums of its parts.
    pub(super) has_other_sums: bool,
}

impl Job {
    /// Checks the row against its array.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        let describing = array_format_core::frame::FrameDecoder::describing(&self.array.meta);
        let checked = describing.extent(&self.row);
        checked.map(|_| ()).map_err(|error| detail(&error))
    }

    /// Decodes the frame and computes its statistics. A codec that is not at hand is no damage.
    fn examine(&self, stored: &Bytes) -> Result<Option<FrameStats>> {
        let decoder = match &self.array.decoder {
            Ok(decoder) => decoder,
            Err(Error::UnknownCodec { .. }) => return Ok(None),
            Err(error) => return Err(Error::corrupt(detail(error))),
        };
        let (tile, extent) = decoder.extent(&self.row)?;
        let raw = decoder.decode(&self.row, stored.clone())?;
        if raw.len() as u64 != self.row.raw {
            return Err(Error::corrupt(format!(
                "it decodes to {} bytes, not {}",
                raw.len(),
                self.row.raw
            )));
        }
        let elements = decoder.elements(&self.row, raw, &extent)?;
        let meta = &self.array.meta;
        Ok(corrected(meta, &tile, &elements, &extent, &self.row.stats))
    }
}

/// Frames that are read together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    jobs: Vec<Job>,
    stored: u64,
    raw: u64,
}

impl Batch {
    pub(super) fn push(&mut self, job: Job) {
        self.stored += job.row.stored;
        self.raw += job.row.raw;
        self.jobs.push(job);
    }

    pub(super) fn is_full(&self) -> bool {
        self.stored >= STORED_BYTES || self.raw >= RAW_BYTES || self.jobs.len() >= FRAMES
    }

    /// Reads, decodes and checks all frames, in their order.
    pub(super) async fn run(
        &mut self,
        source: &Source,
    ) -> Result<Vec<(Job, std::result::Result<Frame, String>)>> {
        let Self { jobs, raw, .. } = std::mem::take(self);
        let pieces: Vec<Piece> = jobs
            .iter()
            .map(|job| source.frame(&job.row))
            .collect::<Result<_>>()?;
        let check = |i: usize, stored: &Bytes| match wire::crc(stored) == jobs[i].row.crc {
            true => Ok(()),
            false => Err(Error::corrupt("checksum differs")),
        };
        let stored = source.read(&pieces, check).await?;
        let work: Vec<_> = jobs.into_iter().zip(stored).collect();
        if raw < BLOCKING_BYTES {
            return Ok(examine(work));
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = work.len().div_ceil(threads).max(1);
        let mut parts = Vec::new();
        let mut rest = work;
        while !rest.is_empty() {
            let next = rest.split_off(share.min(rest.len()));
            let part = std::mem::replace(&mut rest, next);
            parts.push(blocking::run(move || examine(part)));
        }
        let mut out = Vec::new();
        for part in futures::future::join_all(parts).await {
            out.extend(part?);
        }
        Ok(out)
    }
}

type Fetched = (Job, std::result::Result<Bytes, Error>);

fn examine(work: Vec<Fetched>) -> Vec<(Job, std::result::Result<Frame, String>)> {
    work.into_iter()
        .map(|(job, stored)| {
            let frame = stored.and_then(|stored| {
                let (corrected, row) = (job.examine(&stored)?, &job.row);
                Ok(Frame {
                    corrected,
                    has_other_sums: !row.sums.is_empty() && !row.sums.fit(&stored, 0, row.stored),
                    stored,
                })
            });
            (job, frame.map_err(|error| detail(&error)))
        })
        .collect()
}

/// The report of something wrong with a frame.
pub(super) fn frame_problem(
    source: &Source,
    catalog: &Catalog,
    row: &FrameRow,
    detail: String,
) -> Problem {
    let (object, bytes) = match source.frame(row) {
        Ok(piece) => (source.path_of(piece.holder), Some(piece.range)),
        Err(_) => (source.path(row.sequence), None),
    };
    Problem {
        object,
        layer: Some(row.sequence),
        bytes,
        part: Part::Frame,
        affects: vec![Affected::Chunk {
            array: catalog.name(row.key.array),
            chunk: row.key.tile.chunk.to_vec(),
            tile: row.key.tile.tile,
        }],
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_is_refused_and_what_touches_is_joined() {
        let mut taken = Taken::default();
        let (one, two) = (Holder::layer(1), Holder::layer(2));
        for range in [10..20, 30..40, 20..30, 5..10, 50..51] {
            assert!(taken.take(one, range.clone()), "{range:?}");
        }
        assert_eq!(taken.0[&one].len(), 2);
        for range in [5..6, 0..6, 39..41, 0..100, 10..20, 50..51] {
            assert!(!taken.take(one, range.clone()), "{range:?}");
        }
        assert!(taken.take(two, 5..6));
        assert!(taken.take(one, 40..50));
        assert_eq!(taken.0[&one].len(), 1);
    }
}
