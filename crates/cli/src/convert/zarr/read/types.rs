//! Data types and fill values of Zarr as ours.

use anyhow::{Context, Result, bail};
use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::{AttributeValue, DType, FillValue};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use zarrs::array::{DataType, data_type};

use crate::cells::cell;
use crate::convert::fill;

/// Bytes of an element of fixed width at most.
const MOST: u64 = 1 << 20;

/// The type of elements, and how their bytes become ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    pub dtype: DType,
    pub raw: Raw,
}

/// What the bytes of an element are.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// As ours.
    Same,
    /// UTF-32, filled up with zeros.
    Utf32 { width: usize },
    /// Bytes, filled up with zeros.
    Bytes { width: usize },
    /// Times of so many nanoseconds each.
    Times { nanoseconds: i64 },
    /// Durations in this unit, by CF's name.
    Durations { unit: String },
}

impl Kind {
    /// Of elements of a type; `times` says what integers are.
    pub fn of(dtype: &DataType, times: Option<Raw>) -> Result<Self> {
        macro_rules! plain {
            ($($theirs:ident => $ours:ident),* $(,)?) => {
                $(if dtype.is::<data_type::$theirs>() {
                    return Ok(Self { dtype: DType::$ours, raw: Raw::Same });
                })*
            };
        }
        if let Some(raw) = times {
            let dtype = match raw {
                Raw::Times { .. } => DType::TimestampNs,
                _ => DType::Int64,
            };
            return Ok(Self { dtype, raw });
        }
        plain!(
            BoolDataType => Bool,
            Int8DataType => Int8,
            Int16DataType => Int16,
            Int32DataType => Int32,
            Int64DataType => Int64,
            UInt8DataType => UInt8,
            UInt16DataType => UInt16,
            UInt32DataType => UInt32,
            UInt64DataType => UInt64,
            Float16DataType => Float16,
            BFloat16DataType => BFloat16,
            Float32DataType => Float32,
            Float64DataType => Float64,
            Complex64DataType => Complex64,
            ComplexFloat32DataType => Complex64,
            Complex128DataType => Complex128,
            ComplexFloat64DataType => Complex128,
            StringDataType => String,
            BytesDataType => Binary,
        );
        let width = dtype.fixed_size();
        match width {
            Some(width) if dtype.is::<data_type::FixedLengthUTF32DataType>() => Ok(Self {
                dtype: DType::String,
                raw: Raw::Utf32 { width },
            }),
            Some(width) if dtype.is::<data_type::RawBitsDataType>() => Ok(Self {
                dtype: DType::Binary,
                raw: Raw::Bytes { width },
            }),
            _ => bail!("its type {dtype:?} has no counterpart"),
        }
    }

    /// The unit of durations, as an attribute.
    pub fn unit(&self) -> Option<(String, AttributeValue)> {
        match &self.raw {
            Raw::Durations { unit } => Some(("units".to_owned(), unit.clone().into())),
            _ => None,
        }
    }

    /// Elements of fixed width in Zarr.
    pub fn elements(&self, bytes: Vec<u8>) -> Result<Elements> {
        let texts = |width: usize, one: &dyn Fn(&[u8]) -> Result<Bytes>| {
            let all = bytes.chunks_exact(width.max(1)).map(one);
            Ok(Elements::Variable(all.collect::<Result<_>>()?))
        };
        match &self.raw {
            Raw::Same | Raw::Durations { .. } => Ok(Elements::Fixed {
                width: self.dtype.element_size().unwrap_or(1),
                bytes,
            }),
            Raw::Utf32 { width } => texts(*width, &utf32),
            Raw::Bytes { width } => texts(*width, &|bytes| Ok(trimmed(bytes))),
            Raw::Times { nanoseconds } => {
                let mut out = Vec::with_capacity(bytes.len());
                for time in bytes.as_chunks::<8>().0 {
                    let time = i64::from_le_bytes(*time);
                    let time = match time {
                        // NumPy's "not a time" is the same number here.
                        i64::MIN => time,
                        time => time
                            .checked_mul(*nanoseconds)
                            .context("a time is not within the years 1677 to 2262")?,
                    };
                    out.extend_from_slice(&time.to_le_bytes());
                }
                Ok(Elements::Fixed {
                    width: 8,
                    bytes: out,
                })
            }
        }
    }
}

fn utf32(bytes: &[u8]) -> Result<Bytes> {
    let mut text = String::new();
    for unit in bytes.as_chunks::<4>().0 {
        let unit = u32::from_le_bytes(*unit);
        text.push(char::from_u32(unit).with_context(|| format!("{unit:#x} is no character"))?);
    }
    Ok(Bytes::from(text.trim_end_matches('\0').to_owned()))
}

fn trimmed(bytes: &[u8]) -> Bytes {
    let n = bytes.iter().rposition(|&b| b != 0).map_or(0, |at| at + 1);
    Bytes::copy_from_slice(&bytes[..n])
}

/// Makes a document one that zarrs reads: texts without a fill value get an empty one, bytes that end at
/// their last one become raw, times and durations the integers that they are. Returns what integers
/// stand for.
pub fn prepare(document: &mut Value, version: u8) -> Option<Raw> {
    take_bytes(document, version);
    take_times(document, version)
}

fn take_bytes(document: &mut Value, version: u8) {
    let (key, length) = match version {
        3 => {
            let dtype = &document["data_type"];
            let is_it = dtype["name"].as_str() == Some("null_terminated_bytes");
            let length = dtype["configuration"]["length_bytes"].as_u64();
            ("data_type", length.filter(|_| is_it))
        }
        _ => {
            let dtype = document["dtype"].as_str().unwrap_or_default();
            if dtype.get(1..2) == Some("U") && document["fill_value"].is_null() {
                document["fill_value"] = "".into();
                return;
            }
            let length = dtype.strip_prefix("|S").and_then(|n| n.parse().ok());
            ("dtype", length)
        }
    };
    let Some(length) = length.filter(|&n| n <= MOST) else {
        return;
    };
    document[key] = match version {
        3 => format!("r{}", 8 * length).into(),
        _ => format!("|V{length}").into(),
    };
    document["fill_value"] = vec![0; length as usize].into();
}

fn take_times(document: &mut Value, version: u8) -> Option<Raw> {
    let (is_time, unit, factor) = match version {
        3 => {
            let dtype = document.get("data_type")?;
            let is_time = match dtype.get("name")?.as_str()? {
                "numpy.datetime64" => true,
                "numpy.timedelta64" => false,
                _ => return None,
            };
            let configuration = dtype.get("configuration")?;
            let factor = configuration.get("scale_factor").and_then(Value::as_i64);
            let unit = configuration.get("unit")?.as_str()?.to_owned();
            (is_time, unit, factor.unwrap_or(1))
        }
        _ => {
            let dtype = document.get("dtype")?.as_str()?;
            let is_time = match dtype.get(1..3)? {
                "M8" => true,
                "m8" => false,
                _ => return None,
            };
            // `<M8[25s]`
            let unit = dtype.get(3..)?.trim_matches(['[', ']']);
            let digits = unit.chars().take_while(char::is_ascii_digit).count();
            let factor = unit[..digits].parse().unwrap_or(1);
            (is_time, unit[digits..].to_owned(), factor)
        }
    };
    let (nanoseconds, name) = match unit.as_str() {
        "ns" => (1, "nanoseconds"),
        "us" | "μs" => (1_000, "microseconds"),
        "ms" => (1_000_000, "milliseconds"),
        "s" => (1_000_000_000, "seconds"),
        "m" => (60_000_000_000, "minutes"),
        "h" => (3_600_000_000_000, "hours"),
        "D" => (86_400_000_000_000, "days"),
        "W" => (7 * 86_400_000_000_000, "weeks"),
        _ => return None,
    };
    let raw = match (is_time, factor) {
        (true, factor) => Raw::Times {
            nanoseconds: factor.checked_mul(nanoseconds)?,
        },
        (false, 1) => Raw::Durations {
            unit: name.to_owned(),
        },
        (false, _) => return None,
    };
    if version == 3 {
        document["data_type"] = "int64".into();
    } else {
        let order = document["dtype"].as_str().and_then(|dtype| dtype.get(..1));
        document["dtype"] = format!("{}i8", order.unwrap_or("<")).into();
    }
    if let Some(fill) = document.get_mut("fill_value")
        && fill.as_str() == Some("NaT")
    {
        *fill = i64::MIN.into();
    }
    Some(raw)
}

/// What marks missing values: what unwritten elements read as, unless that is zero.
pub fn unwritten(kind: &Kind, raw: &[u8]) -> Result<Option<FillValue>> {
    if raw.iter().all(|&b| b == 0) {
        return Ok(None);
    }
    let bytes = match (&kind.raw, kind.dtype.element_size()) {
        (Raw::Same, None) => Bytes::copy_from_slice(raw),
        _ => match kind.elements(raw.to_vec())? {
            Elements::Fixed { bytes, .. } => bytes.into(),
            Elements::Variable(all) => all.into_iter().next().unwrap_or_default(),
        },
    };
    Ok(fill::of_cell(cell(&kind.dtype, &bytes)))
}

/// `_FillValue` as a value of the array's type; floats are base64 of a double in xarray's version 3.
pub fn marked_fill(dtype: &DType, value: &Value) -> Option<AttributeValue> {
    let float = || -> Option<f64> {
        match value {
            Value::String(text) => match BASE64_STANDARD.decode(text).ok().as_deref() {
                Some([a, b, c, d, e, f, g, h]) => {
                    Some(f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]))
                }
                _ => text.parse().ok(),
            },
            value => value.as_f64(),
        }
    };
    let whole = || value.as_i64();
    let natural = || value.as_u64();
    Some(match dtype {
        DType::Float64 => AttributeValue::Float64(float()?),
        DType::Float16 | DType::BFloat16 | DType::Float32 => {
            AttributeValue::Float32(float()? as f32)
        }
        DType::Int8 => AttributeValue::Int8(whole()?.try_into().ok()?),
        DType::Int16 => AttributeValue::Int16(whole()?.try_into().ok()?),
        DType::Int32 => AttributeValue::Int32(whole()?.try_into().ok()?),
        DType::Int64 | DType::TimestampNs => AttributeValue::Int64(whole()?),
        DType::UInt8 => AttributeValue::UInt8(natural()?.try_into().ok()?),
        DType::UInt16 => AttributeValue::UInt16(natural()?.try_into().ok()?),
        DType::UInt32 => AttributeValue::UInt32(natural()?.try_into().ok()?),
        DType::UInt64 => AttributeValue::UInt64(natural()?),
        DType::Bool => AttributeValue::Bool(value.as_bool()?),
        _ => AttributeValue::String(value.as_str()?.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_integers() {
        let mut v3 = json!({"data_type": {"name": "numpy.datetime64",
            "configuration": {"unit": "s", "scale_factor": 10}}, "fill_value": "NaT"});
        let raw = take_times(&mut v3, 3);
        assert_eq!(
            raw,
            Some(Raw::Times {
                nanoseconds: 10_000_000_000
            })
        );
        assert_eq!(v3, json!({"data_type": "int64", "fill_value": i64::MIN}));
        let mut v2 = json!({"dtype": ">m8[D]", "fill_value": 0});
        let raw = take_times(&mut v2, 2);
        assert_eq!(
            raw,
            Some(Raw::Durations {
                unit: "days".to_owned()
            })
        );
        assert_eq!(v2["dtype"], ">i8");
        for other in [
            json!({"dtype": "<M8[Y]"}),
            json!({"dtype": "<f4"}),
            json!({}),
        ] {
            assert_eq!(take_times(&mut other.clone(), 2), None);
        }
    }

    #[test]
    fn fill_values_are_what_xarray_writes() {
        let nan = marked_fill(&DType::Float32, &json!("AAAAAAAA+H8="));
        assert!(matches!(nan, Some(AttributeValue::Float32(v)) if v.is_nan()));
        assert_eq!(
            marked_fill(&DType::Int16, &json!(-99)),
            Some(AttributeValue::Int16(-99))
        );
        assert_eq!(marked_fill(&DType::Int8, &json!(-999)), None);
        let kind = Kind {
            dtype: DType::Int32,
            raw: Raw::Same,
        };
        assert_eq!(unwritten(&kind, &[0; 4]).unwrap(), None);
        assert_eq!(
            unwritten(&kind, &[5, 0, 0, 0]).unwrap(),
            Some(FillValue::Int(5))
        );
    }

    #[test]
    fn texts_of_fixed_width_end_at_their_last_character() {
        let text: Vec<u8> = "aü"
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect();
        assert_eq!(utf32(&[text, vec![0; 8]].concat()).unwrap(), "aü");
        assert!(utf32(&[0, 0, 0xff, 0xff]).is_err());
        assert_eq!(trimmed(b"a\0b\0\0"), "a\0b");
    }
}
