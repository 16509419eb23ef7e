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

/// Runs work that borrows, on this thread. On a runtime of several threads its other tasks move to
/// another one meanwhile; on others they wait, so it must not be more than some milliseconds.
pub(crate) fn in_place<V>(work: impl FnOnce() -> V) -> V {
    let flavor = tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor());
    match flavor {
        Ok(tokio::runtime::RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Whether [`in_place`] holds up nobody.
pub(crate) fn may_hold_up() -> bool {
    let flavor = tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor());
    !matches!(flavor, Ok(tokio::runtime::RuntimeFlavor::CurrentThread))
}

/// Lets other tasks of the runtime have their turn.
pub(crate) async fn give_way() {
    let mut gave = false;
    std::future::poll_fn(|cx| {
        if gave {
            return std::task::Poll::Ready(());
        }
        gave = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Threads that one call may use.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
