//! What the runner asks of a child process, and what comes back: one JSON line each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::Dataset;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    None,
    Lz4,
    /// Of acceleration 5, which is Blosc's level 5.
    Lz4Fast,
    /// Level 3.
    Zstd,
    /// Shuffle and zstd, as users of Zarr and HDF5 have it through Blosc.
    BloscZstd,
    /// The format's own choice by the data.
    Auto,
}

impl Codec {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Lz4Fast => "lz4(5)",
            Self::Zstd => "zstd-3",
            Self::BloscZstd => "shuffle, zstd-3",
            Self::Auto => "auto",
        }
    }
}

/// One thing to do, and to measure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Creates the store with all arrays, and commits.
    Write,
    /// Opens it and reads the first array into new memory.
    Read,
    /// Opens it and reads the first array into memory that is there.
    ReadInto,
    /// Opens it and reads every array into one buffer.
    ReadEach,
    /// Creates the store with one array of texts, and commits.
    WriteTexts,
    /// Opens it and reads the texts.
    ReadTexts,
    /// Reads windows of the first array through one handle.
    Windows {
        shape: Vec<u64>,
        starts: Vec<Vec<u64>>,
    },
    /// Overwrites one chunk and commits, this many times through one handle.
    Commits { n: usize },
    /// Opens it and reads one chunk.
    ReadChunk,
    /// Gives back the space of what was overwritten.
    Compact,
    /// Appends the rows of the dataset one at a time, each a commit.
    Append,
    /// Creates small arrays with twenty attributes each.
    WriteCatalogue { n: usize },
    /// Opens the catalogue and looks up one attribute.
    FirstAttribute { n: usize },
    /// Opens the catalogue and counts the arrays whose attribute is in a range.
    AttributePredicate { n: usize },
    /// Opens the catalogue and counts the arrays whose greatest value is in a range.
    StatisticPredicate { n: usize },
    /// Writes an array slab by slab, and commits once.
    WriteSlabs,
    /// Reads what [`Action::WriteSlabs`] wrote into memory that is there.
    ReadSlabs,
    /// Bare requests to a simulated object store.
    Simulated { what: Simulated },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Simulated {
    FirstChunk,
    Scattered,
    Whole,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    pub peer: String,
    pub action: Action,
    /// A folder of this peer's own.
    pub store: PathBuf,
    pub dataset: Dataset,
    pub codec: Codec,
    /// Whether what is written must survive a power cut.
    pub durable: bool,
    pub threads: usize,
}

/// What one run of an action took.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sample {
    pub cpu_ms: f64,
    pub wall_ms: f64,
    /// The most memory the process had, beyond what it had before.
    pub peak_mb: f64,
    /// CPU of each of many equal operations; empty for one operation.
    #[serde(default)]
    pub each_ms: Vec<f64>,
    /// What the store takes on disk afterwards.
    pub bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Sample(Sample),
    /// The peer has no such thing.
    Unsupported,
    Failed(String),
}
