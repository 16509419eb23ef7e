//! Every verb, with every fault at every operation that it makes.
//!
//! Whatever happens, a fresh look sees the state before or the state after, whole; what was
//! acknowledged is there; and the same handle can be told to do it again, after which it is done once.
//! A verb is one line in [`verbs`]. In memory all is done twice, the second time with the data of each
//! layer in an annex.

#[path = "../../array-format/tests/support/store.rs"]
mod store;

use std::sync::Arc;
use std::time::Duration;

use array_format::merge::VacuumOptions;
use array_format::{
    ArrayFile, AttributeValue, CompactOptions, Error, FileConfig, Lz4Codec, Result, Retention,
    Scope,
};
use array_format_reliability::fault::{Fault, FaultStore};
use array_format_reliability::state::State;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use ndarray::{ArrayD, IxDyn};
use object_store::path::Path;

/// A call that may change a file.
struct Verb {
    name: &'static str,
    /// What comes before: changes that are pending, as a rule.
    stage: Step,
    act: Step,
    /// Whether it changes what is seen.
    is_seen: bool,
}

type Step = for<'a> fn(&'a mut Subject) -> LocalBoxFuture<'a, Result<()>>;

/// `step!(subject => …)`: a closure that returns a boxed future.
macro_rules! step {
    ($subject:ident => $body:expr) => {
        |$subject| async move { $body }.boxed_local()
    };
}

/// All verbs. To `flush` there are several, as the changes differ in what they write.
fn verbs() -> Vec<Verb> {
    let verb = |name, stage, act| Verb {
        name,
        stage,
        act,
        is_seen: true,
    };
    let unseen = |verb| Verb {
        is_seen: false,
        ..verb
    };
    let nothing: Step = step!(_subject => Ok(()));
    let flush: Step = step!(s => s.file().flush().await);
    let compact: Step = step!(s => s.file().compact().await);
    let all: Step = step!(s => s.change_all().await);
    vec![
        verb("create over a file", nothing, step!(s => s.create().await)),
        verb("flush a definition", step!(s => s.define("new")), flush),
        verb("flush a write", step!(s => s.write("a", 2, 7).await), flush),
        verb(
            "flush over a chunk",
            step!(s => s.write("a", 0, 7).await),
            flush,
        ),
        verb("flush an append", step!(s => s.append("a", 9).await), flush),
        verb("flush a deletion", step!(s => s.file().delete("b")), flush),
        verb(
            "flush a new name",
            step!(s => s.file().rename("b", "c")),
            flush,
        ),
        verb("flush attributes", step!(s => s.set_attributes()), flush),
        verb("flush all kinds", all, flush),
        verb(
            "flush a tag",
            step!(s => s.file().tag("first", 1).await),
            flush,
        ),
        verb(
            "flush as the first call",
            step!(s => s.open_and_write().await),
            flush,
        ),
        verb("restore", nothing, step!(s => s.restore().await)),
        verb("compact", nothing, compact),
        verb("compact with changes", all, compact),
        verb(
            "merge the newest",
            nothing,
            step!(s => s.merge_newest().await),
        ),
        unseen(verb(
            "vacuum",
            step!(s => s.retire().await),
            step!(s => s.vacuum().await),
        )),
    ]
}

fn cases() -> impl Iterator<Item = (&'static Verb, Option<u64>)> {
    let verbs: &'static [Verb] = Vec::leak(verbs());
    let puts = largest_puts();
    puts.into_iter()
        .flat_map(|put| verbs.iter().map(move |verb| (verb, put)))
}

/// One file, in a store of its own that may fail, and the handle that is tested.
struct Subject {
    store: FaultStore,
    file: Option<ArrayFile>,
    largest_put: Option<u64>,
}

/// What goes into a layer's own object: all data, or none.
fn largest_puts() -> Vec<Option<u64>> {
    match std::env::var_os("AF_TEST_STORE") {
        Some(_) => vec![None],
        None => vec![None, Some(0)],
    }
}

fn path() -> Path {
    Path::from("folder/run.af")
}

impl Subject {
    /// `a` = [1, 2, 0, …], and `b`, in a base and two sidecars.
    async fn new(largest_put: Option<u64>) -> Self {
        let mut subject = Self {
            store: FaultStore::new(store::new_store()),
            file: None,
            largest_put,
        };
        subject.create().await.unwrap();
        subject.define("a").unwrap();
        subject.define("b").unwrap();
        subject.write("a", 0, 1).await.unwrap();
        subject.write("b", 3, 4).await.unwrap();
        subject.file().flush().await.unwrap();
        subject.write("a", 1, 2).await.unwrap();
        let value = AttributeValue::from("m");
        subject.file().set_attribute("a", "units", value).unwrap();
        subject.file().flush().await.unwrap();
        subject
    }

    fn config(&self) -> FileConfig<Lz4Codec> {
        // Without caches every read reaches the store.
        FileConfig {
            cache_capacity: 0,
            io_cache_capacity: 0,
            largest_put: self.largest_put,
            ..FileConfig::new(Lz4Codec)
        }
    }

    fn file(&mut self) -> &mut ArrayFile {
        self.file.as_mut().expect("it was created")
    }

    async fn create(&mut self) -> Result<()> {
        let store = Arc::new(self.store.clone());
        self.file = Some(ArrayFile::create(store, path(), self.config()).await?);
        Ok(())
    }

    /// Eight chunks of one element.
    fn define(&mut self, name: &str) -> Result<()> {
        let (shape, chunks) = (vec![8], Some(vec![1]));
        self.file()
            .define_array::<i32>(name, vec![], shape, chunks, None)
    }

    async fn write(&mut self, name: &str, at: usize, value: i32) -> Result<()> {
        let data = ArrayD::from_elem(IxDyn(&[1]), value);
        self.file().write_array(name, vec![at], data.view()).await
    }

    async fn append(&mut self, name: &str, value: i32) -> Result<()> {
        let data = ArrayD::from_elem(IxDyn(&[2]), value);
        self.file().append(name, 0, data.view()).await?;
        Ok(())
    }

    fn set_attributes(&mut self) -> Result<()> {
        let file = self.file();
        file.set_attribute("a", "units", "km".into())?;
        file.set_attribute("b", "long name", "second".into())?;
        file.set_file_attribute("title", "faults".into())
    }

    async fn change_all(&mut self) -> Result<()> {
        self.define("new")?;
        self.write("new", 5, 5).await?;
        self.write("a", 1, 9).await?;
        self.append("a", 9).await?;
        self.set_attributes()?;
        self.file().delete("b")
    }

    /// Another handle, for which the store is unknown yet, and a change.
    async fn open_and_write(&mut self) -> Result<()> {
        let store = Arc::new(self.store.clone());
        self.file = Some(ArrayFile::open(store, path(), self.config()).await?);
        self.write("a", 2, 7).await
    }

    /// A restore does not follow what its caller has not seen, be it its own layer after an answer
    /// that was lost: then the caller looks.
    async fn restore(&mut self) -> Result<()> {
        match self.file().restore(1).await {
            Err(Error::Conflict { .. }) => {}
            done => return done,
        }
        self.file().refresh().await?;
        let old = self.file().at(1).await?;
        if State::of(self.file()).await? == State::of(&old).await? {
            return Ok(());
        }
        self.file().restore(1).await
    }

    async fn merge_newest(&mut self) -> Result<()> {
        let mut options = CompactOptions::default();
        options.scope = Scope::Newest(2);
        self.file().compact_with(options).await.map(|_| ())
    }

    /// Layers that nothing needs, but that a retention keeps.
    async fn retire(&mut self) -> Result<()> {
        let mut options = CompactOptions::default();
        options.scope = Scope::Newest(2);
        options.retention = Some(Retention::commits(10));
        self.file().compact_with(options).await.map(|_| ())
    }

    async fn vacuum(&mut self) -> Result<()> {
        self.file()
            .vacuum(&VacuumOptions::default())
            .await
            .map(|_| ())
    }

    /// What somebody sees who opens the file now, without faults.
    async fn seen(&self) -> Seen {
        let store = Arc::new(FaultStore::new(self.store.inner().clone()));
        let file = ArrayFile::open(store, path(), self.config()).await.unwrap();
        Seen {
            state: State::of(&file).await.unwrap(),
            layers: file.num_layers(),
        }
    }

    /// Acts; gives up when the store does not answer any more.
    async fn act(&mut self, verb: &Verb) -> Option<Result<()>> {
        let store = self.store.clone();
        tokio::select! {
            biased;
            ended = (verb.act)(self) => Some(ended),
            () = store.hangs() => None,
        }
    }
}

#[derive(Debug, PartialEq)]
struct Seen {
    state: State,
    layers: usize,
}

/// The states on both sides of a verb.
struct Sides {
    largest_put: Option<u64>,
    before: Seen,
    after: Seen,
}

impl Sides {
    async fn of(verb: &Verb, largest_put: Option<u64>) -> Self {
        let mut subject = Subject::new(largest_put).await;
        (verb.stage)(&mut subject).await.unwrap();
        let before = subject.seen().await;
        (verb.act)(&mut subject).await.unwrap();
        let after = subject.seen().await;
        assert_eq!(before != after, verb.is_seen, "{}", verb.name);
        Self {
            largest_put,
            before,
            after,
        }
    }

    /// The state is one of the two; whether it is the one after.
    fn tell(&self, seen: &Seen, what: &str) -> bool {
        let after = seen.state == self.after.state;
        assert!(
            after || seen.state == self.before.state,
            "{what}: neither before nor after: {seen:?}"
        );
        after
    }
}

/// `verb` with `fault` at operation `k`; false if it does not make so many operations.
async fn fault_at(verb: &Verb, sides: &Sides, k: usize, fault: Fault) -> bool {
    let what = format!(
        "{}, {fault:?} at operation {k}, {:?}",
        verb.name, sides.largest_put
    );
    let mut subject = Subject::new(sides.largest_put).await;
    (verb.stage)(&mut subject).await.unwrap();
    subject.store.fail_at(k, fault);
    let ended = subject.act(verb).await;
    let log = subject.store.log();
    subject.store.heal();
    let what = format!("{what}: {ended:?}, after {log:#?}");

    let seen = subject.seen().await;
    let after = sides.tell(&seen, &what);
    let acknowledged = matches!(ended, Some(Ok(())));
    if acknowledged {
        assert!(after, "{what}: it was acknowledged and is not there");
    }
    match ended {
        None => assert!(matches!(fault, Fault::Hang | Fault::DoneThenHang), "{what}"),
        // Nobody else is there to be in conflict with.
        Some(Err(Error::Conflict { .. })) => panic!("{what}"),
        Some(_) => {}
    }
    if !acknowledged {
        // Again, with the same handle.
        let again = (verb.act)(&mut subject).await;
        assert!(again.is_ok(), "{what}: again: {again:?}");
    }
    let again = subject.seen().await;
    assert_eq!(again, sides.after, "{what}: done again");
    let own = State::of(subject.file()).await.unwrap();
    let own = own.without_statistics();
    assert_eq!(
        own,
        again.state.without_statistics(),
        "{what}: the handle's own view"
    );
    log.len() > k
}

/// All operations from `k` on fail, and nobody comes back to the handle; false if it needs fewer.
async fn death_at(verb: &Verb, sides: &Sides, k: usize) -> bool {
    let mut subject = Subject::new(sides.largest_put).await;
    (verb.stage)(&mut subject).await.unwrap();
    subject.store.dead_from(k);
    let ended = subject.act(verb).await;
    let died = subject.store.has_failed();
    subject.store.heal();
    subject.file = None;
    let what = format!("{}, dead from operation {k} on: {ended:?}", verb.name);
    let seen = subject.seen().await;
    let after = sides.tell(&seen, &what);
    assert!(after || !matches!(ended, Some(Ok(()))), "{what}");

    // Somebody else goes on with what is there.
    let open = ArrayFile::open(Arc::new(subject.store.clone()), path(), subject.config()).await;
    subject.file = Some(open.unwrap());
    subject.define("successor").unwrap();
    subject.write("successor", 4, 44).await.unwrap();
    for step in ["flush", "compact"] {
        let done = match step {
            "flush" => subject.file().flush().await,
            _ => subject.file().compact().await,
        };
        done.unwrap_or_else(|error| panic!("{what}: {step} of a successor: {error}"));
        let next = subject.seen().await;
        assert_eq!(
            next.state.arrays(),
            seen.state.arrays() + 1,
            "{what}: {step}"
        );
    }
    subject.file().delete("successor").unwrap();
    subject.file().flush().await.unwrap();
    assert_eq!(
        subject.seen().await.state,
        seen.state,
        "{what}: without the successor's"
    );
    died
}

/// More than any verb here needs.
const MANY: usize = 200;

async fn every_operation(fault: Fault) {
    for (verb, largest_put) in cases() {
        let sides = Sides::of(verb, largest_put).await;
        let mut k = 0;
        while fault_at(verb, &sides, k, fault).await {
            k += 1;
            assert!(k < MANY, "{} makes no end", verb.name);
        }
        assert!(k > 0, "{} makes no operation", verb.name);
    }
}

#[tokio::test]
async fn an_operation_that_is_refused() {
    every_operation(Fault::Refuse).await;
}

#[tokio::test]
async fn an_answer_that_is_lost() {
    every_operation(Fault::LoseAnswer).await;
}

#[tokio::test]
async fn a_conditional_put_that_is_done_and_denied() {
    every_operation(Fault::Deny).await;
}

#[tokio::test]
async fn a_layer_that_is_torn() {
    every_operation(Fault::Tear).await;
}

#[tokio::test]
async fn a_call_that_is_given_up_before_an_operation() {
    every_operation(Fault::Hang).await;
}

#[tokio::test]
async fn a_call_that_is_given_up_after_an_operation() {
    every_operation(Fault::DoneThenHang).await;
}

#[tokio::test]
async fn an_operation_that_takes_longer() {
    every_operation(Fault::Delay(Duration::from_millis(2))).await;
}

#[tokio::test]
async fn a_process_that_dies() {
    for (verb, largest_put) in cases() {
        let sides = Sides::of(verb, largest_put).await;
        let mut k = 0;
        while death_at(verb, &sides, k).await {
            k += 1;
            assert!(k < MANY, "{} makes no end", verb.name);
        }
        assert!(k > 0, "{} makes no operation", verb.name);
    }
}
