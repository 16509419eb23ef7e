//! Version 0.15.

use std::sync::Arc;

use anyhow::{Result, bail};
use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::object_store::local::LocalFileSystem;
use array_format::object_store::path::Path;
use array_format::{AttributeValue, DType, FillValue};
use published_015::ReadConfig;
use tokio::runtime::Handle;

use super::super::{Contents, Reader, Variable};
use super::elements::{conversions, is_readable};

conversions!(published_015);

/// A file of theirs. Calls block; they must not come from async code.
pub struct Published {
    file: published_015::ArrayFile,
    contents: Contents,
}

pub fn open(store: Arc<LocalFileSystem>, path: Path) -> Result<Published> {
    let open = published_015::ArrayFile::open(store, path, ReadConfig::default());
    let file = Handle::current().block_on(open)?;
    let mut contents = Contents::default();
    for array in file.arrays() {
        let dtype = dtype(&array.dtype);
        if !is_readable(&dtype) {
            let why = format!("{}: {dtype:?} cannot be read by that version", array.name);
            contents.skipped.push(why);
            continue;
        }
        let attributes = file.attributes(&array.name).into_iter().flatten();
        contents.variables.push(Variable {
            name: array.name.to_string(),
            dtype,
            shape: array.shape.iter().map(|&n| n.into()).collect(),
            dimensions: array.dimension_names.clone(),
            fill: array.fill_value.as_ref().map(fill),
            attributes: attributes
                .map(|(key, value)| (key.to_string(), attribute(value)))
                .collect(),
            chunks: Some(array.chunk_shape.iter().map(|&n| n.into()).collect()),
        });
    }
    Ok(Published { file, contents })
}

impl Reader for Published {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        read(&self.file, &self.contents.variables[variable], start, shape)
    }
}
