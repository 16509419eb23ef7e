//! The element type of timestamps.

use bytemuck::{Pod, Zeroable};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Nanoseconds since 1970-01-01 UTC.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Pod,
    Zeroable,
)]
#[repr(transparent)]
pub struct TimestampNs(pub i64);

impl TimestampNs {
    /// The point in time that is `nanos` nanoseconds after 1970-01-01 UTC.
    pub const fn new(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970-01-01 UTC.
    pub const fn nanos(self) -> i64 {
        self.0
    }
}

impl From<i64> for TimestampNs {
    fn from(nanos: i64) -> Self {
        Self(nanos)
    }
}

impl From<TimestampNs> for i64 {
    fn from(time: TimestampNs) -> Self {
        time.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_its_nanoseconds_and_their_bytes() {
        let time = TimestampNs::new(-5);
        assert_eq!(time.nanos(), -5);
        assert_eq!(TimestampNs::from(i64::from(time)), time);
        assert_eq!(time.as_bytes(), (-5i64).to_ne_bytes());
        assert_eq!(bytemuck::bytes_of(&time), (-5i64).to_ne_bytes());
        assert!(time < TimestampNs::default());
    }
}
