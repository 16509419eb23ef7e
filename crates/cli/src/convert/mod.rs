//! Files of other formats: what is in them, and their elements as ours.

#[cfg(feature = "parquet")]
mod columns;
pub mod dimensions;
pub mod fill;
mod flat;
#[cfg(feature = "netcdf")]
mod netcdf;
pub mod npy;
mod place;
#[cfg(feature = "published")]
mod published;
mod readable;
mod safetensors;
#[cfg(feature = "zarr")]
mod zarr;
pub mod zarr_out;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use array_format::array::ArrayMeta;
use array_format::element::Elements;
use array_format::layout::choose_tile;
use array_format::{ArrayFile, AttributeValue, DType, FillValue};
use clap::ValueEnum;

use crate::failure::usage;

pub use place::Place;
pub use readable::Readable;

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
    /// Zarr of version 2 or 3: a folder, a ZIP archive, or below a URL
    Zarr,
    /// One NumPy array
    Npy,
    /// A ZIP archive of NumPy arrays
    Npz,
    /// Tensors of models
    Safetensors,
    /// Columns of Parquet
    Parquet,
    /// Columns of Arrow, also called Feather
    Arrow,
    /// Files of the published crate array-format, 0.12 and 0.15
    Published,
}

/// A folder that is a Zarr store has one of these.
const ZARR_MARKS: [&str; 4] = ["zarr.json", ".zgroup", ".zarray", ".zmetadata"];

impl Format {
    /// The format that the name of a file stands for.
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.trim_end_matches('/');
        if name.ends_with(".zarr.zip") {
            return Some(Self::Zarr);
        }
        Some(match name.rsplit_once('.')?.1 {
            "nc" | "nc3" | "nc4" | "cdf" | "h5" | "hdf5" | "hdf" | "he5" => Self::Netcdf,
            "zarr" => Self::Zarr,
            "npy" => Self::Npy,
            "npz" => Self::Npz,
            "safetensors" => Self::Safetensors,
            "parquet" | "pq" => Self::Parquet,
            "arrow" | "feather" | "ipc" => Self::Arrow,
            "af" => Self::Published,
            _ => return None,
        })
    }

    /// Whether a folder is a file of its own.
    pub fn is_store(folder: &Path) -> bool {
        ZARR_MARKS.iter().any(|mark| folder.join(mark).is_file())
    }

    /// The format of a file, by its first bytes or else by its name.
    fn of_file(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(Self::Zarr);
        }
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
            [b'P', b'K', 3, 4, ..] => {
                let archive = zip::ZipArchive::new(file)?;
                let is_mark = |name: &str| ZARR_MARKS.iter().any(|mark| name.ends_with(mark));
                let mut names = archive.file_names();
                return Ok(
                    match names.any(|name| name.is_ok_and(|name| is_mark(&name))) {
                        true => Self::Zarr,
                        false => Self::Npz,
                    },
                );
            }
            [0x89, b'A', b'R', b'F', ..] => {
                return Err(usage(
                    "it is an array_format file; `af copy` copies its arrays",
                ));
            }
            [b'P', b'A', b'R', b'1', ..] => return Ok(Self::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => return Ok(Self::Arrow),
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
    /// How it is divided there, where reading a part of a chunk costs all of it.
    pub chunks: Option<Vec<u64>>,
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

/// Opens a foreign file; this blocks.
pub fn open(place: &Place, format: Option<Format>) -> Result<Box<dyn Reader>> {
    let open = || -> Result<Box<dyn Reader>> {
        let format = match (format, place) {
            (Some(format), _) => Some(format),
            (None, Place::Local(path)) => Some(Format::of_file(path)?),
            // One without an ending is looked at once it is here.
            (None, Place::Url(_)) => Format::of_name(place.path()),
        };
        if format == Some(Format::Zarr) {
            return open_zarr(place);
        }
        match place {
            Place::Local(path) => open_file(path, format),
            Place::Url(url) => {
                let fetched = place::fetch(url)?;
                let reader = open_file(fetched.path(), format)?;
                Ok(Box::new(place::Fetched::new(reader, fetched)))
            }
        }
    };
    open().with_context(|| format!("cannot read {place}"))
}

#[cfg(feature = "zarr")]
fn open_zarr(place: &Place) -> Result<Box<dyn Reader>> {
    Ok(Box::new(zarr::open(place)?))
}

#[cfg(not(feature = "zarr"))]
fn open_zarr(_: &Place) -> Result<Box<dyn Reader>> {
    Err(left_out(Format::Zarr))
}

fn open_file(path: &Path, format: Option<Format>) -> Result<Box<dyn Reader>> {
    let format = match format {
        Some(format) => format,
        None => Format::of_file(path)?,
    };
    Ok(match format {
        #[cfg(feature = "netcdf")]
        Format::Netcdf => Box::new(netcdf::Netcdf::open(path)?),
        #[cfg(feature = "parquet")]
        Format::Parquet | Format::Arrow => Box::new(columns::open(path, format)?),
        #[cfg(feature = "published")]
        Format::Published => published::open(path)?,
        Format::Npy => Box::new(npy::open(path)?),
        Format::Npz => Box::new(npy::Npz::open(path)?),
        Format::Safetensors => Box::new(safetensors::open(path)?),
        #[allow(
            unreachable_patterns,
            reason = "all are there with the default features"
        )]
        _ => return Err(left_out(format)),
    })
}

/// Writes arrays into one new file; returns what could not be written, and why.
pub async fn write(
    file: &ArrayFile,
    arrays: &[&ArrayMeta],
    format: Format,
    out: &mut File,
) -> Result<Vec<String>> {
    match format {
        #[cfg(feature = "netcdf")]
        Format::Netcdf => netcdf::write(file, arrays, out).await,
        #[cfg(feature = "parquet")]
        Format::Parquet | Format::Arrow => columns::write(file, arrays, format, out).await,
        Format::Npz => npy::write_npz(file, arrays, out).await,
        Format::Safetensors => safetensors::write(file, arrays, out).await,
        Format::Npy => match arrays {
            [array] => npy::write_npy(file, array, out).await.map(|()| Vec::new()),
            _ => Err(usage(format!(
                "a .npy file holds one array, {} are picked; name one, or write .npz",
                arrays.len()
            ))),
        },
        Format::Published => Err(usage("files of others' array-format are read, not written")),
        format => Err(left_out(format)),
    }
}

/// A format that this program was built without.
fn left_out(format: Format) -> anyhow::Error {
    usage(format!(
        "this program was built without {format:?}; build it with its default features"
    ))
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

/// Bytes up to which an array is one chunk, and bytes of a chunk beyond.
const WHOLE: u64 = 32 << 20;
const CHUNK: u64 = 16 << 20;

/// Chunks for an array: whole up to 32 MiB, then of about 16 MiB, in rows of the first axes. One that
/// is divided in its source has whole chunks of that in each, so that none is read twice.
pub fn chunks(shape: &[u64], width: usize, source: Option<&[u64]>) -> Vec<u64> {
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
    let Some(source) = source.filter(|source| source.len() == shape.len()) else {
        return chunk;
    };
    // Axes that the source divides are divided there, the others as far as the bytes go.
    let mut fitted: Vec<u64> = source
        .iter()
        .zip(shape)
        .map(|(&n, &m)| n.min(m).max(1))
        .collect();
    for axis in (0..fitted.len()).rev() {
        let times = (CHUNK / bytes(&fitted)).max(1);
        let wanted = chunk[axis].div_ceil(fitted[axis]).min(times).max(1);
        fitted[axis] = (fitted[axis] * wanted).min(shape[axis].max(1));
    }
    fitted
}

/// The same chunks, a little greater where the library's tiles would not divide them: then tiles form
/// one regular grid, which readers of references need.
pub fn divisible(chunk: Vec<u64>, width: usize) -> Vec<u64> {
    let mut greater = chunk.clone();
    // Each round may change the tiles; three settle all that was tried.
    for _ in 0..3 {
        let tile = choose_tile(Some(width), &greater);
        for (chunk, tile) in greater.iter_mut().zip(tile) {
            *chunk = chunk
                .checked_next_multiple_of(tile.max(1))
                .unwrap_or(*chunk);
        }
    }
    let elements = |chunk: &[u64]| chunk.iter().map(|&n| n as f64).product::<f64>();
    match elements(&greater) <= elements(&chunk) * 1.125 {
        true => greater,
        false => chunk,
    }
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
    fn tiles_divide_chunks() {
        assert_eq!(divisible(vec![20, 61, 66], 4), [20, 62, 66]);
        assert_eq!(divisible(vec![12, 90, 180], 4), [12, 90, 180]);
        let mut divided = 0;
        for a in [61, 97, 361, 719] {
            for b in [53, 180, 1441] {
                for width in [1, 4, 8] {
                    let given = vec![7, a, b];
                    let chunk = divisible(given.clone(), width);
                    let tile = choose_tile(Some(width), &chunk);
                    let divides = chunk.iter().zip(&tile).all(|(n, m)| n.is_multiple_of(*m));
                    assert!(divides || chunk == given, "{chunk:?} {tile:?}");
                    divided += u32::from(divides);
                }
            }
        }
        assert!(divided >= 24, "{divided} of 36");
    }

    #[test]
    fn large_arrays_get_chunks() {
        assert_eq!(chunks(&[100, 100], 4, None), [100, 100]);
        assert_eq!(chunks(&[1000, 1000, 1000], 4, None), [4, 1000, 1000]);
        assert_eq!(chunks(&[10, 100_000_000], 4, None), [1, 4 << 20]);
        assert_eq!(chunks(&[0, 3], 8, None), [1, 3]);
        assert!(chunks(&[], 8, None).is_empty());
        let divided = |chunk: &[u64]| chunks(&[1000, 1000, 1000], 4, Some(chunk));
        assert_eq!(divided(&[1, 100, 100]), [4, 1000, 1000]);
        assert_eq!(divided(&[100, 100, 100]), [100, 100, 400]);
        assert_eq!(divided(&[1000, 1000, 1000]), [1000, 1000, 1000]);
    }
}
