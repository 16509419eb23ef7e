//! This project.

use std::sync::Arc;

use anyhow::{Context, Result};
use array_format::codec::{CodecSpec, Compressor, Filter};
use array_format::{
    ArrayElement, ArrayFile, ArraySpec, AttributeValue, DType, FileConfig, NoCompression, StatValue,
};
use bytemuck::Pod;
use ndarray::{ArcArray, ArrayView, ArrayViewMut, IxDyn};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use tokio::runtime::{Builder, Runtime};

use super::catalogue::{self, Attribute};
use super::{Handle, Peer, Texts, Values, simulated};
use crate::data::{Dataset, Dtype};
use crate::request::{Codec, Request, Simulated};
use crate::with_element;
use crate::works::TOGETHER;

pub struct Ours {
    runtime: Runtime,
    /// Small arrays that are read with one call.
    together: usize,
}

impl Ours {
    /// Over a runtime of as many threads as may be used.
    pub fn new(threads: usize) -> Result<Self> {
        let mut builder = match threads {
            1 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(threads).build()?;
        Ok(Self {
            runtime,
            together: TOGETHER,
        })
    }

    /// The same, with a call for each array.
    pub fn one_by_one(threads: usize) -> Result<Self> {
        Ok(Self {
            together: 1,
            ..Self::new(threads)?
        })
    }
}

impl<T: Pod> Values for ArcArray<T, IxDyn> {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self.as_slice().unwrap_or_default())
    }
}

fn config(request: &Request) -> FileConfig<NoCompression> {
    let codec = match request.codec {
        Codec::None => CodecSpec::none(),
        Codec::Lz4 => CodecSpec::lz4(),
        Codec::Lz4Fast => CodecSpec::lz4_fast(5),
        Codec::Zstd => CodecSpec::zstd(3),
        Codec::BloscZstd => {
            CodecSpec::of(Compressor::Zstd { level: 3 }).with_filter(Filter::Shuffle)
        }
        Codec::Auto => CodecSpec::auto(),
    };
    FileConfig {
        sync: request.durable,
        threads: Some(request.threads),
        ..FileConfig::new(NoCompression)
    }
    .with_default_pipeline(codec)
}

/// The type that the format has for these values.
pub fn dtype(dtype: Dtype) -> DType {
    match dtype {
        Dtype::Uint8 => DType::UInt8,
        Dtype::Int16 => DType::Int16,
        Dtype::Int32 => DType::Int32,
        Dtype::Float32 => DType::Float32,
        Dtype::Text => DType::String,
    }
}

fn spec(set: &Dataset) -> ArraySpec {
    ArraySpec::new(dtype(set.dtype), set.shape.iter().copied()).chunks(set.chunk.iter().copied())
}

async fn create(request: &Request) -> Result<ArrayFile> {
    std::fs::create_dir_all(&request.store)?;
    let store = Arc::new(LocalFileSystem::new_with_prefix(&request.store)?);
    Ok(ArrayFile::create(store, Path::from("data.af"), config(request)).await?)
}

async fn open(request: &Request) -> Result<ArrayFile> {
    let store = Arc::new(LocalFileSystem::new_with_prefix(&request.store)?);
    Ok(ArrayFile::open(store, Path::from("data.af"), config(request)).await?)
}

async fn put<T: ArrayElement + Pod>(
    file: &mut ArrayFile,
    name: &str,
    start: Vec<usize>,
    shape: &[usize],
    data: &[u8],
) -> Result<()> {
    let view = ArrayView::from_shape(IxDyn(shape), bytemuck::cast_slice::<u8, T>(data))?;
    Ok(file.write_array(name, start, view).await?)
}

async fn fill<T: ArrayElement + Pod>(
    file: &ArrayFile,
    name: &str,
    start: Vec<usize>,
    shape: &[usize],
    out: &mut [u8],
) -> Result<()> {
    let view = ArrayViewMut::from_shape(IxDyn(shape), bytemuck::cast_slice_mut::<u8, T>(out))?;
    Ok(file.read_into(name, start, view).await?)
}

/// Arrays from `first` on, one after the other.
async fn fill_arrays<T: ArrayElement + Pod>(
    file: &ArrayFile,
    set: &Dataset,
    first: usize,
    out: &mut [u8],
) -> Result<()> {
    let shape = set.usize_shape();
    let values = bytemuck::cast_slice_mut::<u8, T>(out);
    let arrays = values.chunks_mut(set.array_bytes() / size_of::<T>());
    let mut views = Vec::new();
    for (i, values) in arrays.enumerate() {
        let view = ArrayViewMut::from_shape(IxDyn(&shape), values)?;
        views.push((Dataset::name(first + i), vec![0; shape.len()], view));
    }
    Ok(file.read_regions_into(views).await?)
}

impl Peer for Ours {
    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        let set = &request.dataset;
        let (shape, origin) = (set.usize_shape(), vec![0; set.shape.len()]);
        self.runtime.block_on(async {
            let mut file = create(request).await?;
            for (i, data) in data.chunks(set.array_bytes()).enumerate() {
                let name = Dataset::name(i);
                file.create_array(&name, spec(set))?;
                with_element!(set.dtype, T => put::<T>(&mut file, &name, origin.clone(), &shape, data).await)?;
            }
            Ok(file.flush().await?)
        })
    }

    fn read(&mut self, request: &Request) -> Result<Box<dyn Values>> {
        self.runtime.block_on(async {
            let file = open(request).await?;
            with_element!(request.dataset.dtype, T => {
                let read = file.read_array::<T>(&Dataset::name(0), vec![], vec![]).await?;
                Ok(Box::new(read) as Box<dyn Values>)
            })
        })
    }

    fn read_into(&mut self, request: &Request, out: &mut [u8]) -> Result<()> {
        let set = &request.dataset;
        let (shape, origin) = (set.usize_shape(), vec![0; set.shape.len()]);
        self.runtime.block_on(async {
            let file = open(request).await?;
            with_element!(set.dtype, T => fill::<T>(&file, &Dataset::name(0), origin, &shape, out).await)
        })
    }

    fn read_each(&mut self, request: &Request, each: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        let set = &request.dataset;
        let mut buffer = vec![0; self.together * set.array_bytes()];
        self.runtime.block_on(async {
            let file = open(request).await?;
            for first in (0..set.count).step_by(self.together) {
                let n = self.together.min(set.count - first);
                let out = &mut buffer[..n * set.array_bytes()];
                with_element!(set.dtype, T => fill_arrays::<T>(&file, set, first, out).await)?;
                for (i, bytes) in out.chunks(set.array_bytes()).enumerate() {
                    each(first + i, bytes);
                }
            }
            Ok(())
        })
    }

    fn write_texts(&mut self, request: &Request, texts: &[String]) -> Result<()> {
        let view = ArrayView::from_shape(IxDyn(&[texts.len()]), texts)?;
        self.runtime.block_on(async {
            let mut file = create(request).await?;
            let name = Dataset::name(0);
            file.create_array(&name, spec(&request.dataset))?;
            file.write_array(&name, vec![0], view).await?;
            Ok(file.flush().await?)
        })
    }

    fn read_texts(&mut self, request: &Request) -> Result<Box<dyn Texts>> {
        self.runtime.block_on(async {
            let file = open(request).await?;
            let name = Dataset::name(0);
            let read = file.read_array::<String>(&name, vec![], vec![]);
            Ok(Box::new(read.await?) as Box<dyn Texts>)
        })
    }

    fn open<'a>(&'a mut self, request: &Request) -> Result<Box<dyn Handle + 'a>> {
        let file = self.runtime.block_on(open(request))?;
        let set = request.dataset.clone();
        Ok(Box::new(Open {
            runtime: &self.runtime,
            file,
            set,
        }))
    }

    fn create_empty(&mut self, request: &Request) -> Result<()> {
        self.runtime.block_on(async {
            let mut file = create(request).await?;
            let mut set = request.dataset.clone();
            set.shape[0] = 0;
            file.create_array(Dataset::name(0), spec(&set))?;
            Ok(file.flush().await?)
        })
    }

    fn compact(&mut self, request: &Request) -> Result<()> {
        self.runtime
            .block_on(async { Ok(open(request).await?.compact().await?) })
    }

    fn write_slabs(
        &mut self,
        request: &Request,
        slab: &mut dyn FnMut(usize) -> Vec<u8>,
    ) -> Result<()> {
        let set = &request.dataset;
        let shape = set.usize_chunk();
        self.runtime.block_on(async {
            let mut file = create(request).await?;
            file.create_array(Dataset::name(0), spec(set))?;
            for i in 0..set.bytes() / set.chunk_bytes() {
                let start = vec![i * shape[0]];
                let data = slab(i);
                with_element!(set.dtype, T => put::<T>(&mut file, &Dataset::name(0), start, &shape, &data).await)?;
            }
            Ok(file.flush().await?)
        })
    }

    fn write_catalogue(&mut self, request: &Request, n: usize) -> Result<()> {
        self.runtime.block_on(async {
            let mut file = create(request).await?;
            for i in 0..n {
                let mut spec = ArraySpec::new(DType::Float32, [catalogue::VALUES as u64]);
                for (key, value) in catalogue::attributes(i) {
                    spec = match value {
                        Attribute::Text(text) => spec.attribute(key, text),
                        Attribute::Float(value) => spec.attribute(key, value),
                        Attribute::Int(value) => spec.attribute(key, value),
                    };
                }
                let name = catalogue::name(i);
                file.create_array(&name, spec)?;
                let data = catalogue::values(i);
                put::<f32>(
                    &mut file,
                    &name,
                    vec![0],
                    &[data.len()],
                    bytemuck::cast_slice(&data),
                )
                .await?;
            }
            file.flush().await?;
            Ok(file.compact().await?)
        })
    }

    fn first_attribute(&mut self, request: &Request, n: usize) -> Result<String> {
        let (name, key) = catalogue::first(n);
        self.runtime.block_on(async {
            let file = open(request).await?;
            match file.get_attribute(&name, key)? {
                Some(AttributeValue::String(text)) => Ok(text.clone()),
                other => anyhow::bail!("{other:?}"),
            }
        })
    }

    fn attribute_predicate(&mut self, request: &Request) -> Result<usize> {
        self.runtime.block_on(async {
            let file = open(request).await?;
            let column = file.attribute_column(catalogue::KEY)?;
            Ok(column
                .iter()
                .filter(|(_, value)| matches!(value, Some(AttributeValue::Int32(v)) if catalogue::asked(*v)))
                .count())
        })
    }

    fn statistic_predicate(&mut self, request: &Request, bound: f64) -> Result<usize> {
        self.runtime.block_on(async {
            let file = open(request).await?;
            let stats = file.stats().context("no statistics")?;
            Ok(stats
                .entries()
                .iter()
                .filter(|s| matches!(s.max, Some(StatValue::Float(max)) if max >= bound))
                .count())
        })
    }

    fn simulated(&mut self, what: Simulated) -> Result<f64> {
        simulated::run(what)
    }
}

struct Open<'a> {
    runtime: &'a Runtime,
    file: ArrayFile,
    set: Dataset,
}

impl Handle for Open<'_> {
    fn window(&mut self, start: &[u64], shape: &[u64], out: &mut [f32]) -> Result<()> {
        let usizes =
            |extents: &[u64]| -> Vec<usize> { extents.iter().map(|&n| n as usize).collect() };
        let (name, out) = (Dataset::name(0), bytemuck::cast_slice_mut(out));
        self.runtime.block_on(fill::<f32>(
            &self.file,
            &name,
            usizes(start),
            &usizes(shape),
            out,
        ))
    }

    fn put_chunk(&mut self, chunk: usize, data: &[u8]) -> Result<()> {
        let (set, shape) = (&self.set, self.set.usize_chunk());
        let start = vec![chunk * shape[0]];
        self.runtime.block_on(async {
            with_element!(set.dtype, T => put::<T>(&mut self.file, &Dataset::name(0), start, &shape, data).await)?;
            Ok(self.file.flush().await?)
        })
    }

    fn append(&mut self, row: &[u8]) -> Result<()> {
        let mut shape = self.set.usize_shape();
        shape[0] = 1;
        self.runtime.block_on(async {
            with_element!(self.set.dtype, T => {
                let view = ArrayView::from_shape(IxDyn(&shape), bytemuck::cast_slice::<u8, T>(row))?;
                self.file.append(&Dataset::name(0), 0, view).await?;
            });
            Ok(self.file.flush().await?)
        })
    }
}
