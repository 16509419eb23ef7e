//! Going back, as a new commit.

use futures::future::BoxFuture;

use super::At;
use crate::ArrayFile;
use crate::commit::{Made, Work};
use crate::error::{Error, Result};

impl ArrayFile {
    /// Commits the state at a point of the history as the newest one. Nothing is copied, and what
    /// was committed since stays in the history.
    ///
    /// # Errors
    /// [`Error::Conflict`] if others have committed since this handle last saw the file: `refresh`,
    /// look at what they did, and try again. [`Error::InvalidArgument`] while changes are pending.
    /// As [`ArrayFile::open_at`] and [`ArrayFile::flush`].
    pub async fn restore(&mut self, at: impl Into<At>) -> Result<()> {
        self.check_writable()?;
        if self.has_pending() {
            return Err(Error::invalid(
                "restore with pending changes: flush them first, or open the file again to drop them",
            ));
        }
        self.restore_to(at.into()).await
    }

    fn restore_to(&mut self, at: At) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let found = self.find_at(&at).await?;
            if found.snapshot.root.layer == self.snapshot.root.layer {
                return Ok(());
            }
            let message = format!("restore of {at}");
            let mut work = Work::Restore(Box::new(found.snapshot), message);
            match self.make_layer(&mut work).await? {
                Made::Counts => {
                    self.forget_pending();
                    Ok(())
                }
                Made::Before | Made::Again => Err(Error::Storage("a restore met a flush".into())),
                Made::Overtaken(found) => Err(Error::Conflict {
                    what: "the file, of which an older state was to be restored,".into(),
                    layer: found.snapshot.root.sequence,
                }),
            }
        })
    }
}
