//! What we ask of stores, asked of real servers.

use std::path::Path as DiskPath;

use array_format::storage::contract::{ContractOptions, ContractReport, Sample, Verdict, check};
use array_format_reliability::servers::{Kind, Server, nginx, plain, skipped};
use object_store::path::Path;
use tempfile::TempDir;

/// The names of the clauses with such a verdict.
fn named(report: &ContractReport, is: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
    let found = report.findings.iter().filter(|f| is(&f.verdict));
    found.map(|finding| finding.name).collect()
}

/// Every clause holds but for those that the store says it cannot keep.
async fn holds_on(kind: Kind, rounds: usize, absent: &[&str]) {
    if skipped(&format!("the store contract on {kind:?}")) {
        return;
    }
    let server = Server::start(kind).await.unwrap();
    let (store, place) = server.resolve("contract").unwrap();
    let mut options = ContractOptions::default();
    options.rounds = rounds;
    options.long_list = true;
    let report = check(store, &place, &options).await.unwrap();
    println!("{kind:?}: {report}");
    let lacks = |verdict: &Verdict| matches!(verdict, Verdict::Absent { .. });
    assert_eq!(named(&report, |verdict| !verdict.holds()), absent);
    assert_eq!(named(&report, lacks), absent);
    assert!(report.can_promote() && report.can_list());
    assert_eq!(report.left_behind, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_ministack() {
    holds_on(Kind::MiniStack, 20, &[]).await;
}

/// Each contended round takes it about a second.
#[tokio::test(flavor = "multi_thread")]
async fn on_seaweedfs() {
    holds_on(Kind::SeaweedFs, 3, &[]).await;
}

/// Its client does not ask for suffixes.
#[tokio::test(flavor = "multi_thread")]
async fn on_azurite() {
    holds_on(Kind::Azurite, 20, &["suffixes"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_our_double_of_gcs() {
    holds_on(Kind::Gcs, 20, &[]).await;
}

const SAMPLE: &str = "deep/sample.af";

fn bytes() -> Vec<u8> {
    (0..50_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// A folder with one file to serve.
fn files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    std::fs::write(folder.path().join(SAMPLE), bytes()).unwrap();
    folder
}

fn all_files(folder: &DiskPath) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    let count = |path: &DiskPath| if path.is_dir() { all_files(path) } else { 1 };
    entries.map(|entry| count(&entry.unwrap().path())).sum()
}

/// These clauses hold and none is broken; nothing can be put, and the server says so.
async fn reads_on(server: &Server, folder: &TempDir, holding: &[&str]) {
    let (store, path) = server.resolve(SAMPLE).unwrap();
    let mut options = ContractOptions::default();
    options.sample = Some(Sample {
        path,
        bytes: bytes().into(),
    });
    let report = check(store, &Path::default(), &options).await.unwrap();
    println!("{report}");
    assert_eq!(named(&report, Verdict::holds), holding);
    assert_eq!(named(&report, Verdict::is_broken), [""; 0]);
    assert!(!report.can_commit() && !report.can_promote() && !report.can_list());
    assert_eq!(report.left_behind, [""; 0]);
    assert_eq!(all_files(folder.path()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_nginx() {
    if skipped("the store contract on nginx") {
        return;
    }
    let folder = files();
    let server = nginx::start(folder.path()).await.unwrap();
    let holding = ["get", "ranges", "suffixes", "versions", "get by version"];
    reads_on(&server, &folder, &holding).await;
}

/// It refuses suffixes that are longer than the object, and tells no ETags.
#[tokio::test(flavor = "multi_thread")]
async fn on_serve_dir() {
    let folder = files();
    let server = plain::serve_dir(folder.path()).await.unwrap();
    reads_on(&server, &folder, &["get", "ranges"]).await;
}

/// Its answer to a range is the whole file, which the client does not take.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_server_without_ranges() {
    let folder = files();
    let server = plain::python(folder.path()).await.unwrap();
    reads_on(&server, &folder, &["get"]).await;
}
