//! Large arrays, written over several commits. Until it is whole such an array has another name: an
//! interruption leaves no half array under its own, and what is done is found again.

use anyhow::Result;
use array_format::array::ArrayMeta;
use array_format::{ArrayFile, ArraySpec, AttributeValue, DType};

use crate::failure::usage;
use crate::slabs::{Slab, slabs};

/// What follows the name of an array that is not whole.
const MARK: &str = ".unfinished";
/// Its attribute of the number of slabs that are written, and of all.
const SLABS: &str = "_slabs";
/// Its attribute of what it is made from.
const SOURCE: &str = "_source";

/// How often what is written is committed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Pace {
    /// Commit after so many bytes of elements: an interruption costs no more work than that. An array
    /// that has more is called NAME.unfinished until it is whole
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    pub commit_every: u64,
}

/// An array to write.
pub struct Plan<'a> {
    pub name: &'a str,
    pub spec: ArraySpec,
    /// About how many bytes its elements have.
    pub bytes: u64,
    /// What it is made from, and how: another text is another array.
    pub source: &'a dyn Fn() -> String,
    pub pace: Pace,
    /// Whether to go on with one that was left.
    pub resume: bool,
}

/// An array that is being written, slab by slab.
pub struct Unfinished {
    name: String,
    /// The name that it has meanwhile: its own, if it is written within one commit.
    at: String,
    source: String,
    pace: Pace,
    waiting: u64,
    written: usize,
    slabs: Vec<Slab>,
}

/// About how many bytes the elements of an array take.
pub fn bytes_of(dtype: &DType, shape: &[u64]) -> u64 {
    let width = dtype.element_size().unwrap_or(32) as u64;
    shape
        .iter()
        .fold(width, |bytes, &extent| bytes.saturating_mul(extent))
}

/// Whether an array of this name was left unfinished.
pub fn is_left(file: &ArrayFile, name: &str) -> Result<bool> {
    let at = format!("{name}{MARK}");
    Ok(file.contains(&at)? && file.get_attribute(&at, SLABS)?.is_some())
}

impl Unfinished {
    /// Begins an array, in the place of one of this name that is there; or goes on with one that was
    /// left, if it has the same definition and source.
    pub fn begin(file: &mut ArrayFile, plan: Plan<'_>) -> Result<Self> {
        let Plan { name, spec, .. } = plan;
        let is_left = is_left(file, name)?;
        let mut array = Self {
            name: name.to_owned(),
            at: name.to_owned(),
            source: String::new(),
            pace: plan.pace,
            waiting: 0,
            written: 0,
            slabs: Vec::new(),
        };
        if plan.bytes <= plan.pace.commit_every && !(is_left && plan.resume) {
            if is_left {
                file.delete(&format!("{name}{MARK}"))?;
            }
            if file.contains(name)? {
                file.delete(name)?;
            }
            file.create_array(name, spec)?;
            let meta = file.get_array(name)?;
            array.slabs = slabs(&meta.shape, &meta.chunk_shape);
            return Ok(array);
        }
        array.at += MARK;
        array.source = (plan.source)();
        if !is_left && file.contains(&array.at)? {
            return Err(usage(format!(
                "there is an array {} that no interrupted command left: rename or delete it, or give a \
                 --commit-every of more than {} bytes",
                array.at, plan.bytes
            )));
        }
        // First under another name, to see what the definition comes to.
        let new = format!("{}.new", array.at);
        file.create_array(&new, spec)?;
        let meta = file.get_array(&new)?.clone();
        array.slabs = slabs(&meta.shape, &meta.chunk_shape);
        if is_left {
            if let (true, Some(written)) = (plan.resume, array.written_of(file, &meta)?) {
                array.written = written;
                file.delete(&new)?;
                return Ok(array);
            }
            file.delete(&array.at)?;
        }
        file.rename(&new, &array.at)?;
        Ok(array)
    }

    /// The slabs that were written of what was left, if that is what is to be written.
    fn written_of(&self, file: &ArrayFile, meta: &ArrayMeta) -> Result<Option<usize>> {
        let left = file.get_array(&self.at)?;
        let is_alike = (
            &left.dtype,
            &left.shape,
            &left.chunk_shape,
            &left.fill_value,
        ) == (
            &meta.dtype,
            &meta.shape,
            &meta.chunk_shape,
            &meta.fill_value,
        );
        let source = AttributeValue::String(self.source.clone());
        if !is_alike || file.get_attribute(&self.at, SOURCE)? != Some(&source) {
            return Ok(None);
        }
        Ok(match file.get_attribute(&self.at, SLABS)? {
            Some(AttributeValue::Int64List(counts)) => match counts[..] {
                [written, all]
                    if all == self.slabs.len() as i64 && (0..=all).contains(&written) =>
                {
                    Some(written as usize)
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// The name under which it is written.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// What is still to be written, in order.
    pub fn rest(&self) -> Vec<Slab> {
        self.slabs[self.written..].to_vec()
    }

    /// Elements that an earlier attempt has written.
    pub fn done(&self) -> u64 {
        self.slabs[..self.written].iter().map(Slab::len).sum()
    }

    /// Notes that the next slab is written; commits from time to time.
    pub async fn wrote(&mut self, file: &mut ArrayFile, bytes: u64) -> Result<()> {
        self.written += 1;
        self.waiting += bytes;
        if self.at != self.name && self.waiting >= self.pace.commit_every {
            let counts = vec![self.written as i64, self.slabs.len() as i64];
            file.set_attribute(&self.at, SLABS, AttributeValue::Int64List(counts))?;
            file.set_attribute(&self.at, SOURCE, self.source.clone().into())?;
            file.flush().await?;
            self.waiting = 0;
        }
        Ok(())
    }

    /// Gives it its name.
    pub fn finish(self, file: &mut ArrayFile) -> Result<()> {
        if self.at == self.name {
            return Ok(());
        }
        file.remove_attribute(&self.at, SLABS)?;
        file.remove_attribute(&self.at, SOURCE)?;
        if file.contains(&self.name)? {
            file.delete(&self.name)?;
        }
        file.rename(&self.at, &self.name)?;
        Ok(())
    }
}
