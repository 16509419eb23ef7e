//! Table 4: where each frame is, and its statistics.

use super::statistics::{bound_weight, decode_bound, encode_bounds};
use super::{Table, check_ranks, column, narrow, pieces};
use crate::error::{Error, Result};
use crate::geometry::{Coords, TileKey};
use crate::limits;
use crate::stats::FrameStats;
use crate::wire::columns::{Reader, Writer};

const ARRAY: u16 = 1;
const RANK: u16 = 2;
const CHUNK: u16 = 3;
const TILE: u16 = 4;
const SEQUENCE: u16 = 16;
const GAP: u16 = 17;
const STORED: u16 = 18;
const RAW: u16 = 19;
const CRC: u16 = 20;
const EXTENT: u16 = 21;
const VALID: u16 = 22;
const NAN: u16 = 23;
const MIN: u16 = 24;
const MAX: u16 = 25;

/// Table 4.
#[derive(Debug, Clone, Copy)]
pub struct Frames;

/// Which tile of which array.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameKey {
    /// The array.
    pub array: u64,
    /// The tile.
    pub tile: TileKey,
}

impl FrameKey {
    /// A key not above any key of this array.
    pub fn first_of(array: u64) -> Self {
        Self {
            array,
            tile: TileKey {
                chunk: Coords::new(),
                tile: 0,
            },
        }
    }
}

/// A stored frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameRow {
    /// Which.
    pub key: FrameKey,
    /// The sequence number of its layer.
    pub sequence: u64,
    /// Its offset there.
    pub offset: u64,
    /// Its bytes there.
    pub stored: u64,
    /// Its bytes once decoded.
    pub raw: u64,
    /// The checksum of its stored bytes.
    pub crc: u32,
    /// Its extent where that is less than the tile's.
    pub extent: Option<Coords>,
    /// Statistics of its elements.
    pub stats: FrameStats,
}

impl FrameRow {
    /// The first byte after it; the page was checked to keep that within 64 bits.
    pub fn end(&self) -> u64 {
        self.offset + self.stored
    }
}

impl Table for Frames {
    const ID: u8 = 4;
    const NAME: &'static str = "frames";
    type Key = FrameKey;
    type Row = FrameRow;

    fn key(row: &FrameRow) -> &FrameKey {
        &row.key
    }

    fn weight(row: &FrameRow) -> usize {
        let extent = row.extent.as_ref().map_or(0, |e| 8 * e.len());
        18 + 2 * row.key.tile.chunk.len() + extent + bound_weight(&row.stats)
    }

    fn key_weight(key: &FrameKey) -> usize {
        16 + 2 * key.tile.chunk.len()
    }

    fn write_keys(out: &mut Writer, keys: &[&FrameKey]) {
        out.ints(ARRAY, &column(keys, |k| k.array));
        out.ints(RANK, &column(keys, |k| k.tile.chunk.len() as u64));
        let chunks: Vec<u64> = keys.iter().flat_map(|k| &k.tile.chunk).copied().collect();
        out.ints(CHUNK, &chunks);
        out.ints(TILE, &column(keys, |k| k.tile.tile));
    }

    fn read_keys(src: &mut Reader) -> Result<Vec<FrameKey>> {
        let arrays = src.row_ints(ARRAY)?;
        let n = arrays.len();
        let ranks = src.ints_of(RANK, n)?;
        check_ranks(&ranks)?;
        let chunks = src.ints(CHUNK)?;
        let chunks = pieces(&chunks, &ranks)?;
        let tiles = src.ints_of(TILE, n)?;
        Ok((0..n)
            .map(|i| FrameKey {
                array: arrays[i],
                tile: TileKey {
                    chunk: chunks[i].into(),
                    tile: tiles[i],
                },
            })
            .collect())
    }

    fn write_rows(out: &mut Writer, rows: &[FrameRow]) -> Result<()> {
        out.ints(SEQUENCE, &column(rows, |r| r.sequence));
        let mut before: Option<&FrameRow> = None;
        let gaps: Vec<u64> = rows
            .iter()
            .map(|row| {
                let gap = match before {
                    Some(b) if b.sequence == row.sequence => row.offset.wrapping_sub(b.end()),
                    _ => row.offset,
                };
                before = Some(row);
                gap
            })
            .collect();
        out.ints(GAP, &gaps);
        out.ints(STORED, &column(rows, |r| r.stored));
        out.ints(RAW, &column(rows, |r| r.raw));
        out.ints(CRC, &column(rows, |r| r.crc.into()));
        if rows.iter().any(|r| r.extent.is_some()) {
            let extents: Vec<Vec<u8>> = rows
                .iter()
                .map(|r| {
                    r.extent
                        .iter()
                        .flatten()
                        .flat_map(|e| e.to_le_bytes())
                        .collect()
                })
                .collect();
            out.bytes(EXTENT, extents.iter().map(Vec::as_slice));
        }
        out.ints(VALID, &column(rows, |r| r.stats.valid));
        out.ints(NAN, &column(rows, |r| r.stats.nan));
        if rows.iter().any(|r| r.stats.min.is_some()) {
            let min = encode_bounds(rows.iter().map(|r| &r.stats.min));
            out.bytes(MIN, min.iter().map(Vec::as_slice));
        }
        if rows.iter().any(|r| r.stats.max.is_some()) {
            let max = encode_bounds(rows.iter().map(|r| &r.stats.max));
            out.bytes(MAX, max.iter().map(Vec::as_slice));
        }
        Ok(())
    }

    fn read_rows(src: &mut Reader, keys: Vec<FrameKey>) -> Result<Vec<FrameRow>> {
        let n = keys.len();
        let sequences = src.ints_of(SEQUENCE, n)?;
        let gaps = src.ints_of(GAP, n)?;
        let stored = src.ints_of(STORED, n)?;
        let raw = src.ints_of(RAW, n)?;
        let crcs = narrow(src.ints_of(CRC, n)?)?;
        let extents = src.row_bytes(EXTENT)?;
        let valid = src.ints_of(VALID, n)?;
        let nan = src.ints_of(NAN, n)?;
        let (min, max) = (src.row_bytes(MIN)?, src.row_bytes(MAX)?);
        for (what, column) in [("extent", &extents), ("minimum", &min), ("maximum", &max)] {
            if !column.is_empty() && column.len() != n {
                return Err(Error::corrupt(format!(
                    "{} {what}s for {n} frames",
                    column.len()
                )));
            }
        }
        let mut rows: Vec<FrameRow> = Vec::with_capacity(n);
        for (i, key) in keys.into_iter().enumerate() {
            let offset = match rows.last() {
                Some(b) if b.sequence == sequences[i] => b.end().wrapping_add(gaps[i]),
                _ => gaps[i],
            };
            let fits = stored[i] > 0
                && stored[i] <= limits::FRAME_BYTES
                && raw[i] <= limits::FRAME_BYTES
                && offset.checked_add(stored[i]).is_some();
            if !fits {
                return Err(Error::corrupt(format!(
                    "a frame of {} stored and {} raw bytes at byte {offset}",
                    stored[i], raw[i]
                )));
            }
            let extent = match extents.len() {
                0 => None,
                _ => decode_extent(extents.get(i), key.tile.chunk.len())?,
            };
            let bound = |column: &crate::wire::columns::Strings| match column.len() {
                0 => Ok(None),
                _ => decode_bound(column, i),
            };
            rows.push(FrameRow {
                key,
                sequence: sequences[i],
                offset,
                stored: stored[i],
                raw: raw[i],
                crc: crcs[i],
                extent,
                stats: FrameStats {
                    valid: valid[i],
                    nan: nan[i],
                    min: bound(&min)?,
                    max: bound(&max)?,
                },
            });
        }
        Ok(rows)
    }
}

fn decode_extent(bytes: &[u8], rank: usize) -> Result<Option<Coords>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let (extents, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() || extents.len() != rank {
        return Err(Error::corrupt("a frame's extent is not one of its rank"));
    }
    Ok(Some(
        extents.iter().map(|e| u64::from_le_bytes(*e)).collect(),
    ))
}
