//! Comparing values of different types.

use std::cmp::Ordering;

use super::{Comparison, Test};
use crate::value::{AttributeValue, StatValue};

/// A value of any origin, as far as values of different types can be compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Int(i128),
    Float(f64),
    Bytes(&'a [u8]),
    List(&'a AttributeValue),
}

impl<'a> From<&'a AttributeValue> for Scalar<'a> {
    fn from(value: &'a AttributeValue) -> Self {
        match value {
            AttributeValue::Bool(v) => Self::Bool(*v),
            AttributeValue::Int8(v) => Self::Int((*v).into()),
            AttributeValue::Int16(v) => Self::Int((*v).into()),
            AttributeValue::Int32(v) => Self::Int((*v).into()),
            AttributeValue::Int64(v) => Self::Int((*v).into()),
            AttributeValue::UInt8(v) => Self::Int((*v).into()),
            AttributeValue::UInt16(v) => Self::Int((*v).into()),
            AttributeValue::UInt32(v) => Self::Int((*v).into()),
            AttributeValue::UInt64(v) => Self::Int((*v).into()),
            AttributeValue::Float32(v) => Self::Float((*v).into()),
            AttributeValue::Float64(v) => Self::Float(*v),
            AttributeValue::String(v) => Self::Bytes(v.as_bytes()),
            AttributeValue::Binary(v) => Self::Bytes(v),
            list => Self::List(list),
        }
    }
}

impl<'a> From<&'a StatValue> for Scalar<'a> {
    fn from(value: &'a StatValue) -> Self {
        match value {
            StatValue::Int(v) | StatValue::TimestampNs(v) => Self::Int((*v).into()),
            StatValue::UInt(v) => Self::Int((*v).into()),
            StatValue::Float(v) => Self::Float(*v),
            StatValue::Bytes(v) => Self::Bytes(v),
        }
    }
}

impl Scalar<'_> {
    /// Their order, or none if they have none.
    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(&b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Int(a), Self::Float(b)) => compare_exactly(a, b),
            (Self::Float(a), Self::Int(b)) => compare_exactly(b, a).map(Ordering::reverse),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// Whether they are equal, or none if they cannot be compared.
    fn equals(self, other: Self) -> Option<bool> {
        match (self, other) {
            (Self::List(a), Self::List(b)) => Some(a == b),
            _ => Some(self.compare(other)? == Ordering::Equal),
        }
    }
}

/// The order of an integer of at most 65 bits and a float, without rounding either.
fn compare_exactly(int: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // Beyond this no integer that is asked for lies; up to it the conversion is exact.
    const BEYOND: f64 = (1u128 << 100) as f64;
    if float.abs() >= BEYOND {
        return Some(if float > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    let whole = float.floor();
    let order = int.cmp(&(whole as i128));
    Some(match order {
        Ordering::Equal if float > whole => Ordering::Less,
        order => order,
    })
}

impl Test {
    /// Whether a value passes.
    pub(super) fn passes(&self, value: Scalar<'_>) -> bool {
        match self {
            Self::Exists => true,
            Self::Compare(how, other) => {
                let other = Scalar::from(other);
                let order = || value.compare(other);
                match how {
                    Comparison::Eq => value.equals(other) == Some(true),
                    Comparison::Ne => value.equals(other) == Some(false),
                    Comparison::Lt => order().is_some_and(Ordering::is_lt),
                    Comparison::Le => order().is_some_and(Ordering::is_le),
                    Comparison::Gt => order().is_some_and(Ordering::is_gt),
                    Comparison::Ge => order().is_some_and(Ordering::is_ge),
                }
            }
            Self::In(values) => values
                .iter()
                .any(|other| value.equals(other.into()) == Some(true)),
            Self::StartsWith(prefix) => match value {
                Scalar::Bytes(bytes) => bytes.starts_with(prefix.as_bytes()),
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_and_floats_compare_without_rounding() {
        let order = |int: i128, float: f64| compare_exactly(int, float);
        assert_eq!(order(3, 3.0), Some(Ordering::Equal));
        assert_eq!(order(3, 3.5), Some(Ordering::Less));
        assert_eq!(order(-3, -3.5), Some(Ordering::Greater));
        // As floats these two would be equal.
        let large = (1i128 << 53) + 1;
        assert_eq!(order(large, large as f64), Some(Ordering::Greater));
        assert_eq!(
            order(u64::MAX.into(), u64::MAX as f64),
            Some(Ordering::Less)
        );
        assert_eq!(order(0, f64::INFINITY), Some(Ordering::Less));
        assert_eq!(order(0, f64::NEG_INFINITY), Some(Ordering::Greater));
        assert_eq!(order(0, -0.0), Some(Ordering::Equal));
        assert_eq!(order(0, f64::NAN), None);
    }

    #[test]
    fn what_cannot_be_compared_passes_no_comparison() {
        let text = AttributeValue::from("3");
        for how in [
            Comparison::Eq,
            Comparison::Ne,
            Comparison::Lt,
            Comparison::Le,
            Comparison::Gt,
            Comparison::Ge,
        ] {
            let test = Test::Compare(how, AttributeValue::Int32(3));
            assert!(!test.passes(Scalar::from(&text)), "{how:?}");
        }
        let list = AttributeValue::from(vec![1i32, 2]);
        let same = Test::Compare(Comparison::Eq, list.clone());
        assert!(same.passes(Scalar::from(&list)));
        let less = Test::Compare(Comparison::Lt, list.clone());
        assert!(!less.passes(Scalar::from(&list)));
    }

    proptest! {
        /// Where a float holds the integer exactly, both ways to compare agree.
        #[test]
        fn small_integers_compare_as_floats_do(a in -1_000_000i64..1_000_000, b in -1e6f64..1e6) {
            prop_assert_eq!(compare_exactly(a.into(), b), (a as f64).partial_cmp(&b));
        }
    }
}
