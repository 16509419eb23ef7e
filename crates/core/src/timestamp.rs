//! To be written.
pub struct TimestampNs(pub i64);
