//! The fill value: what elements that were never written read as.

use std::fmt;

use half::{bf16, f16};

use super::{Hex, bool_of, exact, split_tag, text, unknown_tag};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::limits;

/// What this module decodes, for messages.
const WHAT: &str = "a fill value";

/// Characters of a refused value that its error repeats.
const SHOWN_CHARS: usize = 40;

/// What elements that were never written read as, before it is converted to the array's dtype.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum FillValue {
    /// For bools and unsigned integers.
    Bool(bool),
    /// For all numbers, timestamps and bools.
    Int(i64),
    /// For all numbers and bools.
    UInt(u64),
    /// For all numbers; for integers it must be a whole number.
    Float(f64),
    /// For strings and binaries.
    String(String),
    /// For timestamps: nanoseconds since 1970-01-01 UTC.
    TimestampNs(i64),
    /// For binaries.
    Binary(Vec<u8>),
    /// For complex numbers.
    Complex {
        /// The real part.
        re: f64,
        /// The imaginary part.
        im: f64,
    },
}

/// Floats are compared by their bits, so that a NaN equals itself.
impl PartialEq for FillValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::UInt(a), Self::UInt(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::String(a), Self::String(b)) => a == b,
            (Self::TimestampNs(a), Self::TimestampNs(b)) => a == b,
            (Self::Binary(a), Self::Binary(b)) => a == b,
            (Self::Complex { re: a, im: b }, Self::Complex { re: c, im: d }) => {
                (a.to_bits(), b.to_bits()) == (c.to_bits(), d.to_bits())
            }
            _ => false,
        }
    }
}

impl Eq for FillValue {}

impl FillValue {
    /// Whether a value of this kind can fill elements of `dtype`, whatever its size.
    ///
    /// One that cannot is as good as none: [`fill_bytes`] gives zeros, and no element equals it.
    pub fn applies_to(&self, dtype: &DType) -> bool {
        match dtype {
            DType::Bool => matches!(self, Self::Bool(_) | Self::Int(_) | Self::UInt(_)),
            DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => self.is_number(),
            DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => {
                self.is_number() || matches!(self, Self::Bool(_))
            }
            DType::Float16 | DType::BFloat16 | DType::Float32 | DType::Float64 => self.is_number(),
            DType::Complex64 | DType::Complex128 => {
                self.is_number() || matches!(self, Self::Complex { .. })
            }
            DType::TimestampNs => matches!(self, Self::TimestampNs(_) | Self::Int(_)),
            DType::String => matches!(self, Self::String(_)),
            DType::Binary => matches!(self, Self::Binary(_)),
            DType::FixedSizeList { child, .. } => self.applies_to(child),
            DType::List { .. } => false,
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::UInt(_) | Self::Float(_))
    }

    /// Refuses a value that `dtype` cannot hold: of another kind, out of range, not whole, or
    /// over the limit of the format. Floats may be rounded.
    pub fn check(&self, dtype: &DType) -> Result<()> {
        if !self.applies_to(dtype) || !self.in_range(dtype) {
            let mut shown = format!("{self:?}");
            if let Some((end, _)) = shown.char_indices().nth(SHOWN_CHARS) {
                shown.truncate(end);
                shown.push('…');
            }
            return Err(Error::invalid(format!(
                "fill value {shown} does not fit dtype {dtype:?}, which takes {}",
                wanted(dtype)
            )));
        }
        let length = match self {
            Self::String(v) => v.len(),
            Self::Binary(v) => v.len(),
            _ => 0,
        };
        limits::check("bytes of a fill value", length as u64, limits::NAME_BYTES)?;
        limits::check(
            "bytes of one element of the fill value",
            filled_len(dtype, Some(self)),
            limits::FRAME_BYTES,
        )
    }

    /// Whether a value of the right kind also has a size that `dtype` can hold.
    fn in_range(&self, dtype: &DType) -> bool {
        // What overflows is infinite after the conversion and was not before.
        let fits = |value: f64, max: f64| !value.is_finite() || value.abs() <= max;
        match dtype {
            DType::FixedSizeList { child, .. } => return self.in_range(child),
            DType::Complex64 | DType::Complex128 => {
                if let Self::Complex { re, im } = *self {
                    let max = largest(dtype);
                    return fits(re, max) && fits(im, max);
                }
            }
            _ => {}
        }
        if let Some((low, high)) = int_range(dtype) {
            return self.whole().is_some_and(|v| (low..=high).contains(&v));
        }
        match *self {
            Self::Int(v) => fits(v as f64, largest(dtype)),
            Self::UInt(v) => fits(v as f64, largest(dtype)),
            Self::Float(v) => fits(v, largest(dtype)),
            _ => true,
        }
    }

    /// The value as a whole number, if it is one.
    fn whole(&self) -> Option<i128> {
        match *self {
            Self::Bool(v) => Some(v.into()),
            Self::Int(v) | Self::TimestampNs(v) => Some(v.into()),
            Self::UInt(v) => Some(v.into()),
            // Beyond i128 the cast saturates, which is out of every range as well.
            Self::Float(v) => (v.is_finite() && v.fract() == 0.0).then_some(v as i128),
            _ => None,
        }
    }

    /// Appends the stored form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bool(v) => out.extend_from_slice(&[0, u8::from(*v)]),
            Self::Int(v) => put(1, &v.to_le_bytes(), out),
            Self::UInt(v) => put(2, &v.to_le_bytes(), out),
            Self::Float(v) => put(3, &v.to_le_bytes(), out),
            Self::String(v) => put(4, v.as_bytes(), out),
            Self::TimestampNs(v) => put(5, &v.to_le_bytes(), out),
            Self::Binary(v) => put(6, v, out),
            Self::Complex { re, im } => {
                put(7, &re.to_le_bytes(), out);
                out.extend_from_slice(&im.to_le_bytes());
            }
        }
    }

    /// Reads the stored form, which must fill `bytes`. [`check`](Self::check) says whether it
    /// fits its array.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let (tag, rest) = split_tag(WHAT, bytes)?;
        Ok(match tag {
            0 => {
                let [byte] = exact(WHAT, rest)?;
                Self::Bool(bool_of(WHAT, byte)?)
            }
            1 => Self::Int(i64::from_le_bytes(exact(WHAT, rest)?)),
            2 => Self::UInt(u64::from_le_bytes(exact(WHAT, rest)?)),
            3 => Self::Float(f64::from_le_bytes(exact(WHAT, rest)?)),
            4 => Self::String(text(WHAT, rest)?),
            5 => Self::TimestampNs(i64::from_le_bytes(exact(WHAT, rest)?)),
            6 => Self::Binary(rest.to_vec()),
            7 => {
                let both = u128::from_le_bytes(exact(WHAT, rest)?);
                Self::Complex {
                    re: f64::from_bits(both as u64),
                    im: f64::from_bits((both >> 64) as u64),
                }
            }
            other => return Err(unknown_tag(WHAT, other)),
        })
    }
}

fn put(tag: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(value);
}

/// The least and greatest value of dtypes that hold whole numbers.
fn int_range(dtype: &DType) -> Option<(i128, i128)> {
    Some(match dtype {
        DType::Bool => (0, 1),
        DType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DType::Int32 => (i32::MIN.into(), i32::MAX.into()),
        DType::Int64 | DType::TimestampNs => (i64::MIN.into(), i64::MAX.into()),
        DType::UInt8 => (0, u8::MAX.into()),
        DType::UInt16 => (0, u16::MAX.into()),
        DType::UInt32 => (0, u32::MAX.into()),
        DType::UInt64 => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// The greatest number that surely is finite after it is rounded to a float dtype.
///
/// From half a digit beyond the dtype's greatest number on, rounding goes to infinity. Machines
/// may round to `f32` on the way to 16 bits, so what is nearer to that than an `f32` is out too.
fn largest(dtype: &DType) -> f64 {
    let narrow = |overflow: f32| f64::from(overflow.next_down());
    match dtype {
        DType::Float16 => narrow(65_520.0),
        DType::BFloat16 => narrow(f32::from_bits(0x7F7F_8000)),
        DType::Float32 | DType::Complex64 => {
            (f64::from(f32::MAX) + 2f64.powi(127 - 24)).next_down()
        }
        _ => f64::MAX,
    }
}

/// What fits a dtype, for the error about what does not.
fn wanted(dtype: &DType) -> String {
    if matches!(dtype, DType::Bool) {
        return "true, false, 0 or 1".to_owned();
    }
    if let (Some((low, high)), false) = (int_range(dtype), *dtype == DType::TimestampNs) {
        return format!("whole numbers from {low} to {high}");
    }
    match dtype {
        DType::TimestampNs => "a TimestampNs, or an Int of nanoseconds".to_owned(),
        DType::String => "a String".to_owned(),
        DType::Binary => "a Binary".to_owned(),
        DType::Complex64 => format!("complex and real numbers up to {:e}", f32::MAX),
        DType::Complex128 => "complex and real numbers".to_owned(),
        DType::Float16 => format!("numbers up to {:e}, infinity and NaN", f16::MAX),
        DType::BFloat16 => format!("numbers up to {:e}, infinity and NaN", bf16::MAX),
        DType::Float32 => format!("numbers up to {:e}, infinity and NaN", f32::MAX),
        DType::FixedSizeList { child, .. } => format!("for every item {}", wanted(child)),
        DType::List { .. } => "none: what was not written is an empty list".to_owned(),
        _ => "numbers".to_owned(),
    }
}

/// The bytes of one element that was never written, as in decoded frames (`docs/format.md`,
/// section 6). Without a fill value, or with one that [does not apply](FillValue::applies_to),
/// that is zeros, an empty string or list, or so many of those.
///
/// An element over [`limits::FRAME_BYTES`] cannot be stored, and gives no bytes. That happens only to
/// types which [`DType::validate`] or [`FillValue::check`] refuse, and to huge lists of strings.
pub fn fill_bytes(dtype: &DType, fill: Option<&FillValue>) -> Vec<u8> {
    let fill = fill.filter(|fill| fill.applies_to(dtype));
    let length = filled_len(dtype, fill);
    if length > limits::FRAME_BYTES {
        return Vec::new();
    }
    let mut out = Vec::with_capacity(length as usize);
    append(dtype, fill, &mut out);
    out
}

/// The length of what [`fill_bytes`] would give without its limit.
fn filled_len(dtype: &DType, fill: Option<&FillValue>) -> u64 {
    match (dtype, fill) {
        (DType::FixedSizeList { child, size }, _) => {
            let (head, each) = if child.is_variable_length() {
                (4, 4)
            } else {
                (0, 0)
            };
            filled_len(child, fill)
                .saturating_add(each)
                .saturating_mul((*size).into())
                .saturating_add(head)
        }
        (DType::String, Some(FillValue::String(v))) => v.len() as u64,
        (DType::Binary, Some(FillValue::Binary(v))) => v.len() as u64,
        // Its count of items.
        (DType::List { child }, _) if child.is_variable_length() => 4,
        _ => dtype.element_size().unwrap_or(0) as u64,
    }
}

/// Appends one element; `fill` applies to `dtype`.
fn append(dtype: &DType, fill: Option<&FillValue>, out: &mut Vec<u8>) {
    use FillValue as F;
    if let DType::FixedSizeList { child, size } = dtype {
        return append_list(child, *size, fill, out);
    }
    let Some(fill) = fill else {
        out.resize(out.len() + filled_len(dtype, None) as usize, 0);
        return;
    };
    // The value as a number of this type, by cast.
    macro_rules! number {
        ($t:ty) => {{
            let value = match *fill {
                F::Bool(v) => u8::from(v) as $t,
                F::Int(v) | F::TimestampNs(v) => v as $t,
                F::UInt(v) => v as $t,
                F::Float(v) | F::Complex { re: v, .. } => v as $t,
                F::String(_) | F::Binary(_) => 0 as $t,
            };
            value.to_le_bytes()
        }};
    }
    let imaginary = match *fill {
        F::Complex { im, .. } => im,
        _ => 0.0,
    };
    let half = f64::from_le_bytes(number!(f64));
    match dtype {
        DType::Bool => out.push(u8::from(number!(i64) != [0; 8])),
        DType::Int8 => out.extend_from_slice(&number!(i8)),
        DType::Int16 => out.extend_from_slice(&number!(i16)),
        DType::Int32 => out.extend_from_slice(&number!(i32)),
        DType::Int64 | DType::TimestampNs => out.extend_from_slice(&number!(i64)),
        DType::UInt8 => out.extend_from_slice(&number!(u8)),
        DType::UInt16 => out.extend_from_slice(&number!(u16)),
        DType::UInt32 => out.extend_from_slice(&number!(u32)),
        DType::UInt64 => out.extend_from_slice(&number!(u64)),
        DType::Float16 => out.extend_from_slice(&f16::from_f64(half).to_le_bytes()),
        DType::BFloat16 => out.extend_from_slice(&bf16::from_f64(half).to_le_bytes()),
        DType::Float32 => out.extend_from_slice(&number!(f32)),
        DType::Float64 => out.extend_from_slice(&number!(f64)),
        DType::Complex64 => {
            out.extend_from_slice(&number!(f32));
            out.extend_from_slice(&(imaginary as f32).to_le_bytes());
        }
        DType::Complex128 => {
            out.extend_from_slice(&number!(f64));
            out.extend_from_slice(&imaginary.to_le_bytes());
        }
        DType::String | DType::Binary => match fill {
            F::String(v) => out.extend_from_slice(v.as_bytes()),
            F::Binary(v) => out.extend_from_slice(v),
            _ => {}
        },
        DType::List { .. } | DType::FixedSizeList { .. } => {}
    }
}

/// Appends a list of `size` equal items.
fn append_list(child: &DType, size: u32, fill: Option<&FillValue>, out: &mut Vec<u8>) {
    let mut item = Vec::new();
    if child.is_variable_length() {
        out.extend_from_slice(&size.to_le_bytes());
        item.extend_from_slice(&[0; 4]);
    }
    append(child, fill, &mut item);
    if child.is_variable_length() {
        let length = (item.len() - 4) as u32;
        item[..4].copy_from_slice(&length.to_le_bytes());
    }
    for _ in 0..size {
        out.extend_from_slice(&item);
    }
}

impl fmt::Display for FillValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(v) => v.fmt(f),
            Self::Int(v) | Self::TimestampNs(v) => v.fmt(f),
            Self::UInt(v) => v.fmt(f),
            Self::Float(v) => v.fmt(f),
            Self::String(v) => v.fmt(f),
            Self::Binary(v) => Hex(v).fmt(f),
            Self::Complex { re, im } => write!(f, "{re}{im:+}i"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FillValue::*;
    use super::*;

    fn list(child: DType, size: u32) -> DType {
        DType::FixedSizeList {
            child: Box::new(child),
            size,
        }
    }

    #[test]
    fn every_kind_reads_back_and_nothing_else_does() {
        for value in [
            Bool(true),
            Int(-1),
            UInt(u64::MAX),
            Float(f64::NAN),
            String("ü".into()),
            TimestampNs(7),
            Binary(vec![0xFF]),
            Complex { re: -0.0, im: 2.5 },
        ] {
            let mut bytes = Vec::new();
            value.encode(&mut bytes);
            assert_eq!(FillValue::decode(&bytes).unwrap(), value);
            if !matches!(value, String(_) | Binary(_)) {
                assert!(FillValue::decode(&bytes[..bytes.len() - 1]).is_err());
                bytes.push(0);
                assert!(FillValue::decode(&bytes).is_err());
            }
        }
        for bad in [&[][..], &[0, 2], &[8], &[4, 0xFF]] {
            assert!(FillValue::decode(bad).is_err());
        }
        assert_ne!(Float(0.0), Float(-0.0));
        assert_eq!(Complex { re: 1.0, im: -2.0 }.to_string(), "1-2i");
    }

    #[test]
    fn accepts_what_a_dtype_can_hold() {
        let complex = Complex { re: 1.0, im: 2.0 };
        let text = || String("a".into());
        for (dtype, fill) in [
            (DType::UInt8, Int(255)),
            (DType::UInt8, Bool(true)),
            (DType::UInt8, Float(255.0)),
            (DType::Int8, Float(-128.0)),
            (DType::Int64, Float(-(2f64.powi(63)))),
            (DType::UInt64, UInt(u64::MAX)),
            (DType::Bool, UInt(1)),
            (DType::Bool, Bool(false)),
            (DType::Float16, Float(65_519.9)),
            (DType::Float16, Float(f64::INFINITY)),
            (DType::BFloat16, Float(f64::NAN)),
            (DType::Float32, UInt(u64::MAX)),
            (DType::Float32, Float(0.1)),
            (DType::Complex64, complex.clone()),
            (DType::Complex128, Int(3)),
            (DType::TimestampNs, TimestampNs(-1)),
            (DType::TimestampNs, Int(1)),
            (DType::String, text()),
            (DType::Binary, Binary(vec![1])),
            (list(DType::Int16, 3), Int(-5)),
            (list(DType::String, 3), text()),
        ] {
            fill.check(&dtype).unwrap();
        }
    }

    #[test]
    fn refuses_what_a_dtype_cannot_hold() {
        let text = || String("a".into());
        for (dtype, fill) in [
            (DType::UInt8, Int(-1)),
            (DType::UInt8, Int(256)),
            (DType::UInt8, Float(0.5)),
            (DType::Int8, Bool(true)),
            (DType::Int8, UInt(128)),
            (DType::Int64, Float(2f64.powi(63))),
            (DType::UInt64, Float(2f64.powi(64))),
            (DType::Int32, Float(f64::NAN)),
            (DType::Int32, Float(f64::MAX)),
            (DType::Int32, text()),
            (DType::Bool, Int(2)),
            (DType::Bool, Float(1.0)),
            (DType::Float16, Float(65_520.0)),
            (DType::Float16, Int(100_000)),
            (DType::Float32, Float(1e39)),
            (DType::Float64, TimestampNs(1)),
            (DType::Float64, Complex { re: 1.0, im: 0.0 }),
            (DType::Complex64, Complex { re: 0.0, im: 1e300 }),
            (DType::TimestampNs, UInt(1)),
            (DType::String, Binary(vec![])),
            (DType::Binary, text()),
            (list(DType::UInt8, 2), Int(300)),
            (
                DType::List {
                    child: Box::new(DType::Int8),
                },
                Int(1),
            ),
        ] {
            let error = fill.check(&dtype).unwrap_err();
            assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
        }
        let error = Int(256).check(&DType::UInt8).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid argument: fill value Int(256) does not fit dtype UInt8, \
             which takes whole numbers from 0 to 255"
        );
        for (dtype, size) in [
            (DType::String, 65_536),
            (list(DType::String, 1 << 20), 65_000),
        ] {
            let error = String("x".repeat(size)).check(&dtype).unwrap_err();
            assert!(matches!(error, Error::Limit { .. }), "{error}");
        }
    }

    #[test]
    fn the_limit_of_a_float_is_where_rounding_overflows() {
        let half = |v| f16::from_f64(v).is_infinite();
        let brain = |v| bf16::from_f64(v).is_infinite();
        let single = |v: f64| (v as f32).is_infinite();
        let check = |dtype: DType, infinite: &dyn Fn(f64) -> bool| {
            let max = largest(&dtype);
            assert!(!infinite(max), "{dtype:?}");
            assert!(infinite(max * (1.0 + 1e-7)), "{dtype:?}");
        };
        check(DType::Float16, &half);
        check(DType::BFloat16, &brain);
        check(DType::Float32, &single);
    }

    #[test]
    fn fills_one_element() {
        let bytes = |dtype: &DType, fill: FillValue| fill_bytes(dtype, Some(&fill));
        assert_eq!(bytes(&DType::Int16, Float(-2.0)), (-2i16).to_le_bytes());
        assert_eq!(bytes(&DType::UInt32, Bool(true)), 1u32.to_le_bytes());
        assert_eq!(bytes(&DType::Bool, Int(1)), [1]);
        assert_eq!(bytes(&DType::Float16, Int(1)), [0x00, 0x3C]);
        assert_eq!(bytes(&DType::BFloat16, Float(1.0)), [0x80, 0x3F]);
        assert_eq!(bytes(&DType::Float32, Float(0.1)), 0.1f32.to_le_bytes());
        assert_eq!(bytes(&DType::TimestampNs, Int(5)), 5i64.to_le_bytes());
        assert_eq!(
            bytes(&DType::Complex64, Complex { re: 1.0, im: 2.0 }),
            [1f32.to_le_bytes(), 2f32.to_le_bytes()].concat()
        );
        assert_eq!(bytes(&DType::String, String("ab".into())), b"ab");
        assert_eq!(bytes(&DType::Binary, Binary(vec![7])), [7]);
        assert_eq!(bytes(&list(DType::UInt8, 3), Int(9)), [9, 9, 9]);
        assert_eq!(
            bytes(&list(DType::String, 2), String("a".into())),
            [2, 0, 0, 0, 1, 0, 0, 0, b'a', 1, 0, 0, 0, b'a']
        );
        let nested = list(list(DType::String, 1), 1);
        let want = [1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, b'a'];
        assert_eq!(bytes(&nested, String("a".into())), want);
        // Of another kind, or none.
        assert_eq!(bytes(&DType::Int32, String("1".into())), [0; 4]);
        assert_eq!(bytes(&DType::String, Int(1)), b"");
        assert_eq!(fill_bytes(&list(DType::Complex128, 2), None), [0; 32]);
        assert_eq!(
            fill_bytes(&list(DType::Binary, 1), None),
            [1, 0, 0, 0, 0, 0, 0, 0]
        );
        assert_eq!(fill_bytes(&list(DType::String, u32::MAX), None), b"");
    }
}
