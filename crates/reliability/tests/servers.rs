//! The servers themselves: what we build on holds, and none outlives us.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use array_format_reliability::servers::{Kind, Server, plain, random_name, skipped};
use object_store::path::Path;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, Result, UpdateVersion,
};

/// Sixteen clients put one object at the same time; one of them succeeds, and is what is there.
async fn race(store: &Arc<dyn ObjectStore>, path: &Path, mode: PutMode) -> UpdateVersion {
    let puts = (0..16).map(|_| {
        let (store, path, mode) = (store.clone(), path.clone(), mode.clone());
        // Where an ETag is a hash of the object, equal objects would be one version.
        let object = random_name();
        tokio::spawn(async move {
            let payload = PutPayload::from(object.clone());
            let put = store.put_opts(&path, payload, PutOptions::from(mode));
            (object, put.await)
        })
    });
    let mut winners = Vec::new();
    for put in futures::future::join_all(puts).await {
        match put.unwrap() {
            (object, Ok(result)) => winners.push((object, result)),
            // Azure calls the one what others call the other.
            (_, Err(Error::AlreadyExists { .. } | Error::Precondition { .. })) => {}
            (_, Err(error)) => panic!("{error}"),
        }
    }
    let [(winner, result)] = &winners[..] else {
        panic!("{} clients won with {mode:?}", winners.len());
    };
    let there = store.get(path).await.unwrap();
    let version = UpdateVersion {
        e_tag: there.meta.e_tag.clone(),
        version: there.meta.version.clone(),
    };
    assert_eq!(there.bytes().await.unwrap(), winner.as_bytes());
    assert_eq!(version.e_tag, result.e_tag);
    version
}

/// Conditional puts have one winner, which is what commits and promotions rest on.
async fn puts_have_one_winner(kind: Kind, rounds: usize) {
    if skipped(&format!("races on {kind:?}")) {
        return;
    }
    let server = Server::start(kind).await.unwrap();
    let (store, place) = server.resolve("races").unwrap();
    for round in 0..rounds {
        let path = place.clone().join(round.to_string());
        let version = race(&store, &path, PutMode::Create).await;
        race(&store, &path, PutMode::Update(version)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn puts_have_one_winner_on_ministack() {
    puts_have_one_winner(Kind::MiniStack, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn puts_have_one_winner_on_seaweedfs() {
    puts_have_one_winner(Kind::SeaweedFs, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn puts_have_one_winner_on_azurite() {
    puts_have_one_winner(Kind::Azurite, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn puts_have_one_winner_on_our_double_of_gcs() {
    puts_have_one_winner(Kind::Gcs, 20).await;
}

/// Whether anything listens at an address like `127.0.0.1:80`.
fn listens(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

/// Part of the next test: starts a server, says where, and waits to be killed.
#[tokio::test]
#[ignore = "waits for ever"]
async fn hold_a_server() -> Result<()> {
    let files = tempfile::tempdir().unwrap();
    let server = plain::python(files.path()).await.unwrap();
    println!("\nheld at {}", server.url(""));
    std::future::pending().await
}

#[test]
fn a_server_does_not_outlive_a_process_that_is_killed() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "hold_a_server", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let url = lines
        .map_while(|line| line.ok())
        .find_map(|line| Some(line.strip_prefix("held at http://")?.to_owned()));
    let url = url.expect("the other process says where its server is");
    let address = url.trim_end_matches('/');
    assert!(listens(address));
    // SIGKILL: nothing of it runs any more.
    holder.kill().unwrap();
    holder.wait().unwrap();
    let mut waits = 0;
    while listens(address) {
        waits += 1;
        assert!(waits < 600, "the server at {address} is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn a_server_goes_with_its_handle() {
    let files = tempfile::tempdir().unwrap();
    let server = plain::python(files.path()).await.unwrap();
    let url = server.url("");
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    assert!(listens(address));
    drop(server);
    assert!(!listens(address));
}
