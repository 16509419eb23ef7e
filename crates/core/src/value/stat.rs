//! A minimum or maximum.

use std::fmt;

use super::{Hex, exact, split_tag, unknown_tag};
use crate::error::{Error, Result};
use crate::limits;

/// What this module decodes, for messages.
const WHAT: &str = "a statistics value";

/// A minimum or maximum of elements, in the widest type of its kind.
#[derive(Debug, Clone)]
pub enum StatValue {
    /// Of signed integers.
    Int(i64),
    /// Of unsigned integers and bools.
    UInt(u64),
    /// Of floats; never NaN.
    Float(f64),
    /// Of strings and binaries. A bound where elements are longer than
    /// [`limits::STAT_BYTES`](crate::limits::STAT_BYTES).
    Bytes(Vec<u8>),
    /// Of timestamps, in nanoseconds since 1970-01-01 UTC.
    TimestampNs(i64),
}

/// Floats are compared by their bits, so that equal values have equal stored bytes.
impl PartialEq for StatValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::UInt(a), Self::UInt(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::TimestampNs(a), Self::TimestampNs(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for StatValue {}

impl StatValue {
    /// Whether this comes before `other`. Values of different kinds have no order: false.
    pub fn less(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a < b,
            (Self::UInt(a), Self::UInt(b)) => a < b,
            (Self::Float(a), Self::Float(b)) => a < b,
            (Self::Bytes(a), Self::Bytes(b)) => a < b,
            (Self::TimestampNs(a), Self::TimestampNs(b)) => a < b,
            _ => false,
        }
    }

    /// Appends the stored form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (tag, number) = match self {
            Self::Int(v) => (1, v.to_le_bytes()),
            Self::UInt(v) => (2, v.to_le_bytes()),
            Self::Float(v) => (3, v.to_le_bytes()),
            Self::Bytes(v) => {
                out.push(4);
                return out.extend_from_slice(v);
            }
            Self::TimestampNs(v) => (5, v.to_le_bytes()),
        };
        out.push(tag);
        out.extend_from_slice(&number);
    }

    /// Reads the stored form, which must fill `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let (tag, rest) = split_tag(WHAT, bytes)?;
        Ok(match tag {
            1 => Self::Int(i64::from_le_bytes(exact(WHAT, rest)?)),
            2 => Self::UInt(u64::from_le_bytes(exact(WHAT, rest)?)),
            3 => {
                let value = f64::from_le_bytes(exact(WHAT, rest)?);
                if value.is_nan() {
                    return Err(Error::corrupt(format!("{WHAT} is NaN")));
                }
                Self::Float(value)
            }
            4 => {
                if rest.len() > limits::STAT_BYTES {
                    return Err(Error::corrupt(format!(
                        "{WHAT} has {} bytes, at most {} are possible",
                        rest.len(),
                        limits::STAT_BYTES
                    )));
                }
                Self::Bytes(rest.to_vec())
            }
            5 => Self::TimestampNs(i64::from_le_bytes(exact(WHAT, rest)?)),
            other => return Err(unknown_tag(WHAT, other)),
        })
    }
}

impl fmt::Display for StatValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(v) | Self::TimestampNs(v) => v.fmt(f),
            Self::UInt(v) => v.fmt(f),
            Self::Float(v) => v.fmt(f),
            // The kind is one for strings and binaries: what reads as text is shown as text.
            Self::Bytes(v) => match std::str::from_utf8(v) {
                Ok(text) if !text.contains(char::is_control) => f.pad(text),
                _ => Hex(v).fmt(f),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_and_nothing_else_does() {
        for value in [
            StatValue::Int(-3),
            StatValue::UInt(u64::MAX),
            StatValue::Float(-0.0),
            StatValue::Bytes(vec![]),
            StatValue::Bytes(vec![7; limits::STAT_BYTES]),
            StatValue::TimestampNs(i64::MIN),
        ] {
            let mut bytes = Vec::new();
            value.encode(&mut bytes);
            assert_eq!(StatValue::decode(&bytes).unwrap(), value);
            if !matches!(value, StatValue::Bytes(_)) {
                assert!(StatValue::decode(&bytes[..8]).is_err());
                bytes.push(0);
                assert!(StatValue::decode(&bytes).is_err());
            }
        }
        let nan = [&[3u8][..], &f64::NAN.to_le_bytes()].concat();
        let long = vec![4; limits::STAT_BYTES + 2];
        for bad in [&[][..], &[0, 1], &[6], &nan, &long] {
            let error = StatValue::decode(bad).unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{error}");
        }
    }

    #[test]
    fn orders_within_a_kind() {
        let bytes = |v: &[u8]| StatValue::Bytes(v.to_vec());
        assert!(StatValue::Int(-1).less(&StatValue::Int(0)));
        assert!(StatValue::Float(1.0).less(&StatValue::Float(f64::INFINITY)));
        assert!(!StatValue::Float(f64::NAN).less(&StatValue::Float(1.0)));
        assert!(bytes(b"ab").less(&bytes(b"b")) && bytes(b"").less(&bytes(b"\0")));
        assert!(!StatValue::Int(0).less(&StatValue::UInt(1)));
        assert!(StatValue::Float(f64::NAN) == StatValue::Float(f64::NAN));
        assert!(StatValue::Float(0.0) != StatValue::Float(-0.0));
    }

    #[test]
    fn shows_text_as_text() {
        assert_eq!(StatValue::Bytes(b"north".into()).to_string(), "north");
        assert_eq!(StatValue::Bytes(vec![0, 255]).to_string(), "0x00ff");
        assert_eq!(StatValue::Float(1.5).to_string(), "1.5");
    }
}
