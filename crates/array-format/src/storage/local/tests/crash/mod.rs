//! Power cuts at every moment of real calls of `ArrayFile`: whatever is left of the disk opens, with
//! every acknowledged commit whole, and each other whole or absent.
//!
//! `ARRAY_FORMAT_CRASH_SCRIPTS` is the number of random scripts, for a soak.

mod disk;
mod image;

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::path::Path as DiskPath;
use std::sync::Arc;

use futures::executor::block_on;
use ndarray::{ArrayD, IxDyn};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use super::super::LocalStore;
use crate::merge::VacuumOptions;
use crate::{
    ArrayFile, AttributeValue, CompactOptions, Error, FileConfig, NoCompression, Retention, Scope,
};
use disk::{Event, Lie, SimDisk};
use image::{Image, Moment};

const SCRIPTS: &str = "ARRAY_FORMAT_CRASH_SCRIPTS";
/// Every so many images are put on the real disk, with all staging files and claims.
const ON_DISK: usize = 10;

/// SplitMix64.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// What a file holds: values and an attribute, by array.
type Content = BTreeMap<String, (Vec<i32>, Option<i64>)>;

/// A call that changes what is visible, or how it is stored.
#[derive(Debug, Clone, Copy)]
enum Verb {
    /// Makes the file, over what is there.
    Create,
    /// Writes some arrays, removes one, and flushes.
    Commit,
    Compact,
    /// Merges the newest sidecars, and keeps older snapshots.
    Merge,
    Vacuum,
    /// Goes on with a new handle.
    Reopen,
}

/// With every other seed layers are written as they grow, with the rest when they are made.
fn config(seed: u64, sync: bool) -> FileConfig<NoCompression> {
    let mut config = FileConfig::new(NoCompression);
    config.sync = sync;
    if seed % 2 == 1 {
        config.spool_capacity = 0;
    }
    config
}

/// What [`Verb::Merge`] asks for.
fn newest() -> CompactOptions {
    CompactOptions {
        scope: Scope::Newest(2),
        retention: Some(Retention::commits(2)),
        ..CompactOptions::default()
    }
}

/// Changes pending and what is expected alike.
async fn edit(file: &mut ArrayFile, content: &mut Content, random: &mut Random) {
    for _ in 0..=random.below(2) {
        let name = format!("a{}", random.below(4));
        let length = [1, 7, 3000][random.below(3)];
        if content.remove(&name).is_some() {
            file.delete(&name).unwrap();
            if random.below(3) == 0 {
                continue;
            }
        }
        let first = random.below(1 << 30) as i32;
        let values: Vec<i32> = (first..).take(length).collect();
        file.define_array::<i32>(&*name, vec![], vec![length], Some(vec![1000]), None)
            .unwrap();
        let data = ArrayD::from_shape_vec(IxDyn(&[length]), values.clone()).unwrap();
        file.write_array(&name, vec![0], data.view()).await.unwrap();
        let attribute = (random.below(2) == 0).then_some(i64::from(first));
        if let Some(value) = attribute {
            file.set_attribute(&name, "first", AttributeValue::Int64(value))
                .unwrap();
        }
        content.insert(name, (values, attribute));
    }
}

async fn read(file: &ArrayFile) -> Result<Content, Error> {
    let mut content = Content::new();
    for array in file.arrays()? {
        let values = file.read_array::<i32>(&array.name, vec![], vec![]).await?;
        let attribute = match file.get_attribute(&array.name, "first")? {
            Some(AttributeValue::Int64(value)) => Some(*value),
            _ => None,
        };
        let values = values.iter().copied().collect();
        content.insert(array.name.clone(), (values, attribute));
    }
    Ok(content)
}

/// A script, run over a simulated disk: its log, and what was visible after each verb.
struct Run {
    folder: tempfile::TempDir,
    events: Vec<Event>,
    /// The first is that there is no file.
    states: Vec<Option<Content>>,
}

/// In a folder that has to be made first.
fn path() -> Path {
    Path::from("deep/er/run.af")
}

/// What a verb asks of a file.
async fn attempt(
    verb: Verb,
    file: &mut Option<ArrayFile>,
    store: &Arc<dyn ObjectStore>,
    config: &FileConfig<NoCompression>,
) -> Result<(), Error> {
    let Some(handle) = file else {
        let created = ArrayFile::create(Arc::clone(store), path(), config.clone());
        *file = Some(created.await?);
        return Ok(());
    };
    match verb {
        Verb::Commit => handle.flush().await,
        Verb::Compact => handle.compact().await,
        Verb::Merge => handle.compact_with(newest()).await.map(drop),
        Verb::Vacuum => handle.vacuum(&VacuumOptions::default()).await.map(drop),
        Verb::Create | Verb::Reopen => Ok(()),
    }
}

fn run(verbs: &[Verb], seed: u64, sync: bool, lie: Lie) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let disk = SimDisk::new(lie);
    let local = LocalStore::over(folder.path(), Arc::new(disk.clone()));
    let config = config(seed, sync);
    let store: Arc<dyn ObjectStore> = Arc::new(local);
    let mut random = Random(seed);
    let mut states = vec![None];
    let mut content = Content::new();
    block_on(async {
        let (mut file, mut failed) = (None, false);
        for verb in verbs {
            let open = || ArrayFile::open(Arc::clone(&store), path(), config.clone());
            let mut handle = match (file.take(), verb) {
                (_, Verb::Create) => None,
                (Some(handle), verb) if !matches!(verb, Verb::Reopen) => Some(handle),
                _ => Some(open().await.unwrap()),
            };
            match (verb, &mut handle) {
                (Verb::Create, _) => content.clear(),
                (Verb::Commit, Some(handle)) => edit(handle, &mut content, &mut random).await,
                _ => {}
            }
            let state = states.len();
            states.push(Some(content.clone()));
            disk.note_event(Event::Begun(state));
            while let Err(error) = attempt(*verb, &mut handle, &store, &config).await {
                // Once: then it is tried again.
                let chosen = matches!(lie, Lie::FailedFolderSync(_));
                assert!(chosen && !failed, "{verb:?}: {error}");
                failed = true;
            }
            disk.note_event(Event::Acknowledged(state));
            let handle = handle.unwrap();
            assert_eq!(read(&handle).await.unwrap(), content);
            file = Some(handle);
        }
    });
    Run {
        folder,
        events: disk.events(),
        states,
    }
}

/// How many images there were, and how many different ones.
#[derive(Debug, Default)]
struct Counts {
    images: usize,
    distinct: usize,
    on_disk: usize,
}

impl Run {
    /// Cuts the power after every event from the one on that acknowledged the state `from`; the first
    /// violation.
    fn check(&self, seed: u64, from: usize, counts: &mut Counts) -> Result<(), String> {
        let root = self.folder.path().canonicalize().unwrap();
        let mut moment = Moment::new(root.clone());
        let mut random = Random(seed);
        let mut seen = HashSet::new();
        for (number, event) in self.events.iter().enumerate() {
            moment.pass(event);
            if moment.acknowledged < from {
                continue;
            }
            let mut images = Vec::new();
            moment.images(&mut random, |objects, all| {
                counts.images += 1;
                let mut hasher = DefaultHasher::new();
                (&objects, moment.acknowledged, moment.begun).hash(&mut hasher);
                if seen.insert(hasher.finish()) {
                    images.push((objects, all));
                }
            });
            for (objects, all) in images {
                counts.distinct += 1;
                let on_disk = counts.distinct.is_multiple_of(ON_DISK);
                counts.on_disk += usize::from(on_disk);
                let allowed = &self.states[moment.acknowledged..=moment.begun];
                let checked = if on_disk {
                    check_on_disk(&all, &root, allowed)
                } else {
                    check_in_memory(&objects, &root, allowed)
                };
                checked.map_err(|wrong| {
                    let sizes: Vec<_> = all.iter().map(|(p, b)| (p, b.len())).collect();
                    format!("after event {number} of {event:?}: {wrong}; left: {sizes:?}")
                })?;
            }
        }
        Ok(())
    }
}

fn check_in_memory(
    image: &Image,
    root: &DiskPath,
    allowed: &[Option<Content>],
) -> Result<(), String> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    block_on(async {
        for (file, bytes) in image {
            let path = file.strip_prefix(root).unwrap().to_str().unwrap();
            let payload = PutPayload::from(bytes.to_vec());
            store.put(&Path::from(path), payload).await.unwrap();
        }
        check(store, allowed).await
    })
}

fn check_on_disk(
    image: &Image,
    root: &DiskPath,
    allowed: &[Option<Content>],
) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (file, bytes) in image {
        let file = folder.path().join(file.strip_prefix(root).unwrap());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    let store = LocalStore::new(folder.path()).unwrap().with_sync(false);
    block_on(check(Arc::new(store), allowed))
}

/// Opens what is left, compares, and goes on with it.
async fn check(store: Arc<dyn ObjectStore>, allowed: &[Option<Content>]) -> Result<(), String> {
    let config = || config(0, false);
    let open = || ArrayFile::open(Arc::clone(&store), path(), config());
    let opened = match open().await {
        Ok(file) => Some(file),
        Err(Error::FileNotFound { .. }) => None,
        Err(error) => return Err(format!("it does not open: {error}")),
    };
    let mut found = match &opened {
        Some(file) => Some(read(file).await.map_err(|e| format!("unreadable: {e}"))?),
        None => None,
    };
    if !allowed.contains(&found) {
        let brief = |content: &Option<Content>| match content {
            None => "no file".to_owned(),
            Some(content) => format!("{:?}", content.keys()),
        };
        let allowed: Vec<_> = allowed.iter().map(brief).collect();
        return Err(format!("{} instead of {allowed:?}", brief(&found)));
    }
    let mut file = match opened {
        Some(file) => file,
        None => ArrayFile::create(Arc::clone(&store), path(), config())
            .await
            .map_err(|error| format!("cannot be made: {error}"))?,
    };
    let content = found.get_or_insert_default();
    edit(&mut file, content, &mut Random(1)).await;
    let went_on = file.flush().await;
    went_on.map_err(|error| format!("does not take a commit: {error}"))?;
    for stage in ["commit", "compaction"] {
        let file = open().await.map_err(|e| format!("after a {stage}: {e}"))?;
        let now = read(&file)
            .await
            .map_err(|e| format!("after a {stage}: {e}"))?;
        if now != *content {
            return Err(format!("wrong after one more {stage}"));
        }
        let mut file = file;
        let compacted = file.compact().await;
        compacted.map_err(|error| format!("cannot be compacted: {error}"))?;
    }
    Ok(())
}

/// Every verb, after every other that leaves another kind of state.
const VERBS: [Verb; 18] = [
    Verb::Create,
    Verb::Commit,
    Verb::Commit,
    Verb::Compact,
    Verb::Commit,
    Verb::Commit,
    Verb::Commit,
    Verb::Merge,
    Verb::Reopen,
    Verb::Commit,
    Verb::Merge,
    Verb::Vacuum,
    Verb::Commit,
    Verb::Compact,
    Verb::Create,
    Verb::Commit,
    Verb::Compact,
    Verb::Create,
];

fn random_verbs(random: &mut Random) -> Vec<Verb> {
    let mut verbs = vec![Verb::Create];
    for _ in 0..8 {
        verbs.push(match random.below(12) {
            0 => Verb::Create,
            1 | 2 => Verb::Compact,
            3 | 4 => Verb::Merge,
            5 => Verb::Vacuum,
            6 => Verb::Reopen,
            _ => Verb::Commit,
        });
    }
    verbs
}

#[test]
fn whatever_a_power_cut_leaves_is_a_state_that_was() {
    let scripts = std::env::var(SCRIPTS).map_or(24, |scripts| scripts.parse().unwrap());
    let mut counts = Counts::default();
    for seed in 0..=scripts {
        let verbs = match seed {
            0 => VERBS.to_vec(),
            seed => random_verbs(&mut Random(seed)),
        };
        let run = run(&verbs, seed, true, Lie::None);
        if let Err(wrong) = run.check(seed, 0, &mut counts) {
            panic!("script {seed}, {verbs:?}: {wrong}");
        }
    }
    println!("{} scripts: {counts:?}", scripts + 1);
    assert!(counts.on_disk > 0);
}

/// The call fails, or it does not: what is acknowledged in the end, by whatever attempt, is durable.
#[test]
fn what_is_acknowledged_after_a_sync_of_the_folder_failed_is_durable() {
    let is_sync = |event: &&Event| matches!(event, Event::SyncFolder(_));
    let verbs = [
        Verb::Create,
        Verb::Commit,
        Verb::Commit,
        Verb::Merge,
        Verb::Commit,
        Verb::Compact,
        Verb::Commit,
        Verb::Vacuum,
        Verb::Create,
        Verb::Commit,
    ];
    let (mut counts, mut wrong) = (Counts::default(), Vec::new());
    for seed in [0, 1] {
        let syncs = run(&verbs, seed, true, Lie::None).events;
        let syncs = syncs.iter().filter(is_sync).count();
        for which in 0..syncs {
            let run = run(&verbs, seed, true, Lie::FailedFolderSync(which));
            if let Err(how) = run.check(seed, 0, &mut counts) {
                wrong.push(format!("seed {seed}, sync {which}: {how}"));
            }
        }
        println!("{syncs} syncs of folders: {counts:?}");
    }
    assert!(
        wrong.is_empty(),
        "{} are missed: {}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The first violation of an acknowledged commit with something left out.
fn violation(sync: bool, lie: Lie) -> String {
    let mut counts = Counts::default();
    let wrong = run(&VERBS, 0, sync, lie).check(0, 2, &mut counts);
    println!("sync {sync}, {lie:?}: {wrong:?} after {counts:?}");
    wrong.expect_err("nothing is missed")
}

#[test]
fn without_sync_acknowledged_commits_are_lost() {
    let wrong = violation(false, Lie::None);
    assert!(wrong.contains("instead of"), "{wrong}");
}

#[test]
fn a_file_that_is_synced_after_its_name_tears_the_base() {
    let wrong = violation(true, Lie::LateFileSync);
    assert!(wrong.contains("does not open"), "{wrong}");
}

#[test]
fn without_syncs_of_the_folder_acknowledged_commits_are_lost() {
    let wrong = violation(true, Lie::NoFolderSync);
    assert!(wrong.contains("instead of"), "{wrong}");
}

#[test]
fn a_compaction_removes_many_layers_at_the_cost_of_one_sync() {
    let syncs = |commits: usize| {
        let mut verbs = vec![Verb::Create];
        verbs.extend(vec![Verb::Commit; commits]);
        verbs.push(Verb::Compact);
        let events = run(&verbs, 0, true, Lie::None).events;
        let mut compaction = events.rsplit(|event| matches!(event, Event::Begun(_)));
        let compaction = compaction.next().unwrap();
        let is_sync = |event: &&Event| matches!(event, Event::SyncFolder(_));
        compaction.iter().filter(is_sync).count()
    };
    assert_eq!(syncs(30), syncs(3));
}
