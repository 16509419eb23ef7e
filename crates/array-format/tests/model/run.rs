//! Carries out a case on the library and on the model, and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use array_format::{ArrayFile, DeltaCache, Error, FileConfig, InMemoryStorage, Lz4Codec};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::element::attribute;
use crate::model::{Array, Effect, State, Touch};
use crate::operation::{Action, Axes, Case, Setup, Step};
use check::check_region;

/// What is wrong, if something is.
type Outcome<T = ()> = Result<T, String>;

macro_rules! ensure {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err(format!($($why)+));
        }
    };
}

macro_rules! ensure_eq {
    ($got:expr, $want:expr, $($why:tt)+) => {
        let (got, want) = (&$got, &$want);
        ensure!(got == want, "{}: {got:?}, should be {want:?}", format_args!($($why)+));
    };
}

// They use the macros above.
mod check;
mod commits;
mod edits;

const NAMES: [&str; 5] = ["a", "b", "folder/ü", "__file__", "a "];
const KEYS: [&str; 3] = ["units", "k", "ü key"];

/// The state after a commit.
struct Version {
    state: State,
    layers: usize,
    /// What the commit changed.
    touched: BTreeSet<Touch>,
    /// Compactions until then: handles on an older epoch may find their layers gone.
    epoch: u64,
}

struct Handle {
    file: ArrayFile,
    /// The version that it stands on.
    sequence: u64,
    /// What it should see: its version and what is pending.
    view: State,
    /// What its pending changes touch.
    touched: BTreeSet<Touch>,
    shows_statistics: bool,
}

struct World {
    store: Arc<dyn ObjectStore>,
    path: Path,
    setup: Setup,
    cache: Arc<DeltaCache>,
    versions: BTreeMap<u64, Version>,
    handles: Vec<Handle>,
    next_uid: u64,
}

/// Runs a case to its end.
pub async fn run(case: &Case) -> Outcome {
    let mut world = World::new(&case.setup).await?;
    for (i, step) in case.steps.iter().enumerate() {
        let done = world.step(step).await;
        done.map_err(|why| format!("step {i}, {step:?}: {why}"))?;
    }
    for h in 0..world.handles.len() {
        world
            .check_handle(h)
            .await
            .map_err(|why| format!("at the end, handle {h}: {why}"))?;
    }
    world
        .check_newest()
        .await
        .map_err(|why| format!("at the end: {why}"))
}

fn pick(raw: Axes, axis: usize, least: usize, most: usize) -> usize {
    least + usize::from(raw[axis]) % (most - least + 1)
}

impl World {
    async fn new(setup: &Setup) -> Outcome<Self> {
        let mut world = Self {
            store: Arc::new(InMemory::new()),
            path: Path::from("folder/data.af"),
            setup: setup.clone(),
            cache: Arc::new(DeltaCache::new(1 << 20, 1 << 20)),
            versions: BTreeMap::new(),
            handles: Vec::new(),
            next_uid: 1,
        };
        let created = ArrayFile::create(world.store.clone(), world.path.clone(), world.config());
        let file = created.await.map_err(|e| format!("create: {e}"))?;
        let first = Version {
            state: State::default(),
            layers: 1,
            touched: BTreeSet::new(),
            epoch: 0,
        };
        world.versions.insert(file.sequence(), first);
        world.handles.push(world.handle(file, false));
        for _ in 1..setup.handles {
            let file = world.open().await?;
            world.handles.push(world.handle(file, true));
        }
        Ok(world)
    }

    fn config(&self) -> FileConfig<Lz4Codec> {
        let defaults = FileConfig::new(Lz4Codec);
        let capacity = if self.setup.cache == 0 { 0 } else { 1 << 20 };
        FileConfig {
            block_target_size: if self.setup.small_blocks { 64 } else { 1 << 20 },
            largest_put: self.setup.largest_put,
            spool_capacity: if self.setup.small_spool { 0 } else { 1 << 20 },
            cache_capacity: capacity,
            io_cache_capacity: capacity,
            cache: (self.setup.cache == 2).then(|| self.cache.clone()),
            ..defaults
        }
    }

    async fn open(&self) -> Outcome<ArrayFile> {
        let opened = ArrayFile::open(self.store.clone(), self.path.clone(), self.config());
        opened.await.map_err(|e| format!("open: {e}"))
    }

    /// A handle that has just been opened.
    fn handle(&self, file: ArrayFile, shows_statistics: bool) -> Handle {
        let (&sequence, newest) = self.newest();
        Handle {
            file,
            sequence,
            view: newest.state.clone(),
            touched: BTreeSet::new(),
            shows_statistics,
        }
    }

    fn newest(&self) -> (&u64, &Version) {
        self.versions
            .last_key_value()
            .expect("a file has a version")
    }

    /// Whether a compaction may have removed what a handle stands on.
    fn is_expired(&self, h: usize) -> bool {
        self.versions[&self.handles[h].sequence].epoch != self.newest().1.epoch
    }

    /// Notes a change that the library has made.
    fn did(&mut self, h: usize, effect: Effect) -> Outcome {
        let handle = &mut self.handles[h];
        handle.touched.extend(handle.view.apply(&effect)?);
        Ok(())
    }

    /// Passes an error on, unless the handle's layers may be gone.
    fn excused(&self, h: usize, error: &Error) -> Outcome {
        let excused = matches!(error, Error::SnapshotExpired { .. }) && self.is_expired(h);
        ensure!(excused, "{error:?}");
        Ok(())
    }

    /// One of the arrays that a handle sees.
    fn array(&self, h: usize, index: u8) -> Option<Array> {
        let arrays = &self.handles[h].view.arrays;
        let i = usize::from(index).checked_rem(arrays.len())?;
        Some(Array::clone(&arrays[i]))
    }

    async fn step(&mut self, step: &Step) -> Outcome {
        let h = step.handle;
        match &step.action {
            Action::Create { name, spec } => {
                self.create(h, NAMES[usize::from(name % self.setup.names)], spec)?
            }
            Action::Write {
                array,
                start,
                shape,
                overhang,
                values,
            } => {
                let Some(array) = self.array(h, *array) else {
                    return Ok(());
                };
                self.write(h, array, *start, *shape, *overhang, values)
                    .await?;
            }
            Action::Append {
                array,
                axis,
                extent,
                values,
            } => {
                let Some(array) = self.array(h, *array) else {
                    return Ok(());
                };
                self.append(h, array, *axis, *extent, values).await?;
            }
            Action::Resize { array, shape } => {
                let Some(array) = self.array(h, *array) else {
                    return Ok(());
                };
                let shape: Vec<usize> = array
                    .shape
                    .iter()
                    .enumerate()
                    // Now and then an axis stays as it is.
                    .map(|(a, &n)| {
                        if shape[a] < 64 {
                            n
                        } else {
                            pick(*shape, a, 0, (n + 3).min(20))
                        }
                    })
                    .collect();
                match self.handles[h]
                    .file
                    .resize(&array.name, shape.clone())
                    .await
                {
                    Ok(()) => self.did(
                        h,
                        Effect::Resize {
                            uid: array.uid,
                            shape,
                        },
                    )?,
                    Err(error) => self.excused(h, &error)?,
                }
            }
            Action::Read {
                array,
                start,
                shape,
            } => {
                let Some(array) = self.array(h, *array) else {
                    return Ok(());
                };
                let rank = array.shape.len();
                let axes = |raw: &Axes| {
                    (0..rank)
                        .map(|a| pick(*raw, a, 0, array.shape[a] + 2))
                        .collect()
                };
                let (start, shape) = (start.as_ref().map(axes), shape.as_ref().map(axes));
                let file = &self.handles[h].file;
                if let Err(error) = check_region(file, &array, start, shape).await? {
                    self.excused(h, &error)?;
                }
                self.refuses_wrong_reads(h, &array).await?;
            }
            Action::ReadInto {
                array,
                start,
                shape,
                layout,
            } => {
                let Some(array) = self.array(h, *array) else {
                    return Ok(());
                };
                self.read_into(h, &array, *start, *shape, *layout).await?;
            }
            Action::Delete { array } => {
                let Some(array) = self.array(h, *array) else {
                    return Ok(());
                };
                self.handles[h]
                    .file
                    .delete(&array.name)
                    .map_err(|e| e.to_string())?;
                self.did(h, Effect::Delete { uid: array.uid })?;
            }
            Action::Rename { array, to } => {
                let Some(array) = self.array(h, *array) else {
                    return Ok(());
                };
                let to = NAMES[usize::from(to % self.setup.names)];
                let taken = self.handles[h].view.named(to).is_some();
                match self.handles[h].file.rename(&array.name, to) {
                    Ok(()) if to == array.name => {}
                    Ok(()) => self.did(
                        h,
                        Effect::Rename {
                            uid: array.uid,
                            to: to.into(),
                        },
                    )?,
                    Err(Error::ArrayAlreadyExists { .. }) if taken => {}
                    Err(error) => return Err(format!("{error:?}")),
                }
            }
            Action::SetAttribute { array, key, value } => {
                let key = KEYS[usize::from(*key) % KEYS.len()];
                let array = array.and_then(|array| self.array(h, array));
                let file = &mut self.handles[h].file;
                match &array {
                    Some(array) => file.set_attribute(&array.name, key, attribute(*value)),
                    None => file.set_file_attribute(key, attribute(*value)),
                }
                .map_err(|e| e.to_string())?;
                self.attribute(h, array.map(|a| a.uid), key, Some(*value))?;
            }
            Action::RemoveAttribute { array, key } => {
                let key = KEYS[usize::from(*key) % KEYS.len()];
                let array = array.and_then(|array| self.array(h, array));
                let handle = &mut self.handles[h];
                let (removed, there) = match &array {
                    Some(array) => (
                        handle.file.remove_attribute(&array.name, key),
                        array.attributes.contains_key(key),
                    ),
                    None => (
                        handle.file.remove_file_attribute(key),
                        handle.view.attributes.contains_key(key),
                    ),
                };
                ensure_eq!(
                    removed.map_err(|e| e.to_string())?,
                    there,
                    "whether {key:?} was there"
                );
                if there {
                    self.attribute(h, array.map(|a| a.uid), key, None)?;
                }
            }
            Action::Flush => {
                let had = self.has_pending(h)?;
                let result = self.handles[h].file.flush().await;
                self.flushed(h, had, result).await?;
            }
            Action::FlushMemory => {
                let had = self.has_pending(h)?;
                let storage = InMemoryStorage::new();
                let result = self.handles[h].file.flush_memory(&storage).await;
                let wrote = had && result.is_ok();
                self.flushed(h, had, result).await?;
                let want = if wrote {
                    let path = Path::from(format!("folder/data.{}.af", self.handles[h].sequence));
                    let object = self.store.get(&path).await.map_err(|e| e.to_string())?;
                    object.bytes().await.map_err(|e| e.to_string())?
                } else {
                    Default::default()
                };
                ensure!(
                    storage.bytes() == want,
                    "flush_memory gave other bytes than it wrote"
                );
            }
            Action::Compact => self.compact(h).await?,
            Action::Refresh => self.refresh(h).await?,
            Action::Reopen => {
                let file = self.open().await?;
                self.handles[h] = self.handle(file, true);
                self.check_handle(h).await?;
            }
            Action::Check => self.check_handle(h).await?,
        }
        Ok(())
    }
}
