//! Elements as columns of Arrow.

use std::sync::Arc;

use anyhow::{Context, Result};
use array_format::array::ArrayMeta;
use array_format::element::Elements;
use array_format::value::fill_bytes;
use array_format::{DType, FillValue};
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeListArray, LargeBinaryArray, LargeListArray,
    LargeStringArray, make_array,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, TimeUnit};

use crate::cells::raw;

/// How an array becomes a column.
pub struct Plan {
    pub field: Field,
    dtype: DType,
    /// The extent of the second axis, and of lists of a fixed length: innermost last.
    inner: Vec<u64>,
    fill: Option<Vec<u8>>,
}

impl Plan {
    /// Of an array along its first axis; or why it is no column.
    pub fn of(meta: &ArrayMeta) -> Result<Self, String> {
        if meta.shape.is_empty() {
            return Err("a single value is no column".to_owned());
        }
        let mut inner = meta.shape[1..].to_vec();
        let mut dtype = &meta.dtype;
        while let DType::FixedSizeList { child, size } = dtype {
            inner.push((*size).into());
            dtype = child;
        }
        if inner.len() > 1 {
            return Err(format!(
                "it has {} axes, a column has one or two",
                inner.len() + 1
            ));
        }
        let plain = plain(dtype).ok_or_else(|| format!("columns have no type for {dtype:?}"))?;
        let is_missing = |fill: &FillValue| fill.check(dtype).is_ok();
        let fill = meta.fill_value.as_ref().filter(|fill| is_missing(fill));
        let fill = fill.map(|fill| fill_bytes(dtype, Some(fill)));
        let mut whole = plain;
        for &extent in inner.iter().rev() {
            let size = i32::try_from(extent).ok().filter(|&size| size > 0);
            let size = size.ok_or_else(|| format!("lists of {extent} are no column"))?;
            let item = Field::new_list_field(whole, fill.is_some());
            whole = DataType::FixedSizeList(Arc::new(item), size);
        }
        let is_nullable = fill.is_some() && inner.is_empty();
        Ok(Self {
            field: Field::new(&meta.name, whole, is_nullable),
            dtype: dtype.clone(),
            inner,
            fill,
        })
    }

    /// Elements of some rows as values; those that are the fill value are none.
    pub fn column(&self, elements: &Elements) -> Result<ArrayRef> {
        let nulls = self.fill.as_ref().map(|fill| {
            let valid = (0..elements.len()).map(|i| raw(elements, i) != fill.as_slice());
            NullBuffer::from_iter(valid)
        });
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        let mut values = values(&self.dtype, elements, nulls)?;
        let mut dtype = self.field.data_type();
        let mut wrappers = Vec::new();
        while let DataType::FixedSizeList(item, size) = dtype {
            wrappers.push((item.clone(), *size));
            dtype = item.data_type();
        }
        debug_assert_eq!(wrappers.len(), self.inner.len());
        for (item, size) in wrappers.into_iter().rev() {
            values = Arc::new(FixedSizeListArray::try_new(item, size, values, None)?);
        }
        Ok(values)
    }
}

/// The type of single values.
fn plain(dtype: &DType) -> Option<DataType> {
    Some(match dtype {
        DType::Bool => DataType::Boolean,
        DType::Int8 => DataType::Int8,
        DType::Int16 => DataType::Int16,
        DType::Int32 => DataType::Int32,
        DType::Int64 => DataType::Int64,
        DType::UInt8 => DataType::UInt8,
        DType::UInt16 => DataType::UInt16,
        DType::UInt32 => DataType::UInt32,
        DType::UInt64 => DataType::UInt64,
        DType::Float16 => DataType::Float16,
        DType::Float32 => DataType::Float32,
        DType::Float64 => DataType::Float64,
        DType::TimestampNs => DataType::Timestamp(TimeUnit::Nanosecond, None),
        DType::String => DataType::LargeUtf8,
        DType::Binary => DataType::LargeBinary,
        DType::List { child } => {
            child.element_size()?;
            DataType::LargeList(Arc::new(Field::new_list_field(plain(child)?, false)))
        }
        _ => return None,
    })
}

fn values(dtype: &DType, elements: &Elements, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    match elements {
        Elements::Fixed { bytes, .. } => fixed(dtype, bytes, nulls),
        Elements::Variable(all) => {
            let offsets = OffsetBuffer::<i64>::from_lengths(all.iter().map(|one| one.len()));
            let bytes: Vec<u8> = all.iter().flat_map(|one| one.iter().copied()).collect();
            Ok(match dtype {
                DType::String => {
                    let text = Buffer::from_vec(bytes);
                    Arc::new(LargeStringArray::try_new(offsets, text, nulls)?)
                }
                DType::List { child } => {
                    let width = child.element_size().context("items of no fixed width")?;
                    let lengths = all.iter().map(|one| one.len() / width.max(1));
                    let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
                    let items = fixed(child, &bytes, None)?;
                    let item = Arc::new(Field::new_list_field(items.data_type().clone(), false));
                    Arc::new(LargeListArray::try_new(item, offsets, items, nulls)?)
                }
                _ => Arc::new(LargeBinaryArray::try_new(
                    offsets,
                    Buffer::from_vec(bytes),
                    nulls,
                )?),
            })
        }
    }
}

fn fixed(dtype: &DType, bytes: &[u8], nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    if *dtype == DType::Bool {
        let truths = bytes.iter().map(|&b| b != 0).collect();
        return Ok(Arc::new(BooleanArray::new(truths, nulls)));
    }
    let plain = plain(dtype).with_context(|| format!("no type for {dtype:?}"))?;
    let width = dtype.element_size().unwrap_or(1).max(1);
    let data = ArrayData::builder(plain)
        .len(bytes.len() / width)
        .add_buffer(Buffer::from_slice_ref(bytes))
        .nulls(nulls)
        .align_buffers(true)
        .build()?;
    Ok(make_array(data))
}
