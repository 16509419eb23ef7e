//! Calls at the same time.

use futures::executor::block_on;
use futures::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::ground::{Outcome, Stop};

/// Does all of these at the same time: on Tokio as tasks, else as threads.
pub(super) async fn together<V: Send + 'static>(
    calls: Vec<BoxFuture<'static, V>>,
) -> Outcome<Vec<V>> {
    if Handle::try_current().is_ok() {
        // Tasks that are left when this is dropped end with it.
        let mut tasks: JoinSet<V> = calls.into_iter().collect();
        let mut done = Vec::new();
        while let Some(value) = tasks.join_next().await {
            done.push(value.map_err(|_| panicked())?);
        }
        return Ok(done);
    }
    let start = |call| std::thread::spawn(move || block_on(call));
    let threads: Vec<_> = calls.into_iter().map(start).collect();
    let done = threads.into_iter().map(|thread| thread.join());
    done.map(|value| value.map_err(|_| panicked())).collect()
}

fn panicked() -> Stop {
    Stop::Broken("the store panicked".into())
}
