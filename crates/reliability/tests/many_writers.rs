//! Many processes that write one file, while others compact and read it.

mod support;

use std::collections::BTreeMap;
use std::time::Instant;

use array_format_reliability::servers::skipped;
use array_format_reliability::torture;
use support::{Ground, Place, number};
use tokio::process::Child;

const WRITERS: u64 = 8;

async fn output(child: Child, what: &str) -> String {
    let output = child.wait_with_output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

async fn file(ground: &Ground) -> Place {
    let place = ground.place();
    let mut file = place.create().await;
    torture::define(&mut file).unwrap();
    torture::define_counters(&mut file).unwrap();
    file.flush().await.unwrap();
    place
}

/// Writers of their own chunks: every state that anybody saw is that of its number.
async fn disjoint(ground: Ground, commits: u64) {
    let place = file(&ground).await;
    let compactor = place.torture("compactor", &[]);
    let readers: Vec<Child> = (0..2).map(|_| place.torture("read", &[])).collect();
    let start = Instant::now();
    let writers: Vec<Child> = (0..WRITERS)
        .map(|writer| {
            let arguments = [format!("writer={writer}"), format!("commits={commits}")];
            place.torture("write", &arguments)
        })
        .collect();
    // What each writer was told: its serial, and the number that committed it.
    let mut acks: Vec<BTreeMap<u64, u64>> = Vec::new();
    for (writer, child) in writers.into_iter().enumerate() {
        let said = output(child, &format!("writer {writer}")).await;
        let mut own = BTreeMap::new();
        for line in said.lines() {
            let numbers: Vec<u64> = line
                .split(' ')
                .skip(1)
                .map(|n| n.parse().unwrap())
                .collect();
            own.insert(numbers[2], numbers[1]);
        }
        assert_eq!(own.len() as u64, commits, "writer {writer}");
        acks.push(own);
    }
    let seconds = start.elapsed().as_secs_f64();
    // Closing their input stops them.
    let compacted = output(compactor, "compactor").await;
    let mut states: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut reads = 0;
    for (i, reader) in readers.into_iter().enumerate() {
        let said = output(reader, &format!("reader {i}")).await;
        let mut before = (0, vec![0; torture::WRITERS]);
        for line in said.lines().filter_map(|line| line.strip_prefix("state ")) {
            let numbers: Vec<u64> = line.split(' ').map(|n| n.parse().unwrap()).collect();
            let (sequence, serials) = (numbers[0], numbers[1..].to_vec());
            assert!(sequence >= before.0, "reader {i} went back");
            let rises = before.1.iter().zip(&serials).all(|(a, b)| a <= b);
            assert!(
                rises,
                "reader {i} at {sequence}: {serials:?} after {before:?}"
            );
            let same = states.entry(sequence).or_insert_with(|| serials.clone());
            assert_eq!(*same, serials, "two states of number {sequence}");
            before = (sequence, serials);
            reads += 1;
        }
    }
    // Of each writer a state shows exactly what was committed up to its number.
    for (sequence, serials) in &states {
        for (writer, own) in acks.iter().enumerate() {
            let told = own.range(..=sequence).next_back().map_or(0, |(_, n)| *n);
            assert_eq!(serials[writer], told, "writer {writer} in state {sequence}");
        }
    }
    let serials = torture::serials(&place.open().await.unwrap())
        .await
        .unwrap();
    assert!(serials[..WRITERS as usize].iter().all(|&n| n == commits));
    let total = WRITERS * commits;
    println!(
        "{}: {WRITERS} writers, {total} commits in {seconds:.1} s ({:.0} a second), {} states in \
         {reads} reads; {}",
        ground.name(),
        total as f64 / seconds,
        states.len(),
        compacted.trim(),
    );
    assert!(reads > 0);
}

/// Writers that meet: no addition is lost, and none is made twice.
async fn overlapping(ground: Ground, commits: u64) {
    let place = file(&ground).await;
    let compactor = place.torture("compactor", &[]);
    let writers: Vec<Child> = (0..WRITERS)
        .map(|writer| {
            let arguments = [
                format!("writer={}", writer + 1),
                format!("commits={commits}"),
            ];
            place.torture("count", &arguments)
        })
        .collect();
    let mut sums = vec![0i64; torture::SHARED];
    let mut conflicts = 0;
    for (writer, child) in writers.into_iter().enumerate() {
        for line in output(child, &format!("writer {writer}")).await.lines() {
            match line.split_once(' ').unwrap() {
                ("ack", counter) => sums[counter.parse::<usize>().unwrap()] += 1,
                (_, n) => conflicts += n.parse::<u64>().unwrap(),
            }
        }
    }
    let compacted = output(compactor, "compactor").await;
    let found = torture::counters(&place.open().await.unwrap()).await;
    assert_eq!(found.unwrap(), sums);
    println!(
        "{}: {WRITERS} writers, {} additions to {} counters, {conflicts} conflicts; {}",
        ground.name(),
        WRITERS * commits,
        torture::SHARED,
        compacted.trim()
    );
}

fn commits() -> u64 {
    number("COMMITS", 15)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_their_own_chunks_on_the_local_disk() {
    disjoint(Ground::local(), commits()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_their_own_chunks_on_s3() {
    if skipped("many writers on S3") {
        return;
    }
    disjoint(Ground::s3().await, commits()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_shared_chunks_on_the_local_disk() {
    overlapping(Ground::local(), commits()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_shared_chunks_on_s3() {
    if skipped("many writers on S3") {
        return;
    }
    overlapping(Ground::s3().await, commits()).await;
}
