//! The decoded bytes of a whole chunk.

use array_format::array::ArrayMeta;
use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::value::fill_bytes;
use array_format::{ArrayFile, Result};

use crate::dtype::chunk_shape;

/// A chunk with its full shape, in C order; nothing where it has fill values alone, or lies outside.
pub async fn read(file: &ArrayFile, meta: &ArrayMeta, at: &[u64]) -> Result<Option<Vec<u8>>> {
    let shape = chunk_shape(meta);
    let mut start = Vec::with_capacity(at.len());
    let mut inside = Vec::with_capacity(at.len());
    for ((&at, &chunk), &extent) in at.iter().zip(&shape).zip(&meta.shape) {
        let from = at.checked_mul(chunk).filter(|&from| from < extent);
        let Some(from) = from else { return Ok(None) };
        start.push(from as usize);
        inside.push(chunk.min(extent - from));
    }
    let extents = inside.iter().map(|&n| n as usize).collect();
    let (_, elements) = file.read_elements(&meta.name, start, extents).await?;
    let fill = fill_bytes(&meta.dtype, meta.fill_value.as_ref());
    if is_all(&elements, &fill) {
        return Ok(None);
    }
    let whole = match inside == shape {
        true => elements,
        false => pad(&elements, &inside, &shape, &fill),
    };
    Ok(Some(whole.encode()?.into_owned()))
}

fn is_all(elements: &Elements, fill: &[u8]) -> bool {
    match elements {
        Elements::Fixed { bytes, .. } => match fill {
            [one] => bytes.iter().all(|b| b == one),
            _ => bytes.chunks_exact(fill.len().max(1)).all(|b| b == fill),
        },
        Elements::Variable(all) => all.iter().all(|b| b == fill),
    }
}

/// Elements of a box as the first corner of a greater one.
fn pad(elements: &Elements, inside: &[u64], whole: &[u64], fill: &[u8]) -> Elements {
    let n: u64 = whole.iter().product();
    let row = inside.last().copied().unwrap_or(1) as usize;
    match elements {
        Elements::Fixed { width, bytes } => {
            let mut padded = fill.repeat(n as usize);
            for (i, part) in bytes.chunks_exact(row * width).enumerate() {
                let to = place(i as u64, inside, whole) as usize * width;
                padded[to..to + part.len()].copy_from_slice(part);
            }
            Elements::Fixed {
                width: *width,
                bytes: padded,
            }
        }
        Elements::Variable(all) => {
            let mut padded = vec![Bytes::copy_from_slice(fill); n as usize];
            for (i, part) in all.chunks_exact(row).enumerate() {
                let to = place(i as u64, inside, whole) as usize;
                padded[to..to + row].clone_from_slice(part);
            }
            Elements::Variable(padded)
        }
    }
}

/// Where the `i`th row of a box begins in a greater one.
fn place(mut i: u64, inside: &[u64], whole: &[u64]) -> u64 {
    let mut stride = whole.last().copied().unwrap_or(1);
    let mut at = 0;
    for axis in (0..inside.len().saturating_sub(1)).rev() {
        at += i % inside[axis] * stride;
        i /= inside[axis];
        stride *= whole[axis];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_placed() {
        let elements = Elements::Fixed {
            width: 1,
            bytes: vec![1, 2, 3, 4, 5, 6, 7, 8],
        };
        let padded = pad(&elements, &[2, 2, 2], &[2, 3, 3], &[9]);
        let Elements::Fixed { bytes, .. } = padded else {
            unreachable!()
        };
        assert_eq!(
            bytes,
            [1, 2, 9, 3, 4, 9, 9, 9, 9, 5, 6, 9, 7, 8, 9, 9, 9, 9]
        );
        let texts = Elements::Variable(vec![Bytes::from_static(b"a"), Bytes::from_static(b"b")]);
        let Elements::Variable(padded) = pad(&texts, &[2, 1], &[2, 2], b"-") else {
            unreachable!()
        };
        assert_eq!(padded, ["a", "-", "b", "-"]);
    }
}
