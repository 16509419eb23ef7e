//! Documents of Zarr v3: `zarr.json`.

use array_format::array::ArrayMeta;
use array_format::{ArrayFile, DType, Result};
use serde_json::{Map, Value, json};

use crate::dtype::{fill, flat, shapes, v3};
use crate::hierarchy::{Hierarchy, Kind};
use crate::json;
use crate::view::Compression;

/// Of an array.
pub fn array(file: &ArrayFile, name: &str, compression: Compression) -> Result<Value> {
    let meta = file.get_array(name)?;
    let (shape, chunks) = shapes(meta);
    let names = dimension_names(meta, shape.len());
    Ok(json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        // Arrays without a type there are no nodes.
        "data_type": v3(&meta.dtype).unwrap_or_default(),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill(meta),
        "codecs": codecs(meta, compression),
        "attributes": json::of_array(meta, file.attributes(name)?),
        "dimension_names": names,
    }))
}

/// Names of axes; one without a name has `null`.
fn dimension_names(meta: &ArrayMeta, rank: usize) -> Vec<Option<&str>> {
    let mut names: Vec<Option<&str>> = meta
        .dimension_names
        .iter()
        .map(|name| Some(name.as_str()).filter(|name| !name.is_empty()))
        .collect();
    names.resize(rank, None);
    names
}

fn codecs(meta: &ArrayMeta, compression: Compression) -> Vec<Value> {
    let dtype = flat(&meta.dtype).0;
    let first = match dtype {
        DType::String => json!({"name": "vlen-utf8"}),
        DType::Binary => json!({"name": "vlen-bytes"}),
        dtype if dtype.element_size() == Some(1) => json!({"name": "bytes"}),
        _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
    };
    let mut codecs = vec![first];
    if let Compression::Zstd { level } = compression {
        let configuration = json!({"level": level, "checksum": false});
        codecs.push(json!({"name": "zstd", "configuration": configuration}));
    }
    codecs
}

/// Of a group, with the documents of all that is within it, so that opening takes one request.
pub fn group(
    file: &ArrayFile,
    hierarchy: &Hierarchy,
    path: &str,
    compression: Compression,
) -> Result<Value> {
    let mut document = bare_group(file, hierarchy, path)?;
    let mut all = Map::new();
    for (from_here, (path, kind)) in hierarchy.within(path) {
        let node = match kind {
            Kind::Group => bare_group(file, hierarchy, path)?,
            Kind::Array => array(file, path, compression)?,
        };
        all.insert(from_here.to_owned(), node);
    }
    document["consolidated_metadata"] =
        json!({"kind": "inline", "must_understand": false, "metadata": all});
    Ok(document)
}

fn bare_group(file: &ArrayFile, hierarchy: &Hierarchy, path: &str) -> Result<Value> {
    let attributes = json::attributes(group_attributes(file, hierarchy, path)?);
    Ok(json!({"zarr_format": 3, "node_type": "group", "attributes": attributes}))
}

/// The attributes of a group: those of the file with its path in front.
pub fn group_attributes<'f>(
    file: &'f ArrayFile,
    hierarchy: &Hierarchy,
    path: &str,
) -> Result<Vec<(String, &'f array_format::AttributeValue)>> {
    let all = file.file_attributes()?.into_iter();
    let own = all.filter_map(|(key, value)| match path {
        // One that no group has belongs to the root, whatever its key is.
        "" => match key.rsplit_once('/') {
            Some((group, _)) if hierarchy.kind(group) == Some(Kind::Group) => None,
            _ => Some((key, value)),
        },
        path => {
            let own = key.strip_prefix(path)?.strip_prefix('/')?;
            (!own.contains('/')).then(|| (own.to_owned(), value))
        }
    });
    Ok(own.collect())
}
