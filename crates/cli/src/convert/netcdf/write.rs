//! Arrays as variables of a new netCDF-4 file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use anyhow::{Context, Result, anyhow, bail};
use array_format::array::ArrayMeta;
use array_format::value::fill_bytes;
use array_format::{ArrayElement, ArrayFile, AttributeValue, DType};
use netcdf_reader::NcAttrValue;
use netcdf_writer::{DimensionId, NcFileBuilder, NcWriteFormat, NcWriteOptions, VariableId};

use super::super::dimensions::{Dimensions, split};
use super::super::{CHARACTER_COUNT, CHARACTERS, UNLIMITED};
use crate::cells::dtype_name;

/// An attribute as theirs.
fn outgoing(value: &AttributeValue) -> Option<NcAttrValue> {
    use AttributeValue as A;
    Some(match value {
        A::Bool(v) => NcAttrValue::Bytes(vec![(*v).into()]),
        A::BoolList(v) => NcAttrValue::Bytes(v.iter().map(|&v| v.into()).collect()),
        A::Int8(v) => NcAttrValue::Bytes(vec![*v]),
        A::Int16(v) => NcAttrValue::Shorts(vec![*v]),
        A::Int32(v) => NcAttrValue::Ints(vec![*v]),
        A::Int64(v) => NcAttrValue::Int64s(vec![*v]),
        A::UInt8(v) => NcAttrValue::UBytes(vec![*v]),
        A::UInt16(v) => NcAttrValue::UShorts(vec![*v]),
        A::UInt32(v) => NcAttrValue::UInts(vec![*v]),
        A::UInt64(v) => NcAttrValue::UInt64s(vec![*v]),
        A::Float32(v) => NcAttrValue::Floats(vec![*v]),
        A::Float64(v) => NcAttrValue::Doubles(vec![*v]),
        A::String(v) => NcAttrValue::Chars(v.clone()),
        A::Int8List(v) => NcAttrValue::Bytes(v.clone()),
        A::Int16List(v) => NcAttrValue::Shorts(v.clone()),
        A::Int32List(v) => NcAttrValue::Ints(v.clone()),
        A::Int64List(v) => NcAttrValue::Int64s(v.clone()),
        A::UInt8List(v) => NcAttrValue::UBytes(v.clone()),
        A::UInt16List(v) => NcAttrValue::UShorts(v.clone()),
        A::UInt32List(v) => NcAttrValue::UInts(v.clone()),
        A::UInt64List(v) => NcAttrValue::UInt64s(v.clone()),
        A::Float32List(v) => NcAttrValue::Floats(v.clone()),
        A::Float64List(v) => NcAttrValue::Doubles(v.clone()),
        A::StringList(v) => NcAttrValue::Strings(v.clone()),
        A::Binary(_) | A::BinaryList(_) => return None,
    })
}

/// Writes arrays as netCDF-4; returns what could not be written, and why. The file is put together
/// in memory.
pub async fn write(file: &ArrayFile, arrays: &[&ArrayMeta], out: &mut File) -> Result<Vec<String>> {
    let unlimited = match file.file_attribute(UNLIMITED)? {
        Some(AttributeValue::StringList(names)) => names.clone(),
        _ => Vec::new(),
    };
    let mut target = Target {
        file,
        builder: NcFileBuilder::new(),
        dimensions: Dimensions::of(arrays.iter().copied()),
        ids: BTreeMap::new(),
        skipped: Vec::new(),
    };
    target.declare(&unlimited)?;
    target.attributes()?;
    for meta in arrays {
        target
            .array(meta)
            .await
            .with_context(|| meta.name.clone())?;
    }
    let mut out = BufWriter::new(out);
    let options = NcWriteOptions {
        format: NcWriteFormat::Nc4,
    };
    target.builder.write(&mut out, options)?;
    out.flush()?;
    Ok(target.skipped)
}

struct Target<'a> {
    file: &'a ArrayFile,
    builder: NcFileBuilder,
    dimensions: Dimensions,
    ids: BTreeMap<(String, String), DimensionId>,
    skipped: Vec<String>,
}

/// A name in a group, as a path.
fn path(group: &str, name: &str) -> String {
    match group {
        "" => name.to_owned(),
        group => format!("{group}/{name}"),
    }
}

impl Target<'_> {
    fn declare(&mut self, unlimited: &[String]) -> Result<()> {
        for (group, dimensions) in self.dimensions.groups() {
            for (name, extent) in dimensions {
                let place = path(group, name);
                // netCDF has no fixed dimension without an extent.
                let id = match unlimited.contains(name) || *extent == 0 {
                    true => self.builder.add_unlimited_dimension_path(place),
                    false => self.builder.add_dimension_path(place, *extent),
                };
                let id = id.with_context(|| format!("dimension {name}"))?;
                self.ids.insert((group.to_owned(), name.clone()), id);
            }
        }
        Ok(())
    }

    /// The dimension that a name stands for in a group.
    fn dimension(&self, group: &str, name: &str) -> Result<DimensionId> {
        let mut group = group;
        loop {
            if let Some(id) = self.ids.get(&(group.to_owned(), name.to_owned())) {
                return Ok(*id);
            }
            if group.is_empty() {
                bail!("dimension {name} is not declared");
            }
            group = split(group).0;
        }
    }

    /// Attributes of the file and of its groups.
    fn attributes(&mut self) -> Result<()> {
        for (key, value) in self.file.file_attributes()? {
            if key == UNLIMITED {
                continue;
            }
            let Some(value) = outgoing(value) else {
                self.skipped
                    .push(format!("attribute {key}: netCDF has no bytes"));
                continue;
            };
            let (group, name) = split(&key);
            match group {
                "" => self.builder.add_attribute(name, value)?,
                group => self.builder.add_group_attribute(group, name, value)?,
            }
        }
        Ok(())
    }

    async fn array(&mut self, meta: &ArrayMeta) -> Result<()> {
        let (group, _) = split(&meta.name);
        let mut axes = Vec::new();
        for name in self.dimensions.names(meta) {
            axes.push(self.dimension(group, &name)?);
        }
        match &meta.dtype {
            DType::Int8 => self.numbers::<i8>(meta, &axes, |v| v).await,
            DType::Int16 => self.numbers::<i16>(meta, &axes, |v| v).await,
            DType::Int32 => self.numbers::<i32>(meta, &axes, |v| v).await,
            DType::Int64 => self.numbers::<i64>(meta, &axes, |v| v).await,
            DType::UInt8 => self.numbers::<u8>(meta, &axes, |v| v).await,
            DType::UInt16 => self.numbers::<u16>(meta, &axes, |v| v).await,
            DType::UInt32 => self.numbers::<u32>(meta, &axes, |v| v).await,
            DType::UInt64 => self.numbers::<u64>(meta, &axes, |v| v).await,
            DType::Float32 => self.numbers::<f32>(meta, &axes, |v| v).await,
            DType::Float64 => self.numbers::<f64>(meta, &axes, |v| v).await,
            // As xarray marks them.
            DType::Bool => {
                let id = self.widened::<bool, i8>(meta, &axes, i8::from).await?;
                let mark = NcAttrValue::Chars("bool".to_owned());
                Ok(self.builder.add_variable_attribute(id, "dtype", mark)?)
            }
            DType::Float16 => self
                .widened::<half::f16, f32>(meta, &axes, half::f16::to_f32)
                .await
                .map(|_| ()),
            DType::BFloat16 => self
                .widened::<half::bf16, f32>(meta, &axes, half::bf16::to_f32)
                .await
                .map(|_| ()),
            DType::TimestampNs => {
                let id = self
                    .widened::<array_format::TimestampNs, i64>(meta, &axes, |t| t.0)
                    .await?;
                let has = |key| {
                    self.file
                        .get_attribute(&meta.name, key)
                        .ok()
                        .flatten()
                        .is_some()
                };
                for (key, text) in [
                    ("units", "nanoseconds since 1970-01-01"),
                    ("calendar", "proleptic_gregorian"),
                ] {
                    if !has(key) {
                        let text = NcAttrValue::Chars(text.to_owned());
                        self.builder.add_variable_attribute(id, key, text)?;
                    }
                }
                Ok(())
            }
            DType::String => self.texts(meta, axes).await,
            other => {
                let dtype = dtype_name(other);
                self.skipped.push(format!(
                    "{}: netCDF has no counterpart of {dtype}",
                    meta.name
                ));
                Ok(())
            }
        }
    }

    async fn numbers<T>(
        &mut self,
        meta: &ArrayMeta,
        axes: &[DimensionId],
        same: fn(T) -> T,
    ) -> Result<()>
    where
        T: ArrayElement + netcdf_writer::NcWriteType + netcdf_writer::NcFillValueType,
    {
        self.widened::<T, T>(meta, axes, same).await?;
        Ok(())
    }

    /// A variable of numbers, with its fill value, attributes and values.
    async fn widened<T, W>(
        &mut self,
        meta: &ArrayMeta,
        axes: &[DimensionId],
        widen: fn(T) -> W,
    ) -> Result<VariableId>
    where
        T: ArrayElement,
        W: netcdf_writer::NcWriteType + netcdf_writer::NcFillValueType,
    {
        let id = self.builder.add_variable_path::<W>(&meta.name, axes)?;
        let rank = meta.shape.len();
        let is_large = meta.shape.iter().product::<u64>() > 1024;
        if rank > 0 && is_large {
            let chunk: Vec<u64> = meta
                .chunk_shape
                .iter()
                .zip(&meta.shape)
                .map(|(&chunk, &extent)| chunk.clamp(1, extent.max(1)))
                .collect();
            self.builder.set_variable_chunking(id, chunk)?;
            self.builder.set_variable_deflate(id, Some(4), true)?;
        }
        // The fill value has the variable's own type, whatever type its attribute has here.
        if let Some(fill) = &meta.fill_value {
            let bytes = fill_bytes(&meta.dtype, Some(fill));
            let fill = T::try_decode_chunk(&bytes)?;
            let is_marked = self.file.get_attribute(&meta.name, "_FillValue")?.is_some();
            let is_missing = self
                .file
                .get_attribute(&meta.name, "missing_value")?
                .is_some();
            if let (Some(fill), true) = (fill.first(), is_marked || !is_missing) {
                self.builder
                    .set_variable_fill_value(id, widen(fill.clone()))?;
            }
        }
        self.variable_attributes(meta, id)?;
        let values = self
            .file
            .read_array::<T>(&meta.name, vec![], vec![])
            .await?;
        let values: Vec<W> = values.iter().map(|v| widen(v.clone())).collect();
        self.builder.write_variable(id, &values)?;
        Ok(id)
    }

    fn variable_attributes(&mut self, meta: &ArrayMeta, id: VariableId) -> Result<()> {
        for (key, value) in self.file.attributes(&meta.name)? {
            if ["_FillValue", CHARACTERS, CHARACTER_COUNT].contains(&key.as_str()) {
                continue;
            }
            match outgoing(value) {
                Some(value) => self
                    .builder
                    .add_variable_attribute(id, &key, value)
                    .map_err(|error| anyhow!("attribute {key}: {error}"))?,
                None => self.skipped.push(format!(
                    "{}: attribute {key}: netCDF has no bytes",
                    meta.name
                )),
            }
        }
        Ok(())
    }

    /// Texts: characters along one more axis where they came from such, else strings.
    async fn texts(&mut self, meta: &ArrayMeta, mut axes: Vec<DimensionId>) -> Result<()> {
        let texts = self
            .file
            .read_array::<String>(&meta.name, vec![], vec![])
            .await?;
        let count = match self.file.get_attribute(&meta.name, CHARACTER_COUNT)? {
            Some(AttributeValue::UInt64(n)) => Some(*n as usize),
            _ => None,
        };
        let longest = texts.iter().map(String::len).max().unwrap_or(0);
        let Some(count) = count.filter(|&count| longest <= count) else {
            if texts.iter().any(|text| text.contains('\0')) {
                self.skipped.push(format!(
                    "{}: netCDF has no texts with zeros in them",
                    meta.name
                ));
                return Ok(());
            }
            let id = self.builder.add_string_variable_path(&meta.name, &axes)?;
            self.variable_attributes(meta, id)?;
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            self.builder.write_string_variable(id, &texts)?;
            return Ok(());
        };
        if let Some(AttributeValue::String(wish)) =
            self.file.get_attribute(&meta.name, CHARACTERS)?
        {
            let wish = wish.clone();
            axes.push(self.characters(split(&meta.name).0, &wish, count as u64)?);
        }
        let id = self.builder.add_char_variable_path(&meta.name, &axes)?;
        self.variable_attributes(meta, id)?;
        let mut bytes = Vec::with_capacity(texts.len() * count);
        for text in &texts {
            bytes.extend_from_slice(text.as_bytes());
            bytes.resize(bytes.len() + count - text.len(), 0);
        }
        self.builder.write_char_variable(id, &bytes)?;
        Ok(())
    }

    /// The dimension of characters of this name and extent.
    fn characters(&mut self, group: &str, wish: &str, extent: u64) -> Result<DimensionId> {
        let known = self.dimensions.declared(group).iter();
        if known.clone().any(|(name, n)| name == wish && *n == extent) {
            return self.dimension(group, wish);
        }
        let name = match self.ids.contains_key(&(group.to_owned(), wish.to_owned())) {
            true => format!("{wish}_{extent}"),
            false => wish.to_owned(),
        };
        let key = (group.to_owned(), name.clone());
        if let Some(id) = self.ids.get(&key) {
            return Ok(*id);
        }
        let place = path(group, &name);
        let id = match extent {
            0 => self.builder.add_unlimited_dimension_path(place)?,
            extent => self.builder.add_dimension_path(place, extent)?,
        };
        self.ids.insert(key, id);
        Ok(id)
    }
}
