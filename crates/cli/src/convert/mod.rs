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
pub mod zarr;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use array_format::array::ArrayMeta;
use array_format::element::Elements;
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
