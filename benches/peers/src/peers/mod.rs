//! The formats that are compared, one file each, behind one trait.

mod catalogue;
#[cfg(feature = "hdf5")]
mod hdf5;
mod limits;
mod ours;
#[cfg(feature = "published")]
mod published;
mod safetensors;
pub mod simulated;
mod zarrs;

pub use ours::dtype;

use anyhow::{Result, bail};
use ndarray::{ArcArray, IxDyn};

use crate::request::{Request, Simulated};

/// Elements that were read, as bytes.
pub trait Values {
    fn bytes(&self) -> &[u8];
}

impl<T: bytemuck::NoUninit> Values for Vec<T> {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self)
    }
}

/// Texts that were read.
pub trait Texts {
    fn all(&self) -> Box<dyn Iterator<Item = &str> + '_>;
}

impl Texts for Vec<String> {
    fn all(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.iter().map(String::as_str))
    }
}

impl Texts for ArcArray<String, IxDyn> {
    fn all(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.iter().map(String::as_str))
    }
}

/// A peer has no such action, or no such codec.
#[derive(Debug, thiserror::Error)]
#[error("unsupported")]
pub struct Unsupported;

fn unsupported<V>() -> Result<V> {
    bail!(Unsupported)
}

/// A format, or a limit of the machine that it is measured against.
pub trait Peer {
    /// What need not be timed: buffers, inputs of a limit.
    fn prepare(&mut self, _request: &Request, _data: &[u8]) -> Result<()> {
        Ok(())
    }

    /// Creates the store with all arrays of the dataset, commits and closes it.
    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()>;

    /// Opens the store and reads the first array.
    fn read(&mut self, request: &Request) -> Result<Box<dyn Values>>;

    /// The same, into memory that is there.
    fn read_into(&mut self, _request: &Request, _out: &mut [u8]) -> Result<()> {
        unsupported()
    }

    /// Opens the store and reads every array, one after the other.
    fn read_each(&mut self, _request: &Request, _each: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        unsupported()
    }

    /// Creates the store with one array of texts, commits and closes it.
    fn write_texts(&mut self, _request: &Request, _texts: &[String]) -> Result<()> {
        unsupported()
    }

    /// Opens the store and reads all texts.
    fn read_texts(&mut self, _request: &Request) -> Result<Box<dyn Texts>> {
        unsupported()
    }

    /// Opens the store for many operations.
    fn open<'a>(&'a mut self, _request: &Request) -> Result<Box<dyn Handle + 'a>> {
        unsupported()
    }

    /// Creates an empty array with the dataset's row and chunk shape, to append to.
    fn create_empty(&mut self, _request: &Request) -> Result<()> {
        unsupported()
    }

    fn compact(&mut self, _request: &Request) -> Result<()> {
        unsupported()
    }

    /// Writes the first array in slabs of one chunk; `slab(i)` is called for each, in order.
    fn write_slabs(
        &mut self,
        _request: &Request,
        _slab: &mut dyn FnMut(usize) -> Vec<u8>,
    ) -> Result<()> {
        unsupported()
    }

    /// Creates `n` small arrays with the attributes of [`catalogue`].
    fn write_catalogue(&mut self, _request: &Request, _n: usize) -> Result<()> {
        unsupported()
    }

    /// Opens the catalogue and returns one text attribute of one array.
    fn first_attribute(&mut self, _request: &Request, _n: usize) -> Result<String> {
        unsupported()
    }

    /// Opens the catalogue and counts the arrays for which [`catalogue::asked`] holds.
    fn attribute_predicate(&mut self, _request: &Request) -> Result<usize> {
        unsupported()
    }

    /// Opens the catalogue and counts the arrays whose maximum is at least `bound`.
    fn statistic_predicate(&mut self, _request: &Request, _bound: f64) -> Result<usize> {
        unsupported()
    }

    /// Does what is asked over a simulated object store, and says how long that took by its clock, in
    /// milliseconds.
    fn simulated(&mut self, _what: Simulated) -> Result<f64> {
        unsupported()
    }
}

/// An open store.
pub trait Handle {
    /// Reads a window of the first array, which holds f32.
    fn window(&mut self, _start: &[u64], _shape: &[u64], _out: &mut [f32]) -> Result<()> {
        unsupported()
    }

    /// Overwrites a chunk of the first array, which has one axis, and commits.
    fn put_chunk(&mut self, _chunk: usize, _data: &[u8]) -> Result<()> {
        unsupported()
    }

    /// Appends a row to the first array, and commits.
    fn append(&mut self, _row: &[u8]) -> Result<()> {
        unsupported()
    }
}

/// The peers of this program, by the names that the tables have.
pub fn by_name(name: &str, threads: usize) -> Result<Box<dyn Peer>> {
    Ok(match name {
        "array_format" => Box::new(ours::Ours::new(threads)?),
        "array_format, one by one" => Box::new(ours::Ours::one_by_one(threads)?),
        "zarrs" => Box::new(zarrs::Zarrs::new(zarrs::Layout::Plain)),
        "zarrs, cache" => Box::new(zarrs::Zarrs::new(zarrs::Layout::Cached)),
        "zarrs, sharded" => Box::new(zarrs::Zarrs::new(zarrs::Layout::Sharded)),
        "safetensors" => Box::new(safetensors::SafeTensors),
        "limit: file" => Box::new(limits::RawFile),
        "limit: codec" => Box::new(limits::BareCodec::default()),
        "limit: memcpy" => Box::new(limits::MemCopy::default()),
        #[cfg(feature = "hdf5")]
        "HDF5" => Box::new(hdf5::Hdf5),
        #[cfg(feature = "published")]
        "published 0.15" => Box::new(published::v015::Published::new()?),
        #[cfg(feature = "published")]
        "published 0.12" => Box::new(published::v012::Published::new()?),
        #[cfg(feature = "published")]
        "published 0.9" => Box::new(published::v09::Published::new()?),
        _ => bail!(Unsupported),
    })
}
