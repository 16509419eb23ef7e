//! Flush, compaction and refresh: what they may do, and what they may refuse.

use array_format::Error;

use super::{Outcome, Version, World};
use crate::model::State;

impl World {
    /// Whether the handle has changes to commit. It must have them if its view differs from its
    /// version's, and must not if nothing was done.
    pub(super) fn has_pending(&self, h: usize) -> Outcome<bool> {
        let handle = &self.handles[h];
        let has = handle.file.has_pending();
        ensure!(
            !has || !handle.touched.is_empty(),
            "something is pending, but nothing was done"
        );
        Ok(has)
    }

    /// The newest state together with what is pending.
    pub(super) fn rebased(&self, h: usize) -> Outcome<State> {
        let handle = &self.handles[h];
        let base = &self.versions[&handle.sequence].state;
        let merged = State::merged(base, &handle.view, &self.newest().1.state);
        merged.map_err(|why| format!("there was no conflict, but {why}"))
    }

    /// Whether what is pending meets what others have committed since.
    pub(super) fn meets(&self, h: usize) -> bool {
        let handle = &self.handles[h];
        let since = self.versions.range(handle.sequence + 1..);
        since
            .flat_map(|(_, version)| &version.touched)
            .any(|t| handle.touched.contains(t))
    }

    /// What a commit that failed may say. Then pending is kept, and the file is as it was.
    pub(super) async fn refused(&mut self, h: usize, error: &Error) -> Outcome {
        match error {
            Error::Conflict { .. } => ensure!(self.meets(h), "a conflict without cause: {error}"),
            error => self.excused(h, error)?,
        }
        let handle = &self.handles[h];
        ensure_eq!(
            handle.file.sequence(),
            handle.sequence,
            "sequence after a refusal"
        );
        ensure!(
            handle.file.has_pending(),
            "pending is gone after a refusal: {error}"
        );
        self.check_handle(h).await?;
        self.check_newest().await
    }

    /// The handle has moved to a version: everything pending is in it.
    pub(super) fn moved(&mut self, h: usize, to: u64) {
        let state = self.versions[&to].state.clone();
        let handle = &mut self.handles[h];
        handle.shows_statistics |= handle.sequence != to;
        handle.sequence = to;
        handle.view = state;
        handle.touched.clear();
    }

    pub(super) async fn flushed(
        &mut self,
        h: usize,
        had: bool,
        result: Result<(), Error>,
    ) -> Outcome {
        if let Err(error) = result {
            ensure!(had, "a flush of nothing failed: {error:?}");
            return self.refused(h, &error).await;
        }
        if had {
            let state = self.rebased(h)?;
            let (&last, newest) = self.newest();
            let (layers, epoch) = (newest.layers + 1, newest.epoch);
            let sequence = self.handles[h].file.sequence();
            ensure!(sequence > last, "layer {sequence} follows layer {last}");
            let touched = std::mem::take(&mut self.handles[h].touched);
            self.versions.insert(
                sequence,
                Version {
                    state,
                    layers,
                    touched,
                    epoch,
                },
            );
            self.moved(h, sequence);
        } else {
            // What was done has come to nothing.
            let sequence = self.handles[h].sequence;
            self.moved(h, sequence);
        }
        ensure!(
            !self.handles[h].file.has_pending(),
            "something is pending after a flush"
        );
        self.check_handle(h).await?;
        self.check_newest().await
    }

    pub(super) async fn compact(&mut self, h: usize) -> Outcome {
        let had = self.has_pending(h)?;
        if let Err(error) = self.handles[h].file.compact().await {
            if had {
                return self.refused(h, &error).await;
            }
            return self.excused(h, &error);
        }
        let state = self.rebased(h)?;
        let sequence = self.handles[h].file.sequence();
        if had || !self.versions.contains_key(&sequence) {
            let (&last, newest) = self.newest();
            ensure!(sequence > last, "layer {sequence} follows layer {last}");
            let (touched, epoch) = (self.handles[h].touched.clone(), newest.epoch + 1);
            self.versions.insert(
                sequence,
                Version {
                    state,
                    layers: 1,
                    touched,
                    epoch,
                },
            );
        }
        self.moved(h, sequence);
        ensure_eq!(
            self.handles[h].file.num_layers(),
            1,
            "layers after compaction"
        );
        self.check_handle(h).await?;
        self.check_newest().await?;
        self.check_copied_base().await
    }

    pub(super) async fn refresh(&mut self, h: usize) -> Outcome {
        let had = self.has_pending(h)?;
        if let Err(error) = self.handles[h].file.refresh().await {
            ensure!(had, "a refresh with nothing pending failed: {error:?}");
            return self.refused(h, &error).await;
        }
        let (&newest, _) = self.newest();
        ensure_eq!(
            self.handles[h].file.sequence(),
            newest,
            "layer after a refresh"
        );
        ensure_eq!(
            self.handles[h].file.has_pending(),
            had,
            "pending after a refresh"
        );
        if had {
            let view = self.rebased(h)?;
            let handle = &mut self.handles[h];
            handle.shows_statistics |= handle.sequence != newest;
            (handle.sequence, handle.view) = (newest, view);
        } else {
            self.moved(h, newest);
        }
        self.check_handle(h).await
    }
}
