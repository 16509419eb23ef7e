//! Names for states of a file.

use std::collections::BTreeMap;

use array_format_core::limits;
use array_format_core::wire::tables::TagRow;

use super::At;
use crate::ArrayFile;
use crate::error::{Error, Result};

/// A name for a state of a file, which is kept as long as it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The commit after which the file was in that state.
    pub sequence: u64,
}

impl ArrayFile {
    /// Gives a state a name, with the next commit. A tag of this name moves.
    ///
    /// Compaction and vacuum keep what tagged states need.
    ///
    /// # Errors
    /// As [`ArrayFile::open_at`]: the state must be readable now. [`Error::InvalidArgument`] for an
    /// empty name, [`Error::Limit`] for one of more than 65,535 bytes.
    pub async fn tag(&mut self, name: impl Into<String>, at: impl Into<At>) -> Result<()> {
        self.check_writable()?;
        let name = name.into();
        if name.is_empty() {
            return Err(Error::invalid("the name of a tag must not be empty"));
        }
        limits::check("bytes of a tag", name.len() as u64, limits::NAME_BYTES)?;
        let at = at.into();
        let root = &self.snapshot.root;
        let (sequence, layer) = match at {
            At::Commit(sequence) if sequence == root.sequence => (sequence, root.layer),
            at => {
                let found = self.find_at(&at).await?;
                (found.snapshot.root.sequence, found.snapshot.root.layer)
            }
        };
        let row = TagRow {
            name: name.clone(),
            sequence,
            layer,
        };
        self.pending.put_tag(name, Some(row));
        Ok(())
    }

    /// Removes a tag, with the next commit; false if there was none of this name.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] for a handle that was opened at a commit.
    pub fn untag(&mut self, name: &str) -> Result<bool> {
        self.check_writable()?;
        let there = self.tags()?.iter().any(|tag| tag.name == name);
        if there {
            self.pending.put_tag(name.to_owned(), None);
        }
        Ok(there)
    }

    /// All tags, by name, those that are pending included.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a page is damaged.
    pub fn tags(&self) -> Result<Vec<Tag>> {
        let committed = self.snapshot.tags()?.into_iter();
        let mut tags: BTreeMap<&str, u64> = committed
            .map(|row| (row.name.as_str(), row.sequence))
            .collect();
        for (name, row) in &self.pending.tags {
            match row {
                Some(row) => tags.insert(name, row.sequence),
                None => tags.remove(name.as_str()),
            };
        }
        let tag = |(name, sequence): (&str, u64)| Tag {
            name: name.to_owned(),
            sequence,
        };
        Ok(tags.into_iter().map(tag).collect())
    }
}
