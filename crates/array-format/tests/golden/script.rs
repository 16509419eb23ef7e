//! Every change is made to a file and to its model.

use std::sync::Arc;

use array_format::codec::{CodecId, CodecSpec, PipelineRecord};
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::{
    ArrayFile, ArraySpec, AttributeValue, CompressionCodec, FileConfig, FillValue, NoCompression,
    Result,
};

use crate::model::{Array, Model};
use crate::past::Past;
use crate::value::{Cell, Value};

/// A codec that is not the format's own.
#[derive(Debug, Clone, Copy)]
pub struct Xor;

impl CompressionCodec for Xor {
    fn id(&self) -> CodecId {
        CodecId::Named("xor-5a".into())
    }
    fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
        Ok(data.iter().map(|byte| byte ^ 0x5A).collect())
    }
    fn decompress(&self, data: &[u8], _: usize) -> Result<Vec<u8>> {
        self.compress(data)
    }
}

/// With which golden files are written and read.
pub fn config(message: &str) -> FileConfig<NoCompression> {
    let config = FileConfig {
        message: message.to_owned(),
        ..FileConfig::new(NoCompression)
    };
    config.with_codec(Arc::new(Xor))
}

/// What an array is to be.
#[derive(Debug, Clone)]
pub struct Def<T> {
    shape: Vec<u64>,
    chunks: Option<Vec<u64>>,
    tile: Option<Vec<u64>>,
    dimensions: Vec<String>,
    fill: Option<(FillValue, T)>,
    codec: CodecSpec,
}

pub fn def<T>(shape: &[u64]) -> Def<T> {
    Def {
        shape: shape.to_vec(),
        chunks: None,
        tile: None,
        dimensions: Vec::new(),
        fill: None,
        codec: CodecSpec::none(),
    }
}

impl<T> Def<T> {
    pub fn chunks(mut self, chunks: &[u64]) -> Self {
        self.chunks = Some(chunks.to_vec());
        self
    }
    pub fn tile(mut self, tile: &[u64]) -> Self {
        self.tile = Some(tile.to_vec());
        self
    }
    pub fn dimensions(mut self, names: &[&str]) -> Self {
        self.dimensions = names.iter().map(|&name| name.to_owned()).collect();
        self
    }
    /// A fill value, and the element that it becomes.
    pub fn fill(mut self, fill: FillValue, element: T) -> Self {
        self.fill = Some((fill, element));
        self
    }
    pub fn codec(mut self, codec: CodecSpec) -> Self {
        self.codec = codec;
        self
    }
}

/// A file in memory, and what it must hold.
pub struct Script {
    pub store: Arc<InMemory>,
    pub file: ArrayFile,
    pub model: Model,
    /// Where the file's history is part of what it shows.
    pub past: Option<Past>,
    pub(crate) name: String,
}

impl Script {
    pub async fn new(name: &str) -> Self {
        let store = Arc::new(InMemory::new());
        let path = Path::from(format!("{name}.af"));
        let file = ArrayFile::create(store.clone(), path, config(name)).await;
        let model = Model {
            layers: vec![0],
            ..Model::default()
        };
        Self {
            store,
            file: file.unwrap(),
            model,
            past: None,
            name: name.to_owned(),
        }
    }

    pub fn define<T: Value>(&mut self, name: &str, def: Def<T>) {
        let mut spec = ArraySpec::new(T::dtype(), def.shape.iter().copied())
            .dimensions(def.dimensions.clone())
            .codec(def.codec.clone());
        if let Some(chunks) = &def.chunks {
            spec = spec.chunks(chunks.iter().copied());
        }
        if let Some(tile) = &def.tile {
            spec = spec.tile(tile.iter().copied());
        }
        if let Some((fill, _)) = &def.fill {
            spec = spec.fill(fill.clone());
        }
        self.file.create_array(name, spec).unwrap();
        let fill = def.fill.as_ref();
        let unwritten = fill.map_or(T::zero(), |(_, element)| element.clone());
        let whole = || def.shape.iter().map(|&n| n.max(1)).collect();
        let axes = || (0..def.shape.len()).map(|i| format!("dim{i}")).collect();
        let named = !def.dimensions.is_empty();
        let array = Array {
            dtype: T::name(),
            element: T::dtype(),
            chunk: def.chunks.clone().unwrap_or_else(whole),
            tile: self.file.get_array(name).unwrap().tile_shape.clone(),
            dimensions: if named { def.dimensions } else { axes() },
            fill: fill.map(|(fill, _)| fill.clone()),
            pipeline: (!def.codec.is_auto()).then(|| PipelineRecord::from(&def.codec).to_string()),
            readable: !matches!(
                def.codec.compressor(),
                Some(array_format_core::codec::Compressor::Custom(_))
            ),
            attributes: Default::default(),
            cells: vec![unwritten.cell(); def.shape.iter().product::<u64>() as usize],
            shape: def.shape,
            unwritten: unwritten.cell(),
            written: false,
        };
        self.model.arrays.insert(name.to_owned(), array);
    }

    fn array(&mut self, name: &str) -> &mut Array {
        self.model.arrays.get_mut(name).unwrap()
    }

    pub async fn write<T: Value>(&mut self, name: &str, start: &[u64], shape: &[u64], v: Vec<T>) {
        let cells: Vec<Cell> = v.iter().map(Value::cell).collect();
        let data = ArrayD::from_shape_vec(IxDyn(&narrow(shape)), v).unwrap();
        let written = self.file.write_array(name, narrow(start), data.view());
        written.await.unwrap();
        self.array(name).write(start, shape, cells);
    }

    /// Writes the whole array.
    pub async fn fill<T: Value>(&mut self, name: &str, values: Vec<T>) {
        let shape = self.array(name).shape.clone();
        let start = vec![0; shape.len()];
        self.write(name, &start, &shape, values).await;
    }

    pub async fn append<T: Value>(&mut self, name: &str, axis: usize, extent: u64, v: Vec<T>) {
        let mut region = self.array(name).shape.clone();
        let mut start = vec![0; region.len()];
        let mut shape = region.clone();
        (start[axis], region[axis]) = (region[axis], extent);
        shape[axis] += extent;
        let cells: Vec<Cell> = v.iter().map(Value::cell).collect();
        let data = ArrayD::from_shape_vec(IxDyn(&narrow(&region)), v).unwrap();
        self.file.append(name, axis, data.view()).await.unwrap();
        self.array(name).resize(&shape);
        self.array(name).write(&start, &region, cells);
    }

    pub async fn resize(&mut self, name: &str, shape: &[u64]) {
        self.file.resize(name, narrow(shape)).await.unwrap();
        self.array(name).resize(shape);
    }

    pub fn delete(&mut self, name: &str) {
        self.file.delete(name).unwrap();
        self.model.arrays.remove(name).unwrap();
    }

    pub fn rename(&mut self, from: &str, to: &str) {
        self.file.rename(from, to).unwrap();
        let array = self.model.arrays.remove(from).unwrap();
        self.model.arrays.insert(to.to_owned(), array);
    }

    pub fn set(&mut self, name: &str, key: &str, value: impl Into<AttributeValue>) {
        let value = value.into();
        self.file.set_attribute(name, key, value.clone()).unwrap();
        self.array(name).attributes.insert(key.to_owned(), value);
    }

    pub fn unset(&mut self, name: &str, key: &str) {
        assert!(self.file.remove_attribute(name, key).unwrap());
        self.array(name).attributes.remove(key).unwrap();
    }

    pub fn set_file(&mut self, key: &str, value: impl Into<AttributeValue>) {
        let value = value.into();
        self.file.set_file_attribute(key, value.clone()).unwrap();
        self.model.attributes.insert(key.to_owned(), value);
    }

    pub fn unset_file(&mut self, key: &str) {
        assert!(self.file.remove_file_attribute(key).unwrap());
        self.model.attributes.remove(key).unwrap();
    }
}

pub fn narrow(extents: &[u64]) -> Vec<usize> {
    extents.iter().map(|&n| n as usize).collect()
}
