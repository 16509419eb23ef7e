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

    /// The same, no longer in the user's memory.
    pub(crate) fn into_owned(self) -> Source<'static> {
        match self {
            Self::Lent(elements) => Elements::from(elements).into(),
            Self::Shared(elements) => Source::Shared(elements),
        }
    }
}

/// The elements of `part` out of a view that covers `region`.
pub(super) fn part_of<'a, T: ArrayElement>(
    data: &'a ArrayView<'_, T, IxDyn>,
    region: &Region,
    part: &Region,
    meta: &ArrayMeta,
) -> Result<Source<'a>> {
    let at: Coords = part
        .start
        .iter()
        .zip(&region.start)
        .map(|(a, b)| a - b)
        .collect();
    // Most views are in C order and of fixed width: rows are taken as bytes.
    if let Some(width) = meta.dtype.element_size()
        && let Some(bytes) = data.as_slice().and_then(T::as_bytes)
    {
        let n = part.shape.iter().product::<u64>() as usize;
        let zero: Coords = part.shape.iter().map(|_| 0).collect();
        let mut out = Vec::new();
        let mut whole = None;
        for_each_run(
            &part.shape,
            (&region.shape, &at),
            (&part.shape, &zero),
            |from, _, run| {
                let run_bytes = &bytes[from * width..(from + run) * width];
                if run == n {
                    whole = Some(run_bytes);
                    return;
                }
                if out.is_empty() {
                    out.reserve_exact(n * width);
                }
                out.extend_from_slice(run_bytes);
            },
        );
        return Ok(match whole {
            Some(bytes) => Source::Lent(ElementsRef::Fixed { width, bytes }),
            None => Elements::Fixed { width, bytes: out }.into(),
        });
    }
    let window = data.slice_each_axis(|axis| {
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

fn encode<T: ArrayElement>(values: &[T], meta: &ArrayMeta) -> Result<Elements> {
    let bytes = match T::as_bytes(values) {
        Some(bytes) => bytes.to_vec(),
        None => T::encode_chunk(values),
    };
    // What an element type of the user's own encodes is checked like anything else.
    Elements::decode(&meta.dtype, bytes.into(), values.len() as u64)
}
