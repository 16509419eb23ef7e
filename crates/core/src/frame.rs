//! A tile on its way into a frame, and back.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::array::ArrayMeta;
use crate::codec::{Pace, Pipeline};
use crate::elements::{Elements, ElementsRef};
use crate::error::{Error, Place, Result};
use crate::geometry::{Coords, Tile, for_each_run};
use crate::limits;
use crate::stats::{self, FrameStats};
use crate::wire::sums::PartSums;
use crate::wire::tables::FrameRow;
use crate::{codec::Codecs, wire};

/// An encoded tile.
#[derive(Debug, Clone)]
pub struct EncodedFrame<'a> {
    /// The bytes to store: those of the elements, where they are stored as they are.
    pub stored: Cow<'a, [u8]>,
    /// Its bytes once decoded.
    pub raw: u64,
    /// The checksum of the stored bytes.
    pub crc: u32,
    /// The checksums of its parts, if it is stored as it is and not small.
    pub sums: PartSums,
    /// Its extent where that is less than the tile's.
    pub extent: Option<Coords>,
    /// Statistics of the elements within the array.
    pub stats: FrameStats,
}

impl EncodedFrame<'_> {
    /// The same, without borrowing from the elements.
    pub fn into_owned(self) -> EncodedFrame<'static> {
        EncodedFrame {
            stored: Cow::Owned(self.stored.into_owned()),
            raw: self.raw,
            crc: self.crc,
            sums: self.sums,
            extent: self.extent,
            stats: self.stats,
        }
    }
}

/// The part of a tile that lies within the array.
pub fn inside(meta: &ArrayMeta, tile: &Tile) -> Coords {
    tile.origin
        .iter()
        .zip(&tile.extent)
        .zip(&meta.shape)
        .map(|((&origin, &extent), &shape)| extent.min(shape.saturating_sub(origin)))
        .collect()
}

/// Encodes the elements of a whole tile, in C order over `tile.extent`.
///
/// Elements beyond the array are the fill value already. Where nothing is compressed, or the array
/// has one tile, they are left out. `encoded` is what the pipeline makes of them, where that is known;
/// `buffer` is memory for it, that serves one frame after another.
pub fn encode<'a>(
    meta: &ArrayMeta,
    pipeline: &Pipeline,
    tile: &Tile,
    elements: ElementsRef<'a>,
    encoded: Option<&'a [u8]>,
    buffer: &'a mut Vec<u8>,
) -> Result<EncodedFrame<'a>> {
    let inside = inside(meta, tile);
    let fill = meta.fill_value.as_ref();
    let stats = stats::compute(&meta.dtype, elements, &tile.extent, &inside, fill);
    let clips = inside != tile.extent && !meta.pads();
    let (stored, raw) = if clips {
        let clipped = cut(elements, &tile.extent, &inside);
        let (stored, raw) = store(meta, pipeline, clipped.borrowed(), None, buffer)?;
        (Cow::Owned(stored.into_owned()), raw)
    } else {
        store(meta, pipeline, elements, encoded, buffer)?
    };
    // Elements of variable width have no places that could be read alone.
    let has_places = matches!(elements, ElementsRef::Fixed { .. });
    let (sums, crc) = match has_places && is_raw(pipeline, stored.len() as u64, raw) {
        true => PartSums::of(&stored),
        false => (PartSums::default(), wire::crc(&stored)),
    };
    Ok(EncodedFrame {
        raw,
        crc,
        sums,
        stored,
        extent: clips.then_some(inside),
        stats,
    })
}

/// The bytes to store of these elements, and how many they are before that.
fn store<'a>(
    meta: &ArrayMeta,
    pipeline: &Pipeline,
    elements: ElementsRef<'a>,
    encoded: Option<&'a [u8]>,
    buffer: &'a mut Vec<u8>,
) -> Result<(Cow<'a, [u8]>, u64)> {
    let raw = elements.encode()?;
    limits::check("bytes of a frame", raw.len() as u64, limits::FRAME_BYTES)?;
    let length = raw.len() as u64;
    let stored = match encoded {
        Some(encoded) => encoded,
        None => match pipeline.encode_into(&raw, buffer)? {
            true => &buffer[..],
            false => return Ok((raw, length)),
        },
    };
    // Tiny frames often grow; frames of larger arrays stay what other readers expect of them, but
    // for a length that says that they are raw.
    let gains = stored.len() < raw.len() || stored.len() > raw.len() && meta.pads();
    if !gains && may_store_raw(pipeline) {
        return Ok((raw, length));
    }
    let what = "stored bytes of a frame";
    limits::check(what, stored.len() as u64, limits::FRAME_BYTES)?;
    Ok((Cow::Borrowed(stored), length))
}

/// Whether a frame whose stored length is its raw length is stored as it is. Filters alone keep the
/// length, and so may a codec of the user's own, whose work must not be left out.
fn may_store_raw(pipeline: &Pipeline) -> bool {
    let last = pipeline.record().stages.last();
    last.is_some_and(|stage| matches!(stage.name.as_str(), "lz4" | "zstd" | "pco"))
}

/// Whether the stored bytes of a frame are its raw bytes.
fn is_raw(pipeline: &Pipeline, stored: u64, raw: u64) -> bool {
    stored == raw && (pipeline.record().stages.is_empty() || may_store_raw(pipeline))
}

/// The box of `extent` at the start of elements of `shape`.
fn cut(elements: ElementsRef<'_>, shape: &[u64], extent: &[u64]) -> Elements {
    let zero: Coords = extent.iter().map(|_| 0).collect();
    let source = (shape, &zero[..]);
    let target = (extent, &zero[..]);
    match elements {
        ElementsRef::Fixed { width, bytes } => {
            let n = extent.iter().product::<u64>() as usize;
            let mut out = vec![0; n * width];
            for_each_run(extent, source, target, |s, d, n| {
                out[d * width..(d + n) * width].copy_from_slice(&bytes[s * width..(s + n) * width]);
            });
            Elements::Fixed { width, bytes: out }
        }
        ElementsRef::Variable(items) => {
            let mut out = Vec::with_capacity(extent.iter().product::<u64>() as usize);
            for_each_run(extent, source, target, |s, _, n| {
                out.extend_from_slice(&items[s..s + n]);
            });
            Elements::Variable(out)
        }
    }
}

/// What a reader knows of an array that it decodes frames of.
#[derive(Debug, Clone)]
pub struct FrameDecoder {
    meta: Arc<ArrayMeta>,
    /// Missing where frames are described and not decoded.
    pipeline: Option<Pipeline>,
}

impl FrameDecoder {
    /// A decoder of this array's frames.
    ///
    /// # Errors
    /// The codec is not registered.
    pub fn new(meta: &Arc<ArrayMeta>, codecs: &Codecs) -> Result<Self> {
        let pipeline = Pipeline::from_record(&meta.pipeline, &meta.dtype, codecs);
        let pipeline = pipeline.map_err(|e| {
            e.within(Place {
                array: Some(meta.name.clone()),
                ..Place::default()
            })
        })?;
        Ok(Self {
            meta: Arc::clone(meta),
            pipeline: Some(pipeline),
        })
    }

    /// Describes this array's frames without their codec.
    pub fn describing(meta: &Arc<ArrayMeta>) -> Self {
        Self {
            meta: Arc::clone(meta),
            pipeline: None,
        }
    }

    /// The array.
    pub fn meta(&self) -> &ArrayMeta {
        &self.meta
    }

    fn pipeline(&self) -> Result<&Pipeline> {
        self.pipeline.as_ref().ok_or_else(|| Error::UnknownCodec {
            name: self.meta.pipeline.to_string(),
        })
    }

    /// The box of elements that a frame holds, after checking that the frame fits its tile.
    pub fn extent(&self, row: &FrameRow) -> Result<(Tile, Coords)> {
        let grid = self.meta.grid()?;
        let tile = grid.tile(&row.key.tile);
        let tile = tile.map_err(|e| e.within(self.place(row)))?;
        let extent = self.extent_in(row, &tile)?;
        Ok((tile, extent))
    }

    /// The same for one whose tile is at hand.
    pub fn extent_in(&self, row: &FrameRow, tile: &Tile) -> Result<Coords> {
        let read = || {
            let extent = row.extent.clone().unwrap_or_else(|| tile.extent.clone());
            if extent.len() != tile.extent.len()
                || extent.iter().zip(&tile.extent).any(|(e, t)| e > t)
            {
                return Err(Error::corrupt("a frame's extent exceeds its tile"));
            }
            if let Some(width) = self.meta.dtype.element_size() {
                let raw = extent
                    .iter()
                    .try_fold(width as u64, |n, &e| n.checked_mul(e));
                if raw != Some(row.raw) {
                    return Err(Error::corrupt(format!(
                        "a frame of {} raw bytes does not fit its extent {extent:?}",
                        row.raw
                    )));
                }
            }
            Ok(extent)
        };
        read().map_err(|e| e.within(self.place(row)))
    }

    /// Whether decoding a frame takes little more than copying it.
    pub fn is_quick(&self) -> bool {
        let pace = self.pipeline.as_ref().map(Pipeline::pace);
        pace == Some(Pace::Quick)
    }

    fn place(&self, row: &FrameRow) -> Place {
        Place {
            layer: Some(format!("layer {}", row.sequence)),
            part: None,
            array: Some(self.meta.name.clone()),
            chunk: Some(row.key.tile.chunk.to_vec()),
        }
    }

    /// Whether the stored bytes of a frame are its raw bytes.
    pub fn is_raw(&self, row: &FrameRow) -> bool {
        let raw = |pipeline| is_raw(pipeline, row.stored, row.raw);
        self.pipeline.as_ref().is_some_and(raw)
    }

    /// Checks the stored bytes of a frame by their length and checksum.
    pub fn verify(&self, row: &FrameRow, stored: &[u8]) -> Result<()> {
        match stored.len() as u64 == row.stored && wire::crc(stored) == row.crc {
            true => Ok(()),
            false => Err(self.damaged(row)),
        }
    }

    /// Checks bytes of a frame that begin at `from` in it, and begin and end with parts, by their sums.
    pub fn verify_parts(&self, row: &FrameRow, from: u64, bytes: &[u8]) -> Result<()> {
        match row.sums.fit(bytes, from, row.stored) {
            true => Ok(()),
            false => Err(self.damaged(row)),
        }
    }

    fn damaged(&self, row: &FrameRow) -> Error {
        Error::corrupt(format!(
            "the frame at byte {} is damaged: checksum differs",
            row.offset
        ))
        .within(self.place(row))
    }

    fn located<V>(&self, row: &FrameRow, result: Result<V>) -> Result<V> {
        result.map_err(|e| match e {
            Error::Codec(detail) | Error::Serialization(detail) => {
                Error::corrupt(detail).within(self.place(row))
            }
            other => other.within(self.place(row)),
        })
    }

    /// The raw bytes of a frame, from its stored bytes, whose checksum is verified.
    pub fn decode(&self, row: &FrameRow, stored: Bytes) -> Result<Bytes> {
        self.verify(row, &stored)?;
        let pipeline = self.pipeline()?;
        if row.stored == row.raw && may_store_raw(pipeline) {
            return Ok(stored);
        }
        self.located(row, pipeline.decode(stored, row.raw as usize))
    }

    /// As [`FrameDecoder::decode`], into a buffer of exactly the raw length.
    pub fn decode_into(&self, row: &FrameRow, stored: &[u8], out: &mut [u8]) -> Result<()> {
        self.decode_start(row, stored, out, out.len())
    }

    /// The same, where only the first `wanted` bytes of the buffer need be written.
    pub fn decode_start(
        &self,
        row: &FrameRow,
        stored: &[u8],
        out: &mut [u8],
        wanted: usize,
    ) -> Result<()> {
        self.verify(row, stored)?;
        let pipeline = self.pipeline()?;
        if row.stored == row.raw && may_store_raw(pipeline) && stored.len() == out.len() {
            out.copy_from_slice(stored);
            return Ok(());
        }
        self.located(row, pipeline.decode_start(stored, out, wanted))
    }

    /// The elements of a frame from its raw bytes.
    pub fn elements(&self, row: &FrameRow, raw: Bytes, extent: &[u64]) -> Result<Elements> {
        let n = extent.iter().product();
        self.located(row, Elements::decode(&self.meta.dtype, raw, n))
    }

    /// A place for errors about a frame.
    pub fn place_of(&self, row: &FrameRow) -> Place {
        self.place(row)
    }
}
