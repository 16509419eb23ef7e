//! The servers themselves: none outlives us.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use array_format_reliability::servers::{Result, plain};

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
