//! The root: the page from which a whole snapshot can be reached.

use super::columns::{Reader, Writer};
use super::header::Id;
use super::page::ROOT;
use super::tables::{Arrays, Attributes, Frames, Inner, Layers, Log, Statistics, Table, Tags};
use crate::error::{Error, Place, Result};
use crate::limits;
use crate::tree::Tree;

const FILE: u16 = 1;
const LAYER: u16 = 2;
const PARENT: u16 = 3;
const SEQUENCE: u16 = 4;
const NEXT_ARRAY: u16 = 5;
const TABLES: u16 = 6;
const HEIGHTS: u16 = 7;
const ROWS: u16 = 8;
const TOPS: u16 = 9;
const PAGE_LAYERS: u16 = 10;
const PAGE_BYTES: u16 = 11;
const FRAME_BYTES: u16 = 12;
const RESIDENT_FROM: u16 = 13;
const RESIDENT_TO: u16 = 14;
const LOG_BYTES: u16 = 15;

/// The live metadata pages of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerPages {
    /// The layer's sequence number.
    pub sequence: u64,
    /// Stored bytes of its live pages.
    pub live: u64,
    /// A range of it that holds all live pages of the tables that are read at open.
    pub resident: std::ops::Range<u64>,
}

/// A table's number, height, rows and top.
type EncodedTable = (u8, (u64, u64, Vec<u8>));

/// The state of a file after one layer.
#[derive(Debug, Clone, Default)]
pub struct Root {
    /// The file.
    pub file: Id,
    /// The layer that carries this root.
    pub layer: Id,
    /// The layer of the snapshot that it followed; none after `create`.
    pub parent: Option<Id>,
    /// The sequence number of the layer.
    pub sequence: u64,
    /// The id that the next definition gets.
    pub next_array: u64,
    /// Names and definitions.
    pub arrays: Tree<Arrays>,
    /// Attributes.
    pub attributes: Tree<Attributes>,
    /// Statistics by array.
    pub statistics: Tree<Statistics>,
    /// Frames.
    pub frames: Tree<Frames>,
    /// Layers.
    pub layers: Tree<Layers>,
    /// Layers of the past.
    pub log: Tree<Log>,
    /// Named snapshots.
    pub tags: Tree<Tags>,
    /// The layers that hold live metadata pages other than the log's, rising.
    pub pages: Vec<LayerPages>,
    /// Stored bytes of the log's pages.
    pub log_bytes: u64,
    /// Stored bytes of all frames.
    pub frame_bytes: u64,
}

impl Root {
    /// The raw page.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(ROOT, 0);
        let parent = self.parent.as_ref().map_or(&[][..], |id| &id.0);
        out.bytes(FILE, [&self.file.0[..]].into_iter());
        out.bytes(LAYER, [&self.layer.0[..]].into_iter());
        out.bytes(PARENT, [parent].into_iter());
        out.ints(SEQUENCE, &[self.sequence]);
        out.ints(NEXT_ARRAY, &[self.next_array]);
        let tables = [
            self.arrays.encode(),
            self.attributes.encode(),
            self.statistics.encode(),
            self.frames.encode(),
            self.layers.encode(),
            self.log.encode(),
            self.tags.encode(),
        ];
        // The log and tags are there when they have rows.
        let ids = [
            Arrays::ID,
            Attributes::ID,
            Statistics::ID,
            Frames::ID,
            Layers::ID,
            Log::ID,
            Tags::ID,
        ];
        let mut tables: Vec<_> = ids.into_iter().zip(tables).collect();
        tables.retain(|(id, (_, rows, _))| *id <= Layers::ID || *rows > 0);
        let tables_of =
            |value: fn(&EncodedTable) -> u64| -> Vec<u64> { tables.iter().map(value).collect() };
        out.ints(TABLES, &tables_of(|t| t.0.into()));
        out.ints(HEIGHTS, &tables_of(|t| t.1.0));
        out.ints(ROWS, &tables_of(|t| t.1.1));
        out.bytes(TOPS, tables.iter().map(|t| t.1.2.as_slice()));
        let column =
            |value: fn(&LayerPages) -> u64| -> Vec<u64> { self.pages.iter().map(value).collect() };
        out.ints(PAGE_LAYERS, &column(|p| p.sequence));
        out.ints(PAGE_BYTES, &column(|p| p.live));
        out.ints(FRAME_BYTES, &[self.frame_bytes]);
        out.ints(RESIDENT_FROM, &column(|p| p.resident.start));
        out.ints(RESIDENT_TO, &column(|p| p.resident.end));
        if self.log_bytes > 0 {
            out.ints(LOG_BYTES, &[self.log_bytes]);
        }
        out.finish()
    }

    /// Reads a raw page.
    pub fn decode(raw: &[u8]) -> Result<Self> {
        Self::read(raw).map_err(|e| e.within(Place::part("root")))
    }

    fn read(raw: &[u8]) -> Result<Self> {
        let mut src = Reader::new(raw)?;
        if (src.kind, src.table) != (ROOT, 0) {
            return Err(Error::corrupt("not a root page"));
        }
        let file = Id::decode(src.bytes_of(FILE, 1)?.get(0))?;
        let layer = Id::decode(src.bytes_of(LAYER, 1)?.get(0))?;
        let parent = match src.bytes_of(PARENT, 1)?.get(0) {
            [] => None,
            bytes => Some(Id::decode(bytes)?),
        };
        let sequence = src.ints_of(SEQUENCE, 1)?.get(0);
        limits::check("sequence number", sequence, limits::SEQUENCE)
            .map_err(|e| Error::corrupt(e.to_string()))?;
        let next_array = src.ints_of(NEXT_ARRAY, 1)?.get(0);
        // More ids than anyone can give in a file's life; room to count on from here.
        limits::check("next array id", next_array, limits::SEQUENCE)
            .map_err(|e| Error::corrupt(e.to_string()))?;
        let ids = src.ints(TABLES)?.into_vec();
        let heights = src.ints_of(HEIGHTS, ids.len())?;
        let rows = src.ints_of(ROWS, ids.len())?;
        let tops = src.bytes_of(TOPS, ids.len())?;
        let layers = src.ints(PAGE_LAYERS)?.into_vec();
        let bytes = src.ints_of(PAGE_BYTES, layers.len())?;
        let frame_bytes = src.ints_of(FRAME_BYTES, 1)?.get(0);
        let from = src.ints_of(RESIDENT_FROM, layers.len())?;
        let to = src.ints_of(RESIDENT_TO, layers.len())?;
        let log_bytes = src.ints(LOG_BYTES)?.into_vec();
        src.finish()?;
        if log_bytes.len() > 1 {
            return Err(Error::corrupt("more than one log"));
        }
        if ids.windows(2).any(|w| w[0] >= w[1]) || layers.windows(2).any(|w| w[0] >= w[1]) {
            return Err(Error::corrupt("tables or layers do not rise"));
        }
        let find = |id: u8| {
            let place = ids.iter().position(|&table| table == u64::from(id));
            place.map(|i| (heights.get(i), rows.get(i), tops.get(i)))
        };
        let at = |id: u8| find(id).ok_or_else(|| Error::corrupt(format!("table {id} is missing")));
        fn table<T: Table>((height, rows, top): (u64, u64, &[u8])) -> Result<Tree<T>> {
            Tree::decode(height, rows, Inner::decode(top)?)
        }
        Ok(Self {
            file,
            layer,
            parent,
            sequence,
            next_array,
            arrays: table(at(Arrays::ID)?)?,
            attributes: table(at(Attributes::ID)?)?,
            statistics: table(at(Statistics::ID)?)?,
            frames: table(at(Frames::ID)?)?,
            layers: table(at(Layers::ID)?)?,
            log: find(Log::ID).map_or(Ok(Tree::default()), table)?,
            tags: find(Tags::ID).map_or(Ok(Tree::default()), table)?,
            pages: (0..layers.len())
                .map(|i| LayerPages {
                    sequence: layers[i],
                    live: bytes.get(i),
                    resident: from.get(i)..to.get(i),
                })
                .collect(),
            log_bytes: log_bytes.first().copied().unwrap_or(0),
            frame_bytes,
        })
    }
}
