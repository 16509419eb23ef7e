//! Files to write into: opened or made, and left as one object.

use std::sync::Arc;

use anyhow::Result;
use array_format::merge::Compaction;
use array_format::{ArrayFile, CompactOptions};

use crate::open;
use crate::ui::Ui;
use crate::ui::progress::Unit;

/// A file to write into.
pub struct Target {
    pub file: ArrayFile,
    /// Whether it was made for this.
    is_new: bool,
}

impl Target {
    /// Opens a file, or makes it.
    pub async fn open(file: &str, message: &str) -> Result<Self> {
        match open::open_to_write(file, message).await {
            Ok(file) => Ok(Self {
                file,
                is_new: false,
            }),
            Err(error) => match error.downcast_ref::<array_format::Error>() {
                Some(array_format::Error::FileNotFound { .. }) => Ok(Self {
                    file: open::create(file, open::config(message)).await?,
                    is_new: true,
                }),
                _ => Err(error),
            },
        }
    }

    /// Commits; a file that was made for this becomes one object.
    pub async fn finish(mut self, ui: &Ui) -> Result<ArrayFile> {
        self.file.flush().await?;
        if self.is_new {
            compact(&mut self.file, CompactOptions::default(), ui).await?;
        }
        Ok(self.file)
    }
}

/// Compacts with a progress bar.
pub async fn compact(
    file: &mut ArrayFile,
    mut options: CompactOptions,
    ui: &Ui,
) -> Result<Compaction> {
    let bar = Arc::new(ui.progress(0, Unit::Bytes, "compacting"));
    options.progress = Some(Arc::new(move |done| bar.set(done.copied, done.total)));
    Ok(file.compact_with(options).await?)
}
