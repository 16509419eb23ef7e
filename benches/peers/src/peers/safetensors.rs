//! safetensors: a header and all tensors in one file. It has no chunks and no codecs, so a write is of
//! everything at once, and an attribute is a text for the whole file.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use anyhow::{Context, Result};
use safetensors::SafeTensors as Format;
use safetensors::tensor::{Dtype as TensorType, TensorView, serialize_to_file};

use super::{Peer, Values, unsupported};
use crate::data::{Dataset, Dtype};
use crate::request::{Codec, Request};

pub struct SafeTensors;

const FILE: &str = "data.safetensors";

fn dtype(dtype: Dtype) -> Result<TensorType> {
    Ok(match dtype {
        Dtype::Uint8 => TensorType::U8,
        Dtype::Int16 => TensorType::I16,
        Dtype::Int32 => TensorType::I32,
        Dtype::Float32 => TensorType::F32,
        Dtype::Text => return unsupported(),
    })
}

/// An open file and where each tensor is in it.
struct Open {
    file: File,
    header: safetensors::tensor::Metadata,
    data: u64,
}

impl Open {
    /// Reads the header alone, as users of large files do.
    fn new(request: &Request) -> Result<Self> {
        let file = File::open(request.store.join(FILE))?;
        let mut length = [0; 8];
        file.read_exact_at(&mut length, 0)?;
        let mut head = vec![0; 8 + u64::from_le_bytes(length) as usize];
        file.read_exact_at(&mut head, 0)?;
        let header = serde_json::from_slice(&head[8..])?;
        Ok(Self {
            file,
            header,
            data: head.len() as u64,
        })
    }

    fn read(&self, i: usize, out: &mut [u8]) -> Result<()> {
        let tensor = self
            .header
            .info(&Dataset::name(i))
            .context("no such tensor")?;
        Ok(self
            .file
            .read_exact_at(out, self.data + tensor.data_offsets.0 as u64)?)
    }
}

impl Peer for SafeTensors {
    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        if request.codec != Codec::None {
            return unsupported();
        }
        std::fs::create_dir_all(&request.store)?;
        let set = &request.dataset;
        let mut tensors = Vec::with_capacity(set.count);
        for (i, data) in data.chunks(set.array_bytes()).enumerate() {
            let view = TensorView::new(dtype(set.dtype)?, set.usize_shape(), data)?;
            tensors.push((Dataset::name(i), view));
        }
        let path = request.store.join(FILE);
        serialize_to_file(tensors, None, &path)?;
        if request.durable {
            File::open(path)?.sync_all()?;
        }
        Ok(())
    }

    fn read(&mut self, request: &Request) -> Result<Box<dyn Values>> {
        // The whole file in memory, and a view of it: as the crate's own example reads.
        let bytes = std::fs::read(request.store.join(FILE))?;
        let tensor = Format::deserialize(&bytes)?
            .tensor(&Dataset::name(0))?
            .data()
            .len();
        Ok(Box::new(Tail {
            bytes,
            length: tensor,
        }))
    }

    fn read_into(&mut self, request: &Request, out: &mut [u8]) -> Result<()> {
        Open::new(request)?.read(0, out)
    }

    fn read_each(&mut self, request: &Request, each: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        let open = Open::new(request)?;
        let mut buffer = vec![0; request.dataset.array_bytes()];
        for i in 0..request.dataset.count {
            open.read(i, &mut buffer)?;
            each(i, &buffer);
        }
        Ok(())
    }
}

/// A tensor that ends its file.
struct Tail {
    bytes: Vec<u8>,
    length: usize,
}

impl Values for Tail {
    fn bytes(&self) -> &[u8] {
        &self.bytes[self.bytes.len() - self.length..]
    }
}
