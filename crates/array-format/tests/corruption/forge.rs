//! Files made by hand: right checksums over wrong contents.

use array_format_core::wire::columns::{Reader, Writer};
use array_format_core::wire::tables::{
    Arrays, Attributes, Frames, Layers, Log, Statistics, Table, Tags,
};
use array_format_core::wire::trailer::Trailer;
use array_format_core::wire::{TRAILER_BYTES, crc};

pub const ARRAYS: usize = Arrays::ID as usize - 1;
pub const ATTRIBUTES: usize = Attributes::ID as usize - 1;
pub const STATISTICS: usize = Statistics::ID as usize - 1;
pub const FRAMES: usize = Frames::ID as usize - 1;
pub const LAYERS: usize = Layers::ID as usize - 1;
pub const LOG: usize = Log::ID as usize - 1;
pub const TAGS: usize = Tags::ID as usize - 1;
pub const TABLES: usize = 7;

pub const INTS: u8 = 0;
pub const BYTES: u8 = 1;

#[derive(Debug, Clone)]
pub enum Column {
    Ints(Vec<u64>),
    Bytes(Vec<Vec<u8>>),
    /// Of this type and count, with these bytes.
    Raw(u8, u32, Vec<u8>),
}

impl Column {
    /// Type, count and bytes.
    fn encode(&self) -> (u8, u32, Vec<u8>) {
        // A page of this column alone: four bytes, its entry, its bytes.
        let mut page = Writer::new(0, 0);
        match self {
            Self::Ints(values) => {
                page.ints(1, values);
                (INTS, values.len() as u32, page.finish()[16..].to_vec())
            }
            Self::Bytes(values) => {
                page.bytes(1, values.iter().map(Vec::as_slice));
                (BYTES, values.len() as u32, page.finish()[16..].to_vec())
            }
            Self::Raw(kind, count, data) => (*kind, *count, data.clone()),
        }
    }
}

/// A raw page, taken apart.
#[derive(Debug, Clone)]
pub struct Page {
    pub kind: u8,
    pub table: u8,
    pub columns: Vec<(u16, Column)>,
    /// A last change to its bytes.
    pub raw: fn(&mut Vec<u8>),
    /// Whether it is stored as a Zstandard frame.
    pub zipped: bool,
    /// A last change to its stored bytes.
    pub stored: fn(&mut Vec<u8>),
    /// Whether its only child is itself, beneath a right checksum.
    pub circular: bool,
}

impl Page {
    pub fn parse(raw: &[u8]) -> Self {
        let mut reader = Reader::new(raw).unwrap();
        let columns = u16::from_le_bytes([raw[2], raw[3]]);
        let columns = raw[4..].chunks(12).take(columns.into()).map(|entry| {
            let id = u16::from_le_bytes([entry[0], entry[1]]);
            let column = if entry[2] == 0 {
                Column::Ints(reader.ints(id).unwrap().into_vec())
            } else {
                let strings = reader.bytes(id).unwrap();
                Column::Bytes(
                    (0..strings.len())
                        .map(|i| strings.get(i).to_vec())
                        .collect(),
                )
            };
            (id, column)
        });
        Self {
            kind: raw[0],
            table: raw[1],
            columns: columns.collect(),
            raw: |_| {},
            zipped: false,
            stored: |_| {},
            circular: false,
        }
    }

    /// Stands for the top of a table that is not there.
    fn none() -> Self {
        Self::parse(&[2, 0, 0, 0])
    }

    pub fn column(&mut self, id: u16) -> &mut Column {
        let found = self.columns.iter_mut().find(|(other, _)| *other == id);
        &mut found.unwrap().1
    }

    pub fn ints(&mut self, id: u16) -> &mut Vec<u64> {
        match self.column(id) {
            Column::Ints(values) => values,
            _ => panic!("column {id} holds no integers"),
        }
    }

    pub fn bytes(&mut self, id: u16) -> &mut Vec<Vec<u8>> {
        match self.column(id) {
            Column::Bytes(values) => values,
            _ => panic!("column {id} holds no bytes"),
        }
    }

    pub fn add(&mut self, id: u16, column: Column) {
        self.columns.retain(|(other, _)| *other != id);
        let at = self.columns.partition_point(|(other, _)| *other < id);
        self.columns.insert(at, (id, column));
    }

    pub fn remove(&mut self, id: u16) {
        self.columns.retain(|(other, _)| *other != id);
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut raw = vec![self.kind, self.table];
        raw.extend_from_slice(&(self.columns.len() as u16).to_le_bytes());
        let mut data = Vec::new();
        for (id, column) in &self.columns {
            let (kind, count, bytes) = column.encode();
            raw.extend_from_slice(&id.to_le_bytes());
            raw.extend_from_slice(&[kind, 0]);
            raw.extend_from_slice(&count.to_le_bytes());
            raw.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            data.extend_from_slice(&bytes);
        }
        raw.extend_from_slice(&data);
        (self.raw)(&mut raw);
        raw
    }
}

/// A file in one object, of which each table has one leaf or none.
pub struct Forge {
    pub head: Vec<u8>,
    pub leaves: [Option<Page>; TABLES],
    /// Inner pages between the top and the leaf, lowest first; each is the only child.
    pub inner: [Vec<Page>; TABLES],
    pub tops: [Page; TABLES],
    pub root: Page,
    pub trailer: [u8; TRAILER_BYTES],
    /// A change to the tops after the addresses of their children are known.
    pub address: fn(&mut [Page; TABLES]),
    /// The length that the object will have.
    pub length: u64,
    /// The tables that the root has.
    there: Vec<usize>,
    /// The root's counts of live pages, of the log's last; those that a case leaves are mended.
    counts: [u64; 2],
    /// Whether the root has a table that nobody knows.
    pub unknown: bool,
}

fn at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    bytes[offset..offset + N].try_into().unwrap()
}

impl Forge {
    pub fn new(object: &[u8]) -> Self {
        let trailer = Trailer::decode(object, object.len() as u64).unwrap();
        let raw = |offset: u64, stored: u64, raw: u64| {
            let stored = &object[offset as usize..][..stored as usize];
            if stored.len() as u64 == raw {
                Page::parse(stored)
            } else {
                Page::parse(&zstd_frame(stored, raw as usize))
            }
        };
        let (offset, stored) = (trailer.root_offset, trailer.root_stored);
        let mut root = raw(offset, stored.into(), trailer.root_raw.into());
        // The log and tags are there if they have rows.
        let there: Vec<usize> = root.ints(6).iter().map(|id| *id as usize - 1).collect();
        let mut tops = [ARRAYS, ATTRIBUTES, STATISTICS, FRAMES, LAYERS, LOG, TAGS].map(|_| None);
        for (&table, top) in there.iter().zip(root.bytes(9).iter()) {
            tops[table] = Some(Page::parse(top));
        }
        let mut tops = tops.map(|top| top.unwrap_or_else(Page::none));
        let counts = [11, 15].map(|id| root.ints(id).first().copied().unwrap_or(0));
        let mut pages_from = offset;
        let leaves = tops.each_mut().map(|top| {
            if top.columns.is_empty() {
                return None;
            }
            let offset = *top.ints(65).first()?;
            pages_from = pages_from.min(offset);
            Some(raw(offset, top.ints(66)[0], top.ints(67)[0]))
        });
        Self {
            head: object[..pages_from as usize].to_vec(),
            leaves,
            inner: Default::default(),
            tops,
            root,
            trailer: at(object, object.len() - TRAILER_BYTES),
            address: |_| {},
            length: 0,
            there,
            counts,
            unknown: false,
        }
    }

    pub fn leaf(&mut self, table: usize) -> &mut Page {
        self.leaves[table].as_mut().unwrap()
    }

    /// Says everywhere that a table's leaf has this many rows.
    pub fn rows(&mut self, table: usize, rows: u64) {
        self.tops[table].ints(69)[0] = rows;
        self.root.ints(8)[table] = rows;
    }

    /// Leaves a table without pages.
    pub fn empty(&mut self, table: usize) {
        self.leaves[table] = None;
        for (_, column) in &mut self.tops[table].columns {
            *column = match column {
                Column::Ints(_) => Column::Ints(vec![]),
                _ => Column::Bytes(vec![]),
            };
        }
        self.root.ints(8)[table] = 0;
    }

    /// The object; `patch` changes the trailer before its checksum is made.
    pub fn object(mut self, patch: fn(&mut [u8; TRAILER_BYTES])) -> Vec<u8> {
        let mut out = self.head;
        let mut live = [0; 2];
        for (table, leaf) in self.leaves.iter().enumerate() {
            let Some(leaf) = leaf else { continue };
            let from = out.len();
            let mut child = leaf.clone();
            for mut parent in self.inner[table].clone() {
                place(&mut out, &child, &mut parent);
                child = parent;
            }
            place(&mut out, &child, &mut self.tops[table]);
            live[usize::from(table == LOG)] += (out.len() - from) as u64;
        }
        for (i, id) in [11, 15].into_iter().enumerate() {
            let counted = self.root.columns.iter_mut().find(|(other, _)| *other == id);
            if let Some((_, Column::Ints(counted))) = counted
                && *counted == [self.counts[i]]
            {
                counted[0] = live[i];
            }
        }
        (self.address)(&mut self.tops);
        let tops = self.there.iter().map(|&table| self.tops[table].encode());
        *self.root.bytes(9) = tops.collect();
        if self.unknown {
            for (id, value) in [(6, 300), (7, 99), (8, 1)] {
                self.root.ints(id).push(value);
            }
            self.root.bytes(9).push(vec![1]);
        }
        let root = self.root.encode();
        let root_offset = out.len() as u64;
        out.extend_from_slice(&root);
        let length = (out.len() + TRAILER_BYTES) as u64;
        self.trailer[..8].copy_from_slice(&root_offset.to_le_bytes());
        self.trailer[8..12].copy_from_slice(&(root.len() as u32).to_le_bytes());
        self.trailer[12..16].copy_from_slice(&(root.len() as u32).to_le_bytes());
        self.trailer[16..20].copy_from_slice(&crc(&root).to_le_bytes());
        self.trailer[40..48].copy_from_slice(&length.to_le_bytes());
        patch(&mut self.trailer);
        let sum = crc(&self.trailer[..52]);
        self.trailer[52..56].copy_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(&self.trailer);
        out
    }
}

/// Appends a page, and lets all children of a parent be this one.
fn place(out: &mut Vec<u8>, child: &Page, parent: &mut Page) {
    if child.circular {
        let page = circular(child.clone(), out.len() as u64);
        let raw = page.encode();
        point(parent, out.len(), &raw, &raw);
        out.extend_from_slice(&raw);
        return;
    }
    let raw = child.encode();
    let mut stored = if child.zipped {
        zipped(&raw)
    } else {
        raw.clone()
    };
    (child.stored)(&mut stored);
    point(parent, out.len(), &stored, &raw);
    out.extend_from_slice(&stored);
}

fn point(parent: &mut Page, offset: usize, stored: &[u8], raw: &[u8]) {
    let n = parent.ints(65).len();
    *parent.ints(65) = vec![offset as u64; n];
    *parent.ints(66) = vec![stored.len() as u64; n];
    *parent.ints(67) = vec![raw.len() as u64; n];
    *parent.ints(68) = vec![crc(stored).into(); n];
}

/// A page that is its own child: four bytes that nobody reads give it the checksum that it names.
fn circular(mut page: Page, offset: u64) -> Page {
    const SUM: u32 = 0x1234_5678;
    const FREE: u16 = 0x8001;
    let with = |bytes: [u8; 4]| Column::Raw(BYTES, 1, bytes.to_vec());
    page.add(FREE, with([0; 4]));
    let n = page.ints(65).len();
    *page.ints(65) = vec![offset; n];
    *page.ints(68) = vec![SUM.into(); n];
    let mut length = 0;
    while page.encode().len() != length {
        length = page.encode().len();
        *page.ints(66) = vec![length as u64; n];
        *page.ints(67) = vec![length as u64; n];
    }
    let raw = page.encode();
    page.add(FREE, with(ending(&raw[..length - 4], SUM)));
    assert_eq!(crc(&page.encode()), SUM);
    page
}

/// The four bytes after `start` that make its checksum `sum`.
fn ending(start: &[u8], sum: u32) -> [u8; 4] {
    let step = |i: u32| (0..8).fold(i, |c, _| (c >> 1) ^ (0xEDB8_8320 * (c & 1)));
    let table: Vec<u32> = (0..256).map(step).collect();
    let mut places = [0; 4];
    let mut back = !sum;
    for place in places.iter_mut().rev() {
        *place = table.iter().position(|t| t >> 24 == back >> 24).unwrap();
        back = (back ^ table[*place]) << 8;
    }
    let mut now = !crc(start);
    places.map(|place| {
        let byte = (now & 0xFF) as u8 ^ place as u8;
        now = table[place] ^ (now >> 8);
        byte
    })
}

fn zstd_frame(stored: &[u8], raw: usize) -> Vec<u8> {
    use array_format::{CompressionCodec, ZstdCodec};
    ZstdCodec::default().decompress(stored, raw).unwrap()
}

fn zipped(raw: &[u8]) -> Vec<u8> {
    use array_format::{CompressionCodec, ZstdCodec};
    ZstdCodec::default().compress(raw).unwrap()
}
