//! Work that would hold up an async runtime.

use crate::error::{Error, Result};

/// Runs work on the runtime's pool for blocking work and waits for it. The caller may be dropped
/// meanwhile: the work then ends without effect.
pub(crate) async fn run<V: Send + 'static>(work: impl FnOnce() -> V + Send + 'static) -> Result<V> {
    match tokio::runtime::Handle::try_current() {
        Ok(handle) => handle
            .spawn_blocking(work)
            .await
            .map_err(|error| Error::Storage(format!("a worker thread ended: {error}"))),
        // Not on Tokio: the caller's executor has to wait.
        Err(_) => Ok(work()),
    }
}
