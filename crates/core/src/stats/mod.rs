//! Statistics: how many elements are valid, how many are NaN, and between which bounds they lie.

mod array;
mod bytes;
mod numbers;
mod wide;

pub use array::{ArrayStats, NameIndex, StatsFile};

use crate::dtype::DType;
use crate::elements::ElementsRef;
use crate::geometry::{Coords, for_each_run};
use crate::value::{FillValue, StatValue, fill_bytes};

use self::bytes::{Opaque, Text};
use self::numbers::{BFloat, Complex, Half, Numbers};

/// The statistics of a frame, or of all frames of an array.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrameStats {
    /// Elements that differ from the fill value.
    pub valid: u64,
    /// The valid elements that are NaN.
    pub nan: u64,
    /// No valid element is less, NaN aside.
    pub min: Option<StatValue>,
    /// No valid element is greater, NaN aside.
    pub max: Option<StatValue>,
}

impl FrameStats {
    /// Makes these the statistics of both parts.
    pub fn merge(&mut self, other: &FrameStats) {
        // A part with elements but without a bound is not bounded, and neither is the whole.
        let (ours, theirs) = (self.valid > self.nan, other.valid > other.nan);
        if !ours {
            self.min.clone_from(&other.min);
            self.max.clone_from(&other.max);
        } else if theirs {
            self.min = outer(self.min.take(), &other.min, |new, old| new.less(old));
            self.max = outer(self.max.take(), &other.max, |new, old| old.less(new));
        }
        self.valid = self.valid.saturating_add(other.valid);
        self.nan = self.nan.saturating_add(other.nan);
    }
}

/// The bound that holds for both parts.
fn outer(
    ours: Option<StatValue>,
    theirs: &Option<StatValue>,
    beyond: impl Fn(&StatValue, &StatValue) -> bool,
) -> Option<StatValue> {
    let (ours, theirs) = (ours?, theirs.as_ref()?);
    Some(if beyond(theirs, &ours) {
        theirs.clone()
    } else {
        ours
    })
}

/// Gathers the statistics of elements that come in runs.
trait Gather<'a> {
    /// Takes elements `start` to `start + length`.
    fn run(&mut self, start: usize, length: usize);
    /// The statistics of all elements that were taken.
    fn finish(self) -> FrameStats;
}

/// The statistics of `elements`, which are in C order over `extent`, as far as their coordinates
/// are less than `inside`.
///
/// The caller has checked that `inside` does not exceed `extent`, that there are as many elements
/// as `extent` says, and that they are of this dtype; anything else gives statistics without
/// meaning.
pub fn compute(
    dtype: &DType,
    elements: ElementsRef<'_>,
    extent: &[u64],
    inside: &[u64],
    fill: Option<&FillValue>,
) -> FrameStats {
    let fill = fill
        .filter(|fill| fill.applies_to(dtype))
        .map(|fill| fill_bytes(dtype, Some(fill)));
    let fill = fill.as_deref();
    let bytes = match elements {
        ElementsRef::Fixed { width, bytes } => {
            debug_assert_eq!(dtype.element_size(), Some(width), "{dtype:?}");
            bytes
        }
        ElementsRef::Variable(items) => {
            debug_assert!(dtype.is_variable_length(), "{dtype:?}");
            let ordered = matches!(dtype, DType::String | DType::Binary);
            return gather(Text::new(items, fill, ordered), extent, inside);
        }
    };
    macro_rules! numbers {
        ($t:ty) => {
            gather(Numbers::<$t, _>::new(bytes, fill), extent, inside)
        };
    }
    match dtype {
        DType::Bool | DType::UInt8 => numbers!(u8),
        DType::Int8 => numbers!(i8),
        DType::Int16 => numbers!(i16),
        DType::Int32 => numbers!(i32),
        DType::Int64 => numbers!(i64),
        DType::UInt16 => numbers!(u16),
        DType::UInt32 => numbers!(u32),
        DType::UInt64 => numbers!(u64),
        DType::Float16 => numbers!(Half),
        DType::BFloat16 => numbers!(BFloat),
        DType::Float32 => numbers!(f32),
        DType::Float64 => numbers!(f64),
        DType::TimestampNs => timestamps(numbers!(i64)),
        DType::Complex64 => gather(Complex::<f32, 4>::new(bytes, fill), extent, inside),
        DType::Complex128 => gather(Complex::<f64, 8>::new(bytes, fill), extent, inside),
        DType::FixedSizeList { .. } | DType::List { .. } | DType::String | DType::Binary => {
            let width = dtype.element_size().unwrap_or(1);
            gather(Opaque::new(bytes, width, fill), extent, inside)
        }
    }
}

/// Walks the elements that lie inside.
fn gather<'a>(mut gather: impl Gather<'a>, extent: &[u64], inside: &[u64]) -> FrameStats {
    let zeros: Coords = extent.iter().map(|_| 0).collect();
    for_each_run(inside, (extent, &zeros), (inside, &zeros), |start, _, n| {
        gather.run(start, n);
    });
    gather.finish()
}

/// Turns the bounds of integers into those of timestamps.
fn timestamps(mut stats: FrameStats) -> FrameStats {
    for bound in [&mut stats.min, &mut stats.max].into_iter().flatten() {
        if let StatValue::Int(nanos) = *bound {
            *bound = StatValue::TimestampNs(nanos);
        }
    }
    stats
}

#[cfg(test)]
mod tests;
