//! Zarr stores of versions 2 and 3, in folders, ZIP archives and object stores.

mod documents;
mod store;
mod types;

use std::num::NonZeroU64;

use anyhow::{Context, Result, bail};
use array_format::FillValue;
use array_format::bytes::Bytes;
use array_format::element::Elements;
use serde_json::{Map, Value};
use zarrs::array::{Array, ArrayBytes, ArrayMetadata, ArraySubset};
use zarrs::storage::{ReadableListableStorage, ReadableListableStorageTraits};

use crate::attributes;
use crate::convert::{Contents, Place, Reader, Variable, fill};
use documents::Node;
use types::Kind;

/// Where xarray keeps the names of dimensions in version 2.
const DIMENSIONS: &str = "_ARRAY_DIMENSIONS";

type Source = Array<dyn ReadableListableStorageTraits>;

/// A Zarr store.
pub struct Zarr {
    contents: Contents,
    /// One for each variable, and how its bytes become ours.
    sources: Vec<(Source, Kind)>,
}

/// Opens a store; this blocks.
pub fn open(place: &Place) -> Result<Zarr> {
    let store = store::open(place)?;
    let mut zarr = Zarr {
        contents: Contents::default(),
        sources: Vec::new(),
    };
    for node in documents::find(&store)? {
        let path = match node.path.as_str() {
            // An array alone has the name of its store.
            "" if node.is_array => place.stem(),
            path => path.to_owned(),
        };
        if node.is_array {
            match array(&store, &node, &path, &mut zarr.contents.skipped) {
                Ok((variable, source, kind)) => {
                    zarr.contents.variables.push(variable);
                    zarr.sources.push((source, kind));
                }
                Err(why) => zarr.contents.skipped.push(format!("{path}: {why:#}")),
            }
        } else {
            for (key, value) in &node.attributes {
                let key = match path.as_str() {
                    "" => key.clone(),
                    path => format!("{path}/{key}"),
                };
                let value = attributes::from_foreign_json(value);
                zarr.contents.attributes.push((key, value));
            }
        }
    }
    Ok(zarr)
}

fn array(
    store: &ReadableListableStorage,
    node: &Node,
    path: &str,
    skipped: &mut Vec<String>,
) -> Result<(Variable, Source, Kind)> {
    let mut document = node.document.clone();
    let times = types::prepare(&mut document, node.version);
    let metadata = match node.version {
        3 => ArrayMetadata::V3(serde_json::from_value(document)?),
        _ => ArrayMetadata::V2(serde_json::from_value(document)?),
    };
    let source = Array::new_with_metadata(store.clone(), &format!("/{}", node.path), metadata)?;
    let kind = Kind::of(source.data_type(), times)?;
    let shape = source.shape().to_vec();
    let mut own = node.attributes.clone();
    let dimensions = dimensions(&source, &mut own, shape.len());
    let mut attributes = Vec::with_capacity(own.len());
    for (key, value) in &own {
        if key == "_FillValue" {
            match types::marked_fill(&kind.dtype, value) {
                Some(value) => attributes.push((key.clone(), value)),
                None => skipped.push(format!(
                    "{path}: attribute _FillValue: {value} is no value of its type"
                )),
            }
            continue;
        }
        attributes.push((key.clone(), attributes::from_foreign_json(value)));
    }
    attributes.extend(kind.unit());
    // Zero is what Zarr fills with if nobody says otherwise: no sign of a missing value.
    let fill = match fill::marked(&attributes, &kind.dtype) {
        Some(fill) => Some(fill),
        None => types::unwritten(&kind, source.fill_value().as_ne_bytes())?,
    };
    // Of version 2 it is what xarray takes as missing.
    if let (2, Some(value), None) = (node.version, &fill, own.get("_FillValue")) {
        let value = types::marked_fill(&kind.dtype, &fill_json(value));
        attributes.extend(value.map(|value| ("_FillValue".to_owned(), value)));
    }
    let origin = vec![0; shape.len()];
    let chunks = match shape.contains(&0) {
        true => None,
        false => source.chunk_shape(&origin).ok(),
    };
    let variable = Variable {
        name: path.to_owned(),
        dtype: kind.dtype.clone(),
        shape,
        dimensions,
        fill,
        attributes,
        chunks: chunks.map(|chunks| chunks.into_iter().map(NonZeroU64::get).collect()),
    };
    Ok((variable, source, kind))
}

fn fill_json(fill: &FillValue) -> Value {
    match fill {
        FillValue::Bool(v) => (*v).into(),
        FillValue::Int(v) | FillValue::TimestampNs(v) => (*v).into(),
        FillValue::UInt(v) => (*v).into(),
        FillValue::Float(v) => Value::from(v.to_string()),
        FillValue::String(v) => v.as_str().into(),
        _ => Value::Null,
    }
}

/// The names of the axes, which version 2 has among the attributes.
fn dimensions(source: &Source, attributes: &mut Map<String, Value>, rank: usize) -> Vec<String> {
    let names: Vec<Option<String>> = match source.dimension_names() {
        Some(names) => names.clone(),
        None => match attributes.get(DIMENSIONS).and_then(Value::as_array) {
            Some(names) if names.len() == rank => {
                let names = names.iter().map(|name| name.as_str().map(str::to_owned));
                let names = names.collect();
                attributes.shift_remove(DIMENSIONS);
                names
            }
            _ => Vec::new(),
        },
    };
    (0..rank)
        .map(|axis| match names.get(axis) {
            Some(Some(name)) => name.clone(),
            _ => format!("dim_{axis}"),
        })
        .collect()
}

impl Reader for Zarr {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        let entry = &self.contents.variables[variable];
        let (source, kind) = &self.sources[variable];
        let read = || -> Result<Elements> {
            let subset = ArraySubset::new_with_start_shape(start.to_vec(), shape.to_vec())?;
            let bytes: ArrayBytes<'static> = source.retrieve_array_subset(&subset)?;
            elements(bytes, kind)
        };
        read().with_context(|| format!("array {}", entry.name))
    }
}

fn elements(bytes: ArrayBytes<'_>, kind: &Kind) -> Result<Elements> {
    match bytes {
        ArrayBytes::Fixed(bytes) => kind.elements(bytes.into_owned()),
        ArrayBytes::Variable(bytes) => {
            let (bytes, offsets) = bytes.into_parts();
            let bytes = Bytes::from(bytes.into_owned());
            let parts = offsets.windows(2).map(|pair| bytes.slice(pair[0]..pair[1]));
            Ok(Elements::Variable(parts.collect()))
        }
        ArrayBytes::Optional(_) => bail!("optional elements have no counterpart"),
    }
}
