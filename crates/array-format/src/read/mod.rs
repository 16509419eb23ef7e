//! Reading: region → tiles → frames → ranges, then decoding into the place where elements belong.

mod bring;
mod direct;
mod fresh;
mod gather;
mod many;
mod shared;
mod sink;

use std::sync::Arc;

use array_format_core::elements::Elements;
use array_format_core::geometry::{Region, elements};
use array_format_core::limits;
use ndarray::{ArcArray, ArrayViewMut, IxDyn};

use crate::ArrayFile;
use crate::array::ArrayMeta;
use crate::element::ArrayElement;
use crate::error::{Error, Result};
pub(crate) use gather::gather;
use sink::SliceSink;
pub(crate) use sink::{ElementsSink, copy_elements};

/// Refuses a Rust type that is not the array's.
pub(crate) fn check_dtype<T: ArrayElement>(meta: &ArrayMeta) -> Result<()> {
    if meta.dtype == T::dtype() {
        return Ok(());
    }
    Err(Error::DTypeMismatch {
        expected: meta.dtype.clone(),
        actual: T::dtype(),
    })
}

pub(crate) fn widened(extents: Vec<usize>) -> Vec<u64> {
    extents.into_iter().map(|n| n as u64).collect()
}

/// Memory for `n` elements, and whether it holds the fill value already.
fn allocate<T: ArrayElement>(meta: &ArrayMeta, n: u64) -> Result<(Vec<T>, bool)> {
    let refused = || Error::limit("elements to read into memory", n, limits::ARRAY_BYTES);
    let n = usize::try_from(n).map_err(|_| refused())?;
    let fill = T::fill_element(meta.fill_value.as_ref());
    if let Some(mut values) = T::zeroed(n)
        && let Some(bytes) = T::as_bytes_mut(&mut values)
    {
        fresh::prefer_huge_pages(bytes);
        let is_zero = T::as_bytes(std::slice::from_ref(&fill))
            .is_some_and(|bytes| bytes.iter().all(|&b| b == 0));
        return Ok((values, is_zero));
    }
    // An error in place of an abort.
    let mut values = Vec::new();
    values.try_reserve_exact(n).map_err(|_| refused())?;
    values.resize(n, fill);
    Ok((values, true))
}

/// A region of an array on its way into a new array.
struct Part<'f, T> {
    meta: &'f Arc<ArrayMeta>,
    region: Region,
    values: Vec<T>,
    is_filled: bool,
}

impl<'f, T: ArrayElement> Part<'f, T> {
    fn new(file: &'f ArrayFile, name: &str, start: Vec<usize>, shape: Vec<usize>) -> Result<Self> {
        let meta = file.shared(name)?;
        check_dtype::<T>(meta)?;
        let region = Region::for_read(&meta.shape, &widened(start), &widened(shape))?;
        let (values, is_filled) = allocate(meta, elements(&region.shape)?)?;
        Ok(Self {
            meta,
            region,
            values,
            is_filled,
        })
    }

    fn sink(&mut self) -> SliceSink<'_, T> {
        SliceSink::new(&mut self.values, self.meta, &self.region, self.is_filled)
    }

    fn into_array(self) -> Result<ArcArray<T, IxDyn>> {
        let shape: Vec<usize> = self.region.shape.iter().map(|&n| n as usize).collect();
        ArcArray::from_shape_vec(IxDyn(&shape), self.values)
            .map_err(|error| Error::invalid(error.to_string()))
    }
}

/// The array and the region that is to fill `out`.
fn region_of<'f, T: ArrayElement>(
    file: &'f ArrayFile,
    name: &str,
    start: &[usize],
    out: &ArrayViewMut<'_, T, IxDyn>,
) -> Result<(&'f Arc<ArrayMeta>, Region)> {
    let meta = file.shared(name)?;
    check_dtype::<T>(meta)?;
    let region = Region::for_write(
        &meta.shape,
        &widened(start.to_vec()),
        &widened(out.shape().to_vec()),
    )?;
    Ok((meta, region))
}

impl ArrayFile {
    /// Reads a region of an array into a new array in C order.
    ///
    /// An empty `start` means zeros, an empty `shape` means to the end, and what reaches past the
    /// array is clamped. Unwritten elements read as the fill value.
    ///
    /// Costs one round of requests for frames that lie near each other, and one before it for the
    /// index pages that are not in memory.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`], [`Error::DTypeMismatch`]; [`Error::InvalidArgument`] for a wrong
    /// rank; [`Error::Corrupt`] with the place of the damage; [`Error::SnapshotExpired`] if the
    /// layers were replaced; what the store said.
    pub async fn read_array<T: ArrayElement>(
        &self,
        name: &str,
        start: Vec<usize>,
        shape: Vec<usize>,
    ) -> Result<ArcArray<T, IxDyn>> {
        let mut part = Part::new(self, name, start, shape)?;
        let mut sink = part.sink();
        gather(self, &mut [sink.target()]).await?;
        drop(sink);
        part.into_array()
    }

    /// Reads the region that begins at `start` and has the shape of `out` into `out`.
    ///
    /// The region must lie within the array. A C-order `out` is filled in place; another layout costs
    /// a copy. After an error the contents of `out` are not defined.
    ///
    /// # Errors
    /// As [`ArrayFile::read_array`]; [`Error::InvalidArgument`] if the region reaches past the array.
    pub async fn read_into<T: ArrayElement>(
        &self,
        name: &str,
        start: Vec<usize>,
        out: ArrayViewMut<'_, T, IxDyn>,
    ) -> Result<()> {
        self.read_regions_into([(name, start, out)]).await
    }

    /// Reads a region as elements without a Rust type, for tools that learn the dtype from the file.
    ///
    /// Arguments are those of [`ArrayFile::read_array`]; the shape that was read comes with them.
    ///
    /// # Errors
    /// As [`ArrayFile::read_array`].
    pub async fn read_elements(
        &self,
        name: &str,
        start: Vec<usize>,
        shape: Vec<usize>,
    ) -> Result<(Vec<u64>, Elements)> {
        let meta = self.shared(name)?;
        let region = Region::for_read(&meta.shape, &widened(start), &widened(shape))?;
        let n = elements(&region.shape)?;
        let mut target = Elements::filled(&meta.dtype, meta.fill_value.as_ref(), n)?;
        let mut sink = ElementsSink::new(&mut target, meta, &region);
        gather(self, &mut [sink.target()]).await?;
        Ok((region.shape.to_vec(), target))
    }
}
