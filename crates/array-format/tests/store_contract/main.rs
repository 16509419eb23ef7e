//! The store contract finds nothing wrong with stores that keep it, and each lie of those that do not.

mod liar;

use std::sync::Arc;

use array_format::object_store::ObjectStore;
use array_format::object_store::local::LocalFileSystem;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::prefix::PrefixStore;
use array_format::storage::contract::{
    ContractOptions, ContractReport, Need, Sample, Verdict, check,
};
use array_format::{ArrayFile, ArraySpec, DType, Error, FileConfig, NoCompression};
use futures::TryStreamExt;
use liar::{Liar, Lie};

type Store = Arc<dyn ObjectStore>;

fn options() -> ContractOptions {
    let mut options = ContractOptions::default();
    // No server is asked for parts of a size.
    options.part_bytes = 100_000;
    options.long_list = true;
    options
}

async fn run(store: Store) -> ContractReport {
    check(store, &Path::from("deep/er"), &options())
        .await
        .unwrap()
}

fn broken(report: &ContractReport) -> Vec<&str> {
    report.broken().map(|finding| finding.name).collect()
}

/// The names of clauses that a store says it cannot keep.
fn absent(report: &ContractReport) -> Vec<&str> {
    let absent = |verdict: &Verdict| matches!(verdict, Verdict::Absent { .. });
    let found = report.findings.iter().filter(|f| absent(&f.verdict));
    found.map(|finding| finding.name).collect()
}

async fn is_empty(store: &Store) -> bool {
    let left: Vec<_> = store.list(None).try_collect().await.unwrap();
    left.is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_every_clause_and_nothing_is_left_there() {
    let store: Store = Arc::new(InMemory::new());
    let report = run(store.clone()).await;
    assert!(
        report.findings.iter().all(|f| f.verdict.holds()),
        "{report}"
    );
    assert!(report.can_promote() && report.can_list() && report.reads_suffixes());
    assert_eq!(report.left_behind, [""; 0]);
    assert!(is_empty(&store).await);
}

/// Where nothing runs in parallel, and where there is no runtime.
#[test]
fn a_suite_runs_anywhere() {
    let single = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let store = || Arc::new(InMemory::new());
    for report in [
        single.block_on(run(store())),
        futures::executor::block_on(run(store())),
    ] {
        assert!(
            report.findings.iter().all(|f| f.verdict.holds()),
            "{report}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_folder_takes_commits_and_no_promotion() {
    let folder = tempfile::tempdir().unwrap();
    let files = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let store: Store = Arc::new(PrefixStore::new(files, "within"));
    let report = run(store.clone()).await;
    println!("{report}");
    let swaps = [
        "swap",
        "swap, equal bytes",
        "swap of nothing",
        "swap, raced",
    ];
    assert_eq!(absent(&report), swaps, "{report}");
    assert!(report.can_commit() && !report.can_promote(), "{report}");
    assert!(is_empty(&store).await);
}

/// A lie, the clauses that it breaks, and whether commits and promotions are still safe.
const LIES: &[(Lie, &[&str], [bool; 2])] = &[
    (
        Lie::OverwritesOnCreate,
        &["create", "create, raced"],
        [false, false],
    ),
    (
        Lie::LooksBeforeItCreates,
        &["create, raced"],
        [false, false],
    ),
    (
        Lie::IgnoresVersions,
        &[
            "swap",
            "swap, equal bytes",
            "swap of nothing",
            "swap, raced",
        ],
        [true, false],
    ),
    (Lie::LooksBeforeItSwaps, &["swap, raced"], [true, false]),
    (
        Lie::TellsLengthsForVersions,
        &["versions", "get by version", "swap", "swap, raced"],
        [true, false],
    ),
    (Lie::IgnoresIfMatch, &["get by version"], [true, true]),
    (Lie::ShowsTornObjects, &["whole objects"], [false, false]),
    (Lie::ShowsDeletedOnce, &["put"], [false, false]),
    (Lie::ListsLate, &["list, at once"], [false, false]),
    (Lie::ListsAThousand, &["list, long"], [false, false]),
    (Lie::ListsByBeginnings, &["list"], [false, false]),
    (Lie::ReadsBeginningsForSuffixes, &["suffixes"], [true, true]),
    (Lie::IgnoresRanges, &["ranges", "suffixes"], [false, false]),
    (Lie::DecodesNames, &["names"], [false, false]),
    (
        Lie::RemovesTheFirst,
        &["delete", "delete, many"],
        [true, true],
    ),
    (Lie::DropsParts, &["upload"], [true, true]),
    (Lie::JoinsPartsAsTheyCome, &["upload"], [true, true]),
    (
        Lie::ShowsParts,
        &["upload", "upload, given up"],
        [true, true],
    ),
    (
        Lie::PanicsOnUploads,
        &["upload", "upload, given up"],
        [true, true],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_lie_is_found_by_the_clauses_about_it() {
    let mut wrong = Vec::new();
    for (lie, clauses, safe) in LIES {
        let report = run(Arc::new(Liar::new(*lie))).await;
        let found = broken(&report);
        let all = clauses.iter().all(|clause| found.contains(clause));
        if !all || [report.can_commit(), report.can_promote()] != *safe {
            wrong.push(format!("{lie:?}: not {clauses:?} and {safe:?}\n{report}"));
        }
        println!("{lie:?}: {found:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Why lists that lag are not safe: whoever does not see a layer steps over its number.
#[tokio::test]
async fn where_lists_lag_an_acknowledged_commit_is_lost() {
    let liar = Liar::new(Lie::ListsLate);
    let (truth, store): (_, Store) = (liar.truth(), Arc::new(liar));
    let path = || Path::from("file.af");
    let config = || FileConfig::new(NoCompression);
    let created = ArrayFile::create(store.clone(), path(), config()).await;
    let mut one = created.unwrap();
    let mut two = ArrayFile::open(store, path(), config()).await.unwrap();
    for (file, name) in [(&mut one, "one"), (&mut two, "two")] {
        let spec = ArraySpec::new(DType::UInt8, [1]);
        file.create_array(name, spec).unwrap();
        file.flush().await.unwrap();
    }
    let file = ArrayFile::open(truth, path(), config()).await.unwrap();
    assert!(file.array("two").is_ok());
    assert!(file.array("one").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_put_a_sample_is_read() {
    let (path, bytes) = (Path::from("sample.af"), vec![7; 5000]);
    let liar = Liar::new(Lie::TakesNothing);
    liar.place(&path, bytes.clone()).await;
    let store: Store = Arc::new(liar);
    let without = run(store.clone()).await;
    assert_eq!(broken(&without), [""; 0], "{without}");
    assert!(!without.has(Need::Reading) && !without.can_commit());

    let mut options = options();
    options.sample = Some(Sample {
        path,
        bytes: bytes.into(),
    });
    let report = check(store, &Path::default(), &options).await.unwrap();
    println!("{report}");
    assert_eq!(broken(&report), [""; 0], "{report}");
    for need in [Need::Reading, Need::Suffixes, Need::Snapshots] {
        assert!(report.has(need), "{report}");
    }
    assert!(!report.can_commit() && !report.can_promote());
}

#[tokio::test]
async fn options_that_try_nothing_are_refused() {
    for change in [
        (|o| o.clients = 1) as fn(&mut ContractOptions),
        |o| o.rounds = 0,
        |o| o.part_bytes = 0,
        |o| o.object_bytes = 0,
    ] {
        let mut options = options();
        change(&mut options);
        let checked = check(Arc::new(InMemory::new()), &Path::default(), &options).await;
        assert!(
            matches!(checked, Err(Error::InvalidArgument(_))),
            "{checked:?}"
        );
    }
}
