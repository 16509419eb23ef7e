//! The list of commits.

use array_format_core::wire::tables::Origin;

use crate::ArrayFile;
use crate::error::Result;
use crate::timestamp::TimestampNs;

/// What a layer was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A commit of changes.
    Commit,
    /// A merge of the layers from this number on: nothing visible changed.
    Merge {
        /// The oldest layer that was merged.
        from: u64,
    },
    /// A return to the state after this commit.
    Restore {
        /// The commit whose state came back.
        of: u64,
    },
}

/// One commit, as the file's log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commit {
    /// Its number.
    pub sequence: u64,
    /// When it was made, by its writer's clock.
    pub time: TimestampNs,
    /// The id of the handle that made it, in hexadecimal.
    pub writer: String,
    /// What the writer said of it.
    pub message: String,
    /// What it was made for.
    pub kind: Kind,
    /// Arrays that were defined, written, renamed, deleted, or whose attributes were set.
    pub arrays: u64,
    /// Frames that were written: one for each tile of a chunk.
    pub frames: u64,
    /// Stored bytes of these frames.
    pub bytes: u64,
    /// Bytes of its layer, metadata included.
    pub layer_bytes: u64,
    /// Whether its state is kept and can be opened.
    pub retained: bool,
    /// Tags that name it, by name.
    pub tags: Vec<String>,
}

impl ArrayFile {
    /// All commits up to this handle's snapshot, newest first.
    ///
    /// Costs the pages of the log, which hold the commits before the last merge.
    ///
    /// # Errors
    /// What reading metadata can say.
    pub async fn log(&self) -> Result<Vec<Commit>> {
        let chain = self.chain().await?;
        let tags = self.snapshot.tags()?;
        Ok(chain
            .rows()
            .rev()
            .map(|row| Commit {
                sequence: row.sequence,
                time: TimestampNs(row.time),
                writer: format!("{:?}", row.writer),
                message: row.message.clone(),
                kind: match row.origin {
                    Origin::Commit => Kind::Commit,
                    Origin::Merge(from) => Kind::Merge { from },
                    Origin::Restore(of) => Kind::Restore { of },
                },
                arrays: row.arrays,
                frames: row.frames,
                bytes: row.bytes,
                layer_bytes: row.stored(),
                retained: chain.kept_as(row.sequence).is_some(),
                tags: tags
                    .iter()
                    .filter(|tag| tag.sequence == row.sequence)
                    .map(|tag| tag.name.clone())
                    .collect(),
            })
            .collect())
    }
}
