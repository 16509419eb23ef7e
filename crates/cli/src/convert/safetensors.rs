//! safetensors files: <https://github.com/huggingface/safetensors>.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};
use array_format::array::ArrayMeta;
use array_format::element::Elements;
use array_format::{ArrayFile, AttributeValue, DType};
use safetensors::tensor::{Dtype, Metadata, TensorInfo, View, serialize};

use super::flat::{Flat, Layout};
use super::{Contents, Variable};
use crate::cells::dtype_name;
use crate::slabs::slabs;

/// Bytes of a header at most, as in the reference implementation.
const HEADER_BYTES: u64 = 100_000_000;

fn ours(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::BOOL => DType::Bool,
        Dtype::U8 => DType::UInt8,
        Dtype::I8 => DType::Int8,
        Dtype::I16 => DType::Int16,
        Dtype::U16 => DType::UInt16,
        Dtype::F16 => DType::Float16,
        Dtype::BF16 => DType::BFloat16,
        Dtype::I32 => DType::Int32,
        Dtype::U32 => DType::UInt32,
        Dtype::F32 => DType::Float32,
        Dtype::C64 => DType::Complex64,
        Dtype::F64 => DType::Float64,
        Dtype::I64 => DType::Int64,
        Dtype::U64 => DType::UInt64,
        _ => return None,
    })
}

fn theirs(dtype: &DType) -> Option<Dtype> {
    Some(match dtype {
        DType::Bool => Dtype::BOOL,
        DType::UInt8 => Dtype::U8,
        DType::Int8 => Dtype::I8,
        DType::Int16 => Dtype::I16,
        DType::UInt16 => Dtype::U16,
        DType::Float16 => Dtype::F16,
        DType::BFloat16 => Dtype::BF16,
        DType::Int32 => Dtype::I32,
        DType::UInt32 => Dtype::U32,
        DType::Float32 => Dtype::F32,
        DType::Complex64 => Dtype::C64,
        DType::Float64 => Dtype::F64,
        DType::Int64 => Dtype::I64,
        DType::UInt64 => Dtype::U64,
        DType::FixedSizeList { child, .. } => return theirs(child),
        _ => return None,
    })
}

/// Opens a file.
pub fn open(path: &Path) -> Result<Flat> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length)
        .context("the header is cut short")?;
    let length = u64::from_le_bytes(length);
    ensure!(
        length <= HEADER_BYTES && length <= size.saturating_sub(8),
        "the header would have {length} bytes, the file has {size}"
    );
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header)?;
    let metadata: Metadata = serde_json::from_slice(&header).context("the header")?;
    let data = 8 + length;
    let mut contents = Contents::default();
    let mut layouts = Vec::new();
    let mut tensors: Vec<(String, &TensorInfo)> = metadata.tensors().into_iter().collect();
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    for (name, info) in tensors {
        let Some(dtype) = ours(info.dtype) else {
            contents
                .skipped
                .push(format!("{name}: {:?} has no counterpart", info.dtype));
            continue;
        };
        let width = dtype.element_size().unwrap_or(1);
        let shape: Vec<u64> = info.shape.iter().map(|&n| n as u64).collect();
        let bytes = shape
            .iter()
            .try_fold(width as u64, |n, &extent| n.checked_mul(extent));
        let (from, to) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
        if bytes != to.checked_sub(from) || to > size - data {
            bail!("{name}: its shape {shape:?} does not fit its place, bytes {from} to {to}");
        }
        contents.variables.push(Variable {
            name,
            dtype,
            dimensions: (0..shape.len()).map(|axis| format!("dim_{axis}")).collect(),
            shape,
            fill: None,
            attributes: Vec::new(),
            chunks: None,
        });
        layouts.push(Layout {
            offset: data + from,
            width,
            swap: 0,
        });
    }
    let mut texts: Vec<(&String, &String)> = metadata.metadata().iter().flatten().collect();
    texts.sort();
    contents.attributes = texts
        .into_iter()
        .map(|(key, text)| (key.clone(), AttributeValue::String(text.clone())))
        .collect();
    Ok(Flat {
        contents,
        file: Mutex::new(file),
        layouts,
    })
}

/// A tensor without its data, which follow later.
struct Blank {
    dtype: Dtype,
    shape: Vec<usize>,
}

impl View for Blank {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&[])
    }

    fn data_len(&self) -> usize {
        let elements: usize = self.shape.iter().product();
        elements * self.dtype.bitsize() / 8
    }
}

/// Writes arrays, one after another; returns those that could not be written, and why. Attributes of
/// the file that are texts become its metadata.
pub async fn write(file: &ArrayFile, arrays: &[&ArrayMeta], out: &mut File) -> Result<Vec<String>> {
    let mut skipped = Vec::new();
    let mut kept: Vec<(&ArrayMeta, Dtype)> = Vec::new();
    for meta in arrays {
        match theirs(&meta.dtype) {
            Some(dtype) => kept.push((meta, dtype)),
            None => skipped.push(format!(
                "{}: safetensors has no counterpart of {}",
                meta.name,
                dtype_name(&meta.dtype)
            )),
        }
        for (key, _) in file.attributes(&meta.name)? {
            skipped.push(format!("{}: attribute {key}: tensors have none", meta.name));
        }
    }
    let mut texts = HashMap::new();
    for (key, value) in file.file_attributes()? {
        match value {
            AttributeValue::String(text) => {
                texts.insert(key, text.clone());
            }
            _ => skipped.push(format!("attribute {key}: metadata are texts")),
        }
    }
    // The reference implementation sorts by alignment, then by name; so does its header.
    kept.sort_by(|(a, dtype_a), (b, dtype_b)| dtype_b.cmp(dtype_a).then(a.name.cmp(&b.name)));
    let blanks = kept.iter().map(|(meta, dtype)| {
        let shape = super::npy::shape(&meta.dtype, &meta.shape);
        let blank = Blank {
            dtype: *dtype,
            shape: shape.iter().map(|&n| n as usize).collect(),
        };
        (meta.name.as_str(), blank)
    });
    let metadata = (!texts.is_empty()).then_some(texts);
    let header = serialize(blanks, metadata).context("the header")?;
    let mut out = BufWriter::new(out);
    out.write_all(&header)?;
    for (meta, _) in kept {
        for slab in slabs(&meta.shape, &meta.chunk_shape) {
            let (start, shape) = slab.as_usize();
            let (_, elements) = file.read_elements(&meta.name, start, shape).await?;
            if let Elements::Fixed { bytes, .. } = elements {
                out.write_all(&bytes)?;
            }
        }
    }
    out.flush()?;
    Ok(skipped)
}
