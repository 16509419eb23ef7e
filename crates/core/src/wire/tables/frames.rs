//! Table 4: where each frame is, and its statistics.

use std::cmp::Ordering;

use super::keys::KeyColumns;
use super::statistics::{bound_weight, decode_bound, encode_bounds};
use super::{Table, check_ranks, column, narrow};
use crate::error::{Error, Result};
use crate::geometry::{Coords, TileKey};
use crate::limits;
use crate::stats::FrameStats;
use crate::wire::columns::{Ints, Lists, Reader, Strings, Writer};
use crate::wire::sums::PartSums;

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
const SUMS: u16 = 26;

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
    /// The checksums of its parts, if it is stored as it is and not small.
    pub sums: PartSums,
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

/// The key columns of a page.
#[derive(Debug)]
pub struct FrameKeys {
    arrays: Ints,
    chunks: Lists,
    tiles: Ints,
}

impl KeyColumns for FrameKeys {
    type Key = FrameKey;

    fn read(src: &mut Reader) -> Result<Self> {
        let arrays = src.row_ints(ARRAY)?;
        let n = arrays.len();
        let ranks = src.ints_of(RANK, n)?;
        check_ranks(&ranks)?;
        let chunks = Lists::new(src.ints(CHUNK)?, &ranks)?;
        let tiles = src.ints_of(TILE, n)?;
        Ok(Self {
            arrays,
            chunks,
            tiles,
        })
    }

    fn count(&self) -> usize {
        self.arrays.len()
    }

    fn get(&self, i: usize) -> Result<FrameKey> {
        Ok(FrameKey {
            array: self.arrays.get(i),
            tile: TileKey {
                chunk: self.chunks.get(i).collect(),
                tile: self.tiles.get(i),
            },
        })
    }

    fn compare(&self, i: usize, key: &FrameKey) -> Ordering {
        let chunk = || self.chunks.get(i).cmp(key.tile.chunk.iter().copied());
        let tile = || self.tiles.get(i).cmp(&key.tile.tile);
        let array = self.arrays.get(i).cmp(&key.array);
        array.then_with(chunk).then_with(tile)
    }

    fn compare_next(&self, i: usize) -> Ordering {
        let chunk = || self.chunks.get(i).cmp(self.chunks.get(i + 1));
        let tile = || self.tiles.get(i).cmp(&self.tiles.get(i + 1));
        let array = self.arrays.get(i).cmp(&self.arrays.get(i + 1));
        array.then_with(chunk).then_with(tile)
    }
}

/// The other columns of a leaf page; those that are optional may be empty.
#[derive(Debug)]
pub struct FrameColumns {
    sequences: Ints,
    offsets: Vec<u64>,
    stored: Ints,
    raw: Ints,
    crcs: Ints,
    sums: Strings,
    extents: Strings,
    valid: Ints,
    nan: Ints,
    min: Strings,
    max: Strings,
}

impl Table for Frames {
    const ID: u8 = 4;
    const NAME: &'static str = "frames";
    type Key = FrameKey;
    type Keys = FrameKeys;
    type Columns = FrameColumns;
    type Row = FrameRow;

    fn key(row: &FrameRow) -> &FrameKey {
        &row.key
    }

    fn weight(row: &FrameRow) -> usize {
        let extent = row.extent.as_ref().map_or(0, |e| 8 * e.len());
        let sums = row.sums.as_bytes().len();
        18 + 2 * row.key.tile.chunk.len() + extent + sums + bound_weight(&row.stats)
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
        if rows.iter().any(|r| !r.sums.is_empty()) {
            out.bytes(SUMS, rows.iter().map(|r| r.sums.as_bytes()));
        }
        Ok(())
    }

    fn read_columns(src: &mut Reader, keys: &FrameKeys) -> Result<FrameColumns> {
        let n = keys.count();
        let sequences = src.ints_of(SEQUENCE, n)?;
        let gaps = src.ints_of(GAP, n)?;
        let stored = src.ints_of(STORED, n)?;
        let raw = src.ints_of(RAW, n)?;
        let crcs = src.ints_of(CRC, n)?;
        narrow(&crcs)?;
        let extents = src.row_bytes(EXTENT)?;
        let valid = src.ints_of(VALID, n)?;
        let nan = src.ints_of(NAN, n)?;
        let (min, max) = (src.row_bytes(MIN)?, src.row_bytes(MAX)?);
        let sums = src.row_bytes(SUMS)?;
        for (what, column) in [
            ("extent", &extents),
            ("minimum", &min),
            ("maximum", &max),
            ("checksum list", &sums),
        ] {
            if !column.is_empty() && column.len() != n {
                return Err(Error::corrupt(format!(
                    "{} {what}s for {n} frames",
                    column.len()
                )));
            }
        }
        let offsets = offsets(&sequences, &gaps, &stored, &raw)?;
        Ok(FrameColumns {
            sequences,
            offsets,
            stored,
            raw,
            crcs,
            sums,
            extents,
            valid,
            nan,
            min,
            max,
        })
    }

    fn row(keys: &FrameKeys, columns: &FrameColumns, i: usize) -> Result<FrameRow> {
        let key = keys.get(i)?;
        let bound = |column: &Strings| match column.len() {
            0 => Ok(None),
            _ => decode_bound(column, i),
        };
        Ok(FrameRow {
            sequence: columns.sequences.get(i),
            offset: columns.offsets[i],
            stored: columns.stored.get(i),
            raw: columns.raw.get(i),
            crc: columns.crcs.get(i) as u32,
            sums: match columns.sums.len() {
                0 => PartSums::default(),
                _ => PartSums::read(columns.sums.share(i), columns.stored.get(i))?,
            },
            extent: match columns.extents.len() {
                0 => None,
                _ => decode_extent(columns.extents.get(i), key.tile.chunk.len())?,
            },
            stats: FrameStats {
                valid: columns.valid.get(i),
                nan: columns.nan.get(i),
                min: bound(&columns.min)?,
                max: bound(&columns.max)?,
            },
            key,
        })
    }
}

/// Offsets from the gaps between frames, which must lie within 64 bits.
fn offsets(sequences: &Ints, gaps: &Ints, stored: &Ints, raw: &Ints) -> Result<Vec<u64>> {
    let mut offsets = Vec::with_capacity(gaps.len());
    let mut before: Option<(u64, u64)> = None;
    for (i, gap) in gaps.iter().enumerate() {
        let (sequence, stored, raw) = (sequences.get(i), stored.get(i), raw.get(i));
        let offset = match before {
            Some((layer, end)) if layer == sequence => end.wrapping_add(gap),
            _ => gap,
        };
        let fits = stored > 0 && stored <= limits::FRAME_BYTES && raw <= limits::FRAME_BYTES;
        let Some(end) = offset.checked_add(stored).filter(|_| fits) else {
            return Err(Error::corrupt(format!(
                "a frame of {stored} stored and {raw} raw bytes at byte {offset}"
            )));
        };
        offsets.push(offset);
        before = Some((sequence, end));
    }
    Ok(offsets)
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
