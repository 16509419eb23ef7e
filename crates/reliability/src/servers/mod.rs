//! Object stores and web servers on 127.0.0.1, one file each, alive as long as their handle.

pub mod azurite;
pub mod gcs;
mod install;
mod log;
pub mod ministack;
pub mod nginx;
mod ping;
pub mod plain;
mod process;
pub mod seaweedfs;

use std::sync::Arc;
use std::time::Duration;

use array_format::storage::resolve;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::time::{Instant, sleep, timeout};

use process::Process;

/// The bucket or container that every object store here has.
const BUCKET: &str = "test-bucket";
/// How long a server may take until it answers; they take three seconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Why a server does not run.
pub type Result<T> = std::result::Result<T, String>;

/// The object stores that the tests run against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// S3, in memory.
    MiniStack,
    /// S3, on disk, with signatures.
    SeaweedFs,
    /// Azure Blob Storage.
    Azurite,
    /// Google Cloud Storage: our own double.
    Gcs,
}

/// A server that runs until this is dropped or this process ends, in whatever way.
#[derive(Debug)]
pub struct Server {
    root: String,
    options: Vec<(String, String)>,
    /// Dropping this stops it.
    _running: Running,
}

#[derive(Debug)]
#[expect(dead_code, reason = "held for their drop")]
enum Running {
    Process(Process),
    Task(Task),
}

/// A server in this process.
#[derive(Debug)]
struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether the environment asks for tests without servers; says so if it does.
pub fn skipped(what: &str) -> bool {
    let skip = std::env::var_os("AF_SKIP_SERVERS").is_some_and(|value| value != "0");
    if skip {
        println!("SKIPPED because AF_SKIP_SERVERS is set: {what}");
    }
    skip
}

impl Server {
    /// Starts an object store, installing it if need be, and waits until it takes an object.
    ///
    /// # Errors
    /// What could not be installed or started, or does not answer, with the end of its log.
    pub async fn start(kind: Kind) -> Result<Self> {
        // Between choosing a port and listening there, somebody else may have taken it.
        for _ in 0..2 {
            if let Ok(server) = Self::try_start(kind).await {
                return Ok(server);
            }
        }
        Self::try_start(kind).await
    }

    async fn try_start(kind: Kind) -> Result<Self> {
        match kind {
            Kind::MiniStack => ministack::start().await,
            Kind::SeaweedFs => seaweedfs::start().await,
            Kind::Azurite => azurite::start().await,
            Kind::Gcs => gcs::start().await,
        }
    }

    /// What [`resolve`] has to be told to reach it.
    pub fn options(&self) -> Vec<(String, String)> {
        self.options.clone()
    }

    /// The URL of what is beneath `prefix`.
    pub fn url(&self, prefix: &str) -> String {
        format!("{}/{prefix}", self.root)
    }

    /// The URL of a new, empty place.
    pub fn new_url(&self) -> String {
        self.url(&random_name())
    }

    /// The store, and the path of `prefix` in it.
    pub fn resolve(&self, prefix: &str) -> array_format::Result<(Arc<dyn ObjectStore>, Path)> {
        resolve(&self.url(prefix), self.options())
    }

    /// Waits until an object can be put, as long as the process lives.
    async fn ready(mut self) -> Result<Self> {
        let (store, path) = self.resolve("ready").map_err(|error| error.to_string())?;
        let start = Instant::now();
        loop {
            let put = store.put(&path, "ready".into());
            let problem = match timeout(Duration::from_secs(3), put).await {
                Ok(Ok(_)) => break,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            self.still_lives()?;
            if start.elapsed() > PATIENCE {
                return Err(format!("{} takes no object: {problem}", self.root));
            }
            sleep(Duration::from_millis(50)).await;
        }
        store
            .delete(&path)
            .await
            .map_err(|error| error.to_string())?;
        Ok(self)
    }

    fn still_lives(&mut self) -> Result<()> {
        match &mut self._running {
            Running::Process(process) => process.still_lives(),
            Running::Task(_) => Ok(()),
        }
    }
}

/// Sixteen hexadecimal digits.
pub fn random_name() -> String {
    let number = getrandom::u64().expect("random numbers");
    format!("{number:016x}")
}
