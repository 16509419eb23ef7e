//! Elements by number: every kind of array has the same few codes. What a code means is written
//! down here, without the library's conversions.

use std::cmp::Ordering;
use std::sync::OnceLock;

use array_format::{ArrayElement, AttributeValue, FillValue, List, StatValue, TimestampNs};
use half::{bf16, f16};
use num_complex::Complex;

/// Codes of elements. 0 is what an array without a fill value reads as; those from `RARE` on are
/// long, or odd.
pub const CODES: u8 = 12;
pub const RARE: u8 = 9;
/// Codes that may be fill values.
pub const FILLS: u8 = 11;
/// Where statistics cut strings and binaries off.
const STAT_BYTES: usize = 4096;

/// What an element is to statistics.
#[derive(Debug, Clone, PartialEq)]
pub enum Rank {
    Bound(StatValue),
    /// Counted, but neither minimum nor maximum.
    Unordered,
}

/// A Rust type of elements that have codes.
pub trait Sample: ArrayElement {
    fn sample(code: u8) -> Self;
    /// Any injective encoding.
    fn bytes(&self) -> Vec<u8>;
    fn rank(&self) -> Rank {
        Rank::Unordered
    }
    /// A fill value that reads as this code, if there is one.
    fn fill(code: u8) -> Option<FillValue>;
    /// Whether one is null where the other is the fill value.
    fn same(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

macro_rules! integers {
    ($($t:ident $kind:ident $wide:ident;)*) => {$(
        impl Sample for $t {
            fn sample(code: u8) -> Self {
                [0, 1, 2, 3, 7, (0 as $t).wrapping_sub(1), 100, 42, $t::MAX / 2, $t::MAX, $t::MIN, 5]
                    [usize::from(code)]
            }
            fn bytes(&self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
            fn rank(&self) -> Rank {
                Rank::Bound(StatValue::$kind($wide::from(*self)))
            }
            fn fill(code: u8) -> Option<FillValue> {
                let value = Self::sample(code);
                Some(match code {
                    2 => FillValue::Float(2.0),
                    3 => FillValue::Int(3),
                    4 => FillValue::UInt(7),
                    _ => FillValue::$kind($wide::from(value)),
                })
            }
        }
    )*};
}

integers! {
    i8 Int i64; i16 Int i64; i32 Int i64; i64 Int i64;
    u8 UInt u64; u16 UInt u64; u32 UInt u64; u64 UInt u64;
}

macro_rules! floats {
    ($($t:ident from $from:expr;)*) => {$(
        impl Sample for $t {
            fn sample(code: u8) -> Self {
                let from = $from;
                match code {
                    4 => $t::NAN,
                    10 => $t::MAX,
                    // A NaN of other bits.
                    11 => $t::from_bits($t::NAN.to_bits() | 1),
                    _ => from([0.0, -0.0, 1.5, -2.25, 0.0, 100.0, 0.5, f64::INFINITY,
                        f64::NEG_INFINITY, -1.0][usize::from(code)]),
                }
            }
            fn bytes(&self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
            fn rank(&self) -> Rank {
                if self.is_nan() {
                    return Rank::Unordered;
                }
                Rank::Bound(StatValue::Float(f64::from(*self) + 0.0))
            }
            fn fill(code: u8) -> Option<FillValue> {
                Some(match code {
                    5 => FillValue::Int(100),
                    _ => FillValue::Float(f64::from(Self::sample(code))),
                })
            }
            fn same(&self, other: &Self) -> bool {
                self == other || self.is_nan() && other.is_nan()
            }
        }
    )*};
}

floats! {
    f32 from |v: f64| v as f32;
    f64 from |v: f64| v;
    f16 from f16::from_f64;
    bf16 from bf16::from_f64;
}

macro_rules! complex {
    ($($t:ident)*) => {$(
        impl Sample for Complex<$t> {
            fn sample(code: u8) -> Self {
                Complex::new($t::sample(code), $t::sample(code * 5 % FILLS))
            }
            fn bytes(&self) -> Vec<u8> {
                [self.re.bytes(), self.im.bytes()].concat()
            }
            fn fill(code: u8) -> Option<FillValue> {
                let value = Self::sample(code);
                Some(FillValue::Complex { re: value.re.into(), im: value.im.into() })
            }
            fn same(&self, other: &Self) -> bool {
                self.re.same(&other.re) && self.im.same(&other.im)
            }
        }
    )*};
}

complex! { f32 f64 }

impl Sample for bool {
    fn sample(code: u8) -> Self {
        code % 2 == 1
    }
    fn bytes(&self) -> Vec<u8> {
        vec![u8::from(*self)]
    }
    fn rank(&self) -> Rank {
        Rank::Bound(StatValue::UInt((*self).into()))
    }
    fn fill(code: u8) -> Option<FillValue> {
        Some(FillValue::Bool(Self::sample(code)))
    }
}

impl Sample for TimestampNs {
    fn sample(code: u8) -> Self {
        Self(i64::sample(code))
    }
    fn bytes(&self) -> Vec<u8> {
        self.0.bytes()
    }
    fn rank(&self) -> Rank {
        Rank::Bound(StatValue::TimestampNs(self.0))
    }
    fn fill(code: u8) -> Option<FillValue> {
        Some(FillValue::TimestampNs(Self::sample(code).0))
    }
}

impl Sample for String {
    fn sample(code: u8) -> Self {
        match code {
            9 => "y".repeat(5000),
            10 => "y".repeat(STAT_BYTES) + "z",
            11 => "ü€".repeat(1000),
            _ => ["", "a", "b", "ab", "ü€", "\0", "zz", "\u{10FFFF}", "1.5"][usize::from(code)]
                .into(),
        }
    }
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
    fn rank(&self) -> Rank {
        Rank::Bound(StatValue::Bytes(self.bytes()))
    }
    fn fill(code: u8) -> Option<FillValue> {
        Some(FillValue::String(Self::sample(code)))
    }
}

impl Sample for Vec<u8> {
    fn sample(code: u8) -> Self {
        match code {
            9 => vec![255; 5000],
            10 => [vec![1; STAT_BYTES - 1], vec![255; 9]].concat(),
            _ => String::sample(code).into_bytes(),
        }
    }
    fn bytes(&self) -> Vec<u8> {
        self.clone()
    }
    fn rank(&self) -> Rank {
        Rank::Bound(StatValue::Bytes(self.clone()))
    }
    fn fill(code: u8) -> Option<FillValue> {
        Some(FillValue::Binary(Self::sample(code)))
    }
}

impl Sample for [i16; 3] {
    fn sample(code: u8) -> Self {
        let other = if code < 6 { code } else { code - 3 };
        [code, code, other].map(i16::sample)
    }
    fn bytes(&self) -> Vec<u8> {
        self.map(i16::to_le_bytes).concat()
    }
    fn fill(code: u8) -> Option<FillValue> {
        (code < 6).then(|| i16::fill(code))?
    }
}

impl Sample for [String; 2] {
    fn sample(code: u8) -> Self {
        let other = if code < 6 { code } else { code - 3 };
        [code, other].map(String::sample)
    }
    fn bytes(&self) -> Vec<u8> {
        let length = self[0].len() as u64;
        [
            &length.to_le_bytes(),
            self[0].as_bytes(),
            self[1].as_bytes(),
        ]
        .concat()
    }
    fn fill(code: u8) -> Option<FillValue> {
        (code < 6).then(|| String::fill(code))?
    }
}

impl Sample for List<f32> {
    fn sample(code: u8) -> Self {
        (0..code).map(|i| f32::sample((code + i) % CODES)).collect()
    }
    fn bytes(&self) -> Vec<u8> {
        self.iter().flat_map(|v| v.to_le_bytes()).collect()
    }
    fn fill(_: u8) -> Option<FillValue> {
        None
    }
}

macro_rules! kinds {
    ($($kind:ident $t:ty;)*) => {
        /// The types of arrays that are tried.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($kind,)*
        }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// What its codes mean.
            pub fn palette(self) -> &'static Palette {
                match self {
                    $(Self::$kind => {
                        static PALETTE: OnceLock<Palette> = OnceLock::new();
                        PALETTE.get_or_init(Palette::new::<$t>)
                    })*
                }
            }
        }

        /// `typed!(kind, T => …)` with `T` as the kind's Rust type.
        macro_rules! typed {
            ($value:expr, $name:ident => $body:expr) => {
                match $value {
                    $(crate::element::Kind::$kind => { type $name = $t; $body })*
                }
            };
        }
        pub(crate) use typed;
    };
}

kinds! {
    Bool bool;
    Int8 i8;
    Int16 i16;
    Int32 i32;
    Int64 i64;
    UInt8 u8;
    UInt16 u16;
    UInt32 u32;
    UInt64 u64;
    Float16 half::f16;
    BFloat16 half::bf16;
    Float32 f32;
    Float64 f64;
    Complex64 num_complex::Complex<f32>;
    Complex128 num_complex::Complex<f64>;
    Timestamp array_format::TimestampNs;
    Text String;
    Binary Vec<u8>;
    Triple [i16; 3];
    Texts [String; 2];
    Ragged array_format::List<f32>;
}

/// What the codes of a kind mean, by code.
pub struct Palette {
    pub dtype: array_format::DType,
    pub bytes: Vec<Vec<u8>>,
    pub ranks: Vec<Rank>,
    pub fills: Vec<Option<FillValue>>,
    /// Whether two codes are one to statistics.
    pub same: Vec<Vec<bool>>,
}

impl Palette {
    fn new<T: Sample>() -> Self {
        let samples: Vec<T> = (0..CODES).map(T::sample).collect();
        Self {
            dtype: T::dtype(),
            bytes: samples.iter().map(T::bytes).collect(),
            ranks: samples.iter().map(T::rank).collect(),
            fills: (0..FILLS).map(T::fill).collect(),
            same: samples
                .iter()
                .map(|a| samples.iter().map(|b| a.same(b)).collect())
                .collect(),
        }
    }
}

fn order(a: &StatValue, b: &StatValue) -> Ordering {
    match (a, b) {
        (StatValue::Int(a), StatValue::Int(b)) => a.cmp(b),
        (StatValue::UInt(a), StatValue::UInt(b)) => a.cmp(b),
        (StatValue::Float(a), StatValue::Float(b)) => a.partial_cmp(b).expect("no NaN"),
        (StatValue::Bytes(a), StatValue::Bytes(b)) => a.cmp(b),
        (StatValue::TimestampNs(a), StatValue::TimestampNs(b)) => a.cmp(b),
        _ => panic!("{a:?} and {b:?} have no order"),
    }
}

/// Minimum and maximum of these codes, as statistics show them.
pub fn bounds(
    palette: &Palette,
    codes: impl Iterator<Item = u8>,
) -> (Option<StatValue>, Option<StatValue>) {
    let mut bounds: Option<(&StatValue, &StatValue)> = None;
    for code in codes {
        if let Rank::Bound(value) = &palette.ranks[usize::from(code)] {
            let (min, max) = bounds.unwrap_or((value, value));
            bounds = Some((
                if order(value, min).is_lt() {
                    value
                } else {
                    min
                },
                if order(value, max).is_gt() {
                    value
                } else {
                    max
                },
            ));
        }
    }
    let Some((min, max)) = bounds else {
        return (None, None);
    };
    match (min, max) {
        (StatValue::Bytes(min), StatValue::Bytes(max)) => {
            let min = min[..min.len().min(STAT_BYTES)].to_vec();
            (
                Some(StatValue::Bytes(min)),
                raised(max).map(StatValue::Bytes),
            )
        }
        _ => (Some(min.clone()), Some(max.clone())),
    }
}

/// A long maximum is cut short and raised; of nothing but 255 there is none.
fn raised(max: &[u8]) -> Option<Vec<u8>> {
    if max.len() <= STAT_BYTES {
        return Some(max.to_vec());
    }
    let mut short = max[..STAT_BYTES].to_vec();
    while short.last() == Some(&255) {
        short.pop();
    }
    *short.last_mut()? += 1;
    Some(short)
}

/// Codes of attribute values.
pub const ATTRIBUTES: u8 = 14;

/// An attribute value by code.
pub fn attribute(code: u8) -> AttributeValue {
    use AttributeValue as A;
    match code {
        0 => A::Bool(true),
        1 => A::Int8(-1),
        2 => A::UInt64(u64::MAX),
        3 => A::Float64(f64::NAN),
        4 => A::Float32(-0.0),
        5 => A::String("m/s".into()),
        6 => A::String("x".repeat(3000)),
        7 => A::Binary(vec![0, 255]),
        8 => A::Int16List(vec![1, -2]),
        9 => A::StringList(vec![String::new(), "ü".into()]),
        10 => A::BinaryList(Vec::new()),
        11 => A::Float64List(vec![f64::NAN, 0.5]),
        12 => A::BoolList(vec![true, false]),
        _ => A::String(String::new()),
    }
}
