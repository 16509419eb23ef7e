//! Data types, their widths, and their stored form (`docs/format.md`, section 5).

use crate::error::{Error, Result};
use crate::limits;

/// The type of an array's elements.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DType {
    /// `bool`, one byte.
    Bool,
    /// `i8`
    Int8,
    /// `i16`
    Int16,
    /// `i32`
    Int32,
    /// `i64`
    Int64,
    /// `u8`
    UInt8,
    /// `u16`
    UInt16,
    /// `u32`
    UInt32,
    /// `u64`
    UInt64,
    /// IEEE binary16, [`half::f16`].
    Float16,
    /// The upper half of a binary32, [`half::bf16`].
    BFloat16,
    /// `f32`
    Float32,
    /// `f64`
    Float64,
    /// Two `f32`: real, imaginary.
    Complex64,
    /// Two `f64`: real, imaginary.
    Complex128,
    /// UTF-8 text of any length.
    String,
    /// Bytes of any length.
    Binary,
    /// A list of always the same number of items.
    FixedSizeList {
        /// The type of the items.
        child: Box<DType>,
        /// How many items an element has.
        size: u32,
    },
    /// A list of any number of items.
    List {
        /// The type of the items.
        child: Box<DType>,
    },
    /// Nanoseconds since 1970-01-01 UTC, [`TimestampNs`](crate::TimestampNs).
    TimestampNs,
}

/// How the minimum and maximum of a dtype are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatKind {
    /// `StatValue::Int`
    Int,
    /// `StatValue::UInt`
    UInt,
    /// `StatValue::Float`
    Float,
    /// `StatValue::Bytes`
    Bytes,
    /// `StatValue::TimestampNs`
    TimestampNs,
    /// No order, so no minimum and maximum.
    None,
}

impl DType {
    /// The bytes of one element, or `None` where they vary.
    pub fn element_size(&self) -> Option<usize> {
        Some(match self {
            Self::Bool | Self::Int8 | Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 | Self::Float16 | Self::BFloat16 => 2,
            Self::Int32 | Self::UInt32 | Self::Float32 => 4,
            Self::Int64 | Self::UInt64 | Self::Float64 | Self::Complex64 | Self::TimestampNs => 8,
            Self::Complex128 => 16,
            Self::FixedSizeList { child, size } => {
                child.element_size()?.checked_mul(*size as usize)?
            }
            Self::String | Self::Binary | Self::List { .. } => return None,
        })
    }

    /// Whether elements differ in length.
    pub fn is_variable_length(&self) -> bool {
        match self {
            Self::String | Self::Binary | Self::List { .. } => true,
            Self::FixedSizeList { child, .. } => child.is_variable_length(),
            _ => false,
        }
    }

    /// The bytes of the smallest number within an element; 1 where elements vary in length.
    pub fn lane_size(&self) -> usize {
        match self {
            Self::Complex64 => 4,
            Self::Complex128 => 8,
            Self::FixedSizeList { child, .. } => child.lane_size(),
            other => other.element_size().unwrap_or(1),
        }
    }

    /// How minimum and maximum of this dtype are held.
    pub fn stat_kind(&self) -> StatKind {
        match self {
            Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64 => StatKind::Int,
            Self::Bool | Self::UInt8 | Self::UInt16 | Self::UInt32 | Self::UInt64 => StatKind::UInt,
            Self::Float16 | Self::BFloat16 | Self::Float32 | Self::Float64 => StatKind::Float,
            Self::String | Self::Binary => StatKind::Bytes,
            Self::TimestampNs => StatKind::TimestampNs,
            Self::Complex64 | Self::Complex128 | Self::FixedSizeList { .. } | Self::List { .. } => {
                StatKind::None
            }
        }
    }

    /// Refuses list types that are too deep, or whose elements are too large.
    pub fn validate(&self) -> Result<()> {
        let mut depth = 0;
        let mut inner = self;
        while let Self::FixedSizeList { child, .. } | Self::List { child } = inner {
            depth += 1;
            if depth > limits::DTYPE_DEPTH {
                return Err(Error::limit(
                    "depth of a list dtype",
                    depth as u64,
                    limits::DTYPE_DEPTH as u64,
                ));
            }
            if matches!(inner, Self::FixedSizeList { size: 0, .. }) {
                return Err(Error::invalid("a fixed-size list needs at least one item"));
            }
            inner = child;
        }
        if !self.is_variable_length() {
            let size = self.element_size().map_or(u64::MAX, |s| s as u64);
            limits::check("bytes of one element", size, limits::FRAME_BYTES)?;
        }
        Ok(())
    }

    /// Appends the stored form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Bool => 1,
            Self::Int8 => 2,
            Self::Int16 => 3,
            Self::Int32 => 4,
            Self::Int64 => 5,
            Self::UInt8 => 6,
            Self::UInt16 => 7,
            Self::UInt32 => 8,
            Self::UInt64 => 9,
            Self::Float16 => 10,
            Self::BFloat16 => 11,
            Self::Float32 => 12,
            Self::Float64 => 13,
            Self::Complex64 => 14,
            Self::Complex128 => 15,
            Self::TimestampNs => 16,
            Self::String => 17,
            Self::Binary => 18,
            Self::FixedSizeList { .. } => 19,
            Self::List { .. } => 20,
        });
        match self {
            Self::FixedSizeList { child, size } => {
                out.extend_from_slice(&size.to_le_bytes());
                child.encode(out);
            }
            Self::List { child } => child.encode(out),
            _ => {}
        }
    }

    /// Reads the stored form, which must fill `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let (dtype, rest) = Self::decode_nested(bytes, 0)?;
        if !rest.is_empty() {
            return Err(Error::corrupt("bytes after a dtype"));
        }
        dtype
            .validate()
            .map_err(|e| Error::corrupt(e.to_string()))?;
        Ok(dtype)
    }

    fn decode_nested(bytes: &[u8], depth: usize) -> Result<(Self, &[u8])> {
        if depth > limits::DTYPE_DEPTH {
            return Err(Error::corrupt("a list dtype is nested too deep"));
        }
        let (&code, rest) = bytes
            .split_first()
            .ok_or_else(|| Error::corrupt("a dtype is cut short"))?;
        let dtype = match code {
            1 => Self::Bool,
            2 => Self::Int8,
            3 => Self::Int16,
            4 => Self::Int32,
            5 => Self::Int64,
            6 => Self::UInt8,
            7 => Self::UInt16,
            8 => Self::UInt32,
            9 => Self::UInt64,
            10 => Self::Float16,
            11 => Self::BFloat16,
            12 => Self::Float32,
            13 => Self::Float64,
            14 => Self::Complex64,
            15 => Self::Complex128,
            16 => Self::TimestampNs,
            17 => Self::String,
            18 => Self::Binary,
            19 => {
                let (size, rest) = rest
                    .split_first_chunk::<4>()
                    .ok_or_else(|| Error::corrupt("a dtype is cut short"))?;
                let (child, rest) = Self::decode_nested(rest, depth + 1)?;
                let dtype = Self::FixedSizeList {
                    child: Box::new(child),
                    size: u32::from_le_bytes(*size),
                };
                return Ok((dtype, rest));
            }
            20 => {
                let (child, rest) = Self::decode_nested(rest, depth + 1)?;
                return Ok((
                    Self::List {
                        child: Box::new(child),
                    },
                    rest,
                ));
            }
            other => return Err(Error::corrupt(format!("unknown dtype code {other}"))),
        };
        Ok((dtype, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(child: DType) -> DType {
        DType::List {
            child: Box::new(child),
        }
    }

    #[test]
    fn every_dtype_reads_back() {
        for code in 1..=18u8 {
            let dtype = DType::decode(&[code]).unwrap();
            let mut bytes = Vec::new();
            dtype.encode(&mut bytes);
            assert_eq!(bytes, [code]);
        }
        let nested = list(DType::FixedSizeList {
            child: Box::new(DType::Float32),
            size: 3,
        });
        let mut bytes = Vec::new();
        nested.encode(&mut bytes);
        assert_eq!(DType::decode(&bytes).unwrap(), nested);
        for cut in 0..bytes.len() {
            assert!(DType::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn refuses_nesting_and_widths_over_the_limit() {
        let mut deep = DType::Int8;
        for _ in 0..9 {
            deep = list(deep);
        }
        assert!(deep.validate().is_err());
        let mut bytes = Vec::new();
        deep.encode(&mut bytes);
        assert!(DType::decode(&bytes).is_err());
        let wide = DType::FixedSizeList {
            child: Box::new(DType::Float64),
            size: u32::MAX,
        };
        assert!(wide.validate().is_err());
    }
}
