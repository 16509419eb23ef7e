//! Groups and arrays: the names of arrays, divided at `/`.

use std::collections::{BTreeMap, BTreeSet};

use array_format::array::ArrayMeta;
use array_format::{ArrayFile, Result};

use crate::dtype;

/// Bytes of a chunk at most: it is made, and read, as a whole.
const CHUNK_BYTES: u64 = 1 << 30;

/// An array that Zarr cannot see, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// What stands against it.
    pub why: String,
}

/// The nodes of a store, by path.
#[derive(Debug, Default)]
pub struct Hierarchy {
    /// Paths of groups; that of the root is empty.
    groups: BTreeSet<String>,
    /// Names of arrays, which are their paths.
    arrays: BTreeSet<String>,
    skipped: Vec<Skipped>,
}

/// A node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Group,
    Array,
}

impl Hierarchy {
    /// Of these arrays of a file.
    pub fn new<'n>(file: &ArrayFile, names: impl IntoIterator<Item = &'n str>) -> Result<Self> {
        let mut all = Self::default();
        all.groups.insert(String::new());
        // Names that others continue come first.
        let names: BTreeSet<&str> = names.into_iter().collect();
        for name in names {
            let meta = file.get_array(name)?;
            let refusal = all
                .refusal(name)
                .or_else(|| dtype::v3(&meta.dtype).err())
                .or_else(|| too_large(meta));
            match refusal {
                Some(why) => all.skipped.push(Skipped {
                    name: name.to_owned(),
                    why,
                }),
                None => {
                    all.arrays.insert(name.to_owned());
                    all.groups.extend(parents(name).map(str::to_owned));
                }
            }
        }
        Ok(all)
    }

    /// Why a name cannot be a path, beside those that are.
    fn refusal(&self, name: &str) -> Option<String> {
        let wrong = |part: &str| {
            part.is_empty()
                || part.chars().all(|c| c == '.')
                || part.starts_with("__")
                || part == "zarr.json"
        };
        if let Some(part) = name.split('/').find(|part| wrong(part)) {
            return Some(format!("{part:?} cannot be part of a Zarr path"));
        }
        let within = parents(name).find(|parent| self.arrays.contains(*parent));
        within.map(|parent| format!("{parent} is an array, and Zarr has nothing within arrays"))
    }

    pub fn kind(&self, path: &str) -> Option<Kind> {
        if self.arrays.contains(path) {
            Some(Kind::Array)
        } else if self.groups.contains(path) {
            Some(Kind::Group)
        } else {
            None
        }
    }

    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    pub fn arrays(&self) -> impl Iterator<Item = &str> {
        self.arrays.iter().map(String::as_str)
    }

    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    /// All nodes within a group, by their paths from there.
    pub fn within<'h>(&'h self, group: &str) -> BTreeMap<&'h str, (&'h str, Kind)> {
        let prefix = match group {
            "" => String::new(),
            group => format!("{group}/"),
        };
        let of = |paths: &'h BTreeSet<String>, kind: Kind| {
            let prefix = prefix.clone();
            paths
                .range(prefix.clone()..)
                .map_while(move |path| Some((path.strip_prefix(&prefix)?, (path.as_str(), kind))))
                .filter(|(from_here, _)| !from_here.is_empty())
        };
        of(&self.groups, Kind::Group)
            .chain(of(&self.arrays, Kind::Array))
            .collect()
    }
}

fn too_large(meta: &ArrayMeta) -> Option<String> {
    let bytes = dtype::chunk_bytes(meta);
    (bytes > CHUNK_BYTES).then(|| format!("its chunks have {bytes} bytes, more than 1 GiB"))
}

/// The groups around a path, the outermost first, without the root.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}
