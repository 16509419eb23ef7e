//! What the machine can do: bytes into a file and out of it, a codec alone, a copy in memory.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use lz4::block::CompressionMode;

use super::{Handle, Peer, Values, unsupported};
use crate::request::{Codec, Request};

fn path(request: &Request) -> PathBuf {
    request.store.join("raw")
}

fn create(request: &Request) -> Result<File> {
    fs::create_dir_all(&request.store)?;
    Ok(File::create(path(request))?)
}

/// One raw file.
pub struct RawFile;

impl Peer for RawFile {
    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        if request.codec != Codec::None {
            return unsupported();
        }
        let mut file = create(request)?;
        file.write_all(data)?;
        if request.durable {
            file.sync_all()?;
            File::open(&request.store)?.sync_all()?;
        }
        Ok(())
    }

    fn read(&mut self, request: &Request) -> Result<Box<dyn Values>> {
        Ok(Box::new(fs::read(path(request))?))
    }

    fn read_into(&mut self, request: &Request, out: &mut [u8]) -> Result<()> {
        Ok(File::open(path(request))?.read_exact_at(out, 0)?)
    }

    fn read_each(&mut self, request: &Request, each: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        let file = File::open(path(request))?;
        let bytes = request.dataset.array_bytes();
        let mut buffer = vec![0; bytes];
        for i in 0..request.dataset.count {
            file.read_exact_at(&mut buffer, (i * bytes) as u64)?;
            each(i, &buffer);
        }
        Ok(())
    }

    fn open<'a>(&'a mut self, request: &Request) -> Result<Box<dyn Handle + 'a>> {
        let file = File::options().read(true).write(true).open(path(request))?;
        Ok(Box::new(OpenFile {
            file,
            request: request.clone(),
        }))
    }

    fn create_empty(&mut self, request: &Request) -> Result<()> {
        create(request).map(drop)
    }

    /// A plain copy of the bytes.
    fn compact(&mut self, request: &Request) -> Result<()> {
        // Read and written, as a copy through any program is: `fs::copy` may share the blocks.
        let bytes = fs::read(path(request))?;
        let mut copy = File::create(request.store.join("copy"))?;
        copy.write_all(&bytes)?;
        if request.durable {
            copy.sync_all()?;
        }
        Ok(fs::rename(request.store.join("copy"), path(request))?)
    }

    fn write_slabs(
        &mut self,
        request: &Request,
        slab: &mut dyn FnMut(usize) -> Vec<u8>,
    ) -> Result<()> {
        let mut file = create(request)?;
        for i in 0..request.dataset.bytes() / request.dataset.chunk_bytes() {
            file.write_all(&slab(i))?;
        }
        Ok(())
    }
}

struct OpenFile {
    file: File,
    request: Request,
}

impl OpenFile {
    fn commit(&self) -> Result<()> {
        if self.request.durable {
            self.file.sync_all()?;
        }
        Ok(())
    }
}

impl Handle for OpenFile {
    /// One read for each run of elements that lie side by side.
    fn window(&mut self, start: &[u64], shape: &[u64], out: &mut [f32]) -> Result<()> {
        let whole = &self.request.dataset.shape;
        let run = shape[2] as usize;
        for (i, out) in out.chunks_mut(run).enumerate() {
            let (z, y) = (
                start[0] + i as u64 / shape[1],
                start[1] + i as u64 % shape[1],
            );
            let element = (z * whole[1] + y) * whole[2] + start[2];
            self.file
                .read_exact_at(bytemuck::cast_slice_mut(out), element * 4)?;
        }
        Ok(())
    }

    fn put_chunk(&mut self, chunk: usize, data: &[u8]) -> Result<()> {
        self.file.write_all_at(data, (chunk * data.len()) as u64)?;
        self.commit()
    }

    fn append(&mut self, row: &[u8]) -> Result<()> {
        let end = self.file.metadata()?.len();
        self.file.write_all_at(row, end)?;
        self.commit()
    }
}

/// A codec, chunk by chunk, without any I/O.
#[derive(Default)]
pub struct BareCodec {
    encoded: Vec<Vec<u8>>,
}

impl Peer for BareCodec {
    fn prepare(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        let mut encoder = Encoder::new(request)?;
        for chunk in data.chunks(request.dataset.chunk_bytes()) {
            self.encoded.push(encoder.encode(chunk)?.to_vec());
        }
        Ok(())
    }

    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        let mut encoder = Encoder::new(request)?;
        for chunk in data.chunks(request.dataset.chunk_bytes()) {
            std::hint::black_box(encoder.encode(chunk)?);
        }
        Ok(())
    }

    fn read(&mut self, request: &Request) -> Result<Box<dyn Values>> {
        let mut out = vec![0u8; request.dataset.bytes()];
        self.read_into(request, &mut out)?;
        Ok(Box::new(out))
    }

    fn read_into(&mut self, request: &Request, out: &mut [u8]) -> Result<()> {
        let mut zstd = zstd::bulk::Decompressor::new()?;
        for (encoded, out) in self
            .encoded
            .iter()
            .zip(out.chunks_mut(request.dataset.chunk_bytes()))
        {
            let length = match request.codec {
                Codec::Lz4 | Codec::Lz4Fast => {
                    lz4::block::decompress_to_buffer(encoded, Some(out.len() as i32), out)?
                }
                _ => zstd.decompress_to_buffer(encoded, out)?,
            };
            ensure!(length == out.len(), "a chunk of another length");
        }
        Ok(())
    }
}

/// Encodes into one buffer and with one context, again and again.
struct Encoder {
    /// Missing where it is LZ4.
    zstd: Option<zstd::bulk::Compressor<'static>>,
    acceleration: i32,
    buffer: Vec<u8>,
}

impl Encoder {
    fn new(request: &Request) -> Result<Self> {
        let chunk = request.dataset.chunk_bytes();
        let (zstd, bound) = match request.codec {
            Codec::Lz4 | Codec::Lz4Fast => (None, lz4::block::compress_bound(chunk)?),
            Codec::Zstd => {
                let bound = zstd::zstd_safe::compress_bound(chunk);
                (Some(zstd::bulk::Compressor::new(3)?), bound)
            }
            _ => return unsupported(),
        };
        Ok(Self {
            zstd,
            acceleration: if request.codec == Codec::Lz4Fast {
                5
            } else {
                1
            },
            buffer: vec![0; bound],
        })
    }

    fn encode(&mut self, chunk: &[u8]) -> Result<&[u8]> {
        let length = match &mut self.zstd {
            Some(zstd) => zstd.compress_to_buffer(chunk, &mut self.buffer[..])?,
            None => {
                let mode = Some(CompressionMode::FAST(self.acceleration));
                lz4::block::compress_to_buffer(chunk, mode, false, &mut self.buffer)?
            }
        };
        Ok(&self.buffer[..length])
    }
}

/// A copy from memory to memory.
#[derive(Default)]
pub struct MemCopy {
    data: Vec<u8>,
}

impl Peer for MemCopy {
    fn prepare(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        if request.codec != Codec::None {
            return unsupported();
        }
        self.data = data.to_vec();
        Ok(())
    }

    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        if request.codec != Codec::None {
            return unsupported();
        }
        std::hint::black_box(data.to_vec());
        Ok(())
    }

    fn read(&mut self, _request: &Request) -> Result<Box<dyn Values>> {
        Ok(Box::new(self.data.clone()))
    }

    fn read_into(&mut self, _request: &Request, out: &mut [u8]) -> Result<()> {
        out.copy_from_slice(&self.data[..out.len()]);
        Ok(())
    }

    fn read_each(&mut self, request: &Request, each: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        let bytes = request.dataset.array_bytes();
        let mut buffer = vec![0; bytes];
        for (i, data) in self.data.chunks(bytes).enumerate() {
            buffer.copy_from_slice(data);
            each(i, &buffer);
        }
        Ok(())
    }
}
