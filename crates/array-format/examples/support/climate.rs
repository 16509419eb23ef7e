//! The two climatologies in `data/`: their fields and coordinates, and their columns of water.

// Each example uses a part of it.
#![allow(dead_code)]

use array_format::{ArrayElement, ArraySpec, AttributeValue, DType, FillValue};

use crate::netcdf::{self, Attribute, Values, Variable};

/// The folder of the data.
pub const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");

/// The variables of `north_atlantic_annual.nc` or `_monthly.nc`, each with its source.
pub fn read(which: &str) -> netcdf_reader::Result<Vec<Variable>> {
    let name = format!("north_atlantic_{which}.nc");
    let mut variables = netcdf::read(format!("{DATA}/{name}"))?;
    for variable in &mut variables {
        let source = Attribute::Text(name.clone());
        variable.attributes.push(("source".to_owned(), source));
        variable.name = format!("{which}/{}", variable.name);
    }
    Ok(variables)
}

/// The columns of `field`, the last axes of which are depth, latitude and longitude, in its first
/// month, where there is water at the surface: a variable each, with its place as attributes.
pub fn profiles(variables: &[Variable], field: &str, prefix: &str) -> Vec<Variable> {
    let find = |name: &str| variables.iter().find(|v| v.name == name);
    let numbers = |name: &str| match find(name).map(|v| &v.values) {
        Some(Values::F64(values)) => values.clone(),
        _ => Vec::new(),
    };
    let Some((field, values)) = find(field).and_then(|field| match &field.values {
        Values::F32(values) => Some((field, values)),
        _ => None,
    }) else {
        return Vec::new();
    };
    let which = field.name.split('/').next().unwrap_or_default();
    let axes = &field.dims[field.dims.len() - 3..];
    let [depths, lats, lons] = [0, 1, 2].map(|axis| numbers(&format!("{which}/{}", axes[axis].0)));
    let mut out = Vec::new();
    for (y, lat) in lats.iter().enumerate() {
        for (x, lon) in lons.iter().enumerate() {
            let column = |z: usize| values[(z * lats.len() + y) * lons.len() + x];
            // What is missing has a great negative value.
            if column(0) < -1e9 {
                continue;
            }
            let mut attributes = field.attributes.clone();
            attributes.retain(|(key, _)| key == "missing_value");
            for (key, place) in [("lat", lat), ("lon", lon)] {
                attributes.push((
                    key.to_owned(),
                    Attribute::Numbers(Values::F64(vec![*place])),
                ));
            }
            out.push(Variable {
                name: format!("{prefix}/{lat}N_{lon}E"),
                dims: vec![("depth".to_owned(), depths.len())],
                values: Values::F32((0..depths.len()).map(column).collect()),
                attributes,
            });
        }
    }
    out
}

/// What is wished for a variable, but for its chunks and its codec.
pub fn spec(variable: &Variable) -> ArraySpec {
    let dtype = match &variable.values {
        Values::I8(_) => DType::Int8,
        Values::I16(_) => DType::Int16,
        Values::I32(_) => DType::Int32,
        Values::F32(_) => DType::Float32,
        Values::F64(_) => DType::Float64,
    };
    let shape = variable.dims.iter().map(|(_, n)| *n as u64);
    let mut spec =
        ArraySpec::new(dtype, shape).dimensions(variable.dims.iter().map(|(name, _)| name.clone()));
    for (key, value) in &variable.attributes {
        match (key.as_str(), value) {
            ("missing_value", Attribute::Numbers(Values::F32(missing))) => {
                spec = spec.fill(FillValue::Float(missing[0].into()));
            }
            ("_FillValue", _) => {}
            _ => spec = spec.attribute(key.clone(), attribute(value)),
        }
    }
    spec
}

fn attribute(value: &Attribute) -> AttributeValue {
    match value {
        Attribute::Text(text) => text.as_str().into(),
        Attribute::Numbers(numbers) => match numbers {
            Values::I8(v) => one_or_list(v),
            Values::I16(v) => one_or_list(v),
            Values::I32(v) => one_or_list(v),
            Values::F32(v) => one_or_list(v),
            Values::F64(v) => one_or_list(v),
        },
    }
}

fn one_or_list<T: Copy>(values: &[T]) -> AttributeValue
where
    AttributeValue: From<T> + From<Vec<T>>,
{
    match values {
        [one] => (*one).into(),
        list => list.to_vec().into(),
    }
}

/// The values as little-endian bytes, to be compared bit by bit.
pub fn to_bytes(values: &Values) -> Vec<u8> {
    match values {
        Values::I8(v) => i8::encode_chunk(v),
        Values::I16(v) => i16::encode_chunk(v),
        Values::I32(v) => i32::encode_chunk(v),
        Values::F32(v) => f32::encode_chunk(v),
        Values::F64(v) => f64::encode_chunk(v),
    }
}
