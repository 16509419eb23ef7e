//! Who works on the file.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use array_format::merge::VacuumOptions;
use array_format::{
    ArrayFile, AttributeValue, Commits, CompactOptions, CompactionPolicy, DeltaCache, Error,
    FileConfig, NoCompression, Scope,
};
use ndarray::{ArrayD, IxDyn};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::history::{Change, Content, History, Tried};
use crate::random::Random;
use crate::world::World;

/// Chunks of `shared`: one for each actor.
pub const CHUNKS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Writes its own chunk.
    Writer,
    /// Writes its own chunk through a handle that merges as it flushes.
    PolicyWriter,
    /// Writes its own chunk, long after it opened.
    StaleWriter,
    /// Counts up an element that others count up too.
    Counter,
    /// Deletes and defines an array.
    Definer,
    Compactor,
    Merger,
    Vacuumer,
    Tagger,
    Restorer,
    Reader,
}

/// What a call ended with, as far as an actor cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Fault,
    Expired,
    Conflict,
}

pub struct Actor {
    pub id: usize,
    pub role: Role,
    pub rounds: usize,
    pub random: Random,
    pub world: World,
    pub history: Arc<Mutex<History>>,
    pub store: Arc<dyn ObjectStore>,
    /// Shared by all actors, or none.
    pub cache: Option<Arc<DeltaCache>>,
    /// Whether others may change this actor's own chunk.
    pub restores: bool,
}

pub fn path() -> Path {
    Path::from("run.af")
}

impl Actor {
    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap()
    }

    fn config(&self) -> FileConfig<NoCompression> {
        let policy = CompactionPolicy { sidecars: 2 };
        FileConfig {
            cache: self.cache.clone(),
            cache_capacity: 0,
            io_cache_capacity: 0,
            commits: Commits::Checked,
            compaction: (self.role == Role::PolicyWriter).then_some(policy),
            ..FileConfig::new(NoCompression)
        }
    }

    /// What an error means; one that must not be is written down.
    fn ended(&self, call: &str, error: &Error) -> Ended {
        let text = error.to_string();
        self.world.note(self.id, format!("{call}: {text}"));
        match error {
            _ if text.contains("injected") || text.contains("is gone again") => Ended::Fault,
            Error::SnapshotExpired { .. } => {
                self.history().count("expired");
                Ended::Expired
            }
            Error::Conflict { .. } => {
                self.history().count("conflicts");
                Ended::Conflict
            }
            _ => {
                let wrong = format!("actor {}, {call}: {text}", self.id);
                self.history().wrong.push(wrong);
                Ended::Fault
            }
        }
    }

    fn wrong(&self, what: String) {
        self.world.note(self.id, &what);
        self.history()
            .wrong
            .push(format!("actor {}: {what}", self.id));
    }

    /// Opens the file; faults make it try again.
    pub async fn open(&self) -> Option<ArrayFile> {
        for _ in 0..3 {
            let began = self.world.now();
            match ArrayFile::open(Arc::clone(&self.store), path(), self.config()).await {
                Ok(file) => {
                    self.world
                        .note(self.id, format!("opened at {}", file.sequence()));
                    self.found(began, &file, "open");
                    return Some(file);
                }
                Err(error) => {
                    self.ended("open", &error);
                }
            }
        }
        None
    }

    fn found(&self, began: usize, file: &ArrayFile, call: &str) {
        let who = format!("{call} by actor {}", self.id);
        self.history().found.push((began, file.sequence(), who));
    }

    async fn refresh(&self, file: &mut ArrayFile) -> bool {
        let (began, before) = (self.world.now(), file.sequence());
        match file.refresh().await {
            Ok(()) => {
                self.world
                    .note(self.id, format!("refreshed to {}", file.sequence()));
                if file.sequence() < before {
                    self.wrong(format!("went back from {before} to {}", file.sequence()));
                }
                self.found(began, file, "refresh");
                true
            }
            Err(error) => {
                self.ended("refresh", &error);
                false
            }
        }
    }

    /// Reads everything, and writes down what was there.
    pub async fn observe(&self, file: &ArrayFile) {
        match content(file).await {
            Ok(content) => {
                let who = format!("actor {} at {}", self.id, self.world.now());
                let mut history = self.history();
                history.count("states read");
                history.seen.push((file.sequence(), content, who));
            }
            Err(error) => {
                self.ended("read", &error);
            }
        }
    }

    /// Reads the state of every tag.
    pub async fn observe_tags(&self, file: &ArrayFile) {
        let tags = match file.tags() {
            Ok(tags) => tags,
            Err(error) => return self.wrong(error.to_string()),
        };
        for tag in tags {
            match file.at(tag.name.as_str()).await {
                Ok(old) => {
                    self.history().count("tags read");
                    // A merge may stand for the commit, and shows the same state.
                    match content(&old).await {
                        Ok(content) => {
                            let who = format!("actor {} through tag {}", self.id, tag.name);
                            self.history().seen.push((tag.sequence, content, who));
                        }
                        Err(error) => self.tag_failed(file, tag.name, &error),
                    }
                }
                Err(error) => self.tag_failed(file, tag.name, &error),
            }
        }
    }

    fn tag_failed(&self, file: &ArrayFile, name: String, error: &Error) {
        if self.ended("tag", error) == Ended::Expired {
            let view = file.sequence();
            self.history().unreadable(view, name, error.to_string());
        }
    }

    /// Commits what is pending, which is `changes`. False if the handle is of no use any more.
    async fn commit(
        &mut self,
        file: &mut ArrayFile,
        message: String,
        changes: Vec<Change>,
    ) -> bool {
        let own = matches!(
            self.role,
            Role::Writer | Role::PolicyWriter | Role::StaleWriter
        );
        let began = self.world.now();
        let at = {
            let mut history = self.history();
            history.tried.push(Tried {
                message: message.clone(),
                changes,
                began,
                done: None,
                refused: false,
            });
            history.tried.len() - 1
        };
        let mut doubted = false;
        for _ in 0..3 {
            match file.commit(message.as_str()).await {
                Ok(()) => {
                    self.world.note(
                        self.id,
                        format!("{message} acknowledged, at {}", file.sequence()),
                    );
                    let now = self.world.now();
                    let mut history = self.history();
                    history.tried[at].done = Some(now);
                    history.count("acknowledged");
                    return true;
                }
                Err(error) => match self.ended(&message, &error) {
                    Ended::Fault => doubted = true,
                    Ended::Expired => {
                        self.history().tried[at].refused = !doubted;
                        return false;
                    }
                    Ended::Conflict => {
                        // A commit that was given up on another handle may still arrive.
                        let mine = format!("{}.", self.id);
                        let given_up = self.history().tried[..at].iter().any(|tried| {
                            tried.message.starts_with(&mine)
                                && tried.done.is_none()
                                && !tried.refused
                        });
                        if own && !self.restores && !given_up {
                            self.wrong(format!("{message} meets nothing, and is a conflict"));
                        }
                        self.history().tried[at].refused = !doubted;
                        return false;
                    }
                },
            }
            self.history().count("doubted");
            if self.random.one_in(3) {
                return false;
            }
        }
        false
    }

    pub async fn work(mut self) {
        let Some(mut file) = self.open().await else {
            return;
        };
        for round in 0..self.rounds {
            if !self.random.one_in(3) && round > 0 && !self.refresh(&mut file).await {
                match self.open().await {
                    Some(fresh) => file = fresh,
                    None => return,
                }
            }
            if !self.round(&mut file, round).await {
                match self.open().await {
                    Some(fresh) => file = fresh,
                    None => return,
                }
            }
        }
    }

    /// False if the handle is of no use any more.
    async fn round(&mut self, file: &mut ArrayFile, round: usize) -> bool {
        let message = format!("{}.{round}", self.id);
        let serial = (self.id * 1000 + round + 1) as i64;
        match self.role {
            Role::Writer | Role::PolicyWriter => self.write_own(file, message, serial).await,
            Role::StaleWriter => {
                for _ in 0..self.random.below(3) {
                    self.open().await;
                }
                self.write_own(file, message, serial).await
            }
            Role::Counter => self.count_up(file, message).await,
            Role::Definer => self.redefine(file, message, serial).await,
            Role::Compactor => {
                let compacted = file.compact().await;
                self.after("compact", compacted)
            }
            Role::Merger => {
                let mut options = CompactOptions::default();
                options.scope = Scope::Newest(2 + self.random.below(3));
                let merged = file.compact_with(options).await;
                self.after("merge", merged)
            }
            Role::Vacuumer => {
                let mut options = VacuumOptions::default();
                // Probes of writers at work are young.
                options.grace = Duration::from_secs(3600);
                let vacuumed = file.vacuum(&options).await;
                self.after("vacuum", vacuumed)
            }
            Role::Tagger => self.tag(file, message).await,
            Role::Restorer => self.restore(file).await,
            Role::Reader => {
                self.observe(file).await;
                self.observe_tags(file).await;
                true
            }
        }
    }

    fn after<V: std::fmt::Debug>(&self, call: &str, result: Result<V, Error>) -> bool {
        match result {
            Ok(done) => {
                self.world.note(self.id, format!("{call}: {done:?}"));
                true
            }
            Err(error) => {
                if self.ended(call, &error) == Ended::Conflict {
                    self.wrong(format!("{call} with nothing pending is a conflict"));
                }
                false
            }
        }
    }

    async fn write_own(&mut self, file: &mut ArrayFile, message: String, serial: i64) -> bool {
        let (at, key) = (self.id, format!("of {}", self.id));
        if let Err(error) = put(file, "shared", at, serial).await {
            self.ended("write", &error);
            return false;
        }
        let value = AttributeValue::Int64(serial);
        if let Err(error) = file.set_attribute("shared", &key, value) {
            self.wrong(error.to_string());
            return false;
        }
        let changes = vec![
            Change::Write {
                array: "shared",
                at,
                value: serial,
                before: None,
            },
            Change::Set {
                array: "shared",
                key,
                value: serial,
            },
        ];
        let done = self.commit(file, message, changes).await;
        if done && self.random.one_in(4) {
            self.observe(file).await;
        }
        done
    }

    async fn count_up(&mut self, file: &mut ArrayFile, message: String) -> bool {
        let at = self.random.below(2);
        let before = match file.read_array::<i64>("counters", vec![at], vec![1]).await {
            Ok(values) => values[[0]],
            Err(error) => {
                self.ended("read", &error);
                return false;
            }
        };
        if let Err(error) = put(file, "counters", at, before + 1).await {
            self.ended("write", &error);
            return false;
        }
        let change = Change::Write {
            array: "counters",
            at,
            value: before + 1,
            before: Some(before),
        };
        self.commit(file, message, vec![change]).await
    }

    async fn redefine(&mut self, file: &mut ArrayFile, message: String, serial: i64) -> bool {
        let mut changes = Vec::new();
        let there = file.contains("flip").unwrap_or_default();
        if there {
            if let Err(error) = file.delete("flip") {
                self.wrong(error.to_string());
                return false;
            }
            changes.push(Change::Delete { array: "flip" });
        }
        if !there || self.random.one_in(2) {
            let length = 1 + self.random.below(3);
            let data = ArrayD::from_elem(IxDyn(&[length]), serial);
            let defined = file.define_array::<i64>("flip", vec![], vec![length], None, None);
            let written = match defined {
                Ok(()) => file.write_array("flip", vec![0], data.view()).await,
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                self.ended("define", &error);
                return false;
            }
            changes.push(Change::Define {
                array: "flip",
                values: vec![serial; length],
            });
        }
        self.commit(file, message, changes).await
    }

    async fn tag(&mut self, file: &mut ArrayFile, message: String) -> bool {
        let name = format!("tag {}", self.id);
        let there = file
            .tags()
            .is_ok_and(|tags| tags.iter().any(|t| t.name == name));
        let change = if there && self.random.one_in(3) {
            if let Err(error) = file.untag(&name) {
                self.wrong(error.to_string());
                return false;
            }
            Change::Untag { name }
        } else {
            let newest = file.sequence();
            let sequence = newest - (self.random.below(3) as u64).min(newest);
            match file.tag(name.as_str(), sequence).await {
                Ok(()) => {
                    // A merge may stand for the commit that was named.
                    let tags = file.tags().unwrap_or_default();
                    let tag = tags.into_iter().find(|tag| tag.name == name);
                    let sequence = tag.map_or(sequence, |tag| tag.sequence);
                    Change::Tag { name, sequence }
                }
                // A number that was stepped over.
                Err(Error::InvalidArgument(_)) => return true,
                Err(error) => {
                    self.ended("tag", &error);
                    return false;
                }
            }
        };
        let done = self.commit(file, message, vec![change]).await;
        if done {
            self.observe_tags(file).await;
        }
        done
    }

    async fn restore(&mut self, file: &mut ArrayFile) -> bool {
        let newest = file.sequence();
        // Commit 1 defines the arrays.
        let of = newest - (1 + self.random.below(3) as u64).min(newest - 1);
        match file.restore(of).await {
            Ok(()) => {
                self.world
                    .note(self.id, format!("restored {of} as {}", file.sequence()));
                if file.sequence() != newest {
                    let after = file.sequence();
                    self.history().restored.push((newest, after, of));
                }
                self.observe(file).await;
                true
            }
            Err(Error::InvalidArgument(_)) => true,
            Err(error) => {
                self.ended("restore", &error);
                false
            }
        }
    }
}

async fn put(file: &mut ArrayFile, array: &str, at: usize, value: i64) -> Result<(), Error> {
    let data = ArrayD::from_elem(IxDyn(&[1]), value);
    file.write_array(array, vec![at], data.view()).await
}

/// Everything that a handle shows.
pub async fn content(file: &ArrayFile) -> Result<Content, Error> {
    let mut content = Content::default();
    for meta in file.arrays()? {
        let values = file.read_array::<i64>(&meta.name, vec![], vec![]).await?;
        let values = values.iter().copied().collect();
        content.arrays.insert(meta.name.clone(), values);
        for (key, value) in file.attributes(&meta.name)? {
            let AttributeValue::Int64(value) = value else {
                return Err(Error::Storage(format!("{key} is {value:?}")));
            };
            content.attributes.insert((meta.name.clone(), key), *value);
        }
    }
    for tag in file.tags()? {
        content.tags.insert(tag.name, tag.sequence);
    }
    Ok(content)
}
