//! Many writers at once, in threads and in processes, over the real disk.

use std::io::{BufRead, BufReader};
use std::path::Path as DiskPath;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::Duration;

use futures::executor::block_on;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};

use super::super::LocalStore;

const ROUNDS: usize = 200;
const WRITERS: usize = 8;
/// What tells a child process where to count.
const CHILD: &str = "ARRAY_FORMAT_TEST_COUNT_IN";

fn text(text: String) -> PutPayload {
    PutPayload::from(text.into_bytes())
}

/// Runs rounds in which every writer overwrites once: what they put, and what was there afterwards.
fn rounds(store: &LocalStore, path: &Path) -> Vec<Vec<String>> {
    let barrier = &Barrier::new(WRITERS);
    let wins = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let mut won = Vec::new();
                    for round in 0..ROUNDS {
                        let content = format!("{round} {writer}");
                        barrier.wait();
                        block_on(store.put(path, text(content.clone()))).unwrap();
                        won.push((round, content));
                        barrier.wait();
                        if writer == 0 {
                            let now = block_on(async {
                                store.get(path).await.unwrap().bytes().await.unwrap()
                            });
                            won.push((round, String::from_utf8(now.to_vec()).unwrap()));
                        }
                        barrier.wait();
                    }
                    won
                })
            })
            .collect();
        let wins = writers.into_iter().map(|writer| writer.join().unwrap());
        wins.flatten().collect::<Vec<_>>()
    });
    let mut winners = vec![Vec::new(); ROUNDS];
    for (round, content) in wins {
        winners[round].push(content);
    }
    winners
}

#[test]
fn all_of_many_overwrites_succeed_and_one_of_them_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path()).unwrap().with_sync(false);
    let path = Path::from("a");
    let winners = rounds(&store, &path);
    for (round, winners) in winners.into_iter().enumerate() {
        assert_eq!(winners.len(), WRITERS + 1, "round {round}: {winners:?}");
        let twice = winners
            .iter()
            .filter(|&w| winners.iter().filter(|v| *v == w).count() == 2);
        assert_eq!(twice.count(), 2, "round {round}: {winners:?}");
    }
    assert_eq!(block_on(store.leftovers(&path)).unwrap(), []);
}

/// An update that was acknowledged is never lost to an overwrite that began before it, and the other
/// way round: the last writer is the one who read what the other wrote.
#[test]
fn an_update_never_replaces_an_overwrite_that_it_has_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path()).unwrap().with_sync(false);
    let path = Path::from("a");
    for round in 0..ROUNDS {
        let seen = block_on(store.put(&path, "old".into())).unwrap();
        let barrier = Barrier::new(2);
        let (updated, ()) = std::thread::scope(|scope| {
            let update = scope.spawn(|| {
                barrier.wait();
                let mode = PutMode::Update(seen.into());
                block_on(store.put_opts(&path, "update".into(), mode.into()))
            });
            let overwrite = scope.spawn(|| {
                barrier.wait();
                block_on(store.put(&path, "overwrite".into())).unwrap();
            });
            (update.join().unwrap(), overwrite.join().unwrap())
        });
        if let Err(error) = updated {
            assert!(matches!(error, Error::Precondition { .. }), "{error}");
        }
        let now = block_on(async { store.get(&path).await.unwrap().bytes().await.unwrap() });
        assert_eq!(&now[..], b"overwrite", "round {round}");
    }
}

fn counted(folder: &DiskPath) -> u64 {
    let text = std::fs::read_to_string(folder.join("count")).unwrap();
    text.parse().unwrap()
}

/// Counts up, by reading and updating, until it is killed; says so each time.
#[test]
#[ignore = "a child process of another test"]
fn child_counts_up() {
    let folder = std::env::var(CHILD).unwrap();
    let store = LocalStore::new(folder).unwrap().with_sync(false);
    let path = Path::from("count");
    loop {
        block_on(async {
            let seen = store.get(&path).await.unwrap();
            let e_tag = seen.meta.e_tag.clone();
            let count = String::from_utf8(seen.bytes().await.unwrap().to_vec()).unwrap();
            let next = count.parse::<u64>().unwrap() + 1;
            let mode = PutMode::Update(UpdateVersion {
                e_tag,
                version: None,
            });
            match store
                .put_opts(&path, text(next.to_string()), mode.into())
                .await
            {
                Ok(_) => println!("counted"),
                Err(Error::Precondition { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        });
    }
}

/// Each child is killed in the midst of counting; no count may be lost or doubled.
#[test]
fn processes_that_are_killed_lose_no_acknowledged_update() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("count"), "0").unwrap();
    let child = || {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_counts_up", "--ignored", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Read to the end, so that nothing said is lost.
        let said = std::thread::spawn(move || {
            let lines = lines.map_while(Result::ok);
            lines.filter(|line| line.contains("counted")).count() as u64
        });
        (child, said)
    };
    let mut running: Vec<(Child, _)> = (0..3).map(|_| child()).collect();
    let (mut acknowledged, mut killed) = (0, 0);
    while !running.is_empty() {
        let before = counted(folder.path());
        // Progress, though others were killed in the midst of their claims.
        while counted(folder.path()) < before + 20 {
            std::thread::sleep(Duration::from_millis(1));
            assert!(running[0].0.try_wait().unwrap().is_none(), "a child ended");
        }
        let (mut oldest, said) = running.remove(0);
        oldest.kill().unwrap();
        oldest.wait().unwrap();
        acknowledged += said.join().unwrap();
        killed += 1;
        if killed < 8 {
            running.push(child());
        }
    }
    let count = counted(folder.path());
    assert!(count >= acknowledged, "{count} of {acknowledged}");
    assert!(count <= acknowledged + killed, "{count} of {acknowledged}");
    // Nobody who died holds up whoever comes later.
    let store = LocalStore::new(folder.path()).unwrap();
    let path = Path::from("count");
    let e_tag = block_on(store.head(&path)).unwrap().e_tag;
    let mode = PutMode::Update(UpdateVersion {
        e_tag,
        version: None,
    });
    block_on(store.put_opts(&path, "done".into(), mode.into())).unwrap();
}
