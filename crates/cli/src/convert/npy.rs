//! NumPy files: `.npy`, and `.npz` archives of them.
//!
//! The layout is in NumPy's documentation, `numpy.lib.format`.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use array_format::array::ArrayMeta;
use array_format::bytes::Bytes as SharedBytes;
use array_format::element::Elements;
use array_format::{ArrayFile, AttributeValue, DType, FillValue};
use array_format_zarr::numpy_type;
use npyz::{DType as NpyType, Endianness, NpyHeader, Order, TimeUnits, TypeChar, TypeStr};
use zip::ZipArchive;
use zip::write::SimpleFileOptions;

use super::flat::{Flat, Layout, cut, from_fortran};
use super::{Contents, Reader, Variable};
use crate::slabs::slabs;

/// How the elements of a file become ours.
#[derive(Clone)]
enum Kind {
    /// As they are, but for the order of bytes.
    Plain,
    /// Texts of so many code points of four bytes.
    Text(usize),
    /// Texts or bytes, filled up with zeros.
    Padded(usize),
    /// Times in so many nanoseconds.
    Time(i64),
}

/// The type of a file's elements.
struct Type {
    dtype: DType,
    kind: Kind,
    width: usize,
    swap: usize,
    units: Option<&'static str>,
}

fn element_type(dtype: &NpyType) -> Result<Type> {
    let NpyType::Plain(text) = dtype else {
        bail!("structured arrays ({}) have no counterpart", dtype.descr());
    };
    let width = text.num_bytes().context("elements without a width")?;
    let swapped = text.endianness() == Endianness::Big;
    let swap = |width| if swapped { width } else { 0 };
    let plain = |dtype, lane| Type {
        dtype,
        kind: Kind::Plain,
        width,
        swap: swap(lane),
        units: None,
    };
    Ok(match (text.type_char(), width) {
        (TypeChar::Bool, 1) => plain(DType::Bool, 1),
        (TypeChar::Int, 1) => plain(DType::Int8, 1),
        (TypeChar::Int, 2) => plain(DType::Int16, 2),
        (TypeChar::Int, 4) => plain(DType::Int32, 4),
        (TypeChar::Int, 8) => plain(DType::Int64, 8),
        (TypeChar::Uint, 1) => plain(DType::UInt8, 1),
        (TypeChar::Uint, 2) => plain(DType::UInt16, 2),
        (TypeChar::Uint, 4) => plain(DType::UInt32, 4),
        (TypeChar::Uint, 8) => plain(DType::UInt64, 8),
        (TypeChar::Float, 2) => plain(DType::Float16, 2),
        (TypeChar::Float, 4) => plain(DType::Float32, 4),
        (TypeChar::Float, 8) => plain(DType::Float64, 8),
        (TypeChar::Complex, 8) => plain(DType::Complex64, 4),
        (TypeChar::Complex, 16) => plain(DType::Complex128, 8),
        (TypeChar::DateTime, 8) => match text.time_units().and_then(nanoseconds) {
            Some(unit) => Type {
                kind: Kind::Time(unit),
                ..plain(DType::TimestampNs, 8)
            },
            None => bail!(
                "{text}: only times in weeks, days, hours and shorter units have a counterpart"
            ),
        },
        (TypeChar::TimeDelta, 8) => Type {
            units: text.time_units().map(unit_name),
            ..plain(DType::Int64, 8)
        },
        (TypeChar::UnicodeStr, _) => Type {
            kind: Kind::Text(width / 4),
            ..plain(DType::String, 4)
        },
        (TypeChar::ByteStr, _) => Type {
            kind: Kind::Padded(width),
            swap: 0,
            ..plain(DType::Binary, 1)
        },
        _ => bail!("elements of type {text} have no counterpart"),
    })
}

/// The nanoseconds of a unit.
fn nanoseconds(unit: TimeUnits) -> Option<i64> {
    Some(match unit {
        TimeUnits::Week => 604_800_000_000_000,
        TimeUnits::Day => 86_400_000_000_000,
        TimeUnits::Hour => 3_600_000_000_000,
        TimeUnits::Minute => 60_000_000_000,
        TimeUnits::Second => 1_000_000_000,
        TimeUnits::Millisecond => 1_000_000,
        TimeUnits::Microsecond => 1_000,
        TimeUnits::Nanosecond => 1,
        _ => return None,
    })
}

/// Units of durations, as CF names them.
fn unit_name(unit: TimeUnits) -> &'static str {
    match unit {
        TimeUnits::Week => "weeks",
        TimeUnits::Day => "days",
        TimeUnits::Hour => "hours",
        TimeUnits::Minute => "minutes",
        TimeUnits::Second => "seconds",
        TimeUnits::Millisecond => "milliseconds",
        TimeUnits::Microsecond => "microseconds",
        TimeUnits::Nanosecond => "nanoseconds",
        _ => "1",
    }
}

impl Type {
    fn variable(&self, name: String, shape: Vec<u64>) -> Variable {
        let units = self
            .units
            .map(|unit| ("units".to_owned(), AttributeValue::from(unit)));
        Variable {
            name,
            dtype: self.dtype.clone(),
            dimensions: (0..shape.len()).map(|axis| format!("dim_{axis}")).collect(),
            shape,
            // Not-a-time, which has this value in every unit.
            fill: matches!(self.kind, Kind::Time(_)).then_some(FillValue::TimestampNs(i64::MIN)),
            attributes: units.into_iter().collect(),
            chunks: None,
        }
    }

    /// Stored elements in C order as ours.
    fn elements(&self, mut bytes: Vec<u8>) -> Result<Elements> {
        if self.swap > 1 {
            bytes.chunks_exact_mut(self.swap).for_each(<[u8]>::reverse);
        }
        let width = self.width;
        Ok(match self.kind {
            Kind::Plain => Elements::Fixed { width, bytes },
            Kind::Time(unit) => {
                for time in bytes.as_chunks_mut::<8>().0 {
                    let given = i64::from_le_bytes(*time);
                    let scaled = match given {
                        i64::MIN => Some(given),
                        given => given.checked_mul(unit),
                    };
                    let scaled = scaled.ok_or_else(|| {
                        anyhow!("a time is beyond the years 1677 to 2262 that nanoseconds reach")
                    })?;
                    *time = scaled.to_le_bytes();
                }
                Elements::Fixed { width, bytes }
            }
            Kind::Text(points) => {
                let texts = bytes.chunks_exact((points * 4).max(1)).map(|text| {
                    let points = text
                        .as_chunks::<4>()
                        .0
                        .iter()
                        .map(|c| u32::from_le_bytes(*c));
                    let points: Vec<u32> = points.collect();
                    let end = points.iter().rposition(|&c| c != 0).map_or(0, |at| at + 1);
                    let text: Option<String> =
                        points[..end].iter().map(|&c| char::from_u32(c)).collect();
                    let text = text.context("a text has surrogates, which UTF-8 does not")?;
                    Ok(SharedBytes::from(text))
                });
                Elements::Variable(texts.collect::<Result<_>>()?)
            }
            Kind::Padded(n) => {
                let texts = bytes.chunks_exact(n.max(1)).map(|text| {
                    let end = text.iter().rposition(|&c| c != 0).map_or(0, |at| at + 1);
                    SharedBytes::copy_from_slice(&text[..end])
                });
                Elements::Variable(texts.collect())
            }
        })
    }
}

/// Opens a `.npy` file.
pub fn open(path: &Path) -> Result<Loaded> {
    let mut file = BufReader::new(File::open(path)?);
    let header = NpyHeader::from_reader(&mut file)?;
    let kind = element_type(&header.dtype())?;
    let offset = file.stream_position()?;
    let name = path
        .file_stem()
        .map_or("array".into(), |stem| stem.to_string_lossy());
    let shape = header.shape().to_vec();
    let variable = kind.variable(name.into_owned(), shape.clone());
    let size = header
        .len()
        .checked_mul(kind.width as u64)
        .context("the shape is too large")?;
    let mut file = file.into_inner();
    let there = file.metadata()?.len().saturating_sub(offset);
    if there < size {
        bail!("the data have {there} bytes, {size} are expected: the file is cut short");
    }
    let contents = Contents {
        variables: vec![variable],
        ..Contents::default()
    };
    if matches!(kind.kind, Kind::Plain) && header.order() == Order::C {
        return Ok(Loaded::Flat(Flat {
            contents,
            file: Mutex::new(file),
            layouts: vec![Layout {
                offset,
                width: kind.width,
                swap: kind.swap,
            }],
        }));
    }
    // Other orders and texts are turned in memory.
    file.seek(std::io::SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes)?;
    if header.order() == Order::Fortran {
        bytes = from_fortran(&bytes, &shape, kind.width)?;
    }
    Ok(Loaded::Memory(contents, kind.elements(bytes)?))
}

/// A `.npy` file.
pub enum Loaded {
    /// Read in parts, as they are asked for.
    Flat(Flat),
    /// In memory as a whole.
    Memory(Contents, Elements),
}

impl Reader for Loaded {
    fn contents(&self) -> &Contents {
        match self {
            Self::Flat(flat) => flat.contents(),
            Self::Memory(contents, _) => contents,
        }
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        match self {
            Self::Flat(flat) => flat.read(variable, start, shape),
            Self::Memory(contents, all) => {
                Ok(cut(all, &contents.variables[variable].shape, start, shape))
            }
        }
    }
}

/// An `.npz` archive. An array is unpacked when it is asked for; the last one stays in memory.
pub struct Npz {
    path: PathBuf,
    contents: Contents,
    /// The number of each variable's entry.
    entries: Vec<usize>,
    last: Mutex<Option<(usize, Elements)>>,
}

impl Npz {
    /// Opens an archive, and reads the head of each array.
    pub fn open(path: &Path) -> Result<Self> {
        let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
        let mut contents = Contents::default();
        let mut entries = Vec::new();
        for i in 0..archive.len() {
            let mut entry = archive.by_index(i)?;
            let name = entry.name()?.into_owned();
            let Some(stem) = name.strip_suffix(".npy") else {
                contents.skipped.push(format!("{name}: no NumPy array"));
                continue;
            };
            let head = NpyHeader::from_reader(&mut entry).map_err(anyhow::Error::from);
            match head.and_then(|head| Ok((element_type(&head.dtype())?, head.shape().to_vec()))) {
                Ok((kind, shape)) => {
                    contents
                        .variables
                        .push(kind.variable(stem.to_owned(), shape));
                    entries.push(i);
                }
                Err(error) => contents.skipped.push(format!("{stem}: {error}")),
            }
        }
        Ok(Self {
            path: path.to_owned(),
            contents,
            entries,
            last: Mutex::default(),
        })
    }

    fn unpack(&self, variable: usize) -> Result<Elements> {
        let mut archive = ZipArchive::new(BufReader::new(File::open(&self.path)?))?;
        let mut entry = archive.by_index(self.entries[variable])?;
        let header = NpyHeader::from_reader(&mut entry)?;
        let kind = element_type(&header.dtype())?;
        let size = header
            .len()
            .checked_mul(kind.width as u64)
            .context("the shape is too large")?;
        let mut bytes = Vec::new();
        entry.take(size).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            bail!("the data have {} bytes, {size} are expected", bytes.len());
        }
        if header.order() == Order::Fortran {
            bytes = from_fortran(&bytes, header.shape(), kind.width)?;
        }
        kind.elements(bytes)
    }
}

impl Reader for Npz {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let at_hand = last.as_ref().is_some_and(|(other, _)| *other == variable);
        if !at_hand {
            *last = Some((variable, self.unpack(variable)?));
        }
        let whole = &self.contents.variables[variable].shape;
        match &*last {
            Some((_, all)) => Ok(cut(all, whole, start, shape)),
            None => bail!("an array went away"),
        }
    }
}

/// How NumPy names a type, if it has elements like ours.
pub fn descr(dtype: &DType) -> Option<String> {
    match dtype {
        // Widened, as NumPy has no bfloat16.
        DType::BFloat16 => Some("<f4".to_owned()),
        DType::FixedSizeList { child, .. } => descr(child),
        dtype => numpy_type(dtype).map(str::to_owned),
    }
}

/// The shape in NumPy: lists of a fixed length are one more axis.
pub fn shape(dtype: &DType, shape: &[u64]) -> Vec<u64> {
    let mut shape = shape.to_vec();
    let mut dtype = dtype;
    while let DType::FixedSizeList { child, size } = dtype {
        shape.push(u64::from(*size));
        dtype = child;
    }
    shape
}

/// The bytes in NumPy of elements of fixed width.
pub fn outgoing(dtype: &DType, bytes: Vec<u8>) -> Vec<u8> {
    let mut inner = dtype;
    while let DType::FixedSizeList { child, .. } = inner {
        inner = child;
    }
    match inner {
        DType::BFloat16 => {
            let halves = bytes.as_chunks::<2>().0.iter();
            halves.flat_map(|half| [0, 0, half[0], half[1]]).collect()
        }
        _ => bytes,
    }
}

/// The head of a `.npy` file, version 1 or, for a very long shape, 2.
pub fn header(descr: &str, shape: &[u64]) -> Result<Vec<u8>> {
    // Parsed by the crate that reads them, so that no type is made up.
    let _: TypeStr = descr.parse().map_err(|error| anyhow!("{descr}: {error}"))?;
    let extents: Vec<String> = shape.iter().map(u64::to_string).collect();
    let tuple = match &extents[..] {
        [one] => format!("({one},)"),
        many => format!("({})", many.join(", ")),
    };
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple}, }}");
    let (version, prefix) = match text.len() < 65_000 {
        true => (1, 10),
        false => (2, 12),
    };
    // The data begin at a multiple of 64 bytes, after a line feed.
    let length = (prefix + text.len() + 1).next_multiple_of(64) - prefix;
    let mut out = b"\x93NUMPY".to_vec();
    out.extend([version, 0]);
    match version {
        1 => out.extend(u16::try_from(length)?.to_le_bytes()),
        _ => out.extend(u32::try_from(length)?.to_le_bytes()),
    }
    out.extend(text.as_bytes());
    out.resize(prefix + length - 1, b' ');
    out.push(b'\n');
    Ok(out)
}

/// Writes an array as a `.npy` file.
async fn write_array(
    file: &ArrayFile,
    meta: &ArrayMeta,
    out: &mut (impl Write + Send),
) -> Result<()> {
    if matches!(meta.dtype, DType::String | DType::Binary) {
        return write_texts(file, meta, out).await;
    }
    let descr = descr(&meta.dtype).with_context(|| {
        format!(
            "NumPy has no counterpart of {}",
            crate::cells::dtype_name(&meta.dtype)
        )
    })?;
    out.write_all(&header(&descr, &shape(&meta.dtype, &meta.shape))?)?;
    for slab in slabs(&meta.shape, &meta.chunk_shape) {
        let (start, shape) = slab.as_usize();
        let (_, elements) = file.read_elements(&meta.name, start, shape).await?;
        if let Elements::Fixed { bytes, .. } = elements {
            out.write_all(&outgoing(&meta.dtype, bytes))?;
        }
    }
    Ok(())
}

/// Texts of variable length, filled up to the longest.
async fn write_texts(
    file: &ArrayFile,
    meta: &ArrayMeta,
    out: &mut (impl Write + Send),
) -> Result<()> {
    let (_, elements) = file.read_elements(&meta.name, vec![], vec![]).await?;
    let Elements::Variable(texts) = elements else {
        bail!("texts of a fixed width");
    };
    let is_text = meta.dtype == DType::String;
    let points = |text: &SharedBytes| -> Vec<u32> {
        String::from_utf8_lossy(text)
            .chars()
            .map(u32::from)
            .collect()
    };
    let longest = texts.iter().map(|text| match is_text {
        true => points(text).len(),
        false => text.len(),
    });
    let longest = longest.max().unwrap_or(0).max(1);
    if texts.iter().any(|text| text.last() == Some(&0)) {
        bail!("NumPy drops zeros at the end of texts, which some have");
    }
    let descr = match is_text {
        true => format!("<U{longest}"),
        false => format!("|S{longest}"),
    };
    out.write_all(&header(&descr, &meta.shape)?)?;
    for text in &texts {
        if is_text {
            let mut points = points(text);
            points.resize(longest, 0);
            points
                .iter()
                .try_for_each(|point| out.write_all(&point.to_le_bytes()))?;
        } else {
            let mut bytes = text.to_vec();
            bytes.resize(longest, 0);
            out.write_all(&bytes)?;
        }
    }
    Ok(())
}

/// Writes one array as a `.npy` file; attributes have no place there.
pub async fn write_npy(file: &ArrayFile, meta: &ArrayMeta, out: &mut File) -> Result<()> {
    let mut out = std::io::BufWriter::new(out);
    write_array(file, meta, &mut out).await?;
    out.flush()?;
    Ok(())
}

/// Writes arrays as an `.npz` archive; returns those that could not be written, and why.
pub async fn write_npz(
    file: &ArrayFile,
    arrays: &[&ArrayMeta],
    out: &mut File,
) -> Result<Vec<String>> {
    let mut archive = zip::ZipWriter::new(std::io::BufWriter::new(out));
    let mut skipped = Vec::new();
    for meta in arrays {
        if descr(&meta.dtype).is_none() && !matches!(meta.dtype, DType::String | DType::Binary) {
            let dtype = crate::cells::dtype_name(&meta.dtype);
            skipped.push(format!(
                "{}: NumPy has no counterpart of {dtype}",
                meta.name
            ));
            continue;
        }
        // Compressed as a whole: an archive's entries are written one after another.
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .large_file(true);
        let mut entry = Cursor::new(Vec::new());
        match &meta.dtype {
            DType::String | DType::Binary => {
                if let Err(error) = write_array(file, meta, &mut entry).await {
                    skipped.push(format!("{}: {error}", meta.name));
                    continue;
                }
                archive.start_file(format!("{}.npy", meta.name), options)?;
                archive.write_all(entry.get_ref())?;
            }
            _ => {
                archive.start_file(format!("{}.npy", meta.name), options)?;
                write_array(file, meta, &mut archive).await?;
            }
        }
    }
    archive.finish()?.flush()?;
    Ok(skipped)
}
