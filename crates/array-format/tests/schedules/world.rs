//! A store in memory whose every operation waits until it is its turn.
//!
//! Nothing here knows of time or threads: an actor is a future, its operations are registered when it
//! is polled, and whoever drives the run grants them one by one. Away from a Tokio runtime the
//! library does its blocking work, and waits before another attempt, within the poll.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};

/// What a store does that it should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    None,
    /// A create overwrites.
    CreateOverwrites,
    /// A swap overwrites whatever is there.
    SwapOverwrites,
    /// A list shows the store as it was when it was last listed.
    StaleList,
}

/// What happens to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// Not done, and an error.
    Fails,
    /// Done, and an error instead of the answer.
    AnswerLost,
    /// An error, and done some time later.
    Late,
    /// Done, and done again by a client that missed the answer: the second answer counts.
    Repeated,
    /// Not done: the actor ends.
    DiesBefore,
    /// Done: the actor ends.
    DiesAfter,
    /// The actor ends, and the operation is done some time later.
    DiesLate,
}

/// An operation that waits.
#[derive(Debug)]
pub struct Waiting {
    pub id: u64,
    pub actor: usize,
    pub kind: &'static str,
    pub path: String,
    waker: Option<Waker>,
}

impl Waiting {
    pub fn changes(&self) -> bool {
        !matches!(self.kind, "get" | "head" | "list")
    }
}

type Effect = Box<dyn FnOnce() + Send>;

/// What all actors of a run share.
#[derive(Default)]
pub struct State {
    pub waiting: Vec<Waiting>,
    pub trace: Vec<String>,
    pub operations: u64,
    granted: HashMap<u64, Verdict>,
    late: Vec<(String, Effect)>,
    listed: Option<ListResult>,
    next: u64,
}

#[derive(Clone)]
pub struct World {
    inner: Arc<InMemory>,
    state: Arc<Mutex<State>>,
    defect: Defect,
}

impl World {
    pub fn new(defect: Defect) -> Self {
        Self {
            inner: Arc::default(),
            state: Arc::default(),
            defect,
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The store as one actor sees it.
    pub fn store(&self, actor: usize, name: &'static str) -> Arc<dyn ObjectStore> {
        let world = self.clone();
        Arc::new(Scheduled { world, actor, name })
    }

    /// Lets the n-th waiting operation go on when its actor is polled next.
    pub fn grant(&self, n: usize, verdict: Verdict) {
        let waiting = {
            let mut state = self.state();
            let waiting = state.waiting.remove(n);
            state.operations += 1;
            let step = state.trace.len();
            let Waiting {
                actor, kind, path, ..
            } = &waiting;
            let mut line = format!("{step:4} actor {actor}: {kind} {path}");
            if verdict != Verdict::Done {
                line += &format!(" [{verdict:?}]");
            }
            state.trace.push(line);
            state.granted.insert(waiting.id, verdict);
            waiting
        };
        if let Some(waker) = waiting.waker {
            waker.wake();
        }
    }

    /// Says what an actor does between operations.
    pub fn note(&self, actor: usize, what: impl fmt::Display) {
        let mut state = self.state();
        let step = state.trace.len();
        state
            .trace
            .push(format!("{step:4} actor {actor}: -- {what}"));
    }

    /// Where the run is: rises with every operation and note.
    pub fn now(&self) -> usize {
        self.state().trace.len()
    }

    /// Operations that are under way without anybody who waits for them.
    pub fn late(&self) -> usize {
        self.state().late.len()
    }

    pub fn let_arrive(&self, n: usize) {
        let (what, effect) = self.state().late.remove(n);
        effect();
        let mut state = self.state();
        let step = state.trace.len();
        state.trace.push(format!("{step:4} arrives: {what}"));
    }

    pub fn objects(&self) -> Vec<String> {
        let objects = self.inner.list(None).collect::<Vec<_>>();
        let objects = objects.now_or_never().expect("memory answers at once");
        let mut names: Vec<String> = objects
            .into_iter()
            .map(|o| o.unwrap().location.to_string())
            .collect();
        names.sort();
        names
    }
}

/// Waits for the turn of one operation.
struct Turn {
    world: World,
    actor: usize,
    kind: &'static str,
    path: String,
    id: Option<u64>,
}

impl Future for Turn {
    type Output = Verdict;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Verdict> {
        let world = self.world.clone();
        let mut state = world.state();
        let waker = Some(context.waker().clone());
        let Some(id) = self.id else {
            let id = state.next;
            state.next += 1;
            self.id = Some(id);
            state.waiting.push(Waiting {
                id,
                actor: self.actor,
                kind: self.kind,
                path: self.path.clone(),
                waker,
            });
            return Poll::Pending;
        };
        if let Some(verdict) = state.granted.remove(&id) {
            return Poll::Ready(verdict);
        }
        if let Some(waiting) = state.waiting.iter_mut().find(|w| w.id == id) {
            waiting.waker = waker;
        }
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let id = self.id;
        let mut state = self.world.state();
        state.waiting.retain(|w| Some(w.id) != id);
    }
}

fn injected() -> Error {
    Error::Generic {
        store: "Scheduled",
        source: "injected: the connection was reset".into(),
    }
}

#[derive(Clone)]
struct Scheduled {
    world: World,
    actor: usize,
    name: &'static str,
}

impl fmt::Debug for Scheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Scheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Scheduled {
    /// Does an operation when it is its turn, as the verdict has it.
    async fn run<V: 'static>(
        &self,
        kind: &'static str,
        path: &Path,
        work: impl Fn() -> Result<V> + Send + 'static,
    ) -> Result<V> {
        let turn = Turn {
            world: self.world.clone(),
            actor: self.actor,
            kind,
            path: path.to_string(),
            id: None,
        };
        match turn.await {
            Verdict::Done => {
                let done = work();
                if let Err(error) = &done {
                    let what = match error {
                        Error::AlreadyExists { .. } => "it exists",
                        Error::Precondition { .. } => "another version",
                        Error::NotFound { .. } => "not found",
                        _ => "error",
                    };
                    if let Some(line) = self.world.state().trace.last_mut() {
                        *line += &format!(" = {what}");
                    }
                }
                done
            }
            Verdict::Fails => Err(injected()),
            Verdict::AnswerLost => {
                let _ = work();
                Err(injected())
            }
            Verdict::Repeated => {
                let _ = work();
                work()
            }
            Verdict::Late => {
                self.postpone(kind, path, work);
                Err(injected())
            }
            Verdict::DiesBefore => std::future::pending().await,
            Verdict::DiesAfter => {
                let _ = work();
                std::future::pending().await
            }
            Verdict::DiesLate => {
                self.postpone(kind, path, work);
                std::future::pending().await
            }
        }
    }

    fn postpone<V: 'static>(
        &self,
        kind: &'static str,
        path: &Path,
        work: impl Fn() -> Result<V> + Send + 'static,
    ) {
        let what = format!("{kind} {path} of actor {}", self.actor);
        let effect: Effect = Box::new(move || {
            let _ = work();
        });
        self.world.state().late.push((what, effect));
    }
}

/// Memory answers at once.
fn now<V>(future: impl Future<Output = V>) -> V {
    future.now_or_never().expect("memory answers at once")
}

#[async_trait]
impl ObjectStore for Scheduled {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        let kind = match &options.mode {
            PutMode::Create => "create",
            PutMode::Overwrite => "put",
            PutMode::Update(_) => "swap",
        };
        match (self.world.defect, kind) {
            (Defect::CreateOverwrites, "create") | (Defect::SwapOverwrites, "swap") => {
                options.mode = PutMode::Overwrite;
            }
            _ => {}
        }
        let (inner, at) = (Arc::clone(&self.world.inner), path.clone());
        let work = move || now(inner.put_opts(&at, payload.clone(), options.clone()));
        self.run(kind, path, work).await
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        unimplemented!("the library puts objects whole")
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let kind = if options.head { "head" } else { "get" };
        let (inner, at) = (Arc::clone(&self.world.inner), path.clone());
        let work = move || now(inner.get_opts(&at, options.clone()));
        self.run(kind, path, work).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |path: Result<Path>| {
            let store = store.clone();
            async move {
                let path = path?;
                let (inner, at) = (Arc::clone(&store.world.inner), path.clone());
                let work = move || now(inner.delete(&at));
                store.run("delete", &path, work).await?;
                Ok(path)
            }
        };
        paths.then(delete).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        unimplemented!("the library lists one folder")
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let (world, at) = (self.world.clone(), prefix.cloned());
        let work = move || {
            let fresh = now(world.inner.list_with_delimiter(at.as_ref()))?;
            if world.defect != Defect::StaleList {
                return Ok(fresh);
            }
            let copy = ListResult {
                common_prefixes: fresh.common_prefixes.clone(),
                objects: fresh.objects.clone(),
            };
            let before = world.state().listed.replace(copy);
            Ok(before.unwrap_or(fresh))
        };
        self.run("list", &Path::default(), work).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        unimplemented!("the library does not copy objects")
    }
}
