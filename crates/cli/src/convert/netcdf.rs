//! netCDF files, classic and 4, and HDF5 files, as far as they follow netCDF's data model.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use array_format::array::ArrayMeta;
use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::value::fill_bytes;
use array_format::{ArrayElement, ArrayFile, AttributeValue, DType};
use netcdf_reader::{
    NcAttrValue, NcAttribute, NcEnumMember, NcFile, NcFormat, NcGroup, NcReadable, NcSliceInfo,
    NcSliceInfoElem, NcType, NcValue, NcVariable,
};
use netcdf_writer::{DimensionId, NcFileBuilder, NcWriteFormat, NcWriteOptions, VariableId};

use super::dimensions::{Dimensions, split};
use super::fill;
use super::flat::cut;
use super::hdf5;
use super::{CHARACTER_COUNT, CHARACTERS, Contents, Reader, UNLIMITED, Variable};
use crate::cells::dtype_name;

/// A netCDF file.
pub struct Netcdf {
    file: NcFile,
    contents: Contents,
    /// The type of each variable there.
    types: Vec<NcType>,
    /// The last variable of those that are read as a whole: texts, and types of the file's own.
    whole: Mutex<Option<(usize, Elements)>>,
}

impl Netcdf {
    pub fn open(path: &Path) -> Result<Self> {
        let file = NcFile::open(path)?;
        let mut found = Found::default();
        found.group(file.root_group()?, "");
        if matches!(file.format(), NcFormat::Nc4 | NcFormat::Nc4Classic) {
            let known = found.contents.variables.iter().map(|v| v.name.clone());
            let known = known.chain(found.refused.drain(..)).collect();
            let unseen = hdf5::unseen(path, &known)?.into_iter();
            let told = unseen.map(|name| format!("{name}: its type is none of netCDF's"));
            found.contents.skipped.extend(told);
        }
        let mut unlimited = found.unlimited;
        unlimited.sort();
        unlimited.dedup();
        if !unlimited.is_empty() {
            let names = AttributeValue::StringList(unlimited);
            found
                .contents
                .attributes
                .push((UNLIMITED.to_owned(), names));
        }
        Ok(Self {
            file,
            contents: found.contents,
            types: found.types,
            whole: Mutex::default(),
        })
    }

    /// All texts of a variable.
    fn texts(&self, variable: usize) -> Result<Elements> {
        let entry = &self.contents.variables[variable];
        let texts = self.file.read_variable_as_strings(&entry.name)?;
        let expected: u64 = entry.shape.iter().product();
        if texts.len() as u64 != expected {
            bail!("{} texts where {expected} are expected", texts.len());
        }
        Ok(Elements::Variable(
            texts.into_iter().map(Bytes::from).collect(),
        ))
    }

    /// All elements of a variable whose type the file defines.
    fn user_defined(&self, variable: usize) -> Result<Elements> {
        let entry = &self.contents.variables[variable];
        let width = entry.dtype.element_size();
        let values = self.file.read_variable_user_defined(&entry.name)?;
        let (mut bytes, mut parts) = (Vec::new(), Vec::new());
        for value in &values {
            match width {
                Some(width) => encode(value, width, &mut bytes)?,
                None => {
                    let mut part = Vec::new();
                    encode(value, 16, &mut part)?;
                    parts.push(Bytes::from(part));
                }
            }
        }
        Ok(match width {
            Some(width) => Elements::Fixed { width, bytes },
            None => Elements::Variable(parts),
        })
    }

    fn numbers<T: NcReadable + ArrayElement>(
        &self,
        name: &str,
        start: &[u64],
        shape: &[u64],
    ) -> Result<Elements> {
        let values = if shape.is_empty() {
            self.file.read_variable::<T>(name)?
        } else {
            let selections = start
                .iter()
                .zip(shape)
                .map(|(&start, &n)| NcSliceInfoElem::Slice {
                    start,
                    end: start + n,
                    step: 1,
                });
            let selection = NcSliceInfo {
                selections: selections.collect(),
            };
            self.file.read_variable_slice::<T>(name, &selection)?
        };
        let values = values.as_standard_layout();
        let values = values.as_slice().context("values that are not in order")?;
        Ok(Elements::Fixed {
            width: size_of::<T>(),
            bytes: T::encode_chunk(values),
        })
    }
}

impl Reader for Netcdf {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        let name = &self.contents.variables[variable].name;
        let read = || -> Result<Elements> {
            Ok(match &self.types[variable] {
                NcType::Byte => self.numbers::<i8>(name, start, shape)?,
                NcType::Short => self.numbers::<i16>(name, start, shape)?,
                NcType::Int => self.numbers::<i32>(name, start, shape)?,
                NcType::Int64 => self.numbers::<i64>(name, start, shape)?,
                NcType::UByte => self.numbers::<u8>(name, start, shape)?,
                NcType::UShort => self.numbers::<u16>(name, start, shape)?,
                NcType::UInt => self.numbers::<u32>(name, start, shape)?,
                NcType::UInt64 => self.numbers::<u64>(name, start, shape)?,
                NcType::Float => self.numbers::<f32>(name, start, shape)?,
                NcType::Double => self.numbers::<f64>(name, start, shape)?,
                other => {
                    let mut last = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
                    if last.as_ref().is_none_or(|(other, _)| *other != variable) {
                        let all = match other {
                            NcType::Char | NcType::String => self.texts(variable)?,
                            _ => self.user_defined(variable)?,
                        };
                        *last = Some((variable, all));
                    }
                    let whole = &self.contents.variables[variable].shape;
                    match &*last {
                        Some((_, all)) => cut(all, whole, start, shape),
                        None => bail!("its elements went away"),
                    }
                }
            })
        };
        read().with_context(|| format!("variable {name}"))
    }
}

/// Appends the bytes of a value; those of an enumeration have this width.
fn encode(value: &NcValue, width: usize, out: &mut Vec<u8>) -> Result<()> {
    match value {
        NcValue::Byte(v) => out.extend(v.to_le_bytes()),
        NcValue::Short(v) => out.extend(v.to_le_bytes()),
        NcValue::Int(v) => out.extend(v.to_le_bytes()),
        NcValue::Int64(v) => out.extend(v.to_le_bytes()),
        NcValue::UByte(v) => out.push(*v),
        NcValue::UShort(v) => out.extend(v.to_le_bytes()),
        NcValue::UInt(v) => out.extend(v.to_le_bytes()),
        NcValue::UInt64(v) => out.extend(v.to_le_bytes()),
        NcValue::Float(v) => out.extend(v.to_le_bytes()),
        NcValue::Double(v) => out.extend(v.to_le_bytes()),
        NcValue::Enum(v) => {
            let number = v
                .value
                .as_i128()
                .context("an enumeration without a number")?;
            out.extend(&number.to_le_bytes()[..width]);
        }
        NcValue::Opaque(bytes) => out.extend(bytes),
        NcValue::VLen(items) => items.iter().try_for_each(|item| encode(item, width, out))?,
        other => bail!("{other:?} has no counterpart"),
    }
    Ok(())
}

/// The type of numbers.
fn number(dtype: &NcType) -> Option<DType> {
    Some(match dtype {
        NcType::Byte => DType::Int8,
        NcType::Short => DType::Int16,
        NcType::Int => DType::Int32,
        NcType::Int64 => DType::Int64,
        NcType::UByte => DType::UInt8,
        NcType::UShort => DType::UInt16,
        NcType::UInt => DType::UInt32,
        NcType::UInt64 => DType::UInt64,
        NcType::Float => DType::Float32,
        NcType::Double => DType::Float64,
        _ => return None,
    })
}

/// Whether an enumeration is what h5py makes of truth values.
fn is_truth(base: &NcType, members: &[NcEnumMember]) -> bool {
    let is = |name, value| {
        let mut same = members.iter().filter(|m| m.name == name);
        same.any(|m| m.value.as_i128() == Some(value))
    };
    *base == NcType::Byte && members.len() == 2 && is("FALSE", 0) && is("TRUE", 1)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    contents: Contents,
    types: Vec<NcType>,
    unlimited: Vec<String>,
    /// The variables that were skipped.
    refused: Vec<String>,
}

impl Found {
    fn group(&mut self, group: &NcGroup, path: &str) {
        let within = |name: &str| match path {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        };
        let grows = group.dimensions.iter().filter(|d| d.is_unlimited);
        self.unlimited.extend(grows.map(|d| d.name.clone()));
        for found in &group.attributes {
            let key = within(&found.name);
            match attribute(found) {
                Some(value) => self.contents.attributes.push((key, value)),
                None => self
                    .contents
                    .skipped
                    .push(format!("attribute {key}: its type has no counterpart")),
            }
        }
        for found in &group.variables {
            let name = within(found.name());
            match self.variable(found, name.clone()) {
                Ok(variable) => {
                    self.contents.variables.push(variable);
                    self.types.push(found.dtype().clone());
                }
                Err(why) => {
                    self.contents.skipped.push(format!("{name}: {why}"));
                    self.refused.push(name);
                }
            }
        }
        for group in &group.groups {
            self.group(group, &within(&group.name));
        }
    }

    fn variable(
        &mut self,
        found: &NcVariable,
        name: String,
    ) -> std::result::Result<Variable, String> {
        let dtype = match found.dtype() {
            NcType::Char | NcType::String => DType::String,
            NcType::Opaque { .. } => DType::Binary,
            NcType::Enum { base, members } if is_truth(base, members) => DType::Bool,
            NcType::Enum { base, .. } => number(base).ok_or("an enumeration without numbers")?,
            NcType::VLen { base } => DType::List {
                child: Box::new(number(base).ok_or("lists of other than numbers")?),
            },
            NcType::Compound { .. } => return Err("compound types have no counterpart".to_owned()),
            other => number(other).ok_or("arrays within elements have no counterpart")?,
        };
        let mut attributes = Vec::new();
        for found in found.attributes() {
            match attribute(found) {
                Some(value) => attributes.push((found.name.clone(), value)),
                None => self.contents.skipped.push(format!(
                    "{name}: attribute {}: its type has no counterpart",
                    found.name
                )),
            }
        }
        if let (NcType::Enum { members, .. }, true) = (found.dtype(), dtype != DType::Bool) {
            let names: Vec<String> = members.iter().map(|m| m.name.replace(' ', "_")).collect();
            let values = members
                .iter()
                .filter_map(|m| i64::try_from(m.value.as_i128()?).ok());
            attributes.push((
                "flag_values".to_owned(),
                AttributeValue::Int64List(values.collect()),
            ));
            attributes.push((
                "flag_meanings".to_owned(),
                AttributeValue::String(names.join(" ")),
            ));
        }
        let mut axes: Vec<(String, u64)> = found
            .dimensions()
            .iter()
            .map(|d| (d.name.clone(), d.size))
            .collect();
        if *found.dtype() == NcType::Char {
            // Characters along the last axis are a text; one without an axis is a text of its own.
            let count = axes.last().map_or(1, |(_, n)| *n);
            if let Some((dimension, _)) = axes.pop() {
                attributes.push((CHARACTERS.to_owned(), dimension.into()));
            }
            attributes.push((CHARACTER_COUNT.to_owned(), count.into()));
        }
        Ok(Variable {
            name,
            fill: fill::marked(&attributes, &dtype),
            dtype,
            shape: axes.iter().map(|(_, n)| *n).collect(),
            dimensions: axes.into_iter().map(|(name, _)| name).collect(),
            attributes,
            chunks: None,
        })
    }
}

/// An attribute as ours; lists of one number are a number, as netCDF has no other.
fn attribute(attribute: &NcAttribute) -> Option<AttributeValue> {
    use AttributeValue as A;
    fn of<T: Clone>(values: &[T], one: fn(T) -> A, many: fn(Vec<T>) -> A) -> A {
        match values {
            [value] => one(value.clone()),
            values => many(values.to_vec()),
        }
    }
    Some(match &attribute.value {
        NcAttrValue::Chars(text) => A::String(text.clone()),
        NcAttrValue::Bytes(v) => of(v, A::Int8, A::Int8List),
        NcAttrValue::Shorts(v) => of(v, A::Int16, A::Int16List),
        NcAttrValue::Ints(v) => of(v, A::Int32, A::Int32List),
        NcAttrValue::Int64s(v) => of(v, A::Int64, A::Int64List),
        NcAttrValue::UBytes(v) => of(v, A::UInt8, A::UInt8List),
        NcAttrValue::UShorts(v) => of(v, A::UInt16, A::UInt16List),
        NcAttrValue::UInts(v) => of(v, A::UInt32, A::UInt32List),
        NcAttrValue::UInt64s(v) => of(v, A::UInt64, A::UInt64List),
        NcAttrValue::Floats(v) => of(v, A::Float32, A::Float32List),
        NcAttrValue::Doubles(v) => of(v, A::Float64, A::Float64List),
        NcAttrValue::Strings(v) => of(v, A::String, A::StringList),
        NcAttrValue::UserDefined { .. } => return None,
    })
}

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
