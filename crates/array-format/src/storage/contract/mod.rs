//! What `array_format` asks of an object store, as a suite that can be run against any store.
//!
//! [`check`] tries out clause by clause and reports which of them hold. What each is for says
//! [`Need`]; `docs/commit-protocol.md` says why. A clause that is broken is a finding, never a panic;
//! one that the store says it cannot keep is [`Verdict::Absent`], which is honest and often enough:
//! a store without lists or suffixes is asked in other ways, and one without swaps keeps compacted
//! layers as sidecars.
//!
//! ```
//! use std::sync::Arc;
//! use array_format::object_store::{memory::InMemory, path::Path};
//! use array_format::storage::contract::{ContractOptions, check};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> array_format::Result<()> {
//! // A store of your own in its place.
//! let store = Arc::new(InMemory::new());
//! let report = check(store, &Path::from("scratch"), &ContractOptions::default()).await?;
//! println!("{report}");
//! assert!(report.can_commit() && report.can_promote());
//! # Ok(())
//! # }
//! ```
//!
//! The races are as good as the calls are parallel: on Tokio's multi-threaded runtime each client is
//! a task, and without a runtime a thread. A race that one has won proves little, and one that two
//! have won proves that the store must not be trusted; so more [`rounds`](ContractOptions::rounds)
//! tell more. The suite asks through one client. What a second one sees of the first's puts, or a
//! store after a power cut, it cannot tell.

mod clauses;
mod clients;
mod ground;
mod options;
mod report;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::path::Path;

use ground::{Ground, Outcome, Stop};
pub use options::{ContractOptions, Sample};
pub use report::{ContractReport, Finding, Need, Verdict};

use crate::error::Result;

/// One thing that is asked.
struct Clause {
    name: &'static str,
    asked: &'static str,
    need: Need,
    run: for<'a> fn(&'a Ground) -> BoxFuture<'a, Outcome>,
}

/// Runs every clause against a store, in a new folder beneath `prefix`, and removes what it put there.
///
/// On a local disk empty folders stay. A future that is dropped leaves its objects behind.
///
/// # Errors
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for options with which nothing can be
/// tried. Whatever the store does is in the report.
pub async fn check(
    store: Arc<dyn ObjectStore>,
    prefix: &Path,
    options: &ContractOptions,
) -> Result<ContractReport> {
    options.validate()?;
    let mut ground = Ground::new(store, prefix, options)?;
    let mut findings = Vec::new();
    for clause in clauses::ALL {
        let start = Instant::now();
        ground.enter(clause.name);
        let run = AssertUnwindSafe((clause.run)(&ground)).catch_unwind().await;
        let outcome = run.unwrap_or_else(|_| Err(Stop::Broken("the store panicked".into())));
        findings.push(Finding {
            name: clause.name,
            asked: clause.asked,
            need: clause.need,
            verdict: match outcome {
                Ok(()) => Verdict::Holds,
                Err(Stop::Broken(how)) => Verdict::Broken { how },
                Err(Stop::Absent(why)) => Verdict::Absent { why },
                Err(Stop::Untried(why)) => Verdict::Untried { why },
            },
            remark: ground.take_remark(),
            took: start.elapsed(),
        });
    }
    let left_behind = AssertUnwindSafe(ground.clear()).catch_unwind().await;
    Ok(ContractReport {
        store: ground.store.to_string(),
        findings,
        left_behind: left_behind.unwrap_or_else(|_| vec![ground.root().to_string()]),
    })
}
