//! Verifying a snapshot: its structure, and the data if that is asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;

use super::problem::{Problem, damaged_arrays};
use super::source::damage;
use super::survey::Survey;
use super::wreck::Wreck;
use crate::ArrayFile;
use crate::codec::CompressionCodec;
use crate::config::{FileConfig, Settings};
use crate::error::Result;
use crate::open;
use crate::storage::ObjectStoreBackend;

/// How far a verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Pages that were read.
    pub pages: u64,
    /// Frames that were checked.
    pub frames: u64,
    /// Frames of the snapshot.
    pub all_frames: u64,
    /// Stored bytes that were read.
    pub bytes: u64,
}

/// What is called as a verification goes on.
pub type Progress = Arc<dyn Fn(Report) + Send + Sync>;

/// How much is verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// All metadata: costs about what the metadata take, and no data.
    #[default]
    Quick,
    /// Metadata and data: every frame is read and decoded.
    Full,
}

/// How to verify.
///
/// ```
/// use std::sync::Arc;
/// use array_format::integrity::{Depth, VerifyOptions};
///
/// let mut options = VerifyOptions::default();
/// options.depth = Depth::Full;
/// options.progress = Some(Arc::new(|at| println!("{} of {} frames", at.frames, at.all_frames)));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// How much is verified.
    pub depth: Depth,
    /// Called about once for each 16 MiB that are read.
    pub progress: Option<Progress>,
}

impl std::fmt::Debug for VerifyOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyOptions")
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl VerifyOptions {
    /// Metadata alone.
    pub fn quick() -> Self {
        Self::default()
    }

    /// Metadata and data.
    pub fn full() -> Self {
        Self {
            depth: Depth::Full,
            ..Self::default()
        }
    }
}

/// An array whose codec is not registered here: its frames have right checksums, but were not
/// decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownCodec {
    /// The array.
    pub array: String,
    /// The codec's recorded name.
    pub codec: String,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The commit whose state was verified.
    pub commit: u64,
    /// Later commits, of which there are objects that cannot be read, rising. A commit whose end is
    /// missing may never have been completed.
    pub lost_commits: Vec<u64>,
    /// Metadata pages that were read, roots aside.
    pub checked_pages: u64,
    /// Frames whose rows were checked, and their bytes too if that was asked for.
    pub checked_frames: u64,
    /// Stored bytes of what was read: of pages, and of frames if that was asked for.
    pub checked_bytes: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Arrays that could not be decoded for lack of a codec, which is no damage.
    pub unknown_codecs: Vec<UnknownCodec>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }

    /// The arrays that are hit, by name.
    pub fn damaged_arrays(&self) -> BTreeSet<&str> {
        damaged_arrays(&self.problems)
    }
}

impl ArrayFile {
    /// Verifies this handle's snapshot, as it stands in the store: no cache and no page that is in
    /// memory is believed. Changes that are pending are not part of it.
    ///
    /// The structure: all layers are there, with their ids and lengths; every page has its checksum,
    /// decodes, and holds what its parent says; definitions are possible; every frame belongs to a
    /// tile of an array, lies within its layer, and overlaps no other; sizes and counts add up. With
    /// [`Depth::Full`] also the data: every frame has its checksum, decodes, and has the statistics
    /// that the index says; these of an array are those of its frames.
    ///
    /// `docs/format.md` (section 5) asks for exact bounds, but for texts, which may be bounded by
    /// something shorter. Bounds of an array that are wider than those of its frames do no harm, and
    /// are not reported; narrower ones are.
    ///
    /// It goes on after a problem. Memory: the definitions and statistics of all arrays, and a
    /// bounded number of pages and frames.
    ///
    /// # Errors
    /// [`Error::SnapshotExpired`](crate::Error::SnapshotExpired) if layers were replaced since the handle
    /// last saw the file: refresh and verify again; what the store said. Damage is not an error here.
    pub async fn verify(&self, options: &VerifyOptions) -> Result<Verified> {
        Survey::of_file(self, options)?.run().await
    }

    /// As [`ArrayFile::verify`], of a file that may be too damaged to open.
    ///
    /// If it opens, its newest state is verified. If not, the state that [`ArrayFile::salvage`] would
    /// save: that of the newest commit whose end is whole.
    ///
    /// # Errors
    /// [`Error::FileNotFound`](crate::Error::FileNotFound);
    /// [`Error::Corrupt`](crate::Error::Corrupt) if no layer's end can be read; what the store said.
    pub async fn diagnose<C: CompressionCodec + 'static>(
        store: Arc<dyn ObjectStore>,
        path: Path,
        config: FileConfig<C>,
        options: &VerifyOptions,
    ) -> Result<Verified> {
        let place = ObjectStoreBackend::with_sync(store, path, config.sync)?;
        let settings = Settings::new(config)?;
        let found = damage(open::find(&place).await)?;
        if let Ok(found) = found {
            return Self::assemble(place, settings, found, true)?
                .verify(options)
                .await;
        }
        let wreck = Wreck::find(place).await?;
        Survey::of_wreck(&wreck, settings.codecs, options)
            .run()
            .await
    }
}
