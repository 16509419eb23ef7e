//! HDF5 through `hdf5-metno` and the system's library; codecs are those of its Blosc filter.

use std::fs::File as Plain;

use anyhow::{Context, Result};
use hdf5::filters::{BloscShuffle, blosc_set_nthreads};
use hdf5::types::{FixedUnicode, VarLenUnicode};
use hdf5::{Dataset as Array, Extent, File, H5Type};
use ndarray::{Array1, ArrayD, ArrayView, IxDyn, Slice, SliceInfo, SliceInfoElem};

use super::{Handle, Peer, Texts, Values, unsupported};
use crate::data::Dataset;
use crate::request::{Codec, Request};
use crate::with_element;

pub struct Hdf5;

const FILE: &str = "data.h5";
/// As large as array_format's; by default it is smaller than one chunk of the cube.
const CACHE: usize = 256 << 20;

fn create(request: &Request) -> Result<File> {
    blosc_set_nthreads(1);
    std::fs::create_dir_all(&request.store)?;
    let mut options = File::with_options();
    Ok(options
        .with_fapl(|p| p.libver_latest())
        .create(request.store.join(FILE))?)
}

fn open(request: &Request) -> Result<File> {
    blosc_set_nthreads(1);
    Ok(File::with_options()
        .with_fapl(|p| p.libver_latest().chunk_cache(12_421, CACHE, 0.75))
        .open_as(request.store.join(FILE), hdf5::OpenMode::ReadWrite)?)
}

fn define<T: H5Type>(
    file: &File,
    set: &Dataset,
    name: &str,
    codec: Codec,
    grows: bool,
) -> Result<Array> {
    let builder = file.new_dataset::<T>();
    let builder = match codec {
        // Of one chunk and not to be compressed: HDF5 has a layout without an index for that.
        Codec::None if set.shape == set.chunk => {
            return contiguous(builder.shape(set.usize_shape()), name);
        }
        Codec::None => builder,
        Codec::Lz4 | Codec::Lz4Fast => builder.blosc_lz4(5, BloscShuffle::None),
        Codec::Zstd => builder.blosc_zstd(3, BloscShuffle::None),
        Codec::BloscZstd => builder.blosc_zstd(3, BloscShuffle::Byte),
        Codec::Auto => return unsupported(),
    };
    let mut extents: Vec<Extent> = set.usize_shape().into_iter().map(Extent::fixed).collect();
    if grows {
        extents[0] = Extent::resizable(0);
    }
    Ok(builder
        .chunk(set.usize_chunk())
        .shape(extents)
        .create(name)?)
}

fn contiguous(builder: hdf5::DatasetBuilderEmptyShape, name: &str) -> Result<Array> {
    Ok(builder.create(name)?)
}

/// Flushes what HDF5 keeps, and the disk too if that is asked for.
fn commit(file: &File, request: &Request) -> Result<()> {
    file.flush()?;
    if request.durable {
        Plain::open(request.store.join(FILE))?.sync_all()?;
    }
    Ok(())
}

fn slices(start: &[u64], shape: &[u64]) -> Result<SliceInfo<Vec<SliceInfoElem>, IxDyn, IxDyn>> {
    let axis =
        |(&start, &n): (&u64, &u64)| Slice::from(start as isize..(start + n) as isize).into();
    Ok(SliceInfo::try_from(
        start
            .iter()
            .zip(shape)
            .map(axis)
            .collect::<Vec<SliceInfoElem>>(),
    )?)
}

impl<T: bytemuck::Pod> Values for ArrayD<T> {
    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self.as_slice().unwrap_or_default())
    }
}

impl Texts for ArrayD<VarLenUnicode> {
    fn all(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.iter().map(|text| text.as_str()))
    }
}

/// Long enough for every name.
type Fixed = FixedUnicode<24>;

impl Texts for ArrayD<Fixed> {
    fn all(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.iter().map(|text| text.as_str()))
    }
}

/// Writes texts of one of HDF5's types.
fn put_texts<T: H5Type>(request: &Request, texts: Vec<T>) -> Result<()> {
    let file = create(request)?;
    let array = define::<T>(
        &file,
        &request.dataset,
        &Dataset::name(0),
        request.codec,
        false,
    )?;
    array.write(&Array1::from(texts))?;
    commit(&file, request)
}

impl Peer for Hdf5 {
    fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
        let set = &request.dataset;
        let file = create(request)?;
        for (i, data) in data.chunks(set.array_bytes()).enumerate() {
            with_element!(set.dtype, T => {
                let array = define::<T>(&file, set, &Dataset::name(i), request.codec, false)?;
                let shape = IxDyn(&set.usize_shape());
                array.write(ArrayView::from_shape(shape, bytemuck::cast_slice::<u8, T>(data))?)?;
            });
        }
        commit(&file, request)
    }

    fn read(&mut self, request: &Request) -> Result<Box<dyn Values>> {
        let array = open(request)?.dataset(&Dataset::name(0))?;
        with_element!(request.dataset.dtype, T => Ok(Box::new(array.read_dyn::<T>()?) as Box<dyn Values>))
    }

    fn read_into(&mut self, request: &Request, out: &mut [u8]) -> Result<()> {
        let array = open(request)?.dataset(&Dataset::name(0))?;
        with_element!(request.dataset.dtype, T => array.read_into_raw::<T>(bytemuck::cast_slice_mut(out)))?;
        Ok(())
    }

    fn read_each(&mut self, request: &Request, each: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        let file = open(request)?;
        let mut buffer = vec![0; request.dataset.array_bytes()];
        for i in 0..request.dataset.count {
            let array = file.dataset(&Dataset::name(i))?;
            with_element!(request.dataset.dtype, T => {
                array.read_into_raw::<T>(bytemuck::cast_slice_mut(&mut buffer))
            })?;
            each(i, &buffer);
        }
        Ok(())
    }

    fn write_texts(&mut self, request: &Request, texts: &[String]) -> Result<()> {
        let failed = |e: hdf5::types::StringError| anyhow::anyhow!("{e}");
        // Filters do not see texts of variable length, which are on a heap of their own.
        if request.codec == Codec::None {
            let texts = texts.iter().map(|text| text.parse().map_err(failed));
            put_texts::<VarLenUnicode>(request, texts.collect::<Result<_>>()?)
        } else {
            let texts = texts.iter().map(|text| text.parse().map_err(failed));
            put_texts::<Fixed>(request, texts.collect::<Result<_>>()?)
        }
    }

    fn read_texts(&mut self, request: &Request) -> Result<Box<dyn Texts>> {
        let array = open(request)?.dataset(&Dataset::name(0))?;
        Ok(match request.codec {
            Codec::None => Box::new(array.read_dyn::<VarLenUnicode>()?),
            _ => Box::new(array.read_dyn::<Fixed>()?),
        })
    }

    fn open<'a>(&'a mut self, request: &Request) -> Result<Box<dyn Handle + 'a>> {
        let file = open(request)?;
        let array = file.dataset(&Dataset::name(0))?;
        Ok(Box::new(Open {
            file,
            array,
            request: request.clone(),
        }))
    }

    fn create_empty(&mut self, request: &Request) -> Result<()> {
        let (set, codec) = (&request.dataset, request.codec);
        let file = create(request)?;
        with_element!(set.dtype, T => define::<T>(&file, set, &Dataset::name(0), codec, true))?;
        commit(&file, request)
    }
}

struct Open {
    file: File,
    array: Array,
    request: Request,
}

impl Open {
    fn put(&self, start: &[u64], shape: &[u64], data: &[u8]) -> Result<()> {
        let extents: Vec<usize> = shape.iter().map(|&n| n as usize).collect();
        with_element!(self.request.dataset.dtype, T => {
            let view = ArrayView::from_shape(IxDyn(&extents), bytemuck::cast_slice::<u8, T>(data))?;
            self.array.write_slice(view, slices(start, shape)?)?;
        });
        commit(&self.file, &self.request)
    }
}

impl Handle for Open {
    fn window(&mut self, start: &[u64], shape: &[u64], out: &mut [f32]) -> Result<()> {
        let read = self
            .array
            .read_slice::<f32, _, IxDyn>(slices(start, shape)?)?;
        out.copy_from_slice(read.as_slice().context("C order")?);
        Ok(())
    }

    fn put_chunk(&mut self, chunk: usize, data: &[u8]) -> Result<()> {
        let shape = self.request.dataset.chunk.clone();
        self.put(&[chunk as u64 * shape[0]], &shape, data)
    }

    fn append(&mut self, row: &[u8]) -> Result<()> {
        let mut shape: Vec<u64> = self.array.shape().iter().map(|&n| n as u64).collect();
        let mut start = vec![0; shape.len()];
        start[0] = shape[0];
        shape[0] += 1;
        self.array
            .resize(shape.iter().map(|&n| n as usize).collect::<Vec<_>>())?;
        shape[0] = 1;
        self.put(&start, &shape, row)
    }
}
