//! Commits of the past: listed, opened, compared, named, restored, kept and let go.

use std::sync::Arc;
use std::time::Duration;

use array_format::history::{Change, DiffOptions, Kind};
use array_format::merge::{Reason, VacuumOptions, Vacuumed};
use array_format::{
    ArrayFile, At, AttributeValue, CompactOptions, CompactionPolicy, Error, FileConfig, Lz4Codec,
    Result, Retention, Scope, TimestampNs,
};
use futures::TryStreamExt;
use ndarray::{ArrayD, IxDyn};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

#[path = "support/store.rs"]
mod store;

type Store = Arc<dyn ObjectStore>;

fn config() -> FileConfig<Lz4Codec> {
    FileConfig {
        cache_capacity: 0,
        io_cache_capacity: 0,
        ..FileConfig::new(Lz4Codec)
    }
}

async fn open(store: &Store) -> ArrayFile {
    let opened = ArrayFile::open(store.clone(), Path::from("run.af"), config()).await;
    opened.unwrap()
}

async fn open_at(store: &Store, at: impl Into<At>) -> Result<ArrayFile> {
    ArrayFile::open_at(store.clone(), Path::from("run.af"), at, config()).await
}

/// A file whose commit n, from 1 on, has written n to element n of `a`.
async fn file(commits: u64) -> (Store, ArrayFile) {
    let store = store::new_store();
    let created = ArrayFile::create(store.clone(), Path::from("run.af"), config()).await;
    let mut file = created.unwrap();
    file.define_array::<i32>("a", vec![], vec![50], Some(vec![1]), None)
        .unwrap();
    for n in 1..=commits {
        step(&mut file, n).await;
    }
    (store, file)
}

async fn step(file: &mut ArrayFile, n: u64) {
    write(file, n as usize, n as i32).await;
    file.set_attribute("a", "last", (n as i32).into()).unwrap();
    file.commit(format!("step {n}")).await.unwrap();
}

async fn write(file: &mut ArrayFile, at: usize, value: i32) {
    let data = ArrayD::from_elem(IxDyn(&[1]), value);
    file.write_array("a", vec![at], data.view()).await.unwrap();
}

async fn values(file: &ArrayFile) -> Vec<i32> {
    let read = file.read_array::<i32>("a", vec![], vec![]).await.unwrap();
    read.iter().copied().collect()
}

/// The values after step n.
fn after(n: u64) -> Vec<i32> {
    (0..50).map(|i| if i <= n as i32 { i } else { 0 }).collect()
}

async fn names(store: &Store) -> Vec<String> {
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut names: Vec<String> = listed
        .into_iter()
        .map(|o| {
            format!(
                "{} {}",
                o.location,
                if o.size == 80 { "tombstone" } else { "" }
            )
        })
        .map(|name| name.trim_end().to_owned())
        .collect();
    names.sort();
    names
}

fn keep(commits: usize) -> CompactOptions {
    let mut options = CompactOptions::default();
    options.retention = Some(Retention::commits(commits));
    options
}

fn newest(n: usize) -> CompactOptions {
    let mut options = CompactOptions::default();
    options.scope = Scope::Newest(n);
    options
}

#[tokio::test]
async fn the_log_lists_all_commits_before_and_after_compaction() {
    let (store, mut file) = file(3).await;
    let look = async |file: &ArrayFile| -> Vec<(u64, String, Kind, u64, u64, bool)> {
        let log = file.log().await.unwrap();
        assert!(log.windows(2).all(|w| w[0].time >= w[1].time));
        assert!(
            log.iter()
                .all(|c| c.layer_bytes > 100 && c.writer.len() == 32)
        );
        log.into_iter()
            .map(|c| {
                (
                    c.sequence, c.message, c.kind, c.arrays, c.frames, c.retained,
                )
            })
            .collect()
    };
    let commit = |n: u64, kept| (n, format!("step {n}"), Kind::Commit, 1, 1, kept);
    let created = |kept| (0, String::new(), Kind::Commit, 0, 0, kept);
    let now = [
        commit(3, true),
        commit(2, true),
        commit(1, true),
        created(true),
    ];
    assert_eq!(look(&file).await, now);
    file.compact().await.unwrap();
    step(&mut file, 5).await;
    let merge = (4, String::new(), Kind::Merge { from: 0 }, 0, 3, true);
    let later = [
        commit(5, true),
        merge,
        commit(3, true),
        commit(2, false),
        commit(1, false),
        created(false),
    ];
    assert_eq!(look(&file).await, later);
    assert_eq!(look(&open(&store).await).await, later);
    file.compact().await.unwrap();
    let log = open(&store).await.log().await.unwrap();
    assert_eq!(log.len(), 7);
    assert_eq!(log[1].message, "step 5");
}

#[tokio::test]
async fn any_commit_that_is_kept_opens_as_it_was() {
    let (store, mut file) = file(6).await;
    let log = file.log().await.unwrap();
    for n in 1..=6 {
        let old = open_at(&store, n).await.unwrap();
        assert_eq!(values(&old).await, after(n));
        assert_eq!((old.sequence(), old.num_layers() as u64), (n, n + 1));
        let last = old.get_attribute("a", "last").unwrap();
        assert_eq!(last, Some(&AttributeValue::Int32(n as i32)));
        let time = log.iter().find(|c| c.sequence == n).unwrap().time;
        let then = open_at(&store, time).await.unwrap();
        assert_eq!(then.sequence(), n, "at the time of commit {n}");
    }
    let before = open_at(&store, TimestampNs(5)).await;
    assert!(matches!(before, Err(Error::InvalidArgument(_))));
    for unknown in [At::from(7), At::from("v1")] {
        let error = open_at(&store, unknown).await.unwrap_err();
        assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
    }
    file.compact().await.unwrap();
    let error = open_at(&store, 3).await.unwrap_err();
    assert!(matches!(error, Error::SnapshotExpired { .. }), "{error}");
    assert!(error.to_string().contains("commit 3"), "{error}");
}

#[tokio::test]
async fn a_handle_of_the_past_takes_no_changes() {
    let (store, _) = file(2).await;
    let mut old = open_at(&store, 1).await.unwrap();
    let data = ArrayD::from_elem(IxDyn(&[1]), 1);
    let refused = [
        old.write_array("a", vec![0], data.view()).await,
        old.set_attribute("a", "k", true.into()),
        old.delete("a"),
        old.rename("a", "b"),
        old.define_array::<u8>("b", vec![], vec![1], None, None),
        old.resize("a", vec![3]).await,
        old.append("a", 0, data.view()).await,
        old.refresh().await,
        old.compact().await,
        old.restore(1).await,
        old.tag("v", 1).await,
        old.vacuum(&VacuumOptions::default()).await.map(|_| ()),
    ];
    for (i, result) in refused.into_iter().enumerate() {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::ReadOnly(_)), "{i}: {error}");
        assert!(error.to_string().contains("commit 1"), "{error}");
    }
    assert_eq!(values(&old).await, after(1));
}

#[tokio::test]
async fn retention_keeps_as_many_commits_as_it_says() {
    let (store, mut file) = file(6).await;
    let done = file.compact_with(keep(2)).await.unwrap();
    // The base is needed by what is kept: the merged layer waits beside it.
    assert!(!done.promoted);
    for n in 4..=6 {
        assert_eq!(values(&open_at(&store, n).await.unwrap()).await, after(n));
    }
    step(&mut file, 8).await;
    let done = file.compact_with(keep(1)).await.unwrap();
    // The first merge shows what commit 6 did: nobody needs the first base any more.
    assert!(done.promoted);
    assert_eq!(values(&open_at(&store, 6).await.unwrap()).await, after(6));
    assert!(open_at(&store, 5).await.is_err());
    file.compact_with(keep(0)).await.unwrap();
    assert_eq!(names(&store).await, ["run.af"]);
    let mut want = after(6);
    want[8] = 8;
    assert_eq!(values(&open(&store).await).await, want);
}

#[tokio::test]
async fn retention_by_age_keeps_what_was_the_newest_then() {
    let (store, mut file) = file(3).await;
    let mut options = CompactOptions::default();
    options.retention = Some(Retention::age(Duration::from_secs(3600)));
    file.compact_with(options.clone()).await.unwrap();
    for n in 1..=3 {
        assert_eq!(values(&open_at(&store, n).await.unwrap()).await, after(n));
    }
    options.retention = Some(Retention::age(Duration::from_nanos(1)));
    file.compact_with(options).await.unwrap();
    assert!(open_at(&store, 2).await.is_err());
}

#[tokio::test]
async fn a_tag_keeps_its_commit_through_compactions_until_it_is_removed() {
    let (store, mut file) = file(3).await;
    file.tag("v1", 2).await.unwrap();
    assert_eq!(file.tags().unwrap().len(), 1);
    assert!(open_at(&store, "v1").await.is_err(), "it is pending");
    file.flush().await.unwrap();
    step(&mut file, 5).await;
    for _ in 0..2 {
        file.compact().await.unwrap();
        step(&mut file, 9).await;
        let old = open_at(&store, "v1").await.unwrap();
        assert_eq!((values(&old).await, old.sequence()), (after(2), 2));
        let log = open(&store).await.log().await.unwrap();
        let tagged: Vec<_> = log.iter().filter(|c| !c.tags.is_empty()).collect();
        assert_eq!((tagged[0].sequence, tagged[0].retained), (2, true));
    }
    let mut other = open(&store).await;
    assert!(!other.untag("v2").unwrap());
    assert!(other.untag("v1").unwrap());
    other.flush().await.unwrap();
    assert!(open(&store).await.tags().unwrap().is_empty());
    other.compact().await.unwrap();
    assert_eq!(names(&store).await, ["run.af"]);
    let mut want = after(3);
    (want[5], want[9]) = (5, 9);
    assert_eq!(values(&open(&store).await).await, want);
}

#[tokio::test]
async fn two_handles_that_move_one_tag_conflict() {
    let (store, mut file) = file(3).await;
    let mut other = open(&store).await;
    file.tag("v", 1).await.unwrap();
    other.tag("v", 2).await.unwrap();
    file.flush().await.unwrap();
    let error = other.flush().await.unwrap_err();
    assert!(matches!(&error, Error::Conflict { what, .. } if what.contains("\"v\"")));
    for bad in [
        other.tag("", 1).await,
        other.tag("x".repeat(70_000), 1).await,
    ] {
        assert!(bad.is_err());
    }
    let gone = other.tag("w", 77).await.unwrap_err();
    assert!(matches!(gone, Error::InvalidArgument(_)), "{gone}");
}

#[tokio::test]
async fn a_restored_state_is_a_new_commit_and_the_history_stays() {
    let (store, mut file) = file(5).await;
    file.tag("late", 5).await.unwrap();
    file.flush().await.unwrap();
    let mut other = open(&store).await;
    write(&mut other, 40, 40).await;
    file.restore(2).await.unwrap();
    assert_eq!((values(&file).await, file.sequence()), (after(2), 7));
    let last = file.get_attribute("a", "last").unwrap();
    assert_eq!(last, Some(&AttributeValue::Int32(2)));
    let reader = open(&store).await;
    assert_eq!(values(&reader).await, after(2));
    assert_eq!(reader.tags().unwrap()[0].sequence, 5);
    let log = reader.log().await.unwrap();
    assert_eq!((log.len(), log[0].kind), (8, Kind::Restore { of: 2 }));
    assert!(log.iter().all(|commit| commit.retained));
    // Others' changes that do not meet it follow it.
    other.flush().await.unwrap();
    let mut want = after(2);
    want[40] = 40;
    assert_eq!(values(&other).await, want);
    assert_eq!(
        values(&open_at(&store, "late").await.unwrap()).await,
        after(5)
    );
    // And back again, beyond the restore.
    file.refresh().await.unwrap();
    file.restore("late").await.unwrap();
    assert_eq!(values(&open(&store).await).await, after(5));
    file.untag("late").unwrap();
    file.compact().await.unwrap();
    assert_eq!(names(&store).await, ["run.af"]);
    assert_eq!(values(&open(&store).await).await, after(5));
    assert_eq!(open(&store).await.log().await.unwrap().len(), 12);
}

#[tokio::test]
async fn a_state_that_stands_below_the_base_can_be_restored() {
    let (store, mut file) = file(2).await;
    // A merge of all that a tag keeps out of the base's place, and a tag on what stands on it.
    file.tag("old", 1).await.unwrap();
    file.flush().await.unwrap();
    file.compact().await.unwrap();
    step(&mut file, 10).await;
    let kept = file.sequence();
    file.tag("kept", kept).await.unwrap();
    file.untag("old").unwrap();
    file.flush().await.unwrap();
    step(&mut file, 11).await;
    // Another, which takes the base's place: the first stays a sidecar with a lower number.
    file.compact().await.unwrap();
    let merged = file.sequence();
    assert!(merged > kept);
    file.restore("kept").await.unwrap();
    assert_eq!(values(&open(&store).await).await[10..12], [10, 0]);
    let mut other = open(&store).await;
    assert_eq!(other.sequence(), merged + 1);
    step(&mut other, 12).await;
    file.refresh().await.unwrap();
    step(&mut file, 13).await;
    let mut grace = VacuumOptions::default();
    grace.grace = Duration::ZERO;
    other.vacuum(&grace).await.unwrap();
    for again in 0..2 {
        let mut file = open(&store).await;
        assert_eq!(values(&file).await[10..14], [10, 0, 12, 13], "{again}");
        assert!(file.verify(&Default::default()).await.unwrap().is_whole());
        file.untag("kept").unwrap();
        file.compact().await.unwrap();
        assert_eq!(file.num_layers(), 1);
    }
}

#[tokio::test]
async fn a_restore_does_not_undo_what_its_caller_has_not_seen() {
    let (store, mut file) = file(3).await;
    let mut other = open(&store).await;
    step(&mut other, 4).await;
    let error = file.restore(1).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    assert_eq!(values(&open(&store).await).await, after(4));
    write(&mut file, 9, 9).await;
    let error = file.restore(1).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
}

#[tokio::test]
async fn merging_the_newest_sidecars_keeps_numbers_taken_and_the_state() {
    let (store, mut file) = file(9).await;
    let done = file.compact_with(newest(5)).await.unwrap();
    assert_eq!((done.merged, done.promoted), (5, false));
    assert_eq!(file.num_layers(), 6);
    let numbers = async |stones: &[u64], layers: &[u64]| {
        let stones = stones.iter().map(|n| format!("run.{n}.af tombstone"));
        let layers = layers.iter().map(|n| format!("run.{n}.af"));
        let mut want: Vec<String> = stones.chain(layers).chain(["run.af".into()]).collect();
        want.sort();
        assert_eq!(names(&store).await, want);
    };
    numbers(&[5, 6, 7, 8, 9], &[1, 2, 3, 4, 10]).await;
    assert_eq!(values(&open(&store).await).await, after(9));
    step(&mut file, 11).await;
    step(&mut file, 12).await;
    file.compact_with(newest(3)).await.unwrap();
    numbers(&[5, 6, 7, 8, 9, 10, 11, 12], &[1, 2, 3, 4, 13]).await;
    file.compact_with(newest(100)).await.unwrap();
    numbers(&(1..14).collect::<Vec<_>>(), &[14]).await;
    assert_eq!(file.num_layers(), 2);
    let mut want = after(9);
    (want[11], want[12]) = (11, 12);
    assert_eq!(values(&open(&store).await).await, want);
    file.compact().await.unwrap();
    assert_eq!(names(&store).await, ["run.af"]);
    assert_eq!(values(&open(&store).await).await, want);
    assert_eq!(file.log().await.unwrap().len(), 1 + 9 + 1 + 2 + 1 + 1 + 1);
}

#[tokio::test]
async fn a_stale_writer_does_not_commit_into_a_hole() {
    for opened_after in 1..=8u64 {
        let (store, mut file) = file(opened_after).await;
        let mut stale = open(&store).await;
        for n in opened_after + 1..=9 {
            step(&mut file, n).await;
        }
        write(&mut stale, 30, 30).await;
        file.compact_with(newest(6)).await.unwrap();
        match stale.flush().await {
            Ok(()) => {
                let mut want = after(9);
                want[30] = 30;
                assert_eq!(values(&open(&store).await).await, want, "{opened_after}");
                assert_eq!(stale.sequence(), 11);
            }
            Err(Error::SnapshotExpired { .. }) => {
                assert!(stale.has_pending());
                assert_eq!(values(&open(&store).await).await, after(9));
            }
            Err(error) => panic!("{opened_after}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_policy_bounds_the_number_of_sidecars() {
    let store: Store = store::new_store();
    let config = FileConfig {
        compaction: Some(CompactionPolicy { sidecars: 4 }),
        ..config()
    };
    let created = ArrayFile::create(store.clone(), Path::from("run.af"), config).await;
    let mut file = created.unwrap();
    file.define_array::<i32>("a", vec![], vec![50], Some(vec![1]), None)
        .unwrap();
    for n in 1..50 {
        step(&mut file, n).await;
        assert!(file.num_layers() <= 5, "{}", file.num_layers());
        let names = names(&store).await;
        let layers = names.iter().filter(|name| !name.ends_with("tombstone"));
        assert!(layers.count() <= 5);
        assert_eq!(values(&open(&store).await).await, after(n));
    }
    let commits = file.log().await.unwrap();
    let steps = commits.iter().filter(|c| c.kind == Kind::Commit).count();
    assert_eq!(steps, 50);
}

#[tokio::test]
async fn a_diff_says_what_differs() {
    let (store, mut file) = file(3).await;
    file.define_array::<f32>("temp", vec![], vec![4], None, None)
        .unwrap();
    file.set_attribute("a", "units", "m".into()).unwrap();
    file.set_file_attribute("title", "t".into()).unwrap();
    file.flush().await.unwrap();
    let old = open_at(&store, 2).await.unwrap();
    let now = open(&store).await;
    let check = async |old: &ArrayFile, new: &ArrayFile| {
        let diff = old.diff(new, DiffOptions::default()).await.unwrap();
        let arrays: Vec<_> = diff
            .arrays
            .iter()
            .map(|a| {
                let chunks: Vec<u64> = a.chunks.iter().map(|c| c.coordinates[0]).collect();
                let keys: Vec<&str> = a.attributes.iter().map(|a| a.key.as_str()).collect();
                (a.name.clone(), a.change, chunks, keys.join(","))
            })
            .collect();
        assert_eq!(
            arrays,
            [
                ("a".into(), Change::Changed, vec![3], "last,units".into()),
                ("temp".to_owned(), Change::Added, vec![], String::new()),
            ]
        );
        assert_eq!(diff.attributes[0].key, "title");
        assert_eq!(diff.attributes[0].before, None);
    };
    check(&old, &now).await;
    assert!(
        now.diff(&now, DiffOptions::default())
            .await
            .unwrap()
            .is_empty()
    );
    let back = now.diff(&old, DiffOptions::default()).await.unwrap();
    assert_eq!(back.arrays[1].change, Change::Removed);
    // After a compaction no page is shared, and nothing differs.
    file.tag("keep", 4).await.unwrap();
    file.flush().await.unwrap();
    file.compact().await.unwrap();
    check(&old, &open(&store).await).await;
    // What is written again with the same values differs in nothing once values are compared.
    write(&mut file, 2, 2).await;
    write(&mut file, 3, 33).await;
    file.resize("temp", vec![6]).await.unwrap();
    file.flush().await.unwrap();
    let mut options = DiffOptions::default();
    options.values = true;
    let kept = open_at(&store, "keep").await.unwrap();
    let diff = kept.diff(&open(&store).await, options).await.unwrap();
    assert_eq!(diff.arrays.len(), 2, "{diff:?}");
    assert_eq!(diff.arrays[0].chunks.len(), 1);
    assert_eq!(diff.arrays[0].chunks[0].coordinates, [3]);
    assert_eq!(diff.arrays[0].chunks[0].elements, Some(1));
    assert_eq!(diff.arrays[1].change, Change::Redefined);
}

#[tokio::test]
async fn two_files_are_compared_by_names_and_content() {
    let (_, one) = file(3).await;
    let (_, two) = file(4).await;
    let diff = one.diff(&two, DiffOptions::default()).await.unwrap();
    assert_eq!(diff.arrays.len(), 1);
    let chunks: Vec<_> = diff.arrays[0]
        .chunks
        .iter()
        .map(|c| c.coordinates[0])
        .collect();
    assert_eq!(chunks, [4]);
    let (_, three) = file(3).await;
    assert!(
        one.diff(&three, DiffOptions::default())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn vacuum_removes_what_serves_nobody_and_says_so_first() {
    let (store, mut file) = file(4).await;
    let whole = store
        .get(&Path::from("run.4.af"))
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let foreign = Path::from("run.2000.af");
    store
        .put(&foreign, b"a neighbour".to_vec().into())
        .await
        .unwrap();
    let torn = Path::from("run.5.af");
    store.put(&torn, whole.slice(..200).into()).await.unwrap();
    let probe = Path::from("run.probe.00");
    store.put(&probe, b"1".to_vec().into()).await.unwrap();
    // Steps over the torn number, with a header of layer 4 in it.
    step(&mut file, 6).await;
    file.compact_with(keep(100)).await.unwrap();
    let mut options = VacuumOptions::default();
    options.dry_run = true;
    options.grace = Duration::ZERO;
    let before = names(&store).await;
    let plan = file.vacuum(&options).await.unwrap();
    assert_eq!(names(&store).await, before);
    let reasons = |plan: &Vacuumed| -> Vec<(String, Reason)> {
        let orphans = plan.orphans.iter();
        orphans.map(|o| (o.path.clone(), o.reason)).collect()
    };
    let never = ("run.5.af".to_owned(), Reason::NeverCounted);
    let probe = ("run.probe.00".to_owned(), Reason::Probe);
    assert_eq!(reasons(&plan), [never.clone(), probe]);
    assert_eq!(plan.bytes(), 201);
    options.dry_run = false;
    file.vacuum(&options).await.unwrap();
    assert!(
        names(&store)
            .await
            .contains(&"run.5.af tombstone".to_owned())
    );
    assert!(open_at(&store, 4).await.is_ok(), "what is kept stays");
    file.compact().await.unwrap();
    assert_eq!(names(&store).await, ["run.2000.af", "run.af"]);
    // As if the process had ended before it could remove a layer, or withdraw one.
    let old = Path::from("run.4.af");
    store.put(&old, whole.clone().into()).await.unwrap();
    let done = file.vacuum(&options).await.unwrap();
    assert_eq!(reasons(&done), [("run.4.af".to_owned(), Reason::Unneeded)]);
    assert_eq!(names(&store).await, ["run.2000.af", "run.af"]);
    let mut want = after(4);
    want[6] = 6;
    assert_eq!(values(&open(&store).await).await, want);
    assert!(file.vacuum(&options).await.unwrap().orphans.is_empty());
}
