//! A store that fails at a chosen operation.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result, UploadPart,
};
use tokio::sync::Notify;

/// What becomes of the chosen operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not done, and fails.
    Refuse,
    /// It is done, and its answer is lost.
    LoseAnswer,
    /// A conditional put is done and refused all the same: what a client sees that repeats a put whose
    /// answer was lost. Other operations are left alone.
    Deny,
    /// A put writes the first half of the object, if none is there, and fails. Only for stores that
    /// do not write objects as a whole; other operations are left alone.
    Tear,
    /// It is done, and never answered: whoever waits has to give up.
    DoneThenHang,
    /// It is never done and never answered.
    Hang,
    /// It takes longer.
    Delay(Duration),
}

/// Which operations a fault meets; they are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Nothing,
    At(usize, Fault),
    /// The process is dead: nothing is done any more.
    From(usize),
}

/// An operation that a store was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it was.
    pub verb: Verb,
    /// The object, or the listed folder.
    pub path: Path,
    /// What met it.
    pub fault: Option<Fault>,
}

/// What a store can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// A put without a condition.
    Put,
    /// A put that must not replace anything.
    Create,
    /// A put that must replace a certain version.
    Update,
    /// Reading an object or a part of it.
    Get,
    /// Asking for an object's size and version.
    Head,
    /// Listing a folder.
    List,
    /// Removing an object.
    Delete,
    /// Copying an object.
    Copy,
    /// Beginning an upload in parts.
    Begin,
    /// Uploading a part.
    Part,
    /// Making an object of the parts.
    Complete,
    /// Dropping the parts.
    Abort,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    log: Vec<Operation>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    hangs: Notify,
}

/// A wrapper around any store that numbers its operations and lets one of them, or all from one on,
/// meet a fault. Clones share everything.
#[derive(Debug, Clone)]
pub struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    shared: Arc<Shared>,
}

impl FaultStore {
    /// Around `inner`, without a fault.
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        let state = State {
            plan: Plan::Nothing,
            log: Vec::new(),
        };
        let shared = Shared {
            state: Mutex::new(state),
            hangs: Notify::new(),
        };
        Self {
            inner,
            shared: Arc::new(shared),
        }
    }

    /// The store without faults.
    pub fn inner(&self) -> &Arc<dyn ObjectStore> {
        &self.inner
    }

    /// Operation `k`, counted from here, meets `fault`.
    pub fn fail_at(&self, k: usize, fault: Fault) {
        self.plan(Plan::At(k, fault));
    }

    /// All operations from `k` on, counted from here, are refused.
    pub fn dead_from(&self, k: usize) {
        self.plan(Plan::From(k));
    }

    /// Nothing meets a fault any more. The log stays.
    pub fn heal(&self) {
        self.shared.state().plan = Plan::Nothing;
    }

    /// The operations since faults were last planned.
    pub fn log(&self) -> Vec<Operation> {
        self.shared.state().log.clone()
    }

    /// Whether an operation since then has met its fault.
    pub fn has_failed(&self) -> bool {
        self.log().iter().any(|operation| operation.fault.is_some())
    }

    /// Waits until an operation hangs.
    pub async fn hangs(&self) {
        self.shared.hangs.notified().await;
    }

    fn plan(&self, plan: Plan) {
        let mut state = self.shared.state();
        state.plan = plan;
        state.log.clear();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers an operation, and says what it meets.
    fn meet(&self, verb: Verb, path: &Path) -> Option<Fault> {
        let mut state = self.state();
        let number = state.log.len();
        let fault = match state.plan {
            Plan::At(k, fault) if k == number => Some(fault).filter(|f| f.applies_to(verb)),
            Plan::From(k) if k <= number => Some(Fault::Refuse),
            _ => None,
        };
        state.log.push(Operation {
            verb,
            path: path.clone(),
            fault,
        });
        fault
    }

    /// Whether the next operation is to meet this fault.
    fn next_is(&self, fault: Fault) -> bool {
        let state = self.state();
        state.plan == Plan::At(state.log.len(), fault)
    }

    /// Does an operation as the plan wants it.
    async fn run<T>(
        &self,
        verb: Verb,
        path: &Path,
        operation: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match self.meet(verb, path) {
            None => operation.await,
            Some(Fault::Refuse | Fault::Tear) => Err(broken()),
            Some(Fault::LoseAnswer) => operation.await.and(Err(broken())),
            Some(Fault::Deny) => operation.await.and(Err(denied(verb, path))),
            Some(Fault::DoneThenHang) => {
                operation.await?;
                self.hang().await
            }
            Some(Fault::Hang) => self.hang().await,
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                operation.await
            }
        }
    }

    async fn hang<T>(&self) -> T {
        self.hangs.notify_one();
        std::future::pending().await
    }
}

impl Fault {
    fn applies_to(self, verb: Verb) -> bool {
        match self {
            Self::Deny => matches!(verb, Verb::Create | Verb::Update),
            Self::Tear => verb == Verb::Create,
            _ => true,
        }
    }
}

fn broken() -> Error {
    Error::Generic {
        store: "FaultStore",
        source: "the connection was reset".into(),
    }
}

fn denied(verb: Verb, path: &Path) -> Error {
    let (path, source) = (path.to_string(), "it is there already".into());
    match verb {
        Verb::Create => Error::AlreadyExists { path, source },
        _ => Error::Precondition { path, source },
    }
}

impl fmt::Display for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultStore({})", self.inner)
    }
}

/// The first half of a payload.
fn half(payload: &PutPayload) -> PutPayload {
    let whole: Vec<u8> = payload.iter().flatten().copied().collect();
    Bytes::from(whole)
        .slice(..payload.content_length() / 2)
        .into()
}

#[async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let verb = match options.mode {
            PutMode::Overwrite => Verb::Put,
            PutMode::Create => Verb::Create,
            PutMode::Update(_) => Verb::Update,
        };
        if verb == Verb::Create && self.shared.next_is(Fault::Tear) {
            let put = self.inner.put_opts(path, half(&payload), options.clone());
            put.await?;
        }
        let put = self.inner.put_opts(path, payload, options);
        self.shared.run(verb, path, put).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let begin = self.inner.put_multipart_opts(path, options);
        let upload = FaultUpload {
            inner: self.shared.run(Verb::Begin, path, begin).await?,
            path: path.clone(),
            shared: Arc::clone(&self.shared),
        };
        Ok(Box::new(upload))
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let verb = if options.head { Verb::Head } else { Verb::Get };
        let get = self.inner.get_opts(path, options);
        self.shared.run(verb, path, get).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let deleted = paths.then(move |path| {
            let store = store.clone();
            async move {
                let path = path?;
                let delete = store.inner.delete(&path);
                store.shared.run(Verb::Delete, &path, delete).await?;
                Ok(path)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (shared, folder) = (
            Arc::clone(&self.shared),
            prefix.cloned().unwrap_or_default(),
        );
        let listed = self.inner.list(prefix);
        let begun = async move {
            let list = std::future::ready(Ok(listed));
            match shared.run(Verb::List, &folder, list).await {
                Ok(listed) => listed,
                Err(error) => futures::stream::once(std::future::ready(Err(error))).boxed(),
            }
        };
        futures::stream::once(begun).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let folder = prefix.cloned().unwrap_or_default();
        let list = self.inner.list_with_delimiter(prefix);
        self.shared.run(Verb::List, &folder, list).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let copy = self.inner.copy_opts(from, to, options);
        self.shared.run(Verb::Copy, to, copy).await
    }
}

/// An upload in parts, each of which may meet a fault.
#[derive(Debug)]
struct FaultUpload {
    inner: Box<dyn MultipartUpload>,
    path: Path,
    shared: Arc<Shared>,
}

#[async_trait]
impl MultipartUpload for FaultUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (shared, path) = (Arc::clone(&self.shared), self.path.clone());
        let part = self.inner.put_part(data);
        Box::pin(async move { shared.run(Verb::Part, &path, part).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let complete = self.inner.complete();
        self.shared.run(Verb::Complete, &self.path, complete).await
    }

    async fn abort(&mut self) -> Result<()> {
        let abort = self.inner.abort();
        self.shared.run(Verb::Abort, &self.path, abort).await
    }
}
