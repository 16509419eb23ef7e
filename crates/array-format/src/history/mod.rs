//! The history of a file: its commits, older states, names for them, and what is kept of them.

mod at;
mod chain;
mod diff;
mod log;
mod restore;
mod retention;
mod tags;

pub use at::At;
pub(crate) use chain::{Chain, layer_row};
pub use diff::{ArrayDiff, AttributeDiff, Change, ChunkDiff, Diff, DiffOptions};
pub use log::{Commit, Kind};
pub use retention::Retention;
pub use tags::Tag;
