//! What differs between two states.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use array_format_core::array::ArrayMeta;
use array_format_core::elements::Elements;
use array_format_core::wire::tables::{FILE_ID, FrameKey, FrameRow};
use futures::future::BoxFuture;

use crate::ArrayFile;
use crate::error::Result;
use crate::frames::FrameWalk;
use crate::value::AttributeValue;

/// How to compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiffOptions {
    /// Reads chunks whose stored bytes differ, and leaves out those whose elements are the same
    /// (they may have been written again, or with another codec).
    pub values: bool,
}

/// What differs between two states, from the one to the other.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Diff {
    /// Arrays that differ, by name.
    pub arrays: Vec<ArrayDiff>,
    /// Attributes of the file that differ, by key.
    pub attributes: Vec<AttributeDiff>,
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.arrays.is_empty() && self.attributes.is_empty()
    }
}

/// What became of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is only in the second state.
    Added,
    /// It is only in the first state.
    Removed,
    /// Its dtype, shape, chunks, dimension names, fill value or codec differ.
    Redefined,
    /// Only what it holds differs.
    Changed,
}

/// An array that differs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ArrayDiff {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub change: Change,
    /// Its attributes that differ, by key.
    pub attributes: Vec<AttributeDiff>,
    /// Chunks that differ, by their coordinates. Empty for an array that is in one state only, and
    /// for one whose chunk grids or dtypes differ.
    pub chunks: Vec<ChunkDiff>,
}

/// A chunk that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkDiff {
    /// Its coordinates on the grid of chunks.
    pub coordinates: Vec<u64>,
    /// Elements of it that differ, if they were compared.
    pub elements: Option<u64>,
}

/// An attribute that differs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AttributeDiff {
    /// Its key.
    pub key: String,
    /// Its value in the first state, if it is there.
    pub before: Option<AttributeValue>,
    /// Its value in the second state, if it is there.
    pub after: Option<AttributeValue>,
}

/// Chunks that differ, by the array's id in the first state.
type Chunks = BTreeMap<u64, BTreeSet<Vec<u64>>>;
type Attributes<'a> = BTreeMap<Arc<str>, &'a AttributeValue>;

impl ArrayFile {
    /// What differs from this handle's committed state to another's: of the same file at another
    /// point of its history, or of another file. What is pending is left out.
    ///
    /// Costs the metadata; of the index only the pages that the states do not share; with
    /// [`DiffOptions::values`] also the chunks whose bytes differ.
    ///
    /// # Errors
    /// What reading can say, of either file.
    pub async fn diff(&self, other: &ArrayFile, options: DiffOptions) -> Result<Diff> {
        // Reads show what is pending on top of the snapshot.
        let (left, right);
        let (this, other) = (
            match options.values && self.has_pending() {
                true => {
                    left = self.at(self.sequence()).await?;
                    &left
                }
                false => self,
            },
            match options.values && other.has_pending() {
                true => {
                    right = other.at(other.sequence()).await?;
                    &right
                }
                false => other,
            },
        );
        this.diff_committed(other, options).await
    }

    fn diff_committed<'a>(
        &'a self,
        other: &'a ArrayFile,
        options: DiffOptions,
    ) -> BoxFuture<'a, Result<Diff>> {
        Box::pin(async move {
            let (before, after) = (self.by_name()?, other.by_name()?);
            let same_file = self.snapshot.root.file == other.snapshot.root.file;
            let pairs: Vec<(&ArrayMeta, &ArrayMeta)> = before
                .iter()
                .filter_map(|(name, meta)| Some((*meta, *after.get(name)?)))
                .collect();
            let mut chunks = if same_file {
                self.chunks_of_one_file(other).await?
            } else {
                Chunks::new()
            };
            let mut diff = Diff {
                attributes: attribute_diff(&self.all_of(FILE_ID)?, &other.all_of(FILE_ID)?),
                ..Diff::default()
            };
            for (name, meta) in &before {
                if !after.contains_key(name) {
                    diff.arrays.push(one_sided(
                        name,
                        Change::Removed,
                        self.all_of(meta.id)?,
                        true,
                    ));
                }
            }
            for (name, meta) in &after {
                if !before.contains_key(name) {
                    diff.arrays.push(one_sided(
                        name,
                        Change::Added,
                        other.all_of(meta.id)?,
                        false,
                    ));
                }
            }
            for (old, new) in pairs {
                let same_grid = old.dtype == new.dtype && old.chunk_shape == new.chunk_shape;
                let found = match chunks.remove(&old.id) {
                    _ if !same_grid => BTreeSet::new(),
                    Some(found) if old.id == new.id => found,
                    None if same_file && old.id == new.id => BTreeSet::new(),
                    _ => self.chunks_of_arrays(old.id, other, new.id).await?,
                };
                let mut differing = Vec::new();
                for coordinates in found {
                    let elements = if options.values {
                        match self
                            .differing_elements(old, other, new, &coordinates)
                            .await?
                        {
                            0 => continue,
                            n => Some(n),
                        }
                    } else {
                        None
                    };
                    differing.push(ChunkDiff {
                        coordinates,
                        elements,
                    });
                }
                let attributes = attribute_diff(&self.all_of(old.id)?, &other.all_of(new.id)?);
                let change = if is_redefined(old, new) {
                    Change::Redefined
                } else if differing.is_empty() && attributes.is_empty() {
                    continue;
                } else {
                    Change::Changed
                };
                diff.arrays.push(ArrayDiff {
                    name: old.name.clone(),
                    change,
                    attributes,
                    chunks: differing,
                });
            }
            diff.arrays.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(diff)
        })
    }

    fn by_name(&self) -> Result<BTreeMap<&str, &ArrayMeta>> {
        let mut out = BTreeMap::new();
        self.snapshot.visit_arrays(|meta| {
            out.insert(meta.name.as_str(), &**meta);
        })?;
        Ok(out)
    }

    fn all_of(&self, id: u64) -> Result<Attributes<'_>> {
        Ok(self.snapshot.attributes_of(id)?.into_iter().collect())
    }

    /// Chunks of all arrays that differ, out of index pages that the states do not share.
    async fn chunks_of_one_file(&self, other: &ArrayFile) -> Result<Chunks> {
        let (mut left, mut right) = (FrameWalk::all(self).await?, FrameWalk::all(other).await?);
        let (ours, theirs) = (left.addresses(), right.addresses());
        let shared: HashSet<_> = ours.intersection(&theirs).copied().collect();
        left.skip(&shared);
        right.skip(&shared);
        let mut chunks = Chunks::new();
        compare(
            left,
            right,
            |row| row.key.clone(),
            |key| {
                let of_array = chunks.entry(key.array).or_default();
                of_array.insert(key.tile.chunk.to_vec());
            },
        )
        .await?;
        Ok(chunks)
    }

    /// Chunks of two arrays that differ.
    async fn chunks_of_arrays(
        &self,
        id: u64,
        other: &ArrayFile,
        other_id: u64,
    ) -> Result<BTreeSet<Vec<u64>>> {
        let left = FrameWalk::of_array(self, id).await?;
        let right = FrameWalk::of_array(other, other_id).await?;
        let mut chunks = BTreeSet::new();
        // Both as if they had the first one's id.
        let key = |row: &FrameRow| FrameKey {
            array: id,
            tile: row.key.tile.clone(),
        };
        compare(left, right, key, |key| {
            chunks.insert(key.tile.chunk.to_vec());
        })
        .await?;
        Ok(chunks)
    }

    /// How many elements of a chunk differ, within both shapes or in one of them only.
    async fn differing_elements(
        &self,
        old: &ArrayMeta,
        other: &ArrayFile,
        new: &ArrayMeta,
        chunk: &[u64],
    ) -> Result<u64> {
        let region = |meta: &ArrayMeta| -> Option<(Vec<usize>, Vec<usize>)> {
            let mut start = Vec::new();
            let mut shape = Vec::new();
            for (axis, &at) in chunk.iter().enumerate() {
                let from = at.checked_mul(meta.chunk_shape[axis])?;
                let to = meta.shape[axis].min(from.saturating_add(meta.chunk_shape[axis]));
                start.push(usize::try_from(from).ok()?);
                shape.push(usize::try_from(to.checked_sub(from).filter(|&n| n > 0)?).ok()?);
            }
            Some((start, shape))
        };
        let (Some((start, shape)), Some((other_start, other_shape))) = (region(old), region(new))
        else {
            // In one of them it lies outside: the shapes tell.
            return Ok(0);
        };
        if shape != other_shape {
            return Ok(shape
                .iter()
                .zip(&other_shape)
                .map(|(a, b)| a.max(b))
                .product::<usize>() as u64);
        }
        let (_, ours) = self.read_elements(&old.name, start, shape).await?;
        let read = other.read_elements(&new.name, other_start, other_shape);
        let (_, theirs) = read.await?;
        Ok(count_differing(&ours, &theirs))
    }
}

/// Elements that differ, by their bytes: NaN equals itself, and 0.0 is not -0.0.
fn count_differing(a: &Elements, b: &Elements) -> u64 {
    let differing = match (a, b) {
        (Elements::Fixed { width, bytes }, Elements::Fixed { bytes: other, .. }) => {
            let width = (*width).max(1);
            let pairs = bytes.chunks(width).zip(other.chunks(width));
            pairs.filter(|(a, b)| a != b).count()
        }
        (Elements::Variable(a), Elements::Variable(b)) => {
            a.iter().zip(b).filter(|(a, b)| a != b).count()
        }
        _ => a.len(),
    };
    differing as u64
}

fn is_redefined(old: &ArrayMeta, new: &ArrayMeta) -> bool {
    let mut same = old.clone();
    same.id = new.id;
    same != *new
}

fn one_sided(name: &str, change: Change, attributes: Attributes<'_>, before: bool) -> ArrayDiff {
    let nothing = Attributes::new();
    ArrayDiff {
        name: name.to_owned(),
        change,
        attributes: if before {
            attribute_diff(&attributes, &nothing)
        } else {
            attribute_diff(&nothing, &attributes)
        },
        chunks: Vec::new(),
    }
}

fn attribute_diff(before: &Attributes<'_>, after: &Attributes<'_>) -> Vec<AttributeDiff> {
    let keys: BTreeSet<&Arc<str>> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .map(|key| AttributeDiff {
            key: key.to_string(),
            before: before.get(key).map(|value| (*value).clone()),
            after: after.get(key).map(|value| (*value).clone()),
        })
        .filter(|diff| diff.before != diff.after)
        .collect()
}

/// Whether two frames decode to the same, as far as their rows tell.
fn same_content(a: &FrameRow, b: &FrameRow) -> bool {
    let content = |r: &FrameRow| (r.crc, r.stored, r.raw, r.extent.clone(), r.stats.clone());
    content(a) == content(b)
}

/// Calls `differs` with the key of each frame that is in one walk only, or has other content.
async fn compare(
    mut left: FrameWalk<'_>,
    mut right: FrameWalk<'_>,
    key: impl Fn(&FrameRow) -> FrameKey,
    mut differs: impl FnMut(FrameKey),
) -> Result<()> {
    let (mut ours, mut theirs) = (Vec::new().into_iter(), Vec::new().into_iter());
    let (mut a, mut b): (Option<FrameRow>, Option<FrameRow>) = (None, None);
    loop {
        if a.is_none() {
            a = left.next_row(&mut ours).await?;
        }
        if b.is_none() {
            b = right.next_row(&mut theirs).await?;
        }
        match (&a, &b) {
            (None, None) => return Ok(()),
            (Some(row), None) => {
                differs(key(row));
                a = None;
            }
            (None, Some(row)) => {
                differs(key(row));
                b = None;
            }
            (Some(x), Some(y)) => {
                let (p, q) = (key(x), key(y));
                match p.cmp(&q) {
                    std::cmp::Ordering::Less => {
                        differs(p);
                        a = None;
                    }
                    std::cmp::Ordering::Greater => {
                        differs(q);
                        b = None;
                    }
                    std::cmp::Ordering::Equal => {
                        if !same_content(x, y) {
                            differs(p);
                        }
                        (a, b) = (None, None);
                    }
                }
            }
        }
    }
}
