//! A snapshot as a store of keys.

use std::sync::Arc;

use array_format::array::ArrayMeta;
use array_format::{ArrayFile, Error, Result};
use serde_json::Value;

use crate::dtype::flat;
use crate::hierarchy::{Hierarchy, Kind, Skipped};
use crate::{chunk, v3};

/// The name of a node's document.
const DOCUMENT: &str = "zarr.json";

/// How chunks are compressed on the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all: for what is close by.
    None,
    /// Zstandard.
    Zstd {
        /// As Zstandard counts them; 3 is its default.
        level: i32,
    },
}

/// A file, as it was when it was opened, as a read-only Zarr v3 store.
///
/// Arrays are nodes by their names, which `/` divides into groups. A Zarr chunk is a chunk of the
/// array, whatever layers and frames it is stored in; one that holds fill values alone is not there.
/// Lists of always the same number of items are one more axis.
#[derive(Debug)]
pub struct View {
    file: Arc<ArrayFile>,
    hierarchy: Hierarchy,
    compression: Compression,
}

impl View {
    /// A view of all arrays of a file. Costs no request.
    ///
    /// # Errors
    /// What reading the names of arrays can say.
    pub fn new(file: Arc<ArrayFile>, compression: Compression) -> Result<Self> {
        let names: Vec<String> = file.arrays()?.iter().map(|m| m.name.clone()).collect();
        Self::of(file, names.iter().map(String::as_str), compression)
    }

    /// A view of some arrays.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`].
    pub fn of<'n>(
        file: Arc<ArrayFile>,
        names: impl IntoIterator<Item = &'n str>,
        compression: Compression,
    ) -> Result<Self> {
        Ok(Self {
            hierarchy: Hierarchy::new(&file, names)?,
            file,
            compression,
        })
    }

    /// The file.
    pub fn file(&self) -> &Arc<ArrayFile> {
        &self.file
    }

    /// Arrays that are not nodes.
    pub fn skipped(&self) -> &[Skipped] {
        self.hierarchy.skipped()
    }

    /// The arrays that are nodes, by name.
    pub fn arrays(&self) -> impl Iterator<Item = &str> {
        self.hierarchy.arrays()
    }

    /// The keys of all documents.
    pub fn documents(&self) -> impl Iterator<Item = String> {
        let groups = self.hierarchy.groups();
        groups
            .chain(self.hierarchy.arrays())
            .map(|path| match path {
                "" => DOCUMENT.to_owned(),
                path => format!("{path}/{DOCUMENT}"),
            })
    }

    /// The keys of an array's chunks within its shape, those with fill values alone included.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`].
    pub fn chunks(&self, name: &str) -> Result<impl Iterator<Item = String> + use<>> {
        let meta = self.file.get_array(name)?;
        let path = name.to_owned();
        let inner = "/0".repeat(flat(&meta.dtype).1.len());
        Ok(grid(meta).map(move |at| {
            let at: String = at.iter().map(|n| format!("/{n}")).collect();
            format!("{path}/c{at}{inner}")
        }))
    }

    /// The value of a key; nothing for one that is not there.
    ///
    /// A document costs no request, a chunk what reading its region costs.
    ///
    /// # Errors
    /// As [`ArrayFile::read_elements`].
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        if key == DOCUMENT {
            return self.document("").map(Some);
        }
        if let Some(path) = key.strip_suffix(DOCUMENT).and_then(|k| k.strip_suffix('/')) {
            return match path.is_empty() || self.hierarchy.kind(path).is_none() {
                true => Ok(None),
                false => self.document(path).map(Some),
            };
        }
        let Some((meta, at)) = self.chunk(key)? else {
            return Ok(None);
        };
        let Some(raw) = chunk::read(&self.file, meta, &at).await? else {
            return Ok(None);
        };
        match self.compression {
            Compression::None => Ok(Some(raw)),
            Compression::Zstd { level } => {
                let compressed = zstd::bulk::compress(&raw, level);
                compressed.map(Some).map_err(|error| {
                    Error::InvalidArgument(format!("zstd at level {level}: {error}"))
                })
            }
        }
    }

    /// The array and the chunk that a key names.
    fn chunk(&self, key: &str) -> Result<Option<(&ArrayMeta, Vec<u64>)>> {
        // The chunk of a scalar has no coordinates. Coordinates are numbers, so that of others the
        // last `c` among the parts is that of the key.
        let scalar = key.strip_suffix("/c").map(|path| (path, None));
        let others = key.rsplit_once("/c/").map(|(path, at)| (path, Some(at)));
        for (path, at) in [scalar, others].into_iter().flatten() {
            if self.hierarchy.kind(path) != Some(Kind::Array) {
                continue;
            }
            let meta = self.file.get_array(path)?;
            let rank = meta.shape.len();
            let inner = flat(&meta.dtype).1.len();
            let parts = at.into_iter().flat_map(|at| at.split('/'));
            let numbers: Option<Vec<u64>> = parts.map(number).collect();
            if let Some(mut at) = numbers
                && at.len() == rank + inner
                && at[rank..].iter().all(|&n| n == 0)
            {
                at.truncate(rank);
                return Ok(Some((meta, at)));
            }
        }
        Ok(None)
    }

    fn document(&self, path: &str) -> Result<Vec<u8>> {
        let document: Value = match self.hierarchy.kind(path) {
            Some(Kind::Array) => v3::array(&self.file, path, self.compression)?,
            _ => v3::group(&self.file, &self.hierarchy, path, self.compression)?,
        };
        Ok(document.to_string().into_bytes())
    }
}

/// A number as Zarr writes it: digits alone, no zero in front.
fn number(text: &str) -> Option<u64> {
    let is_plain = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| is_plain)
}

/// The coordinates of all chunks of an array, in C order.
pub(crate) fn grid(meta: &ArrayMeta) -> impl Iterator<Item = Vec<u64>> + use<> {
    let counts: Vec<u64> = meta
        .shape
        .iter()
        .zip(&meta.chunk_shape)
        .map(|(extent, chunk)| extent.div_ceil(*chunk))
        .collect();
    let mut next = (!counts.contains(&0)).then(|| vec![0; counts.len()]);
    std::iter::from_fn(move || {
        let now = next.take()?;
        let mut after = now.clone();
        for axis in (0..counts.len()).rev() {
            after[axis] += 1;
            if after[axis] < counts[axis] {
                next = Some(after);
                break;
            }
            after[axis] = 0;
        }
        Some(now)
    })
}
