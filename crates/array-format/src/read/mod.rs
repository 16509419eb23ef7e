//! Reading: region → tiles → frames → ranges, then decoding into the place where elements belong.

mod direct;
mod fresh;
mod gather;
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
use sink::{BytesSink, ValuesSink};
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

/// Memory for `n` elements, or an error in place of an abort.
fn allocate<T: ArrayElement>(n: u64, fill: &T) -> Result<Vec<T>> {
    let refused = || Error::limit("elements to read into memory", n, limits::ARRAY_BYTES);
    let n = usize::try_from(n).map_err(|_| refused())?;
    let mut values = Vec::new();
    values.try_reserve_exact(n).map_err(|_| refused())?;
    values.resize(n, fill.clone());
    Ok(values)
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
        let meta = self.shared(name)?;
        check_dtype::<T>(meta)?;
        let region = Region::for_read(&meta.shape, &widened(start), &widened(shape))?;
        let n = elements(&region.shape)?;
        let fill = T::fill_element(meta.fill_value.as_ref());
        let zeroed = usize::try_from(n).ok().and_then(T::zeroed);
        let values = match zeroed {
            Some(mut values) => {
                let is_zero = T::as_bytes(std::slice::from_ref(&fill))
                    .is_some_and(|bytes| bytes.iter().all(|&b| b == 0));
                match T::as_bytes_mut(&mut values) {
                    Some(bytes) => {
                        fresh::prefer_huge_pages(bytes);
                        let mut sink = BytesSink::new(bytes, meta, &region, is_zero);
                        gather(self, meta, &region, &mut sink).await?;
                        values
                    }
                    None => {
                        self.read_values(meta, &region, allocate(n, &fill)?, &fill)
                            .await?
                    }
                }
            }
            None => {
                self.read_values(meta, &region, allocate(n, &fill)?, &fill)
                    .await?
            }
        };
        let shape: Vec<usize> = region.shape.iter().map(|&n| n as usize).collect();
        ArcArray::from_shape_vec(IxDyn(&shape), values)
            .map_err(|error| Error::invalid(error.to_string()))
    }

    async fn read_values<T: ArrayElement>(
        &self,
        meta: &Arc<ArrayMeta>,
        region: &Region,
        mut values: Vec<T>,
        fill: &T,
    ) -> Result<Vec<T>> {
        let mut sink = ValuesSink::new(&mut values, region, fill.clone());
        gather(self, meta, region, &mut sink).await?;
        Ok(values)
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
        mut out: ArrayViewMut<'_, T, IxDyn>,
    ) -> Result<()> {
        let meta = self.shared(name)?;
        check_dtype::<T>(meta)?;
        let shape = out.shape().to_vec();
        let region = Region::for_write(
            &meta.shape,
            &widened(start.clone()),
            &widened(shape.clone()),
        )?;
        let fill = T::fill_element(meta.fill_value.as_ref());
        if let Some(values) = out.as_slice_mut() {
            if let Some(bytes) = T::as_bytes_mut(values) {
                let mut sink = BytesSink::new(bytes, meta, &region, false);
                return gather(self, meta, &region, &mut sink).await;
            }
            let mut sink = ValuesSink::new(values, &region, fill);
            return gather(self, meta, &region, &mut sink).await;
        }
        // A rank of 0 has a slice, so this is a true stride, and `[]` cannot mean "all".
        let read = self.read_array::<T>(name, start, shape).await?;
        out.assign(&read);
        Ok(())
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
        gather(self, meta, &region, &mut sink).await?;
        Ok((region.shape.to_vec(), target))
    }
}
