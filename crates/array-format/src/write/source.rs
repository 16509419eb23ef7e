//! Elements out of a view of the user's.

use std::sync::Arc;

use array_format_core::elements::{Elements, ElementsRef};
use array_format_core::geometry::{Coords, Region, for_each_run};
use ndarray::{ArrayView, IxDyn, Slice};

use crate::array::ArrayMeta;
use crate::element::ArrayElement;
use crate::error::{Error, Result};

/// Elements to write, in C order.
#[derive(Debug, Clone)]
pub(crate) enum Source<'a> {
    /// Where the user has them.
    Lent(ElementsRef<'a>),
    Shared(Arc<Elements>),
}

impl From<Elements> for Source<'_> {
    fn from(elements: Elements) -> Self {
        Self::Shared(Arc::new(elements))
    }
}

impl Source<'_> {
    pub(crate) fn borrowed(&self) -> ElementsRef<'_> {
        match self {
            Self::Lent(elements) => *elements,
            Self::Shared(elements) => elements.borrowed(),
        }
    }

    pub(crate) fn is_lent(&self) -> bool {
        matches!(self, Self::Lent(_))
    }

    /// The same, no longer in the user's memory. `spare` are buffers that may be used for it.
    pub(crate) fn into_owned(self, spare: &mut Vec<Vec<u8>>) -> Source<'static> {
        match self {
            Self::Lent(ElementsRef::Fixed { width, bytes }) => {
                let mut buffer = spare.pop().unwrap_or_default();
                buffer.clear();
                buffer.extend_from_slice(bytes);
                let bytes = buffer;
                Elements::Fixed { width, bytes }.into()
            }
            Self::Lent(elements) => Elements::from(elements).into(),
            Self::Shared(elements) => Source::Shared(elements),
        }
    }

    /// The buffer that these elements are in, where nobody else has them.
    pub(crate) fn into_buffer(self) -> Option<Vec<u8>> {
        match self {
            Self::Lent(_) => None,
            Self::Shared(elements) => match Arc::try_unwrap(elements) {
                Ok(Elements::Fixed { bytes, .. }) => Some(bytes),
                _ => None,
            },
        }
    }
}

/// Elements of a region that are to be written.
pub(crate) trait Supply {
    /// The elements of `part`, out of those that cover `region`.
    fn part(&self, region: &Region, part: &Region, meta: &ArrayMeta) -> Result<Source<'_>>;
}

impl<T: ArrayElement> Supply for ArrayView<'_, T, IxDyn> {
    fn part(&self, region: &Region, part: &Region, meta: &ArrayMeta) -> Result<Source<'_>> {
        // Most views are in C order and of fixed width: rows are taken as bytes.
        if let Some(width) = meta.dtype.element_size()
            && let Some(bytes) = self.as_slice().and_then(T::as_bytes)
        {
            return Ok(rows(bytes, width, region, part));
        }
        let at = within(region, part);
        let window = self.slice_each_axis(|axis| {
            let i = axis.axis.index();
            let from = at[i] as usize;
            Slice::from(from..from + part.shape[i] as usize)
        });
        let ordered = window.as_standard_layout();
        let values = ordered
            .as_slice()
            .ok_or_else(|| Error::invalid("a view that cannot be brought into C order"))?;
        encode(values, meta).map(Source::from)
    }
}

impl Supply for ElementsRef<'_> {
    fn part(&self, region: &Region, part: &Region, _: &ArrayMeta) -> Result<Source<'_>> {
        match *self {
            ElementsRef::Fixed { width, bytes } => Ok(rows(bytes, width, region, part)),
            ElementsRef::Variable(elements) => {
                let mut out = Vec::with_capacity(part.shape.iter().product::<u64>() as usize);
                for_each_row(region, part, |from, run| {
                    out.extend_from_slice(&elements[from..from + run]);
                });
                Ok(Elements::Variable(out).into())
            }
        }
    }
}

/// Where a part of a region begins in it.
fn within(region: &Region, part: &Region) -> Coords {
    let starts = part.start.iter().zip(&region.start);
    starts.map(|(a, b)| a - b).collect()
}

/// Runs of a part in its region, in C order: the first element and how many.
fn for_each_row(region: &Region, part: &Region, mut run: impl FnMut(usize, usize)) {
    let zero: Coords = part.shape.iter().map(|_| 0).collect();
    for_each_run(
        &part.shape,
        (&region.shape, &within(region, part)),
        (&part.shape, &zero),
        |from, _, n| run(from, n),
    );
}

/// A part of elements of fixed width, where they are if they are one run.
fn rows<'a>(bytes: &'a [u8], width: usize, region: &Region, part: &Region) -> Source<'a> {
    let n = part.shape.iter().product::<u64>() as usize;
    let mut out = Vec::new();
    let mut whole = None;
    for_each_row(region, part, |from, run| {
        let run_bytes = &bytes[from * width..(from + run) * width];
        if run == n {
            whole = Some(run_bytes);
            return;
        }
        if out.is_empty() {
            out.reserve_exact(n * width);
        }
        out.extend_from_slice(run_bytes);
    });
    match whole {
        Some(bytes) => Source::Lent(ElementsRef::Fixed { width, bytes }),
        None => Elements::Fixed { width, bytes: out }.into(),
    }
}

fn encode<T: ArrayElement>(values: &[T], meta: &ArrayMeta) -> Result<Elements> {
    let bytes = match T::as_bytes(values) {
        Some(bytes) => bytes.to_vec(),
        None => T::encode_chunk(values),
    };
    // What an element type of the user's own encodes is checked like anything else.
    Elements::decode(&meta.dtype, bytes.into(), values.len() as u64)
}
