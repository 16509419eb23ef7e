//! Tables 5 and 6: the layers that a snapshot stands on, and the log of those that it did.

use std::ops::Range;

use super::keys::NUMBER;
use super::{Table, column};
use crate::error::{Error, Place, Result};
use crate::limits;
use crate::wire::columns::{Ints, Reader, Strings, Writer};
use crate::wire::header::Id;
use crate::wire::{HEADER_BYTES, TRAILER_BYTES};

const ID: u16 = 16;
const LENGTH: u16 = 17;
const TIME: u16 = 18;
const WRITER: u16 = 19;
const MESSAGE: u16 = 20;
const ARRAYS: u16 = 21;
const FRAMES: u16 = 22;
const BYTES: u16 = 23;
const KIND: u16 = 24;
const OF: u16 = 25;
const GONE: u16 = 26;
const ANNEX: u16 = 27;
const ANNEX_LENGTH: u16 = 28;

/// Table 5 or 6: both hold layers by their sequence number.
#[derive(Debug, Clone, Copy)]
pub struct LayerTable<const TABLE: u8>;

/// Table 5: the layers that a snapshot stands on.
pub type Layers = LayerTable<5>;
/// Table 6: layers of the file's history that a merge or a restore has left behind.
pub type Log = LayerTable<6>;

/// What a layer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A commit of changes.
    Commit,
    /// A merge of the layers from this number on: it changes nothing that is visible.
    Merge(u64),
    /// The state after this layer, again.
    Restore(u64),
}

impl Origin {
    fn encode(self) -> (u64, u64) {
        match self {
            Self::Commit => (0, 0),
            Self::Merge(from) => (1, from),
            Self::Restore(of) => (2, of),
        }
    }

    /// The origin of the layer with this number, which can only be of earlier ones.
    fn decode(sequence: u64, kind: u64, of: u64) -> Result<Self> {
        match (kind, of) {
            (0, 0) => Ok(Self::Commit),
            (1, from) if from < sequence => Ok(Self::Merge(from)),
            (2, of) if of < sequence => Ok(Self::Restore(of)),
            _ => Err(Error::corrupt(format!(
                "layer {sequence} is of kind {kind} and of layer {of}"
            ))),
        }
    }
}

/// The object that holds the first part of a large layer's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Annex {
    /// Its id, which its name ends in.
    pub id: Id,
    /// Its bytes, header included.
    pub length: u64,
}

/// One layer, and the commit that wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerRow {
    /// Its sequence number.
    pub sequence: u64,
    /// Its id.
    pub id: Id,
    /// Bytes of its object; 0 in its own row.
    pub length: u64,
    /// When it was committed, nanoseconds since 1970-01-01 UTC.
    pub time: i64,
    /// Who committed it.
    pub writer: Id,
    /// What they said of it.
    pub message: String,
    /// Arrays that the commit changed.
    pub arrays: u64,
    /// Frames that it wrote.
    pub frames: u64,
    /// Stored bytes of these frames.
    pub bytes: u64,
    /// What it is for.
    pub origin: Origin,
    /// Whether a merge has given it up: no snapshot that stands on it is kept.
    pub gone: bool,
    /// Where the first part of its data is, if that is not in its own object.
    pub annex: Option<Annex>,
}

impl LayerRow {
    /// Bytes of its object and its annex; those of the object are not known from its own row.
    pub fn stored(&self) -> u64 {
        self.length
            .saturating_add(self.annex.map_or(0, |annex| annex.length))
    }

    /// Where a range of its data is: in which object, its annex or its own, and where there.
    pub fn locate(&self, range: Range<u64>) -> Result<(Option<Id>, Range<u64>)> {
        let outside = || {
            let error = Error::corrupt("it lies outside the data of its layer");
            error.within(Place::layer(self.sequence))
        };
        if range.start < HEADER_BYTES as u64 || range.end < range.start {
            return Err(outside());
        }
        let (annex, range) = match self.annex {
            Some(annex) if range.end <= annex.length => return Ok((Some(annex.id), range)),
            // No frame is divided between both.
            Some(annex) if range.start < annex.length => return Err(outside()),
            Some(annex) => {
                let skipped = annex.length - HEADER_BYTES as u64;
                (None, range.start - skipped..range.end - skipped)
            }
            None => (None, range),
        };
        if self.length > 0 && range.end > self.length.saturating_sub(TRAILER_BYTES as u64) {
            return Err(outside());
        }
        Ok((annex, range))
    }
}

/// The columns of a leaf page; those that are optional may be empty.
#[derive(Debug)]
pub struct LayerColumns {
    ids: Strings,
    lengths: Ints,
    times: Ints,
    writers: Strings,
    messages: Strings,
    arrays: Ints,
    frames: Ints,
    bytes: Ints,
    kinds: Ints,
    of: Ints,
    gone: Ints,
    annexes: Strings,
    annex_lengths: Ints,
}

impl LayerColumns {
    fn annex(&self, i: usize) -> Result<Option<Annex>> {
        if self.annexes.is_empty() {
            return Ok(None);
        }
        match (self.annexes.get(i), self.annex_lengths.get(i)) {
            ([], 0) => Ok(None),
            (id, length) if length > HEADER_BYTES as u64 => Ok(Some(Annex {
                id: Id::decode(id)?,
                length,
            })),
            (_, length) => Err(Error::corrupt(format!("an annex of {length} bytes"))),
        }
    }
}

impl<const TABLE: u8> Table for LayerTable<TABLE> {
    const ID: u8 = TABLE;
    const NAME: &'static str = if TABLE == 5 { "layers" } else { "log" };
    type Key = u64;
    type Keys = Ints;
    type Columns = LayerColumns;
    type Row = LayerRow;

    fn key(row: &LayerRow) -> &u64 {
        &row.sequence
    }

    fn weight(row: &LayerRow) -> usize {
        72 + row.message.len()
    }

    fn key_weight(_: &u64) -> usize {
        8
    }

    fn check_keys(keys: &Ints) -> Result<()> {
        let greatest = keys.iter().max().unwrap_or(0);
        limits::check_stored("a sequence number", greatest, limits::SEQUENCE)
    }

    fn write_keys(out: &mut Writer, keys: &[&u64]) {
        let keys: Vec<u64> = keys.iter().map(|k| **k).collect();
        out.ints(NUMBER, &keys);
    }

    fn write_rows(out: &mut Writer, rows: &[LayerRow]) -> Result<()> {
        out.bytes(ID, rows.iter().map(|r| r.id.0.as_slice()));
        out.ints(LENGTH, &column(rows, |r| r.length));
        out.ints(TIME, &column(rows, |r| r.time as u64));
        out.bytes(WRITER, rows.iter().map(|r| r.writer.0.as_slice()));
        out.bytes(MESSAGE, rows.iter().map(|r| r.message.as_bytes()));
        out.ints(ARRAYS, &column(rows, |r| r.arrays));
        out.ints(FRAMES, &column(rows, |r| r.frames));
        out.ints(BYTES, &column(rows, |r| r.bytes));
        if rows.iter().any(|r| r.origin != Origin::Commit) {
            out.ints(KIND, &column(rows, |r| r.origin.encode().0));
            out.ints(OF, &column(rows, |r| r.origin.encode().1));
        }
        if rows.iter().any(|r| r.gone) {
            out.ints(GONE, &column(rows, |r| r.gone.into()));
        }
        if rows.iter().any(|r| r.annex.is_some()) {
            let id = |r: &LayerRow| r.annex.map_or(Vec::new(), |annex| annex.id.0.to_vec());
            let ids: Vec<Vec<u8>> = rows.iter().map(id).collect();
            out.bytes(ANNEX, ids.iter().map(Vec::as_slice));
            let length = |r: &LayerRow| r.annex.map_or(0, |annex| annex.length);
            out.ints(ANNEX_LENGTH, &column(rows, length));
        }
        Ok(())
    }

    fn read_columns(src: &mut Reader, keys: &Ints) -> Result<LayerColumns> {
        let n = keys.len();
        let columns = LayerColumns {
            ids: src.bytes_of(ID, n)?,
            lengths: src.ints_of(LENGTH, n)?,
            times: src.ints_of(TIME, n)?,
            writers: src.bytes_of(WRITER, n)?,
            messages: src.bytes_of(MESSAGE, n)?,
            arrays: src.ints_of(ARRAYS, n)?,
            frames: src.ints_of(FRAMES, n)?,
            bytes: src.ints_of(BYTES, n)?,
            kinds: src.row_ints(KIND)?,
            of: src.row_ints(OF)?,
            gone: src.row_ints(GONE)?,
            annexes: src.bytes(ANNEX)?,
            annex_lengths: src.row_ints(ANNEX_LENGTH)?,
        };
        let optional = |count: usize| count == 0 || count == n;
        let (kinds, annexes) = (columns.kinds.len(), columns.annex_lengths.len());
        if columns.of.len() != kinds || !optional(kinds) {
            return Err(Error::corrupt("a layer without a kind"));
        }
        if !optional(columns.gone.len()) || !columns.gone.all(|gone| gone <= 1) {
            return Err(Error::corrupt("a layer that is neither gone nor there"));
        }
        if columns.annexes.len() != annexes || !optional(annexes) {
            return Err(Error::corrupt("a layer whose annex is not known"));
        }
        Ok(columns)
    }

    fn row(keys: &Ints, columns: &LayerColumns, i: usize) -> Result<LayerRow> {
        let sequence = keys.get(i);
        let message = columns.messages.text(i)?;
        limits::check_stored("a message", message.len() as u64, limits::MESSAGE_BYTES)?;
        Ok(LayerRow {
            sequence,
            id: Id::decode(columns.ids.get(i))?,
            length: columns.lengths.get(i),
            time: columns.times.get(i) as i64,
            writer: Id::decode(columns.writers.get(i))?,
            message: message.to_owned(),
            arrays: columns.arrays.get(i),
            frames: columns.frames.get(i),
            bytes: columns.bytes.get(i),
            origin: if columns.kinds.is_empty() {
                Origin::Commit
            } else {
                Origin::decode(sequence, columns.kinds.get(i), columns.of.get(i))?
            },
            gone: !columns.gone.is_empty() && columns.gone.get(i) == 1,
            annex: columns.annex(i)?,
        })
    }
}
