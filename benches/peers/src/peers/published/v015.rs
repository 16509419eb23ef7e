//! Version 0.15: a file is written once, by a writer, and then only read.

use std::sync::Arc;

use anyhow::{Context, Result};
use ndarray::{ArrayView, IxDyn};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use published_015::{
    ArrayFile, ArrayWriter, AttributeValue, Lz4Codec, NoCompression, ReadConfig, StatValue,
    WriterConfig, ZstdCodec,
};
use tokio::runtime::{Builder, Runtime};

use super::Read;
use crate::data::Dataset;
use crate::peers::catalogue::{self, Attribute};
use crate::peers::{Handle, Peer, Texts, Values, unsupported};
use crate::request::{Codec, Request};
use crate::with_element;

pub struct Published {
    runtime: Runtime,
}

impl Published {
    pub fn new() -> Result<Self> {
        Ok(Self {
            runtime: Builder::new_current_thread().build()?,
        })
    }
}

fn store(request: &Request) -> Result<(Arc<LocalFileSystem>, Path)> {
    std::fs::create_dir_all(&request.store)?;
    let store = LocalFileSystem::new_with_prefix(&request.store)?;
    Ok((Arc::new(store), Path::from("data.af")))
}

fn writer(request: &Request) -> Result<ArrayWriter> {
    if request.durable {
        return unsupported();
    }
    Ok(match request.codec {
        Codec::None => ArrayWriter::new(WriterConfig::new(NoCompression)),
        Codec::Lz4 => ArrayWriter::new(WriterConfig::new(Lz4Codec)),
        Codec::Zstd => ArrayWriter::new(WriterConfig::new(ZstdCodec::new(3))),
        Codec::Lz4Fast | Codec::BloscZstd | Codec::Auto => return unsupported(),
    })
}

async fn open(request: &Request) -> Result<ArrayFile> {
    let (store, path) = store(request)?;
    Ok(ArrayFile::open(store, path, ReadConfig::default()).await?)
}

impl Peer for Published {
    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        let set = &request.dataset;
        let (shape, origin) = (set.usize_shape(), vec![0; set.shape.len()]);
        let mut writer = writer(request)?;
        for (i, data) in data.chunks(set.array_bytes()).enumerate() {
            let (name, chunk) = (Dataset::name(i), Some(set.usize_chunk()));
            with_element!(set.dtype, T => {
                writer.define_array::<T>(&name, vec![], shape.clone(), chunk, None)?;
                let view = ArrayView::from_shape(IxDyn(&shape), bytemuck::cast_slice::<u8, T>(data))?;
                writer.write_array(&name, origin.clone(), view)?;
            });
        }
        let (store, path) = store(request)?;
        self.runtime.block_on(writer.finish(store, path))?;
        Ok(())
    }

    fn read(&mut self, request: &Request) -> Result<Box<dyn Values>> {
        self.runtime.block_on(async {
            let file = open(request).await?;
            with_element!(request.dataset.dtype, T => {
                let read: Read<T> = file.read_array(&Dataset::name(0), vec![], vec![]).await?;
                Ok(Box::new(read) as Box<dyn Values>)
            })
        })
    }

    fn read_each(&mut self, request: &Request, each: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        self.runtime.block_on(async {
            let file = open(request).await?;
            for i in 0..request.dataset.count {
                with_element!(request.dataset.dtype, T => {
                    let read: Read<T> = file.read_array(&Dataset::name(i), vec![], vec![]).await?;
                    each(i, read.bytes());
                });
            }
            Ok(())
        })
    }

    fn write_texts(&mut self, request: &Request, texts: &[String]) -> Result<()> {
        let (name, set) = (Dataset::name(0), &request.dataset);
        let mut writer = writer(request)?;
        let (shape, chunk) = (set.usize_shape(), Some(set.usize_chunk()));
        writer.define_array::<String>(&name, vec![], shape, chunk, None)?;
        let view = ArrayView::from_shape(IxDyn(&[texts.len()]), texts)?;
        writer.write_array(&name, vec![0], view)?;
        let (store, path) = store(request)?;
        self.runtime.block_on(writer.finish(store, path))?;
        Ok(())
    }

    fn read_texts(&mut self, request: &Request) -> Result<Box<dyn Texts>> {
        self.runtime.block_on(async {
            let file = open(request).await?;
            let name = Dataset::name(0);
            let read = file.read_array(&name, vec![], vec![]);
            let read: Read<String> = read.await?;
            Ok(Box::new(read) as Box<dyn Texts>)
        })
    }

    fn open<'a>(&'a mut self, request: &Request) -> Result<Box<dyn Handle + 'a>> {
        let file = self.runtime.block_on(open(request))?;
        Ok(Box::new(Open {
            runtime: &self.runtime,
            file,
        }))
    }

    fn write_catalogue(&mut self, request: &Request, n: usize) -> Result<()> {
        let mut writer = writer(request)?;
        for i in 0..n {
            let name = catalogue::name(i);
            let data = catalogue::values(i);
            writer.define_array::<f32>(&name, vec![], vec![data.len()], None, None)?;
            writer.write_array(
                &name,
                vec![0],
                ArrayView::from_shape(IxDyn(&[data.len()]), &data)?,
            )?;
            for (key, value) in catalogue::attributes(i) {
                let value = match value {
                    Attribute::Text(text) => AttributeValue::String(text.into()),
                    Attribute::Float(value) => AttributeValue::Float32(value),
                    Attribute::Int(value) => AttributeValue::Int32(value),
                };
                writer.set_attribute(&name, &key, value)?;
            }
        }
        let (store, path) = store(request)?;
        self.runtime.block_on(writer.finish(store, path))?;
        Ok(())
    }

    fn first_attribute(&mut self, request: &Request, n: usize) -> Result<String> {
        let (name, key) = catalogue::first(n);
        let file = self.runtime.block_on(open(request))?;
        match file.get_attribute(&name, key) {
            Some(AttributeValue::String(text)) => Ok(text.to_string()),
            other => anyhow::bail!("{other:?}"),
        }
    }

    fn attribute_predicate(&mut self, request: &Request) -> Result<usize> {
        let file = self.runtime.block_on(open(request))?;
        let column = file
            .attribute_column(catalogue::KEY)
            .context("no such key")?;
        let asked = |value: &Option<AttributeValue>| matches!(value, Some(AttributeValue::Int32(v)) if catalogue::asked(*v));
        Ok(column.iter().filter(|value| asked(value)).count())
    }

    fn statistic_predicate(&mut self, request: &Request, bound: f64) -> Result<usize> {
        let file = self.runtime.block_on(open(request))?;
        let asked =
            |max: &Option<StatValue>| matches!(max, Some(StatValue::Float(max)) if *max >= bound);
        Ok(file.stats().filter(|stats| asked(&stats.max)).count())
    }
}

struct Open<'a> {
    runtime: &'a Runtime,
    file: ArrayFile,
}

impl Handle for Open<'_> {
    fn window(&mut self, start: &[u64], shape: &[u64], out: &mut [f32]) -> Result<()> {
        let usizes = |n: &[u64]| -> Vec<usize> { n.iter().map(|&n| n as usize).collect() };
        let name = Dataset::name(0);
        let read = self
            .file
            .read_array::<f32>(&name, usizes(start), usizes(shape));
        let read: Read<f32> = self.runtime.block_on(read)?;
        out.copy_from_slice(read.as_slice().context("C order")?);
        Ok(())
    }
}
