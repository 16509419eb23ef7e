//! Which bytes of a file mean what, and damage to one of them.

use std::ops::Range;

use array_format::ArrayFile;
use array_format::integrity::Part;
use array_format::object_store::ObjectStoreExt;
use array_format::object_store::memory::InMemory;
use array_format_core::snapshot::read_root;
use array_format_core::tree::Tree;
use array_format_core::wire::tables::Table;
use array_format_core::wire::trailer::Trailer;

use crate::file::{bytes, object};

/// What a range of an object is.
#[derive(Debug, Clone)]
pub struct Region {
    pub layer: u64,
    pub range: Range<u64>,
    pub part: Part,
    /// Of a frame.
    pub chunk: Option<(String, Vec<u64>)>,
}

pub fn pages<T: Table>(tree: &Tree<T>, out: &mut Vec<Region>) {
    assert_eq!(tree.height, 1);
    out.extend(tree.top.pages.iter().map(|page| Region {
        layer: page.sequence,
        range: page.offset..page.offset + u64::from(page.stored),
        part: Part::Page(T::NAME),
        chunk: None,
    }));
}

/// Every byte that carries meaning.
pub async fn regions(store: &InMemory, file: &ArrayFile) -> Vec<Region> {
    let mut out = Vec::new();
    for layer in 0..=file.sequence() {
        let bytes = bytes(store, layer).await;
        let length = bytes.len() as u64;
        let trailer = Trailer::decode(&bytes, length).unwrap();
        let root = trailer.root_offset..trailer.root_offset + u64::from(trailer.root_stored);
        for (part, range) in [
            (Part::Header, 0..64),
            (Part::Root, root),
            (Part::Trailer, length - 64..length),
        ] {
            out.push(Region {
                layer,
                range,
                part,
                chunk: None,
            });
        }
        if layer == file.sequence() {
            let root = read_root(&bytes, &trailer).unwrap().unwrap();
            pages(&root.arrays, &mut out);
            pages(&root.attributes, &mut out);
            pages(&root.statistics, &mut out);
            pages(&root.frames, &mut out);
            pages(&root.layers, &mut out);
        }
    }
    for meta in file.arrays().unwrap() {
        for chunk in file.chunks(&meta.name).await.unwrap() {
            for frame in chunk.frames {
                out.push(Region {
                    layer: frame.layer,
                    range: frame.offset..frame.offset + frame.length,
                    part: Part::Frame,
                    chunk: Some((meta.name.clone(), chunk.coordinates.clone())),
                });
            }
        }
    }
    out
}

pub async fn flip(store: &InMemory, layer: u64, at: u64) -> Vec<u8> {
    let whole = bytes(store, layer).await.to_vec();
    let mut damaged = whole.clone();
    damaged[at as usize] ^= 0x10;
    store.put(&object(layer), damaged.into()).await.unwrap();
    whole
}
