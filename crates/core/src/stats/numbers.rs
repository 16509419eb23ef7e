//! The pass over numbers: one for each type, without branches, several numbers at a time.

use super::wide::{self, Wide};
use super::{FrameStats, Gather};
use crate::value::StatValue;

/// Numbers that are compared at once. Minimum and maximum of floats depend on their order for a
/// compiler, so it uses vector instructions only where lanes are spelt out.
const LANES: usize = 32;

/// Groups of [`LANES`] numbers between two transfers of the counts, so that 8 bits hold a count.
const GROUPS: usize = 255;

/// A number that has an order, with `N` bytes.
pub(super) trait Number<const N: usize>: Copy + PartialEq + PartialOrd {
    /// No number is less.
    const LEAST: Self;
    /// No number is greater.
    const GREATEST: Self;
    /// Counts up to 255, in an integer as wide as the number where that helps.
    type Count: Copy + Default + std::ops::AddAssign + From<bool> + Into<u64>;
    /// The number with these bytes.
    fn read(bytes: [u8; N]) -> Self;
    /// Whether it has no place in the order.
    fn is_nan(self) -> bool;
    /// Itself as a bound.
    fn stat(self) -> StatValue;
}

macro_rules! integers {
    ($($t:ident $n:literal $count:ident $kind:ident;)*) => {
        $(impl Number<$n> for $t {
            const LEAST: Self = Self::MIN;
            const GREATEST: Self = Self::MAX;
            type Count = $count;
            #[inline]
            fn read(bytes: [u8; $n]) -> Self {
                Self::from_le_bytes(bytes)
            }
            #[inline]
            fn is_nan(self) -> bool {
                false
            }
            fn stat(self) -> StatValue {
                StatValue::$kind(self.into())
            }
        })*
    };
}

integers! {
    i8 1 u8 Int;
    i16 2 u16 Int;
    i32 4 u32 Int;
    i64 8 u64 Int;
    u8 1 u8 UInt;
    u16 2 u16 UInt;
    u32 4 u32 UInt;
    u64 8 u64 UInt;
}

macro_rules! floats {
    ($($t:ident $n:literal $count:ident;)*) => {
        $(impl Number<$n> for $t {
            const LEAST: Self = Self::NEG_INFINITY;
            const GREATEST: Self = Self::INFINITY;
            type Count = $count;
            #[inline]
            fn read(bytes: [u8; $n]) -> Self {
                Self::from_le_bytes(bytes)
            }
            #[inline]
            fn is_nan(self) -> bool {
                self != self
            }
            fn stat(self) -> StatValue {
                // Zeros are equal, so which of them came first must not show.
                StatValue::Float(f64::from(self) + 0.0)
            }
        })*
    };
}

floats! {
    f32 4 u32;
    f64 8 u64;
}

/// A float of 16 bits as an integer of the same order, which a machine compares at once where it
/// would widen a float one by one. `i16::MIN` is NaN, and zeros are equal.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Ordered<const INFINITY: i16>(i16);

/// A binary16.
pub(super) type Half = Ordered<0x7C00>;
/// A bfloat16.
pub(super) type BFloat = Ordered<0x7F80>;

impl<const INFINITY: i16> Ordered<INFINITY> {
    /// The bits of the float.
    fn bits(self) -> u16 {
        self.0.unsigned_abs() | (u16::from(self.0 < 0) << 15)
    }
}

impl<const INFINITY: i16> Number<2> for Ordered<INFINITY> {
    const LEAST: Self = Self(-INFINITY);
    const GREATEST: Self = Self(INFINITY);
    type Count = u16;
    #[inline]
    fn read(bytes: [u8; 2]) -> Self {
        let bits = i16::from_le_bytes(bytes);
        let magnitude = bits & i16::MAX;
        let signed = if bits < 0 { -magnitude } else { magnitude };
        Self(if magnitude > INFINITY {
            i16::MIN
        } else {
            signed
        })
    }
    #[inline]
    fn is_nan(self) -> bool {
        self.0 == i16::MIN
    }
    fn stat(self) -> StatValue {
        StatValue::Float(if INFINITY == 0x7C00 {
            half::f16::from_bits(self.bits()).to_f64()
        } else {
            half::bf16::from_bits(self.bits()).to_f64()
        })
    }
}

/// Gathers numbers of one type.
pub(super) struct Numbers<'a, T: Number<N>, const N: usize> {
    numbers: &'a [[u8; N]],
    fill: Option<T>,
    min: [T; LANES],
    max: [T; LANES],
    seen: u64,
    filled: u64,
    nan: u64,
}

impl<'a, T: Number<N>, const N: usize> Numbers<'a, T, N> {
    /// Over these elements, with this fill element.
    pub(super) fn new(bytes: &'a [u8], fill: Option<&[u8]>) -> Self {
        Self {
            numbers: bytes.as_chunks().0,
            fill: read_fill(fill),
            min: [T::GREATEST; LANES],
            max: [T::LEAST; LANES],
            seen: 0,
            filled: 0,
            nan: 0,
        }
    }
}

/// The pass over numbers, with or without a test for a fill value that is a number.
struct Pass<'p, 'a, T: Number<N>, const N: usize, const FILL: bool> {
    totals: &'p mut Numbers<'a, T, N>,
    numbers: &'a [[u8; N]],
    fill: T,
}

impl<T: Number<N>, const N: usize, const FILL: bool> Wide for Pass<'_, '_, T, N, FILL> {
    #[inline(always)]
    fn run(self) {
        let Self {
            totals,
            numbers,
            fill,
        } = self;
        let (groups, rest) = numbers.as_chunks::<LANES>();
        for groups in groups.chunks(GROUPS) {
            let mut filled = [T::Count::default(); LANES];
            let mut nan = [T::Count::default(); LANES];
            // Copies, so that they can live in registers.
            let (mut min, mut max) = (totals.min, totals.max);
            for group in groups {
                for lane in 0..LANES {
                    let value = T::read(group[lane]);
                    let is_fill = FILL && value == fill;
                    let is_nan = value.is_nan();
                    let skip = is_fill | is_nan;
                    // Written with one select each; with two, integers are compared one by one.
                    let (low, high) = (value < min[lane], value > max[lane]);
                    min[lane] = if low & !skip { value } else { min[lane] };
                    max[lane] = if high & !skip { value } else { max[lane] };
                    filled[lane] += is_fill.into();
                    nan[lane] += is_nan.into();
                }
            }
            (totals.min, totals.max) = (min, max);
            totals.filled += filled.into_iter().map(Into::into).sum::<u64>();
            totals.nan += nan.into_iter().map(Into::into).sum::<u64>();
        }
        for (lane, bytes) in rest.iter().enumerate() {
            let value = T::read(*bytes);
            if FILL && value == fill {
                totals.filled += 1;
            } else if value.is_nan() {
                totals.nan += 1;
            } else {
                let (min, max) = (&mut totals.min[lane], &mut totals.max[lane]);
                *min = if value < *min { value } else { *min };
                *max = if value > *max { value } else { *max };
            }
        }
    }
}

/// The fill element as a number.
fn read_fill<T: Number<N>, const N: usize>(fill: Option<&[u8]>) -> Option<T> {
    Some(T::read(fill?.try_into().ok()?))
}

impl<'a, T: Number<N>, const N: usize> Gather<'a> for Numbers<'a, T, N> {
    fn run(&mut self, start: usize, length: usize) {
        let numbers = self.numbers.get(start..start + length).unwrap_or_default();
        self.seen += numbers.len() as u64;
        match self.fill {
            Some(fill) if !fill.is_nan() => wide::run(Pass::<T, N, true> {
                totals: self,
                numbers,
                fill,
            }),
            // A NaN fill is every NaN, and those are counted anyway.
            _ => wide::run(Pass::<T, N, false> {
                totals: self,
                numbers,
                fill: T::LEAST,
            }),
        }
    }

    fn finish(mut self) -> FrameStats {
        if self.fill.is_some_and(T::is_nan) {
            self.filled = std::mem::take(&mut self.nan);
        }
        let valid = self.seen - self.filled;
        let ordered = valid > self.nan;
        let least = |a: T, b: T| if b < a { b } else { a };
        let greatest = |a: T, b: T| if b > a { b } else { a };
        FrameStats {
            valid,
            nan: self.nan,
            min: ordered.then(|| self.min.into_iter().fold(T::GREATEST, least).stat()),
            max: ordered.then(|| self.max.into_iter().fold(T::LEAST, greatest).stat()),
        }
    }
}

/// Gathers complex numbers of two parts of `N` bytes, which have no order.
pub(super) struct Complex<'a, T: Number<N>, const N: usize> {
    parts: &'a [[u8; N]],
    fill: Option<[T; 2]>,
    stats: FrameStats,
}

impl<'a, T: Number<N>, const N: usize> Complex<'a, T, N> {
    /// Over these elements, with this fill element.
    pub(super) fn new(bytes: &'a [u8], fill: Option<&[u8]>) -> Self {
        let fill = fill.and_then(|fill| match fill.as_chunks().0 {
            [re, im] => Some([T::read(*re), T::read(*im)]),
            _ => None,
        });
        Self {
            parts: bytes.as_chunks().0,
            fill,
            stats: FrameStats::default(),
        }
    }
}

impl<'a, T: Number<N>, const N: usize> Gather<'a> for Complex<'a, T, N> {
    fn run(&mut self, start: usize, length: usize) {
        let parts = self
            .parts
            .get(2 * start..2 * (start + length))
            .unwrap_or_default();
        let same = |a: T, b: T| (a == b) | (a.is_nan() & b.is_nan());
        for [re, im] in parts.as_chunks().0 {
            let (re, im) = (T::read(*re), T::read(*im));
            let is_fill = self
                .fill
                .is_some_and(|fill| same(fill[0], re) & same(fill[1], im));
            let is_nan = re.is_nan() | im.is_nan();
            self.stats.valid += u64::from(!is_fill);
            self.stats.nan += u64::from(!is_fill & is_nan);
        }
    }

    fn finish(self) -> FrameStats {
        self.stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statistics of some numbers, with AVX2 where there is AVX2, and without.
    fn both<T: Number<N>, const N: usize, const FILL: bool>(bytes: &[u8]) -> [FrameStats; 2] {
        let fill = T::read(bytes[..N].try_into().unwrap());
        [true, false].map(|is_wide| {
            let mut totals = Numbers::<T, N>::new(bytes, None);
            let numbers = totals.numbers;
            totals.seen = numbers.len() as u64;
            let pass = Pass::<T, N, FILL> {
                totals: &mut totals,
                numbers,
                fill,
            };
            match is_wide {
                true => wide::run(pass),
                false => pass.run(),
            }
            totals.finish()
        })
    }

    fn check<T: Number<N>, const N: usize>(bytes: &[u8]) {
        for [wide, plain] in [both::<T, N, false>(bytes), both::<T, N, true>(bytes)] {
            assert_eq!(wide, plain, "{}", std::any::type_name::<T>());
            assert!(wide.valid > 0 && wide.min.is_some());
        }
    }

    #[test]
    fn processors_agree() {
        // Every type has its infinities, NaN and both zeros among these, and a rest of a group.
        let mut bytes: Vec<u8> = (0..40_008_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        for special in [f32::NAN, f32::INFINITY, -0.0, 0.0] {
            bytes.extend(f64::from(special).to_le_bytes());
            bytes.extend(special.to_le_bytes());
            bytes.extend(special.to_le_bytes());
            bytes.extend(half::f16::from_f32(special).to_le_bytes().repeat(4));
        }
        check::<u8, 1>(&bytes);
        check::<i8, 1>(&bytes);
        check::<u16, 2>(&bytes);
        check::<i16, 2>(&bytes);
        check::<Half, 2>(&bytes);
        check::<BFloat, 2>(&bytes);
        check::<u32, 4>(&bytes);
        check::<i32, 4>(&bytes);
        check::<f32, 4>(&bytes);
        check::<u64, 8>(&bytes);
        check::<i64, 8>(&bytes);
        check::<f64, 8>(&bytes);
    }
}
