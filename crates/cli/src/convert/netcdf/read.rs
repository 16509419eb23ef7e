//! What is in a file, and its elements as ours.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::{ArrayElement, AttributeValue, DType};
use netcdf_reader::{
    NcAttrValue, NcAttribute, NcEnumMember, NcFile, NcFormat, NcGroup, NcReadable, NcSliceInfo,
    NcSliceInfoElem, NcType, NcValue, NcVariable,
};

use super::super::flat::cut;
use super::super::{CHARACTER_COUNT, CHARACTERS, Contents, Reader, UNLIMITED, Variable, fill};
use super::hdf5::{self, Beside};

/// A netCDF file.
pub struct Netcdf {
    file: NcFile,
    contents: Contents,
    /// The type of each variable that netCDF sees; the others come after them.
    types: Vec<NcType>,
    beside: Vec<Beside>,
    /// The last variable of those that are read as a whole: texts, and types of the file's own.
    whole: Mutex<Option<(usize, Elements)>>,
    last: hdf5::Last,
}

impl Netcdf {
    pub fn open(path: &Path) -> Result<Self> {
        let file = NcFile::open(path)?;
        let (mut found, mut beside) = (Found::default(), Vec::new());
        found.group(file.root_group()?, "");
        if matches!(file.format(), NcFormat::Nc4 | NcFormat::Nc4Classic) {
            let known = found.contents.variables.iter().map(|v| v.name.clone());
            let known = known.chain(found.refused.drain(..)).collect();
            let others = hdf5::beside(path, &known, &found.compounds)?;
            found.contents.skipped.extend(others.skipped);
            found.contents.attributes.extend(others.attributes);
            let variables = others.variables.iter().map(|b| b.variable.clone());
            found.contents.variables.extend(variables);
            beside = others.variables;
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
            beside,
            whole: Mutex::default(),
            last: hdf5::Last::default(),
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

    /// All elements of a variable that is read as a whole.
    fn all(&self, variable: usize) -> Result<Elements> {
        match self.types.get(variable) {
            Some(NcType::Char | NcType::String) => self.texts(variable),
            Some(_) => self.user_defined(variable),
            None => self.beside[variable - self.types.len()].read(&self.last),
        }
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
            Ok(match self.types.get(variable) {
                Some(NcType::Byte) => self.numbers::<i8>(name, start, shape)?,
                Some(NcType::Short) => self.numbers::<i16>(name, start, shape)?,
                Some(NcType::Int) => self.numbers::<i32>(name, start, shape)?,
                Some(NcType::Int64) => self.numbers::<i64>(name, start, shape)?,
                Some(NcType::UByte) => self.numbers::<u8>(name, start, shape)?,
                Some(NcType::UShort) => self.numbers::<u16>(name, start, shape)?,
                Some(NcType::UInt) => self.numbers::<u32>(name, start, shape)?,
                Some(NcType::UInt64) => self.numbers::<u64>(name, start, shape)?,
                Some(NcType::Float) => self.numbers::<f32>(name, start, shape)?,
                Some(NcType::Double) => self.numbers::<f64>(name, start, shape)?,
                _ => {
                    let mut last = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
                    if last.as_ref().is_none_or(|(other, _)| *other != variable) {
                        *last = Some((variable, self.all(variable)?));
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
    /// The names of axes of those with a compound type, which HDF5's reader divides.
    compounds: HashMap<String, Vec<String>>,
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
            if matches!(found.dtype(), NcType::Compound { .. }) {
                let axes = found.dimensions().iter().map(|d| d.name.clone());
                self.compounds.insert(name, axes.collect());
                continue;
            }
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
