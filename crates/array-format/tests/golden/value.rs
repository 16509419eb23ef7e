//! Elements as `docs/format.md` has them, written down here without the library's help.

use array_format::{ArrayElement, List, StatValue, TimestampNs};
use half::{bf16, f16};
use num_complex::Complex;

/// An element in a model: its stored bytes, and what statistics make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub bytes: Vec<u8>,
    pub stat: Option<StatValue>,
    pub nan: bool,
    /// Whether it lies in a tile that was written.
    pub covered: bool,
}

impl Cell {
    /// Whether this is the fill value; all NaNs are one.
    pub fn is(&self, fill: &Cell) -> bool {
        self.bytes == fill.bytes || self.nan && fill.nan
    }
}

/// A Rust type that golden arrays hold.
pub trait Value: ArrayElement + PartialEq {
    /// The dtype as the dump has it.
    fn name() -> String;
    /// What an unwritten element without a fill value is.
    fn zero() -> Self;
    /// Its bytes on their own.
    fn bytes(&self) -> Vec<u8>;
    /// As a minimum or maximum.
    fn stat(&self) -> Option<StatValue> {
        None
    }
    /// Whether it counts as NaN.
    fn nan(&self) -> bool {
        false
    }
    /// For the model.
    fn cell(&self) -> Cell {
        Cell {
            bytes: self.bytes(),
            stat: self.stat().filter(|_| !self.nan()),
            nan: self.nan(),
            covered: false,
        }
    }
}

/// The bytes of items within an element.
fn items<T: Value>(items: &[T]) -> Vec<u8> {
    let each: Vec<Vec<u8>> = items.iter().map(Value::bytes).collect();
    if T::dtype().element_size().is_some() {
        return each.concat();
    }
    let mut out = (items.len() as u32).to_le_bytes().to_vec();
    for item in each {
        out.extend((item.len() as u32).to_le_bytes());
        out.extend(item);
    }
    out
}

macro_rules! numbers {
    ($($t:ty: $name:literal, $kind:ident, $wide:ty, $nan:expr;)*) => {$(
        impl Value for $t {
            fn name() -> String {
                $name.to_owned()
            }
            fn zero() -> Self {
                Self::default()
            }
            fn bytes(&self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
            fn stat(&self) -> Option<StatValue> {
                Some(StatValue::$kind(<$wide>::from(*self)))
            }
            fn nan(&self) -> bool {
                $nan(*self)
            }
        }
    )*};
}

numbers! {
    i8: "int8", Int, i64, |_| false;
    i16: "int16", Int, i64, |_| false;
    i32: "int32", Int, i64, |_| false;
    i64: "int64", Int, i64, |_| false;
    u8: "uint8", UInt, u64, |_| false;
    u16: "uint16", UInt, u64, |_| false;
    u32: "uint32", UInt, u64, |_| false;
    u64: "uint64", UInt, u64, |_| false;
    f16: "float16", Float, f64, f16::is_nan;
    bf16: "bfloat16", Float, f64, bf16::is_nan;
    f32: "float32", Float, f64, f32::is_nan;
    f64: "float64", Float, f64, f64::is_nan;
}

impl Value for bool {
    fn name() -> String {
        "bool".to_owned()
    }
    fn zero() -> Self {
        false
    }
    fn bytes(&self) -> Vec<u8> {
        vec![u8::from(*self)]
    }
    fn stat(&self) -> Option<StatValue> {
        Some(StatValue::UInt(u64::from(*self)))
    }
}

impl Value for TimestampNs {
    fn name() -> String {
        "timestamp_ns".to_owned()
    }
    fn zero() -> Self {
        Self(0)
    }
    fn bytes(&self) -> Vec<u8> {
        self.0.to_le_bytes().to_vec()
    }
    fn stat(&self) -> Option<StatValue> {
        Some(StatValue::TimestampNs(self.0))
    }
}

macro_rules! complex {
    ($($t:ty: $name:literal;)*) => {$(
        impl Value for Complex<$t> {
            fn name() -> String {
                $name.to_owned()
            }
            fn zero() -> Self {
                Self::default()
            }
            fn bytes(&self) -> Vec<u8> {
                [self.re.to_le_bytes(), self.im.to_le_bytes()].concat()
            }
            fn nan(&self) -> bool {
                self.re.is_nan() || self.im.is_nan()
            }
        }
    )*};
}

complex! {
    f32: "complex64";
    f64: "complex128";
}

impl Value for String {
    fn name() -> String {
        "string".to_owned()
    }
    fn zero() -> Self {
        Self::new()
    }
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
    fn stat(&self) -> Option<StatValue> {
        Some(StatValue::Bytes(Value::bytes(self)))
    }
}

impl Value for Vec<u8> {
    fn name() -> String {
        "binary".to_owned()
    }
    fn zero() -> Self {
        Self::new()
    }
    fn bytes(&self) -> Vec<u8> {
        self.clone()
    }
    fn stat(&self) -> Option<StatValue> {
        Some(StatValue::Bytes(self.clone()))
    }
}

impl<T: Value> Value for List<T> {
    fn name() -> String {
        format!("list<{}>", T::name())
    }
    fn zero() -> Self {
        Self(Vec::new())
    }
    fn bytes(&self) -> Vec<u8> {
        items(&self.0)
    }
}

impl<T: Value, const N: usize> Value for [T; N] {
    fn name() -> String {
        format!("fixed_size_list<{}, {N}>", T::name())
    }
    fn zero() -> Self {
        std::array::from_fn(|_| T::zero())
    }
    fn bytes(&self) -> Vec<u8> {
        items(self)
    }
}
