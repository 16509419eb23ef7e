//! Files made by hand: right checksums over wrong contents.

use array_format_core::wire::columns::{Reader, Writer};
use array_format_core::wire::tables::{Arrays, Attributes, Frames, Layers, Statistics, Table};
use array_format_core::wire::trailer::Trailer;
use array_format_core::wire::{TRAILER_BYTES, crc};

pub const ARRAYS: usize = Arrays::ID as usize - 1;
pub const ATTRIBUTES: usize = Attributes::ID as usize - 1;
pub const STATISTICS: usize = Statistics::ID as usize - 1;
pub const FRAMES: usize = Frames::ID as usize - 1;
pub const LAYERS: usize = Layers::ID as usize - 1;

#[derive(Debug, Clone)]
pub enum Column {
    Ints(Vec<u64>),
    Bytes(Vec<Vec<u8>>),
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
}

impl Page {
    pub fn parse(raw: &[u8]) -> Self {
        let mut reader = Reader::new(raw).unwrap();
        let columns = u16::from_le_bytes([raw[2], raw[3]]);
        let columns = raw[4..].chunks(12).take(columns.into()).map(|entry| {
            let id = u16::from_le_bytes([entry[0], entry[1]]);
            let column = if entry[2] == 0 {
                Column::Ints(reader.ints(id).unwrap())
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
        }
    }

    pub fn column(&mut self, id: u16) -> &mut Column {
        let found = self.columns.iter_mut().find(|(other, _)| *other == id);
        &mut found.unwrap().1
    }

    pub fn ints(&mut self, id: u16) -> &mut Vec<u64> {
        match self.column(id) {
            Column::Ints(values) => values,
            Column::Bytes(_) => panic!("column {id} holds bytes"),
        }
    }

    pub fn bytes(&mut self, id: u16) -> &mut Vec<Vec<u8>> {
        match self.column(id) {
            Column::Bytes(values) => values,
            Column::Ints(_) => panic!("column {id} holds integers"),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(self.kind, self.table);
        for (id, column) in &self.columns {
            match column {
                Column::Ints(values) => out.ints(*id, values),
                Column::Bytes(values) => out.bytes(*id, values.iter().map(Vec::as_slice)),
            }
        }
        let mut raw = out.finish();
        (self.raw)(&mut raw);
        raw
    }
}

/// A file in one object, of which each table has one leaf or none.
pub struct Forge {
    pub head: Vec<u8>,
    pub leaves: [Option<Page>; 5],
    /// Inner pages between the top and the leaf, lowest first; each is the only child.
    pub inner: [Vec<Page>; 5],
    pub tops: [Page; 5],
    pub root: Page,
    pub trailer: [u8; TRAILER_BYTES],
    /// A change to the tops after the addresses of their children are known.
    pub address: fn(&mut [Page; 5]),
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
        // The log and tags are left out: a root need not have them.
        for column in [6, 7, 8] {
            root.ints(column).truncate(5);
        }
        root.bytes(9).truncate(5);
        let tops: Vec<Page> = root.bytes(9).iter().map(|top| Page::parse(top)).collect();
        let mut tops: [Page; 5] = tops.try_into().unwrap();
        let mut pages_from = offset;
        let leaves = tops.each_mut().map(|top| {
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
        }
    }

    /// The object; `patch` changes the trailer before its checksum is made.
    pub fn object(mut self, patch: fn(&mut [u8; TRAILER_BYTES])) -> Vec<u8> {
        let mut out = self.head;
        for (table, leaf) in self.leaves.iter().enumerate() {
            let Some(leaf) = leaf else { continue };
            let mut child = leaf.clone();
            for mut parent in self.inner[table].clone() {
                place(&mut out, &child, &mut parent);
                child = parent;
            }
            place(&mut out, &child, &mut self.tops[table]);
        }
        (self.address)(&mut self.tops);
        *self.root.bytes(9) = self.tops.iter().map(Page::encode).collect();
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
    let raw = child.encode();
    let stored = if child.zipped {
        zipped(&raw)
    } else {
        raw.clone()
    };
    let n = parent.ints(65).len();
    *parent.ints(65) = vec![out.len() as u64; n];
    *parent.ints(66) = vec![stored.len() as u64; n];
    *parent.ints(67) = vec![raw.len() as u64; n];
    *parent.ints(68) = vec![crc(&stored).into(); n];
    out.extend_from_slice(&stored);
}

fn zstd_frame(stored: &[u8], raw: usize) -> Vec<u8> {
    use array_format::{CompressionCodec, ZstdCodec};
    ZstdCodec::default().decompress(stored, raw).unwrap()
}

fn zipped(raw: &[u8]) -> Vec<u8> {
    use array_format::{CompressionCodec, ZstdCodec};
    ZstdCodec::default().compress(raw).unwrap()
}
