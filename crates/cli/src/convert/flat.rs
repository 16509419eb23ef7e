//! Arrays whose elements lie in a file, or in memory, as they are: boxes, and orders of axes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use array_format::element::Elements;

use super::{Contents, Reader};
use crate::cells::pick;

/// One variable's elements, in C order.
pub struct Layout {
    /// The first byte.
    pub offset: u64,
    pub width: usize,
    /// How many bytes to turn round, so that they are little-endian; 0 for none.
    pub swap: usize,
}

/// Variables in one file.
pub struct Flat {
    pub contents: Contents,
    pub file: Mutex<File>,
    /// One for each variable.
    pub layouts: Vec<Layout>,
}

impl Reader for Flat {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        let whole = &self.contents.variables[variable].shape;
        let layout = &self.layouts[variable];
        let width = layout.width;
        let n: u64 = shape.iter().product();
        let mut out = vec![0; n as usize * width];
        // Axes that are taken whole, from the innermost on, make one run.
        let mut inner = whole.len();
        let mut run = width as u64;
        while inner > 0 {
            inner -= 1;
            run *= shape[inner];
            if shape[inner] != whole[inner] {
                break;
            }
        }
        let strides: Vec<u64> = (0..whole.len())
            .map(|axis| whole[axis + 1..].iter().product::<u64>() * width as u64)
            .collect();
        let mut at = start.to_vec();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        for part in out.chunks_mut((run as usize).max(1)) {
            let offset: u64 = at.iter().zip(&strides).map(|(i, stride)| i * stride).sum();
            file.seek(SeekFrom::Start(layout.offset + offset))?;
            file.read_exact(part)?;
            for axis in (0..inner).rev() {
                at[axis] += 1;
                if at[axis] < start[axis] + shape[axis] {
                    break;
                }
                at[axis] = start[axis];
            }
        }
        if layout.swap > 1 {
            out.chunks_exact_mut(layout.swap).for_each(<[u8]>::reverse);
        }
        Ok(Elements::Fixed { width, bytes: out })
    }
}

/// A box out of elements in C order.
pub fn cut(all: &Elements, whole: &[u64], start: &[u64], shape: &[u64]) -> Elements {
    if whole == shape {
        return all.clone();
    }
    let mut picks = vec![0usize];
    for axis in 0..whole.len() {
        let (from, n, extent) = (
            start[axis] as usize,
            shape[axis] as usize,
            whole[axis] as usize,
        );
        picks = picks
            .iter()
            .flat_map(|&before| (from..from + n).map(move |i| before * extent + i))
            .collect();
    }
    pick(all, picks)
}

/// Elements in Fortran order, in C order.
pub fn from_fortran(bytes: &[u8], shape: &[u64], width: usize) -> Result<Vec<u8>> {
    let n: u64 = shape.iter().product();
    if bytes.len() as u64 != n * width as u64 {
        bail!(
            "the data have {} bytes, {} are expected",
            bytes.len(),
            n * width as u64
        );
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = vec![0u64; shape.len()];
    for _ in 0..n {
        let place = at
            .iter()
            .zip(shape)
            .rev()
            .fold(0, |place, (i, extent)| place * extent + i);
        let place = place as usize * width;
        out.extend_from_slice(&bytes[place..place + width]);
        for axis in (0..at.len()).rev() {
            at[axis] += 1;
            if at[axis] < shape[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::Variable;
    use std::io::Write;

    use super::*;
    use array_format::DType;

    #[test]
    fn boxes_are_cut_out() {
        let bytes: Vec<u8> = (0..60).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let flat = Flat {
            contents: Contents {
                variables: vec![Variable {
                    name: "a".to_owned(),
                    dtype: DType::UInt8,
                    shape: vec![3, 4, 5],
                    dimensions: vec![String::new(); 3],
                    fill: None,
                    attributes: Vec::new(),
                    chunks: None,
                }],
                ..Contents::default()
            },
            file: Mutex::new(file),
            layouts: vec![Layout {
                offset: 0,
                width: 1,
                swap: 0,
            }],
        };
        let read = |start: &[u64], shape: &[u64]| match flat.read(0, start, shape).unwrap() {
            Elements::Fixed { bytes, .. } => bytes,
            Elements::Variable(_) => Vec::new(),
        };
        assert_eq!(read(&[0, 0, 0], &[3, 4, 5]), (0..60).collect::<Vec<u8>>());
        assert_eq!(read(&[1, 1, 1], &[1, 2, 2]), [26, 27, 31, 32]);
        assert_eq!(
            read(&[0, 2, 0], &[2, 1, 5]),
            [10, 11, 12, 13, 14, 30, 31, 32, 33, 34]
        );
        assert_eq!(read(&[2, 3, 4], &[1, 1, 1]), [59]);
    }

    #[test]
    fn fortran_order_is_turned() {
        // [[0, 1, 2], [3, 4, 5]], column by column.
        assert_eq!(
            from_fortran(&[0, 3, 1, 4, 2, 5], &[2, 3], 1).unwrap(),
            [0, 1, 2, 3, 4, 5]
        );
        assert!(from_fortran(&[0], &[2], 1).is_err());
    }
}
