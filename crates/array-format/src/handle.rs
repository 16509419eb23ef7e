//! One array of a file: the same calls, without its name.

use ndarray::{ArcArray, ArrayView, ArrayViewMut, IxDyn};

use crate::ArrayFile;
use crate::array::ArrayMeta;
use crate::chunks::Chunk;
use crate::element::ArrayElement;
use crate::error::Result;
use crate::stats::ArrayStats;
use crate::value::AttributeValue;

/// An array, to read.
#[derive(Debug, Clone, Copy)]
pub struct Array<'a> {
    file: &'a ArrayFile,
    meta: &'a ArrayMeta,
}

/// An array, to read and to change.
#[derive(Debug)]
pub struct ArrayMut<'a> {
    file: &'a mut ArrayFile,
    name: String,
}

impl ArrayFile {
    /// An array, to read.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`](crate::Error::ArrayNotFound).
    pub fn array(&self, name: &str) -> Result<Array<'_>> {
        let meta = self.get_array(name)?;
        Ok(Array { file: self, meta })
    }

    /// An array, to read and to change.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`](crate::Error::ArrayNotFound).
    pub fn array_mut(&mut self, name: &str) -> Result<ArrayMut<'_>> {
        self.get_array(name)?;
        Ok(ArrayMut {
            name: name.to_owned(),
            file: self,
        })
    }
}

impl<'a> Array<'a> {
    /// Its definition.
    pub fn meta(&self) -> &'a ArrayMeta {
        self.meta
    }

    /// See [`ArrayFile::array_stats`].
    pub fn stats(&self) -> Option<&'a ArrayStats> {
        self.file.array_stats(&self.meta.name)
    }

    /// See [`ArrayFile::get_attribute`].
    ///
    /// # Errors
    /// As there.
    pub fn attribute(&self, key: &str) -> Result<Option<&'a AttributeValue>> {
        self.file.get_attribute(&self.meta.name, key)
    }

    /// See [`ArrayFile::attributes`].
    ///
    /// # Errors
    /// As there.
    pub fn attributes(&self) -> Result<Vec<(String, &'a AttributeValue)>> {
        self.file.attributes(&self.meta.name)
    }

    /// See [`ArrayFile::read_array`].
    ///
    /// # Errors
    /// As there.
    pub async fn read<T: ArrayElement>(
        &self,
        start: Vec<usize>,
        shape: Vec<usize>,
    ) -> Result<ArcArray<T, IxDyn>> {
        self.file.read_array(&self.meta.name, start, shape).await
    }

    /// See [`ArrayFile::read_into`].
    ///
    /// # Errors
    /// As there.
    pub async fn read_into<T: ArrayElement>(
        &self,
        start: Vec<usize>,
        out: ArrayViewMut<'_, T, IxDyn>,
    ) -> Result<()> {
        self.file.read_into(&self.meta.name, start, out).await
    }

    /// See [`ArrayFile::chunks`].
    ///
    /// # Errors
    /// As there.
    pub async fn chunks(&self) -> Result<Vec<Chunk>> {
        self.file.chunks(&self.meta.name).await
    }
}

impl ArrayMut<'_> {
    /// The array, to read.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) if its page is damaged.
    pub fn as_array(&self) -> Result<Array<'_>> {
        self.file.array(&self.name)
    }

    /// See [`ArrayFile::write_array`].
    ///
    /// # Errors
    /// As there.
    pub async fn write<T: ArrayElement>(
        &mut self,
        start: Vec<usize>,
        data: ArrayView<'_, T, IxDyn>,
    ) -> Result<()> {
        self.file.write_array(&self.name, start, data).await
    }

    /// See [`ArrayFile::append`].
    ///
    /// # Errors
    /// As there.
    pub async fn append<T: ArrayElement>(
        &mut self,
        axis: usize,
        data: ArrayView<'_, T, IxDyn>,
    ) -> Result<()> {
        self.file.append(&self.name, axis, data).await
    }

    /// See [`ArrayFile::resize`].
    ///
    /// # Errors
    /// As there.
    pub async fn resize(&mut self, shape: Vec<usize>) -> Result<()> {
        self.file.resize(&self.name, shape).await
    }

    /// See [`ArrayFile::set_attribute`].
    ///
    /// # Errors
    /// As there.
    pub fn set_attribute(&mut self, key: &str, value: impl Into<AttributeValue>) -> Result<()> {
        self.file.set_attribute(&self.name, key, value.into())
    }

    /// See [`ArrayFile::remove_attribute`].
    ///
    /// # Errors
    /// As there.
    pub fn remove_attribute(&mut self, key: &str) -> Result<bool> {
        self.file.remove_attribute(&self.name, key)
    }
}
