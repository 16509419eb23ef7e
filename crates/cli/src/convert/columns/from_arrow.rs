//! Columns of Arrow as elements.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::value::fill_bytes;
use array_format::{AttributeValue, DType, FillValue};
use arrow_array::cast::AsArray;
use arrow_array::types::ByteArrayType;
use arrow_array::{Array, ArrayRef, GenericByteArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, TimeUnit};

use crate::cells::raw;

/// Metadata that Arrow and its users keep for themselves.
const INTERNAL: [&str; 2] = ["ARROW:schema", "PARQUET:field_id"];

/// How the values of a column become elements.
#[derive(Debug, Clone)]
pub struct Kind {
    pub dtype: DType,
    /// The extent of the second axis, where values are lists of always so many.
    pub inner: Option<u64>,
    /// What stands for no value.
    pub fill: Option<FillValue>,
    /// What the numbers mean.
    pub attributes: Vec<(String, AttributeValue)>,
    /// The type whose values are stored as ours.
    plain: DataType,
}

/// Metadata as attributes, by key.
pub fn attributes(metadata: &HashMap<String, String>) -> Vec<(String, AttributeValue)> {
    let mut all: Vec<(String, AttributeValue)> = metadata
        .iter()
        .filter(|(key, _)| !INTERNAL.contains(&key.as_str()))
        .map(|(key, text)| {
            let value = match serde_json::from_str(text) {
                Ok(value) => crate::attributes::from_foreign_json(&value),
                Err(_) => AttributeValue::String(text.clone()),
            };
            (key.clone(), value)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn unit_of(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}

impl Kind {
    /// Of a type, or why it has no counterpart.
    pub fn of(theirs: &DataType) -> Result<Self, String> {
        let simple = |dtype, plain| {
            Ok(Self {
                dtype,
                inner: None,
                fill: None,
                attributes: Vec::new(),
                plain,
            })
        };
        let with = |dtype, plain, key: &str, value: AttributeValue| {
            let mut kind = simple(dtype, plain)?;
            kind.attributes.push((key.to_owned(), value));
            Ok(kind)
        };
        match theirs {
            DataType::Boolean => simple(DType::Bool, DataType::Boolean),
            DataType::Int8 => simple(DType::Int8, DataType::Int8),
            DataType::Int16 => simple(DType::Int16, DataType::Int16),
            DataType::Int32 => simple(DType::Int32, DataType::Int32),
            DataType::Int64 => simple(DType::Int64, DataType::Int64),
            DataType::UInt8 => simple(DType::UInt8, DataType::UInt8),
            DataType::UInt16 => simple(DType::UInt16, DataType::UInt16),
            DataType::UInt32 => simple(DType::UInt32, DataType::UInt32),
            DataType::UInt64 => simple(DType::UInt64, DataType::UInt64),
            DataType::Float16 => simple(DType::Float16, DataType::Float16),
            DataType::Float32 => simple(DType::Float32, DataType::Float32),
            DataType::Float64 => simple(DType::Float64, DataType::Float64),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                simple(DType::String, DataType::LargeUtf8)
            }
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => simple(DType::Binary, DataType::LargeBinary),
            DataType::Date64 => simple(
                DType::TimestampNs,
                DataType::Timestamp(TimeUnit::Nanosecond, None),
            ),
            DataType::Timestamp(_, zone) => {
                let plain = DataType::Timestamp(TimeUnit::Nanosecond, zone.clone());
                match zone {
                    None => simple(DType::TimestampNs, plain),
                    Some(zone) => with(
                        DType::TimestampNs,
                        plain,
                        "timezone",
                        zone.to_string().into(),
                    ),
                }
            }
            DataType::Date32 => {
                let since = "days since 1970-01-01".into();
                with(DType::Int32, DataType::Int32, "units", since)
            }
            DataType::Time32(unit) => with(
                DType::Int32,
                DataType::Int32,
                "units",
                unit_of(*unit).into(),
            ),
            DataType::Time64(unit) | DataType::Duration(unit) => with(
                DType::Int64,
                DataType::Int64,
                "units",
                unit_of(*unit).into(),
            ),
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::FixedSizeList(item, size) => {
                let kind = Self::of(item.data_type())?;
                if kind.inner.is_some() || kind.dtype.is_variable_length() || *size < 1 {
                    return Err(no_counterpart(theirs));
                }
                let plain = item.as_ref().clone().with_data_type(kind.plain.clone());
                Ok(Self {
                    inner: Some(*size as u64),
                    plain: DataType::FixedSizeList(plain.into(), *size),
                    ..kind
                })
            }
            DataType::List(item) | DataType::LargeList(item) => {
                let kind = Self::of(item.data_type())?;
                if kind.inner.is_some() || kind.dtype.element_size().is_none() {
                    return Err(no_counterpart(theirs));
                }
                let plain = item.as_ref().clone().with_data_type(kind.plain.clone());
                Ok(Self {
                    dtype: DType::List {
                        child: Box::new(kind.dtype),
                    },
                    plain: DataType::LargeList(plain.into()),
                    ..kind
                })
            }
            _ => Err(no_counterpart(theirs)),
        }
    }

    /// Picks what stands for no value, if a row has none: a number, or a text, that no row has.
    pub fn choose_fill(&mut self, parts: &[ArrayRef]) -> Result<()> {
        if parts.iter().all(|part| missing(part) == 0) {
            return Ok(());
        }
        if self.dtype == DType::Bool {
            // No truth value is left.
            self.dtype = DType::UInt8;
            self.plain = match &self.plain {
                DataType::FixedSizeList(item, size) => {
                    let item = item.as_ref().clone().with_data_type(DataType::UInt8);
                    DataType::FixedSizeList(item.into(), *size)
                }
                _ => DataType::UInt8,
            };
        }
        let candidates = match &self.dtype {
            DType::Float16 | DType::Float32 | DType::Float64 => vec![FillValue::Float(f64::NAN)],
            DType::TimestampNs => vec![FillValue::TimestampNs(i64::MIN)],
            DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => {
                let bits = 8 * self.dtype.element_size().unwrap_or(8) as u32;
                let least = i64::MIN >> (64 - bits);
                [least, !least, -1, 0].map(FillValue::Int).to_vec()
            }
            DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => {
                let bits = 8 * self.dtype.element_size().unwrap_or(8) as u32;
                [u64::MAX >> (64 - bits), 0].map(FillValue::UInt).to_vec()
            }
            DType::String => ["", "\0", "<null>"]
                .map(|text| FillValue::String(text.to_owned()))
                .to_vec(),
            DType::Binary => [&b""[..], b"\0", b"<null>"]
                .map(|bytes| FillValue::Binary(bytes.to_vec()))
                .to_vec(),
            // See `losses`.
            _ => return Ok(()),
        };
        for candidate in candidates {
            if !self.has(parts, &candidate)? {
                self.fill = Some(candidate);
                return Ok(());
            }
        }
        bail!("it has rows without a value, and no value is left to stand for them")
    }

    /// What lists of any length lose: they have no fill value.
    pub fn losses(&self, parts: &[ArrayRef]) -> Vec<String> {
        let DType::List { child } = &self.dtype else {
            return Vec::new();
        };
        let rows: usize = parts.iter().map(|part| part.logical_null_count()).sum();
        let items: usize = parts.iter().map(missing).sum::<usize>() - rows;
        let stand = match is_float(child) {
            true => "not-a-number",
            false => "0",
        };
        let mut losses = Vec::new();
        if rows > 0 {
            losses.push(format!(
                "{rows} rows without a list (they become empty lists)"
            ));
        }
        if items > 0 {
            losses.push(format!(
                "{items} missing items of lists (they become {stand})"
            ));
        }
        losses
    }

    /// Whether a row has this value.
    fn has(&self, parts: &[ArrayRef], fill: &FillValue) -> Result<bool> {
        if matches!(fill, FillValue::Float(_)) {
            // Not-a-number is no value, wherever it comes from.
            return Ok(false);
        }
        let wanted = fill_bytes(&self.dtype, Some(fill));
        let inner = self.inner.unwrap_or(1) as usize;
        for part in parts {
            // Rows without a value may hold anything.
            let nulls = part.logical_nulls();
            let is_valid = |i: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(i / inner));
            let all = self.elements(std::slice::from_ref(part))?;
            if (0..all.len()).any(|i| is_valid(i) && raw(&all, i) == wanted) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The elements of some rows.
    pub fn elements(&self, parts: &[ArrayRef]) -> Result<Elements> {
        let width = self.dtype.element_size();
        let fill = fill_bytes(&self.dtype, self.fill.as_ref());
        let (mut bytes, mut texts) = (Vec::new(), Vec::new());
        let options = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        for part in parts {
            let plain = cast_with_options(part, &self.plain, &options)?;
            match &self.plain {
                DataType::LargeUtf8 => append(plain.as_string::<i64>(), &fill, &mut texts),
                DataType::LargeBinary => append(plain.as_binary::<i64>(), &fill, &mut texts),
                DataType::LargeList(_) => {
                    let lists = plain.as_list::<i64>();
                    let fill = match &self.dtype {
                        DType::List { child } if is_float(child) => {
                            fill_bytes(child, Some(&FillValue::Float(f64::NAN)))
                        }
                        _ => Vec::new(),
                    };
                    for i in 0..lists.len() {
                        let mut items = Vec::new();
                        if lists.is_valid(i) {
                            fixed(&lists.value(i), &fill, &mut items)?;
                        }
                        texts.push(Bytes::from(items));
                    }
                }
                DataType::FixedSizeList(_, size) => {
                    let lists = plain.as_fixed_size_list();
                    let n = *size as usize;
                    let from = bytes.len();
                    fixed(lists.values(), &fill, &mut bytes)?;
                    let row = n * fill.len();
                    for i in (0..lists.len()).filter(|&i| lists.is_null(i)) {
                        bytes[from + i * row..from + (i + 1) * row]
                            .copy_from_slice(&fill.repeat(n));
                    }
                }
                _ => fixed(&plain, &fill, &mut bytes)?,
            }
        }
        Ok(match width {
            Some(width) => Elements::Fixed { width, bytes },
            None => Elements::Variable(texts),
        })
    }
}

/// Values that are not there: rows, and items of the lists of others.
fn missing(part: &ArrayRef) -> usize {
    let items = |values: &ArrayRef| values.logical_null_count();
    let inner = match part.data_type() {
        DataType::List(_) => (0..part.len())
            .filter(|&i| part.is_valid(i))
            .map(|i| items(&part.as_list::<i32>().value(i)))
            .sum(),
        DataType::LargeList(_) => (0..part.len())
            .filter(|&i| part.is_valid(i))
            .map(|i| items(&part.as_list::<i64>().value(i)))
            .sum(),
        DataType::FixedSizeList(..) => (0..part.len())
            .filter(|&i| part.is_valid(i))
            .map(|i| items(&part.as_fixed_size_list().value(i)))
            .sum(),
        _ => 0,
    };
    part.logical_null_count() + inner
}

/// Texts and bytes.
fn append<T: ByteArrayType>(values: &GenericByteArray<T>, fill: &[u8], out: &mut Vec<Bytes>) {
    let fill = Bytes::copy_from_slice(fill);
    for i in 0..values.len() {
        out.push(match values.is_null(i) {
            true => fill.clone(),
            false => {
                let value: &[u8] = values.value(i).as_ref();
                Bytes::copy_from_slice(value)
            }
        });
    }
}

/// Values of fixed width, those that are not there as `fill`, or zero if that is empty.
fn fixed(values: &ArrayRef, fill: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let from = out.len();
    let width = match values.data_type().primitive_width() {
        Some(width) => {
            let data = values.to_data();
            let (first, n) = (data.offset() * width, data.len() * width);
            let stored = data
                .buffers()
                .first()
                .map_or(&[][..], |buffer| buffer.as_slice());
            let own = stored
                .get(first..first + n)
                .context("values are cut short")?;
            out.extend_from_slice(own);
            width
        }
        None => {
            let truths = values
                .as_boolean_opt()
                .context("values of no fixed width")?;
            out.extend(truths.values().iter().map(u8::from));
            1
        }
    };
    if let Some(nulls) = values.nulls() {
        for i in (0..nulls.len()).filter(|&i| nulls.is_null(i)) {
            let place = &mut out[from + i * width..from + (i + 1) * width];
            match fill.len() == width {
                true => place.copy_from_slice(fill),
                false => place.fill(0),
            }
        }
    }
    Ok(())
}

fn is_float(dtype: &DType) -> bool {
    matches!(dtype, DType::Float16 | DType::Float32 | DType::Float64)
}

fn no_counterpart(dtype: &DataType) -> String {
    format!("the type {dtype} has no counterpart")
}
