//! zarrs: Zarr v3 in Rust, over its own store for file systems.

use std::fs::File;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytemuck::Pod;
use serde_json::{Value, json};
use unsafe_cell_slice::UnsafeCellSlice;
use zarrs::array::chunk_cache::{
    ChunkCache, ChunkCacheDecodedLruSizeLimit, ChunkCachePartialDecoderLruSizeLimit,
};
use zarrs::array::{
    Array, ArrayBytes, ArrayBytesDecodeIntoTarget, ArrayBytesFixedDisjointView, ArrayMetadata,
    ArraySubset, ElementOwned,
};
use zarrs::filesystem::FilesystemStore;
use zarrs::storage::ReadableStorageTraits;

use super::catalogue::{self, Attribute};
use super::{Handle, Peer, Texts, Values, unsupported};
use crate::data::{Dataset, Dtype};
use crate::request::{Codec, Request};
use crate::with_element;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// An object a chunk.
    Plain,
    /// The same; windows are read through a cache of decoded chunks as large as ours.
    Cached,
    /// A shard of 16 chunks an object (the cube: a chunk is a shard of 16 inner chunks); windows are read
    /// through a cache of partial decoders.
    Sharded,
}

pub struct Zarrs {
    layout: Layout,
}

/// As large as array_format's.
const CACHE: u64 = 256 << 20;

type Store = Arc<FilesystemStore>;

impl Zarrs {
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }

    fn store(&self, request: &Request) -> Result<Store> {
        zarrs::config::global_config_mut().set_codec_concurrent_target(request.threads);
        std::fs::create_dir_all(&request.store)?;
        Ok(Arc::new(FilesystemStore::new(&request.store)?))
    }

    fn array(&self, request: &Request, i: usize) -> Result<Array<FilesystemStore>> {
        Ok(Array::open(self.store(request)?, &path(i))?)
    }

    fn metadata(&self, set: &Dataset, codec: Codec) -> Result<ArrayMetadata> {
        let compressor = match codec {
            Codec::None => None,
            Codec::Lz4 | Codec::Lz4Fast => Some(blosc("lz4", 5, "noshuffle", set)),
            Codec::Zstd => {
                Some(json!({"name": "zstd", "configuration": {"level": 3, "checksum": false}}))
            }
            Codec::BloscZstd => Some(blosc("zstd", 3, "shuffle", set)),
            Codec::Auto => return unsupported(),
        };
        let serializer = match set.dtype {
            Dtype::Text => json!({"name": "vlen-utf8"}),
            _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
        };
        let mut codecs = vec![serializer];
        codecs.extend(compressor);
        let mut chunk = set.chunk.clone();
        if self.layout == Layout::Sharded {
            let mut inner = chunk.clone();
            if set.shape.len() == 1 {
                chunk[0] = (chunk[0] * 16).min(set.shape[0]);
            } else {
                // Sixteen inner chunks in each chunk of the others.
                inner[1] = (inner[1] / 4).max(1);
                inner[2] = (inner[2] / 4).max(1);
            }
            codecs = vec![json!({"name": "sharding_indexed", "configuration": {
                "chunk_shape": inner,
                "codecs": codecs,
                "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
                "index_location": "end",
            }})];
        }
        metadata(set, &chunk, codecs, json!({}))
    }
}

fn blosc(name: &str, level: u8, shuffle: &str, set: &Dataset) -> Value {
    let width = match set.dtype {
        Dtype::Text => 1,
        other => other.size(),
    };
    json!({"name": "blosc", "configuration": {
        "cname": name, "clevel": level, "shuffle": shuffle, "typesize": width, "blocksize": 0,
    }})
}

fn path(i: usize) -> String {
    format!("/{}", Dataset::name(i))
}

fn metadata(
    set: &Dataset,
    chunk: &[u64],
    codecs: Vec<Value>,
    attributes: Value,
) -> Result<ArrayMetadata> {
    let dtype = match set.dtype {
        Dtype::Uint8 => "uint8",
        Dtype::Int16 => "int16",
        Dtype::Int32 => "int32",
        Dtype::Float32 => "float32",
        Dtype::Text => "string",
    };
    let fill = match set.dtype {
        Dtype::Text => json!(""),
        _ => json!(0),
    };
    Ok(serde_json::from_value(json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": set.shape,
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": codecs,
        "attributes": attributes,
    }))?)
}

fn fill<T: ElementOwned + Pod>(array: &Array<FilesystemStore>, out: &mut [u8]) -> Result<()> {
    let subset = array.subset_all();
    let shape = array.shape().to_vec();
    // SAFETY: this is the only view of `out`.
    let mut view = unsafe {
        ArrayBytesFixedDisjointView::new(
            UnsafeCellSlice::new(out),
            size_of::<T>(),
            &shape,
            subset.clone(),
        )?
    };
    Ok(array.retrieve_array_subset_into(&subset, ArrayBytesDecodeIntoTarget::Fixed(&mut view))?)
}

/// The store never syncs: what a durable commit needs is done here.
fn sync(request: &Request, array: usize, chunks: impl IntoIterator<Item = String>) -> Result<()> {
    if request.durable {
        let folder = request.store.join(Dataset::name(array));
        for chunk in chunks {
            File::open(folder.join(chunk))?.sync_all()?;
        }
        File::open(folder.join("c"))?.sync_all()?;
    }
    Ok(())
}

impl Peer for Zarrs {
    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        if request.durable {
            return unsupported();
        }
        let set = &request.dataset;
        let store = self.store(request)?;
        let metadata = self.metadata(set, request.codec)?;
        for (i, data) in data.chunks(set.array_bytes()).enumerate() {
            let array = Array::new_with_metadata(Arc::clone(&store), &path(i), metadata.clone())?;
            array.store_metadata()?;
            let all = array.subset_all();
            with_element!(set.dtype, T => array.store_array_subset(&all, bytemuck::cast_slice::<u8, T>(data)))?;
        }
        Ok(())
    }

    fn read(&mut self, request: &Request) -> Result<Box<dyn Values>> {
        let array = self.array(request, 0)?;
        with_element!(request.dataset.dtype, T => {
            Ok(Box::new(array.retrieve_array_subset::<Vec<T>>(&array.subset_all())?) as Box<dyn Values>)
        })
    }

    fn read_into(&mut self, request: &Request, out: &mut [u8]) -> Result<()> {
        let array = self.array(request, 0)?;
        with_element!(request.dataset.dtype, T => fill::<T>(&array, out))
    }

    fn read_each(&mut self, request: &Request, each: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        let set = &request.dataset;
        let store = self.store(request)?;
        let mut buffer = vec![0; set.array_bytes()];
        for i in 0..set.count {
            let array = Array::open(Arc::clone(&store), &path(i))?;
            with_element!(set.dtype, T => fill::<T>(&array, &mut buffer))?;
            each(i, &buffer);
        }
        Ok(())
    }

    fn write_texts(&mut self, request: &Request, texts: &[String]) -> Result<()> {
        let metadata = self.metadata(&request.dataset, request.codec)?;
        let array = Array::new_with_metadata(self.store(request)?, &path(0), metadata)?;
        array.store_metadata()?;
        Ok(array.store_array_subset(&array.subset_all(), texts)?)
    }

    fn read_texts(&mut self, request: &Request) -> Result<Box<dyn Texts>> {
        let array = self.array(request, 0)?;
        let read: Vec<String> = array.retrieve_array_subset(&array.subset_all())?;
        Ok(Box::new(read))
    }

    fn open<'a>(&'a mut self, request: &Request) -> Result<Box<dyn Handle + 'a>> {
        let array = self.array(request, 0)?;
        let shared: Arc<Array<dyn ReadableStorageTraits>> =
            Arc::new(self.array(request, 0)?.readable());
        let cache: Option<Box<dyn ChunkCache>> = match self.layout {
            Layout::Plain => None,
            Layout::Cached => Some(Box::new(ChunkCacheDecodedLruSizeLimit::new(shared, CACHE))),
            Layout::Sharded => Some(Box::new(ChunkCachePartialDecoderLruSizeLimit::new(
                shared, CACHE,
            ))),
        };
        Ok(Box::new(Open {
            array,
            cache,
            request: request.clone(),
        }))
    }

    fn create_empty(&mut self, request: &Request) -> Result<()> {
        if self.layout == Layout::Sharded {
            return unsupported();
        }
        let mut set = request.dataset.clone();
        set.shape[0] = 0;
        let metadata = self.metadata(&set, request.codec)?;
        Ok(Array::new_with_metadata(self.store(request)?, &path(0), metadata)?.store_metadata()?)
    }

    fn write_slabs(
        &mut self,
        request: &Request,
        slab: &mut dyn FnMut(usize) -> Vec<u8>,
    ) -> Result<()> {
        let set = &request.dataset;
        let metadata = self.metadata(set, request.codec)?;
        let array = Array::new_with_metadata(self.store(request)?, &path(0), metadata)?;
        array.store_metadata()?;
        for i in 0..set.bytes() / set.chunk_bytes() {
            let data = slab(i);
            with_element!(set.dtype, T => array.store_chunk(&[i as u64], bytemuck::cast_slice::<u8, T>(&data)))?;
        }
        Ok(())
    }

    fn write_catalogue(&mut self, request: &Request, n: usize) -> Result<()> {
        let store = self.store(request)?;
        let shape = vec![catalogue::VALUES as u64];
        let set = Dataset {
            dtype: Dtype::Float32,
            shape: shape.clone(),
            chunk: shape,
            ..request.dataset.clone()
        };
        for i in 0..n {
            let attributes: serde_json::Map<String, Value> = catalogue::attributes(i)
                .map(|(key, value)| match value {
                    Attribute::Text(text) => (key, json!(text)),
                    Attribute::Float(value) => (key, json!(value)),
                    Attribute::Int(value) => (key, json!(value)),
                })
                .collect();
            let codecs = vec![json!({"name": "bytes", "configuration": {"endian": "little"}})];
            let metadata = metadata(&set, &set.chunk, codecs, Value::Object(attributes))?;
            let name = format!("/{}", catalogue::name(i));
            let array = Array::new_with_metadata(Arc::clone(&store), &name, metadata)?;
            array.store_metadata()?;
            array.store_chunk(&[0], &catalogue::values(i))?;
        }
        Ok(())
    }

    fn first_attribute(&mut self, request: &Request, n: usize) -> Result<String> {
        let (name, key) = catalogue::first(n);
        let array = Array::open(self.store(request)?, &format!("/{name}"))?;
        let value = array.attributes().get(key).and_then(Value::as_str);
        Ok(value.context("no such attribute")?.to_owned())
    }

    fn attribute_predicate(&mut self, request: &Request) -> Result<usize> {
        let store = self.store(request)?;
        let mut count = 0;
        for entry in std::fs::read_dir(&request.store)? {
            let name = entry?.file_name();
            let array = Array::open(Arc::clone(&store), &format!("/{}", name.to_string_lossy()))?;
            let value = array
                .attributes()
                .get(catalogue::KEY)
                .and_then(Value::as_i64);
            count += usize::from(value.is_some_and(|v| catalogue::asked(v as i32)));
        }
        Ok(count)
    }
}

struct Open {
    array: Array<FilesystemStore>,
    cache: Option<Box<dyn ChunkCache>>,
    request: Request,
}

impl Handle for Open {
    fn window(&mut self, start: &[u64], shape: &[u64], out: &mut [f32]) -> Result<()> {
        let subset = ArraySubset::new_with_start_shape(start.to_vec(), shape.to_vec())?;
        let Some(cache) = &self.cache else {
            let read: Vec<f32> = self.array.retrieve_array_subset(&subset)?;
            out.copy_from_slice(&read);
            return Ok(());
        };
        let read = cache.retrieve_array_subset_bytes(&subset, &Default::default())?;
        let ArrayBytes::Fixed(read) = &*read else {
            bail!("f32 has a fixed length")
        };
        bytemuck::cast_slice_mut::<f32, u8>(out).copy_from_slice(read);
        Ok(())
    }

    fn put_chunk(&mut self, chunk: usize, data: &[u8]) -> Result<()> {
        with_element!(self.request.dataset.dtype, T => {
            self.array.store_chunk(&[chunk as u64], bytemuck::cast_slice::<u8, T>(data))
        })?;
        sync(&self.request, 0, [format!("c/{chunk}")])
    }

    fn append(&mut self, row: &[u8]) -> Result<()> {
        let mut shape = self.array.shape().to_vec();
        let at = shape[0];
        shape[0] += 1;
        let mut start = vec![0; shape.len()];
        start[0] = at;
        let mut extent = shape.clone();
        extent[0] = 1;
        self.array.set_shape(shape)?;
        let subset = ArraySubset::new_with_start_shape(start, extent)?;
        with_element!(self.request.dataset.dtype, T => {
            self.array.store_array_subset(&subset, bytemuck::cast_slice::<u8, T>(row))
        })?;
        self.array.store_metadata()?;
        sync(&self.request, 0, ["zarr.json".to_owned()])
    }
}
