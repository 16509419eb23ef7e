//! Reads a whole classic netCDF file into plain vectors; enough for the examples.

// Each example uses a part of it.
#![allow(dead_code)]

use std::path::Path;

use netcdf_reader::{Error, NcAttrValue, NcAttribute, NcFile, NcType, Result};

/// One variable: `values` in C order over `dims`, as stored (missing values included).
#[derive(Debug, Clone)]
pub struct Variable {
    pub name: String,
    pub dims: Vec<(String, usize)>,
    pub values: Values,
    pub attributes: Vec<(String, Attribute)>,
}

/// The numeric types that a classic file can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// An attribute is text or numbers; a single number is a list of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    Text(String),
    Numbers(Values),
}

/// All variables of the file at `path`, in the order of the file; text variables are left out.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<Variable>> {
    let file = NcFile::open(path)?;
    let mut variables = Vec::new();
    for variable in file
        .variables()?
        .iter()
        .filter(|v| *v.dtype() != NcType::Char)
    {
        variables.push(Variable {
            name: variable.name().to_owned(),
            dims: variable
                .dimensions()
                .iter()
                .map(|d| (d.name.clone(), d.size as usize))
                .collect(),
            values: values(&file, variable.name(), variable.dtype())?,
            attributes: variable.attributes().iter().filter_map(attribute).collect(),
        });
    }
    Ok(variables)
}

fn values(file: &NcFile, name: &str, dtype: &NcType) -> Result<Values> {
    Ok(match dtype {
        NcType::Byte => Values::I8(file.read_variable(name)?.into_raw_vec_and_offset().0),
        NcType::Short => Values::I16(file.read_variable(name)?.into_raw_vec_and_offset().0),
        NcType::Int => Values::I32(file.read_variable(name)?.into_raw_vec_and_offset().0),
        NcType::Float => Values::F32(file.read_variable(name)?.into_raw_vec_and_offset().0),
        NcType::Double => Values::F64(file.read_variable(name)?.into_raw_vec_and_offset().0),
        other => {
            return Err(Error::InvalidData(format!(
                "{name}: {other:?} is no classic type"
            )));
        }
    })
}

fn attribute(attribute: &NcAttribute) -> Option<(String, Attribute)> {
    let value = match &attribute.value {
        NcAttrValue::Chars(text) => Attribute::Text(text.clone()),
        NcAttrValue::Bytes(v) => Attribute::Numbers(Values::I8(v.clone())),
        NcAttrValue::Shorts(v) => Attribute::Numbers(Values::I16(v.clone())),
        NcAttrValue::Ints(v) => Attribute::Numbers(Values::I32(v.clone())),
        NcAttrValue::Floats(v) => Attribute::Numbers(Values::F32(v.clone())),
        NcAttrValue::Doubles(v) => Attribute::Numbers(Values::F64(v.clone())),
        _ => return None,
    };
    Some((attribute.name.clone(), value))
}
