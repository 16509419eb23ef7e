//! Table 3: statistics and stored size of each array that was written.

use super::keys::NUMBER;
use super::{Table, column};
use crate::error::Result;
use crate::stats::FrameStats;
use crate::value::StatValue;
use crate::wire::columns::{Ints, Reader, Strings, Writer};

const VALID: u16 = 16;
const NAN: u16 = 17;
const MIN: u16 = 18;
const MAX: u16 = 19;
const STORED: u16 = 20;
const FRAMES: u16 = 21;

/// Table 3.
#[derive(Debug, Clone, Copy)]
pub struct Statistics;

/// Statistics of one array.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatisticsRow {
    /// The array.
    pub array: u64,
    /// Over all its frames.
    pub stats: FrameStats,
    /// Stored bytes of its frames.
    pub stored: u64,
    /// Its frames.
    pub frames: u64,
}

/// The columns of a leaf page.
#[derive(Debug)]
pub struct StatisticsColumns {
    valid: Ints,
    nan: Ints,
    min: Strings,
    max: Strings,
    stored: Ints,
    frames: Ints,
}

/// One bound of each row's statistics, empty where there is none.
pub(super) fn encode_bounds<'a>(
    bounds: impl Iterator<Item = &'a Option<StatValue>>,
) -> Vec<Vec<u8>> {
    bounds
        .map(|bound| {
            let mut bytes = Vec::new();
            if let Some(value) = bound {
                value.encode(&mut bytes);
            }
            bytes
        })
        .collect()
}

/// Reads one bound.
pub(super) fn decode_bound(bounds: &Strings, i: usize) -> Result<Option<StatValue>> {
    match bounds.get(i) {
        [] => Ok(None),
        bytes => StatValue::decode(bytes).map(Some),
    }
}

impl Table for Statistics {
    const ID: u8 = 3;
    const NAME: &'static str = "statistics";
    type Key = u64;
    type Keys = Ints;
    type Columns = StatisticsColumns;
    type Row = StatisticsRow;

    fn key(row: &StatisticsRow) -> &u64 {
        &row.array
    }

    fn weight(row: &StatisticsRow) -> usize {
        24 + bound_weight(&row.stats)
    }

    fn key_weight(_: &u64) -> usize {
        8
    }

    fn write_keys(out: &mut Writer, keys: &[&u64]) {
        let keys: Vec<u64> = keys.iter().map(|k| **k).collect();
        out.ints(NUMBER, &keys);
    }

    fn write_rows(out: &mut Writer, rows: &[StatisticsRow]) -> Result<()> {
        out.ints(VALID, &column(rows, |r| r.stats.valid));
        out.ints(NAN, &column(rows, |r| r.stats.nan));
        let min = encode_bounds(rows.iter().map(|r| &r.stats.min));
        out.bytes(MIN, min.iter().map(Vec::as_slice));
        let max = encode_bounds(rows.iter().map(|r| &r.stats.max));
        out.bytes(MAX, max.iter().map(Vec::as_slice));
        out.ints(STORED, &column(rows, |r| r.stored));
        out.ints(FRAMES, &column(rows, |r| r.frames));
        Ok(())
    }

    fn read_columns(src: &mut Reader, keys: &Ints) -> Result<StatisticsColumns> {
        let n = keys.len();
        Ok(StatisticsColumns {
            valid: src.ints_of(VALID, n)?,
            nan: src.ints_of(NAN, n)?,
            min: src.bytes_of(MIN, n)?,
            max: src.bytes_of(MAX, n)?,
            stored: src.ints_of(STORED, n)?,
            frames: src.ints_of(FRAMES, n)?,
        })
    }

    fn row(keys: &Ints, columns: &StatisticsColumns, i: usize) -> Result<StatisticsRow> {
        Ok(StatisticsRow {
            array: keys.get(i),
            stats: FrameStats {
                valid: columns.valid.get(i),
                nan: columns.nan.get(i),
                min: decode_bound(&columns.min, i)?,
                max: decode_bound(&columns.max, i)?,
            },
            stored: columns.stored.get(i),
            frames: columns.frames.get(i),
        })
    }
}

/// About how many bytes the bounds take in a page.
pub(super) fn bound_weight(stats: &FrameStats) -> usize {
    [&stats.min, &stats.max]
        .into_iter()
        .map(|bound| match bound {
            Some(StatValue::Bytes(bytes)) => 5 + bytes.len(),
            Some(_) => 9,
            None => 1,
        })
        .sum()
}
