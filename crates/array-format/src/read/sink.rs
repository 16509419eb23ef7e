//! Where decoded elements go.

use std::sync::Arc;

use array_format_core::array::ArrayMeta;
use array_format_core::elements::{Elements, ElementsRef};
use array_format_core::geometry::{Coords, Region, for_each_run};
use array_format_core::value::fill_bytes;
use bytes::Bytes;

use super::direct::Memory;
use super::gather::Target;
use crate::element::ArrayElement;
use crate::error::{Error, Result};

/// Elements on their way: a frame's decoded bytes, or a tile that is still in memory.
pub(crate) enum Decoded<'a> {
    Raw(Bytes),
    Elements(&'a Elements),
}

/// A box of elements in C order, and the part of it that is wanted.
pub(crate) struct TileBox<'a> {
    pub(crate) origin: &'a [u64],
    pub(crate) shape: &'a [u64],
    pub(crate) part: &'a Region,
}

/// Takes the elements of a region, part by part.
pub(crate) trait Sink: Send + Sync {
    /// Takes the wanted part of a box.
    fn put(&mut self, elements: Decoded<'_>, place: TileBox<'_>) -> Result<()>;

    /// Fills a part that was never written.
    fn fill(&mut self, part: &Region) -> Result<()>;

    /// The memory of elements of fixed width, to be filled without this sink.
    fn memory(&mut self) -> Option<Memory<'_>> {
        None
    }
}

/// `a - b`, axis by axis.
pub(super) fn minus(a: &[u64], b: &[u64]) -> Coords {
    let mut out = Coords::from_slice(a);
    out.iter_mut().zip(b).for_each(|(a, b)| *a -= b);
    out
}

/// Runs of a wanted part from its box to its region.
fn runs(place: &TileBox<'_>, region: &Region, run: impl FnMut(usize, usize, usize)) {
    for_each_run(
        &place.part.shape,
        (place.shape, &minus(&place.part.start, place.origin)),
        (&region.shape, &minus(&place.part.start, &region.start)),
        run,
    );
}

/// Runs of a part of a region, as offset and length.
fn runs_of(part: &Region, region: &Region, mut run: impl FnMut(usize, usize)) {
    let start = minus(&part.start, &region.start);
    let target = (&region.shape[..], &start[..]);
    for_each_run(&part.shape, target, target, |_, to, n| run(to, n));
}

/// Memory of fixed-width elements.
struct BytesSink<'a> {
    bytes: &'a mut [u8],
    width: usize,
    region: &'a Region,
    /// Missing where the memory holds the fill value already.
    fill: Option<Vec<u8>>,
}

impl<'a> BytesSink<'a> {
    fn new(bytes: &'a mut [u8], meta: &ArrayMeta, region: &'a Region, is_filled: bool) -> Self {
        let element = fill_bytes(&meta.dtype, meta.fill_value.as_ref());
        Self {
            bytes,
            width: element.len().max(1),
            region,
            fill: (!is_filled).then_some(element),
        }
    }
}

fn short(actual: usize, expected: usize) -> Error {
    Error::corrupt(format!(
        "{actual} bytes of elements where {expected} are expected"
    ))
}

impl Sink for BytesSink<'_> {
    fn put(&mut self, elements: Decoded<'_>, place: TileBox<'_>) -> Result<()> {
        let source: &[u8] = match &elements {
            Decoded::Raw(raw) => raw,
            Decoded::Elements(Elements::Fixed { bytes, .. }) => bytes,
            Decoded::Elements(Elements::Variable(_)) => return Err(short(0, self.width)),
        };
        let expected = place.shape.iter().product::<u64>() as usize * self.width;
        if source.len() != expected {
            return Err(short(source.len(), expected));
        }
        let width = self.width;
        runs(&place, self.region, |from, to, n| {
            self.bytes[to * width..(to + n) * width]
                .copy_from_slice(&source[from * width..(from + n) * width]);
        });
        Ok(())
    }

    fn fill(&mut self, part: &Region) -> Result<()> {
        let Some(fill) = &self.fill else {
            return Ok(());
        };
        let width = self.width;
        let uniform = fill.iter().all(|byte| byte == &fill[0]).then_some(fill[0]);
        runs_of(part, self.region, |to, n| {
            let target = &mut self.bytes[to * width..(to + n) * width];
            match uniform {
                Some(byte) => target.fill(byte),
                None => target
                    .chunks_exact_mut(width)
                    .for_each(|element| element.copy_from_slice(fill)),
            }
        });
        Ok(())
    }

    fn memory(&mut self) -> Option<Memory<'_>> {
        Some(Memory {
            bytes: self.bytes,
            width: self.width,
            region: self.region,
        })
    }
}

/// Memory of elements of any Rust type.
struct ValuesSink<'a, T> {
    values: &'a mut [T],
    region: &'a Region,
    /// Missing where the memory holds the fill value already.
    fill: Option<T>,
}

impl<T: ArrayElement> Sink for ValuesSink<'_, T> {
    fn put(&mut self, elements: Decoded<'_>, place: TileBox<'_>) -> Result<()> {
        let mut items = match elements {
            Decoded::Raw(raw) => T::try_decode_chunk(&raw)?,
            Decoded::Elements(elements) => T::try_decode_chunk(&elements.encode()?)?,
        };
        let expected = place.shape.iter().product::<u64>();
        if items.len() as u64 != expected {
            return Err(Error::corrupt(format!(
                "{} elements where {expected} are expected",
                items.len()
            )));
        }
        runs(&place, self.region, |from, to, n| {
            // Each is wanted once, and may have memory of its own: it moves.
            self.values[to..to + n].swap_with_slice(&mut items[from..from + n]);
        });
        Ok(())
    }

    fn fill(&mut self, part: &Region) -> Result<()> {
        if let Some(fill) = &self.fill {
            runs_of(part, self.region, |to, n| {
                self.values[to..to + n].fill(fill.clone())
            });
        }
        Ok(())
    }
}

/// A slice of a Rust type, filled in the way that suits the type.
pub(super) struct SliceSink<'a, T> {
    meta: &'a Arc<ArrayMeta>,
    region: &'a Region,
    way: Way<'a, T>,
}

enum Way<'a, T> {
    Bytes(BytesSink<'a>),
    Values(ValuesSink<'a, T>),
}

impl<'a, T: ArrayElement> SliceSink<'a, T> {
    /// `is_filled` says that the memory holds the fill value already.
    pub(super) fn new(
        values: &'a mut [T],
        meta: &'a Arc<ArrayMeta>,
        region: &'a Region,
        is_filled: bool,
    ) -> Self {
        // Asked twice: a borrow that one arm keeps would bar the other.
        let way = match T::as_bytes_mut(values).is_some() {
            true => {
                let bytes = T::as_bytes_mut(values).unwrap_or_default();
                Way::Bytes(BytesSink::new(bytes, meta, region, is_filled))
            }
            false => Way::Values(ValuesSink {
                values,
                region,
                fill: (!is_filled).then(|| T::fill_element(meta.fill_value.as_ref())),
            }),
        };
        Self { meta, region, way }
    }

    pub(super) fn target(&mut self) -> Target<'_> {
        Target {
            meta: self.meta,
            region: self.region,
            sink: match &mut self.way {
                Way::Bytes(sink) => sink,
                Way::Values(sink) => sink,
            },
        }
    }
}

/// Elements without a Rust type.
pub(crate) struct ElementsSink<'a> {
    target: &'a mut Elements,
    meta: &'a Arc<ArrayMeta>,
    fill: Vec<u8>,
    region: &'a Region,
}

impl<'a> ElementsSink<'a> {
    pub(crate) fn new(
        target: &'a mut Elements,
        meta: &'a Arc<ArrayMeta>,
        region: &'a Region,
    ) -> Self {
        Self {
            target,
            meta,
            fill: fill_bytes(&meta.dtype, meta.fill_value.as_ref()),
            region,
        }
    }

    pub(crate) fn target(&mut self) -> Target<'_> {
        Target {
            meta: self.meta,
            region: self.region,
            sink: self,
        }
    }
}

impl Sink for ElementsSink<'_> {
    fn put(&mut self, elements: Decoded<'_>, place: TileBox<'_>) -> Result<()> {
        let owned;
        let source = match elements {
            Decoded::Elements(elements) => elements,
            Decoded::Raw(raw) => {
                owned = Elements::decode(&self.meta.dtype, raw, place.shape.iter().product())?;
                &owned
            }
        };
        copy_elements(
            source.borrowed(),
            (place.shape, &minus(&place.part.start, place.origin)),
            self.target,
            (
                &self.region.shape,
                &minus(&place.part.start, &self.region.start),
            ),
            &place.part.shape,
        )
    }

    fn fill(&mut self, part: &Region) -> Result<()> {
        let fill = &self.fill;
        match self.target {
            Elements::Fixed { width, bytes } => {
                let width = *width;
                runs_of(part, self.region, |to, n| {
                    bytes[to * width..(to + n) * width]
                        .chunks_exact_mut(width)
                        .for_each(|element| element.copy_from_slice(fill));
                });
            }
            Elements::Variable(items) => {
                let fill = Bytes::copy_from_slice(fill);
                runs_of(part, self.region, |to, n| {
                    items[to..to + n].fill(fill.clone())
                });
            }
        }
        Ok(())
    }
}

/// Copies a box of elements; both sides are in C order over their shapes.
pub(crate) fn copy_elements(
    source: ElementsRef<'_>,
    from: (&[u64], &[u64]),
    target: &mut Elements,
    to: (&[u64], &[u64]),
    extent: &[u64],
) -> Result<()> {
    match (source, target) {
        (
            ElementsRef::Fixed {
                width,
                bytes: source,
            },
            Elements::Fixed { bytes: target, .. },
        ) => {
            for_each_run(extent, from, to, |s, d, n| {
                target[d * width..(d + n) * width]
                    .copy_from_slice(&source[s * width..(s + n) * width]);
            });
            Ok(())
        }
        (ElementsRef::Variable(source), Elements::Variable(target)) => {
            for_each_run(extent, from, to, |s, d, n| {
                target[d..d + n].clone_from_slice(&source[s..s + n]);
            });
            Ok(())
        }
        _ => Err(Error::corrupt(
            "elements of fixed and of variable width are mixed",
        )),
    }
}
