//! Table 1: names and definitions.

use std::sync::Arc;

use super::keys::{KeyColumns, NAME, Names};
use super::{Table, check_ranks, column};
use crate::array::ArrayMeta;
use crate::codec::PipelineRecord;
use crate::dtype::DType;
use crate::error::{Error, Place, Result};
use crate::value::FillValue;
use crate::wire::columns::{Ints, Lists, Reader, Strings, Writer};

const ID: u16 = 16;
const DTYPE: u16 = 17;
const RANK: u16 = 18;
const SHAPE: u16 = 19;
const CHUNK: u16 = 20;
const TILE: u16 = 21;
const DIMENSIONS: u16 = 22;
const FILL: u16 = 23;
const PIPELINE: u16 = 24;

/// Table 1.
#[derive(Debug, Clone, Copy)]
pub struct Arrays;

/// The columns of a leaf page.
#[derive(Debug)]
pub struct ArrayColumns {
    ids: Ints,
    dtypes: Strings,
    shapes: Lists,
    chunks: Lists,
    tiles: Lists,
    /// Of all axes of all arrays.
    dimensions: Strings,
    fills: Strings,
    pipelines: Strings,
}

impl ArrayColumns {
    fn meta(&self, name: String, i: usize) -> Result<ArrayMeta> {
        let dimensions = self.shapes.range(i);
        let meta = ArrayMeta {
            name,
            id: self.ids.get(i),
            dtype: DType::decode(self.dtypes.get(i))?,
            shape: self.shapes.get(i).collect(),
            chunk_shape: self.chunks.get(i).collect(),
            tile_shape: self.tiles.get(i).collect(),
            dimension_names: dimensions
                .map(|axis| self.dimensions.text(axis).map(str::to_owned))
                .collect::<Result<_>>()?,
            fill_value: match self.fills.get(i) {
                [] => None,
                bytes => Some(FillValue::decode(bytes)?),
            },
            pipeline: PipelineRecord::decode(self.pipelines.get(i))?,
        };
        meta.validate().map_err(|e| Error::corrupt(e.to_string()))?;
        Ok(meta)
    }
}

impl Table for Arrays {
    const ID: u8 = 1;
    const NAME: &'static str = "arrays";
    type Key = String;
    type Keys = Names;
    type Columns = ArrayColumns;
    type Row = Arc<ArrayMeta>;

    fn key(row: &Arc<ArrayMeta>) -> &String {
        &row.name
    }

    fn weight(row: &Arc<ArrayMeta>) -> usize {
        let names: usize = row.dimension_names.iter().map(|d| d.len() + 2).sum();
        let fill = match &row.fill_value {
            Some(FillValue::String(text)) => text.len(),
            Some(FillValue::Binary(bytes)) => bytes.len(),
            _ => 9,
        };
        row.name.len() + names + fill + 24 * row.shape.len() + 32
    }

    fn key_weight(key: &String) -> usize {
        key.len() + 4
    }

    fn write_keys(out: &mut Writer, keys: &[&String]) {
        out.bytes(NAME, keys.iter().map(|k| k.as_bytes()));
    }

    fn write_rows(out: &mut Writer, rows: &[Arc<ArrayMeta>]) -> Result<()> {
        let flat = |extents: fn(&ArrayMeta) -> &[u64]| -> Vec<u64> {
            rows.iter().flat_map(|row| extents(row)).copied().collect()
        };
        let encoded = |encode: fn(&ArrayMeta, &mut Vec<u8>) -> Result<()>| {
            rows.iter()
                .map(|row| {
                    let mut bytes = Vec::new();
                    encode(row, &mut bytes).map(|()| bytes)
                })
                .collect::<Result<Vec<_>>>()
        };
        out.ints(ID, &column(rows, |r| r.id));
        let dtypes = encoded(|r, b| {
            r.dtype.encode(b);
            Ok(())
        })?;
        out.bytes(DTYPE, dtypes.iter().map(Vec::as_slice));
        out.ints(RANK, &column(rows, |r| r.shape.len() as u64));
        out.ints(SHAPE, &flat(|r| &r.shape));
        out.ints(CHUNK, &flat(|r| &r.chunk_shape));
        out.ints(TILE, &flat(|r| &r.tile_shape));
        let dims = rows.iter().flat_map(|r| &r.dimension_names);
        out.bytes(DIMENSIONS, dims.map(|d| d.as_bytes()));
        let fills = encoded(|r, b| {
            if let Some(fill) = &r.fill_value {
                fill.encode(b);
            }
            Ok(())
        })?;
        out.bytes(FILL, fills.iter().map(Vec::as_slice));
        let pipelines = encoded(|r, b| r.pipeline.encode(b))?;
        out.bytes(PIPELINE, pipelines.iter().map(Vec::as_slice));
        Ok(())
    }

    fn read_columns(src: &mut Reader, keys: &Names) -> Result<ArrayColumns> {
        let n = keys.count();
        let ids = src.ints_of(ID, n)?;
        let dtypes = src.bytes_of(DTYPE, n)?;
        let ranks = src.ints_of(RANK, n)?;
        check_ranks(&ranks)?;
        let shapes = Lists::new(src.ints(SHAPE)?, &ranks)?;
        let chunks = Lists::new(src.ints(CHUNK)?, &ranks)?;
        let tiles = Lists::new(src.ints(TILE)?, &ranks)?;
        let axes = shapes.items();
        Ok(ArrayColumns {
            ids,
            dtypes,
            shapes,
            chunks,
            tiles,
            dimensions: src.bytes_of(DIMENSIONS, axes)?,
            fills: src.bytes_of(FILL, n)?,
            pipelines: src.bytes_of(PIPELINE, n)?,
        })
    }

    fn row(keys: &Names, columns: &ArrayColumns, i: usize) -> Result<Arc<ArrayMeta>> {
        let meta = columns.meta(keys.get(i)?, i);
        let name = || keys.get(i).ok();
        meta.map(Arc::new).map_err(|e| {
            e.within(Place {
                array: name(),
                ..Place::default()
            })
        })
    }
}
