//! Older states of a file, to be read.

use std::sync::Arc;

use array_format_core::wire::header::Id;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::path::Path;

use super::layer_row;
use crate::ArrayFile;
use crate::codec::CompressionCodec;
use crate::config::{FileConfig, Settings};
use crate::error::{Error, Result};
use crate::open::{self, Found};
use crate::timestamp::TimestampNs;

/// A state in a file's history.
///
/// ```
/// use array_format::{At, TimestampNs};
///
/// let commit = At::from(12);
/// let tag = At::from("v1");
/// let time = At::from(TimestampNs(1_700_000_000_000_000_000));
/// # let _ = (commit, tag, time);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// After the commit with this number. A merge of it, which shows the same, may stand for it.
    Commit(u64),
    /// As it was at this time, by the clocks of the writers.
    Time(TimestampNs),
    /// That a tag names.
    Tag(String),
}

impl From<u64> for At {
    fn from(sequence: u64) -> Self {
        Self::Commit(sequence)
    }
}

impl From<TimestampNs> for At {
    fn from(time: TimestampNs) -> Self {
        Self::Time(time)
    }
}

impl From<&str> for At {
    fn from(tag: &str) -> Self {
        Self::Tag(tag.to_owned())
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Commit(sequence) => write!(f, "commit {sequence}"),
            Self::Time(time) => write!(f, "time {}", time.0),
            Self::Tag(name) => write!(f, "tag {name:?}"),
        }
    }
}

impl ArrayFile {
    /// Opens a file as it was, to be read: changes and [`ArrayFile::refresh`] are refused.
    ///
    /// Costs the newest state's metadata, the log's pages, and the old state's metadata.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is no such commit or tag, or the file is younger;
    /// [`Error::SnapshotExpired`] if compaction has removed layers that it needs (a tag or
    /// [`FileConfig::retention`] keeps them); as [`ArrayFile::open`].
    pub async fn open_at<C: CompressionCodec + 'static>(
        store: Arc<dyn ObjectStore>,
        path: Path,
        at: impl Into<At>,
        config: FileConfig<C>,
    ) -> Result<Self> {
        Self::open(store, path, config).await?.at(at).await
    }

    /// The file as it was, to be read: another handle, without what is pending on this one.
    ///
    /// # Errors
    /// As [`ArrayFile::open_at`].
    pub async fn at(&self, at: impl Into<At>) -> Result<Self> {
        let found = self.find_at(&at.into()).await?;
        let settings: Settings = self.settings.clone();
        let mut file = Self::assemble(self.place.clone(), settings, found, true)?;
        file.frozen = true;
        Ok(file)
    }

    /// The snapshot at a point of this handle's history, or a merge of it.
    pub(crate) fn find_at<'a>(&'a self, at: &'a At) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async move {
            let (sequence, mut layer) = self.resolve(at).await?;
            let mut number = sequence;
            if sequence != self.sequence() {
                let chain = self.chain().await?;
                if chain.row(sequence).is_none_or(|row| row.id != layer) {
                    return Err(Error::corrupt(format!(
                        "{at} names a layer that is not in the history"
                    )));
                }
                let Some(kept) = chain.kept_as(sequence) else {
                    return Err(Error::SnapshotExpired {
                        detail: format!("{at} is not kept any more: a compaction has given it up"),
                    });
                };
                (number, layer) = (kept.sequence, kept.id);
            }
            let found = self.find_layer(number, layer).await;
            found.map_err(|error| match error {
                Error::SnapshotExpired { detail } | Error::FileNotFound { path: detail } => {
                    Error::SnapshotExpired {
                        detail: format!("{at} is not kept any more ({detail})"),
                    }
                }
                other => other,
            })
        })
    }

    async fn find_layer(&self, sequence: u64, layer: Id) -> Result<Found> {
        open::find_layer(&self.place, self.layers(), sequence, layer).await
    }

    /// The number and the id of the newest layer of a state.
    pub(crate) async fn resolve(&self, at: &At) -> Result<(u64, Id)> {
        let unknown = || {
            Error::invalid(format!(
                "there is no {at} of {} up to commit {}",
                self.place.path(),
                self.sequence()
            ))
        };
        match at {
            At::Commit(sequence) => {
                let row = layer_row(&self.layers(), &self.snapshot, *sequence).await?;
                row.map(|row| (row.sequence, row.id)).ok_or_else(unknown)
            }
            At::Time(time) => {
                let chain = self.chain().await?;
                let row = chain.rows().rev().find(|row| row.time <= time.0);
                row.map(|row| (row.sequence, row.id)).ok_or_else(unknown)
            }
            At::Tag(name) => {
                let tag = self.snapshot.tag(name)?;
                tag.map(|tag| (tag.sequence, tag.layer)).ok_or_else(unknown)
            }
        }
    }
}
