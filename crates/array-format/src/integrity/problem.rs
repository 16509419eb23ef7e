//! What is wrong with a file, where, and what it hits.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The object, by its path in the store.
    pub object: String,
    /// The sequence number of the layer that it holds.
    pub layer: Option<u64>,
    /// The bytes of the object.
    pub bytes: Option<Range<u64>>,
    /// What these bytes are.
    pub part: Part,
    /// What cannot be read, or cannot be trusted, because of it.
    pub affects: Vec<Affected>,
    /// What is wrong, in plain English.
    pub detail: String,
}

/// A part of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The object as a whole.
    Layer,
    /// Its first bytes.
    Header,
    /// Its last bytes.
    Trailer,
    /// The page that leads to everything.
    Root,
    /// A metadata page, or a row in it, of the table with this name.
    Page(&'static str),
    /// A stored tile of a chunk.
    Frame,
    /// The object that holds the first part of a large layer's data.
    Annex,
}

/// What a problem hits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Affected {
    /// The file: it cannot be opened.
    File,
    /// The state after this commit, as a part of the history.
    Commit(u64),
    /// An array as a whole: its definition or its statistics.
    Array(String),
    /// One tile of a chunk of an array.
    Chunk {
        /// The array.
        array: String,
        /// The chunk's coordinates.
        chunk: Vec<u64>,
        /// The tile's place in its chunk, in C order; 0 in chunks of one tile.
        tile: u64,
    },
    /// Chunks of an array that lie next to each other in the index, which is in C order.
    Chunks {
        /// The array.
        array: String,
        /// The first; none for the first of the array.
        from: Option<Vec<u64>>,
        /// The last; none for the last of the array.
        to: Option<Vec<u64>>,
    },
    /// Arrays whose names lie in this range; which there are is not known.
    Names {
        /// Not before this name.
        from: String,
        /// Before this name; none for no bound.
        to: Option<String>,
    },
    /// Attributes of arrays, sorted by key and then by array.
    Attributes {
        /// The first key, and the first array with it; none for the file itself or an array that is
        /// not known.
        from: (String, Option<String>),
        /// Before this key and array; none for no bound.
        to: Option<(String, Option<String>)>,
        /// How many they are.
        count: u64,
    },
    /// Tags whose names lie in this range.
    Tags {
        /// Not before this name.
        from: String,
        /// Before this name; none for no bound.
        to: Option<String>,
    },
    /// Commits in this range, as a part of the log.
    History {
        /// Not before this commit.
        from: u64,
        /// Before this commit; none for no bound.
        to: Option<u64>,
    },
}

impl Affected {
    /// The array that is hit, if it is one that is known.
    pub fn array(&self) -> Option<&str> {
        match self {
            Self::Array(array) | Self::Chunk { array, .. } | Self::Chunks { array, .. } => {
                Some(array)
            }
            _ => None,
        }
    }
}

/// The names of arrays that problems hit.
pub(super) fn damaged_arrays(problems: &[Problem]) -> BTreeSet<&str> {
    let hit = problems.iter().flat_map(|problem| &problem.affects);
    hit.filter_map(Affected::array).collect()
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer => f.write_str("object"),
            Self::Header => f.write_str("header"),
            Self::Trailer => f.write_str("trailer"),
            Self::Root => f.write_str("root"),
            Self::Page(table) => write!(f, "{table} page"),
            Self::Frame => f.write_str("frame"),
            Self::Annex => f.write_str("annex"),
        }
    }
}

/// A range in words.
fn range(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    from: &dyn fmt::Debug,
    to: Option<&dyn fmt::Debug>,
) -> fmt::Result {
    write!(f, "{what} from {from:?}")?;
    to.map_or(Ok(()), |to| write!(f, " and before {to:?}"))
}

impl fmt::Display for Affected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the whole file, which cannot be opened"),
            Self::Commit(sequence) => write!(f, "the state after commit {sequence}"),
            Self::Array(array) => write!(f, "array {array:?}"),
            Self::Chunk { array, chunk, tile } => {
                write!(f, "array {array:?}: chunk {chunk:?}")?;
                if *tile > 0 {
                    write!(f, ", tile {tile}")?;
                }
                Ok(())
            }
            Self::Chunks { array, from, to } => {
                write!(f, "array {array:?}: ")?;
                match (from, to) {
                    (None, None) => f.write_str("all chunks"),
                    (Some(from), None) => write!(f, "chunks from {from:?}"),
                    (None, Some(to)) => write!(f, "chunks up to {to:?}"),
                    (Some(from), Some(to)) => write!(f, "chunks from {from:?} to {to:?}"),
                }
            }
            Self::Names { from, to } => {
                range(f, "arrays with names", from, to.as_ref().map(|to| to as _))
            }
            Self::Attributes { from, to, count } => {
                write!(f, "{count} ")?;
                range(f, "attributes", from, to.as_ref().map(|to| to as _))
            }
            Self::Tags { from, to } => range(f, "tags", from, to.as_ref().map(|to| to as _)),
            Self::History { from, to } => {
                range(f, "commits in the log", from, to.as_ref().map(|to| to as _))
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.object)?;
        if let Some(bytes) = &self.bytes {
            write!(f, ", bytes {} to {}", bytes.start, bytes.end)?;
        }
        write!(f, ": {}: {}", self.part, self.detail)?;
        for (i, affected) in self.affects.iter().enumerate() {
            f.write_str(if i == 0 { "; this hits " } else { ", " })?;
            write!(f, "{affected}")?;
        }
        Ok(())
    }
}
