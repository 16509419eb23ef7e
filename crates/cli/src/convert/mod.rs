//! Files of other formats: what is in them, and their elements as ours.

pub mod dimensions;
mod flat;
mod netcdf;
pub mod npy;
mod safetensors;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use array_format::element::Elements;
use array_format::{AttributeValue, DType, FillValue};
use clap::ValueEnum;

pub use netcdf::write as write_netcdf;
pub use npy::{write_npy, write_npz};
pub use safetensors::write as write_safetensors;

/// The attribute of a file that names the dimensions that grow.
pub const UNLIMITED: &str = "_unlimited_dimensions";
/// The attribute of an array of texts that were characters along one more axis: its name.
pub const CHARACTERS: &str = "_character_dimension";
/// The extent of that axis.
pub const CHARACTER_COUNT: &str = "_character_count";

/// A format of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// netCDF: classic, 64-bit, CDF-5 and netCDF-4; HDF5 files, too
    Netcdf,
    /// One NumPy array
    Npy,
    /// A ZIP archive of NumPy arrays
    Npz,
    /// Tensors of models
    Safetensors,
}

impl Format {
    /// The format that the name of a file stands for.
    pub fn of_name(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "nc" | "nc3" | "nc4" | "cdf" | "h5" | "hdf5" | "hdf" | "he5" => Self::Netcdf,
            "npy" => Self::Npy,
            "npz" => Self::Npz,
            "safetensors" => Self::Safetensors,
            _ => return None,
        })
    }

    /// The format of a file, by its first bytes or else by its name.
    fn of_file(path: &Path) -> Result<Self> {
        let mut head = [0; 8];
        let mut file = File::open(path)?;
        let mut n = 0;
        while n < head.len() {
            match file.read(&mut head[n..])? {
                0 => break,
                more => n += more,
            }
        }
        match &head {
            [b'C', b'D', b'F', ..] | [0x89, b'H', b'D', b'F', ..] => return Ok(Self::Netcdf),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return Ok(Self::Npy),
            [b'P', b'K', 3, 4, ..] => return Ok(Self::Npz),
            _ => {}
        }
        match Self::of_name(path) {
            Some(format) => Ok(format),
            None => bail!("no format that is known here; --format says which it is"),
        }
    }
}

/// A variable of a foreign file.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// With the groups that it is in: `a/b`.
    pub name: String,
    pub dtype: DType,
    pub shape: Vec<u64>,
    pub dimensions: Vec<String>,
    pub fill: Option<FillValue>,
    pub attributes: Vec<(String, AttributeValue)>,
}

/// What is in a foreign file.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    pub variables: Vec<Variable>,
    /// Of the file; those of a group have its path in front, and `/`.
    pub attributes: Vec<(String, AttributeValue)>,
    /// What cannot be brought in, and why.
    pub skipped: Vec<String>,
}

/// A foreign file.
pub trait Reader: Send + Sync {
    /// What is in it.
    fn contents(&self) -> &Contents;

    /// The elements of a box of a variable, which is given by its number.
    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements>;
}

/// Opens a foreign file.
pub fn open(path: &Path, format: Option<Format>) -> Result<Box<dyn Reader>> {
    let open = || -> Result<Box<dyn Reader>> {
        let format = match format {
            Some(format) => format,
            None => Format::of_file(path)?,
        };
        Ok(match format {
            Format::Netcdf => Box::new(netcdf::Netcdf::open(path)?),
            Format::Npy => Box::new(npy::open(path)?),
            Format::Npz => Box::new(npy::Npz::open(path)?),
            Format::Safetensors => Box::new(safetensors::open(path)?),
        })
    };
    open().with_context(|| format!("cannot read {}", path.display()))
}

/// A box within an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slab {
    pub start: Vec<u64>,
    pub shape: Vec<u64>,
}

impl Slab {
    pub fn len(&self) -> u64 {
        self.shape.iter().product()
    }

    /// As the library wants them.
    pub fn as_usize(&self) -> (Vec<usize>, Vec<usize>) {
        let usizes = |numbers: &[u64]| numbers.iter().map(|&n| n as usize).collect();
        (usizes(&self.start), usizes(&self.shape))
    }
}

/// An array in boxes of about this many elements, whose edges are those of chunks as far as possible,
/// in C order. Nothing for an array without elements.
pub fn slabs(shape: &[u64], chunk: &[u64], elements: u64) -> Vec<Slab> {
    if shape.contains(&0) {
        return Vec::new();
    }
    let mut slabs = vec![Slab {
        start: vec![0; shape.len()],
        shape: shape.to_vec(),
    }];
    for axis in 0..shape.len() {
        let mut finer = Vec::with_capacity(slabs.len());
        for slab in slabs {
            if slab.len() <= elements {
                finer.push(slab);
                continue;
            }
            let row = slab.len() / slab.shape[axis];
            let rows = (elements / row).max(1);
            let chunk = chunk.get(axis).copied().unwrap_or(1).max(1);
            let rows = if rows > chunk {
                rows / chunk * chunk
            } else {
                rows.min(chunk)
            };
            let end = slab.start[axis] + slab.shape[axis];
            let mut at = slab.start[axis];
            while at < end {
                // Up to the edge of a chunk, where one lies within.
                let edge = (at / chunk + 1).saturating_mul(chunk);
                let next = match rows >= chunk {
                    true => at.saturating_add(rows),
                    false => at.saturating_add(rows).min(edge),
                };
                let mut part = slab.clone();
                part.start[axis] = at;
                part.shape[axis] = next.min(end) - at;
                at = next;
                finer.push(part);
            }
        }
        slabs = finer;
    }
    slabs
}

/// Chunks as somebody asks for them, for arrays with as many axes: 0 is all of an axis.
pub fn given_chunks(given: &[u64], shape: &[u64]) -> Option<Vec<u64>> {
    let whole = |(&chunk, &extent): (&u64, &u64)| if chunk == 0 { extent.max(1) } else { chunk };
    let fits = !shape.is_empty() && given.len() == shape.len();
    fits.then(|| given.iter().zip(shape).map(whole).collect())
}

/// Chunks for an array that has none: whole up to 32 MiB, then of about 16 MiB, in rows of the first axes.
pub fn chunks(shape: &[u64], width: usize) -> Vec<u64> {
    const WHOLE: u64 = 32 << 20;
    const CHUNK: u64 = 16 << 20;
    let width = width.max(1) as u64;
    let bytes = |shape: &[u64]| {
        shape
            .iter()
            .fold(width, |n, &extent| n.saturating_mul(extent))
    };
    let mut chunk: Vec<u64> = shape.iter().map(|&extent| extent.max(1)).collect();
    if bytes(&chunk) <= WHOLE {
        return chunk;
    }
    for axis in 0..chunk.len() {
        let inner = bytes(&chunk[axis + 1..]);
        chunk[axis] = (CHUNK / inner).clamp(1, chunk[axis]);
        if inner <= CHUNK {
            break;
        }
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slabs_cover_an_array_once() {
        for (shape, chunk) in [
            (&[7u64, 5, 9][..], &[2u64, 5, 4][..]),
            (&[1000], &[64]),
            (&[3, 100], &[1, 10]),
            (&[], &[]),
            (&[1, 1, 50], &[1, 1, 7]),
        ] {
            for elements in [1, 4, 10, 64, 100, 10_000] {
                let slabs = slabs(shape, chunk, elements);
                let mut seen = std::collections::HashSet::new();
                for slab in &slabs {
                    assert!(slab.len() <= elements, "{shape:?} {elements} {slab:?}");
                    let mut at = slab.start.clone();
                    'all: loop {
                        assert!(seen.insert(at.clone()));
                        for axis in (0..at.len()).rev() {
                            at[axis] += 1;
                            if at[axis] < slab.start[axis] + slab.shape[axis] {
                                continue 'all;
                            }
                            at[axis] = slab.start[axis];
                        }
                        break;
                    }
                }
                assert_eq!(seen.len() as u64, shape.iter().product::<u64>());
            }
        }
        assert!(slabs(&[0, 3], &[1, 3], 10).is_empty());
    }

    #[test]
    fn large_arrays_get_chunks() {
        assert_eq!(chunks(&[100, 100], 4), [100, 100]);
        assert_eq!(chunks(&[1000, 1000, 1000], 4), [4, 1000, 1000]);
        assert_eq!(chunks(&[10, 100_000_000], 4), [1, 4 << 20]);
        assert_eq!(chunks(&[0, 3], 8), [1, 3]);
        assert!(chunks(&[], 8).is_empty());
    }
}
