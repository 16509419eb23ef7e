//! Where the frames of arrays lie, for readers that know Zarr and not this format.
//!
//! A frame is, byte for byte, what a Zarr chunk of its tile would be, where Zarr knows the codecs, tiles
//! form one regular grid, and those at the edges are stored in full. [`find`] says where each lies, or
//! why that array cannot be read in place. [`Set`] brings together the references of a file, and
//! writes them as [kerchunk](https://fsspec.github.io/kerchunk/spec.html) does.

mod set;
mod v2;

use array_format::array::ArrayMeta;
use array_format::{ArrayFile, Result};
use serde_json::Value;

use crate::dtype::{chunk_shape, flat, shapes};
use crate::{chunk, view};
use v2::Encoding;

pub use set::{Options, Refused, Set};

/// What a chunk of Zarr is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Bytes of an object.
    Range {
        /// The object, by its path in the file's store.
        object: String,
        /// Its first byte.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// Bytes that are given here.
    Inline(Vec<u8>),
}

/// An array as Zarr v2 has it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct References {
    /// Its name.
    pub name: String,
    /// What `.zarray` says.
    pub zarray: Value,
    /// What `.zattrs` says.
    pub zattrs: Value,
    /// Chunks by their keys, such as `0.3`.
    pub chunks: Vec<(String, Source)>,
    /// How many chunks the array has along each axis, also where they are not stored.
    pub grid: Vec<u64>,
}

/// The references of an array, or why it cannot be read in place.
///
/// Costs the array's index pages, no data.
///
/// # Errors
/// [`ArrayNotFound`](array_format::Error::ArrayNotFound); what reading the index can say.
pub async fn find(file: &ArrayFile, name: &str) -> Result<std::result::Result<References, String>> {
    let meta = file.get_array(name)?;
    let (mut encoding, dtype) = match (v2::encoding(meta), crate::dtype::v2(&meta.dtype)) {
        (Ok(encoding), Ok(dtype)) => (encoding, dtype),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    let mut frames = Vec::new();
    for written in file.chunks(name).await? {
        frames.extend(written.frames);
    }
    let is_plain = |raw: u64, stored: u64| encoding.has_compressor() && raw == stored;
    let plain = frames.iter().filter(|f| is_plain(f.raw_length, f.length));
    match plain.count() {
        0 => {}
        n if n == frames.len() => encoding = encoding.plain(),
        n => {
            let of = frames.len();
            return Ok(Err(format!(
                "{n} of {of} frames are stored as they are, beside compressed ones"
            )));
        }
    }
    let extents: Vec<&[u64]> = frames.iter().map(|f| f.extent.as_slice()).collect();
    let tile = match regular(meta, &extents) {
        Ok(tile) => tile,
        Err(why) => return Ok(Err(why)),
    };
    let (_, inner) = flat(&meta.dtype);
    let chunks = frames.into_iter().map(|frame| {
        let at = frame
            .origin
            .iter()
            .zip(&tile)
            .map(|(from, tile)| from / tile);
        let source = Source::Range {
            object: frame.object,
            offset: frame.offset,
            length: frame.length,
        };
        (key(at.chain(inner.iter().map(|_| 0))), source)
    });
    let chunks = chunks.collect();
    references(file, meta, dtype, &encoding, &tile, chunks).map(Ok)
}

/// The same with the array's elements in it, uncompressed; or why Zarr v2 cannot have it.
///
/// # Errors
/// As reading all of the array.
pub async fn inline(
    file: &ArrayFile,
    name: &str,
) -> Result<std::result::Result<References, String>> {
    let meta = file.get_array(name)?;
    let dtype = match crate::dtype::v2(&meta.dtype) {
        Ok(dtype) => dtype,
        Err(why) => return Ok(Err(why)),
    };
    let (_, inner) = flat(&meta.dtype);
    let mut chunks = Vec::new();
    for at in view::grid(meta) {
        if let Some(bytes) = chunk::read(file, meta, &at).await? {
            let key = key(at.iter().copied().chain(inner.iter().map(|_| 0)));
            chunks.push((key, Source::Inline(bytes)));
        }
    }
    let encoding = Encoding::of_elements(&meta.dtype);
    references(file, meta, dtype, &encoding, &chunk_shape(meta), chunks).map(Ok)
}

fn references(
    file: &ArrayFile,
    meta: &ArrayMeta,
    dtype: &str,
    encoding: &Encoding,
    tile: &[u64],
    chunks: Vec<(String, Source)>,
) -> Result<References> {
    let (shape, _) = shapes(meta);
    let (_, inner) = flat(&meta.dtype);
    let tile = [tile, inner.as_slice()].concat();
    let grid = shape.iter().zip(&tile).map(|(n, tile)| n.div_ceil(*tile));
    Ok(References {
        name: meta.name.clone(),
        grid: grid.collect(),
        zarray: v2::array(meta, dtype, encoding, &shape, &tile),
        zattrs: v2::attributes(meta, shape.len(), file.attributes(&meta.name)?),
        chunks,
    })
}

/// `0.3`, or `0` for a scalar.
fn key(at: impl Iterator<Item = u64>) -> String {
    let parts: Vec<String> = at.map(|n| n.to_string()).collect();
    match parts.is_empty() {
        true => "0".to_owned(),
        false => parts.join("."),
    }
}

/// The shape of Zarr chunks that frames of these extents are, one after another along each axis.
fn regular(meta: &ArrayMeta, extents: &[&[u64]]) -> std::result::Result<Vec<u64>, String> {
    let mut tile = meta.tile_shape.clone();
    for (axis, tile) in tile.iter_mut().enumerate() {
        let (chunk, extent) = (meta.chunk_shape[axis], meta.shape[axis]);
        let is_divided = extent > *tile;
        if is_divided && extent > chunk && chunk % *tile != 0 {
            return Err(format!(
                "chunks of {chunk} are divided into tiles of {tile} along {}, which is no regular grid",
                meta.dimension_names[axis]
            ));
        }
        let mut own = extents.iter().map(|extents| extents[axis]);
        if own.clone().all(|own| own == *tile) {
            continue;
        }
        let first = own.next().unwrap_or(*tile);
        if is_divided || own.any(|other| other != first) {
            return Err(format!(
                "frames at the end of {} are cut off, where Zarr expects whole chunks",
                meta.dimension_names[axis]
            ));
        }
        *tile = first;
    }
    Ok(tile)
}
