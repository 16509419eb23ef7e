//! Elements out of a view of the user's.

use array_format_core::elements::Elements;
use array_format_core::geometry::{Coords, Region, for_each_run};
use ndarray::{ArrayView, IxDyn, Slice};

use crate::array::ArrayMeta;
use crate::element::ArrayElement;
use crate::error::{Error, Result};

/// The elements of `part`, in C order, out of a view that covers `region`.
pub(super) fn part_of<T: ArrayElement>(
    data: &ArrayView<'_, T, IxDyn>,
    region: &Region,
    part: &Region,
    meta: &ArrayMeta,
) -> Result<Elements> {
    let at: Coords = part
        .start
        .iter()
        .zip(&region.start)
        .map(|(a, b)| a - b)
        .collect();
    // Most views are in C order and of fixed width: rows are copied as bytes.
    if let Some(width) = meta.dtype.element_size()
        && let Some(bytes) = data.as_slice().and_then(T::as_bytes)
    {
        let n = part.shape.iter().product::<u64>() as usize;
        let zero: Coords = part.shape.iter().map(|_| 0).collect();
        let mut out = Vec::with_capacity(n * width);
        for_each_run(
            &part.shape,
            (&region.shape, &at),
            (&part.shape, &zero),
            |from, _, n| out.extend_from_slice(&bytes[from * width..(from + n) * width]),
        );
        return Ok(Elements::Fixed { width, bytes: out });
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
    encode(values, meta)
}

fn encode<T: ArrayElement>(values: &[T], meta: &ArrayMeta) -> Result<Elements> {
    let bytes = match T::as_bytes(values) {
        Some(bytes) => bytes.to_vec(),
        None => T::encode_chunk(values),
    };
    // What an element type of the user's own encodes is checked like anything else.
    Elements::decode(&meta.dtype, bytes.into(), values.len() as u64)
}
