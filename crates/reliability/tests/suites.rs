//! The test suites of `array_format` that normally run in memory, on real object stores.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use array_format_reliability::cargo::cargo;
use array_format_reliability::servers::{Kind, Server, skipped};
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The test programs; each takes its store from `tests/support/store.rs`.
const SUITES: [&str; 4] = ["contract", "commits", "history", "faults"];

/// A test that does not run on a server, and why.
struct OptOut {
    test: &'static str,
    reason: &'static str,
}

/// Of the faults, servers get a lost answer, a call that is given up, and a process that dies.
const IN_MEMORY: &str = "what it does to the store is the same in memory, and it takes minutes";

const OPT_OUTS: &[OptOut] = &[
    OptOut {
        test: "a_flush_that_is_given_up_anywhere_can_be_repeated",
        reason: "it counts the polls of a flush, which on a network are any number; `faults` gives up \
                 flushes at every operation instead",
    },
    OptOut {
        test: "config_and_cache::trap_one_cache_never_mixes_up_hundreds_of_files_in_several_stores",
        reason: "it is about the cache, with thousands of requests",
    },
    OptOut {
        test: "an_operation_that_takes_longer",
        reason: "on a network all do",
    },
    OptOut {
        test: "an_operation_that_is_refused",
        reason: IN_MEMORY,
    },
    OptOut {
        test: "a_layer_that_is_torn",
        reason: IN_MEMORY,
    },
    OptOut {
        test: "a_conditional_put_that_is_done_and_denied",
        reason: IN_MEMORY,
    },
    OptOut {
        test: "a_call_that_is_given_up_before_an_operation",
        reason: IN_MEMORY,
    },
];

/// Tests of one program that run at the same time: most of their time is waiting.
const AT_ONCE: &str = "--test-threads=8";

/// The paths of the test programs, built once.
async fn programs() -> &'static BTreeMap<String, PathBuf> {
    static PROGRAMS: OnceCell<BTreeMap<String, PathBuf>> = OnceCell::const_new();
    PROGRAMS.get_or_init(build).await
}

/// Builds them with the features of the whole workspace: then nothing is left to build when the whole
/// workspace is tested.
async fn build() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::from(cargo());
    cargo.args(["test", "--workspace", "--no-run", "--message-format=json"]);
    for suite in SUITES {
        cargo.args(["--test", suite]);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = output(&mut cargo).await;
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let messages = String::from_utf8_lossy(&stdout);
    let programs = messages.lines().filter_map(|message| {
        let program = PathBuf::from(quoted(message, "\"executable\":\"")?);
        let file = program.file_name().and_then(OsStr::to_str)?;
        Some((file.rsplit_once('-')?.0.to_owned(), program.clone()))
    });
    programs.collect()
}

/// What stands between `before` and the next quote.
fn quoted<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split('"').next()
}

async fn output(command: &mut Command) -> Output {
    let command = command.stdin(Stdio::null()).kill_on_drop(true);
    command
        .output()
        .await
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

async fn run_on(kind: Kind) {
    if skipped(&format!("{SUITES:?} on {kind:?}")) {
        return;
    }
    for OptOut { test, reason } in OPT_OUTS {
        println!("not on a server: {test}: {reason}");
    }
    let programs = programs().await;
    let server = Server::start(kind).await.unwrap();
    let options: Vec<String> = server
        .options()
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    let mut failed = Vec::new();
    for suite in SUITES {
        let mut tests = Command::new(&programs[suite]);
        tests
            .args([AT_ONCE, "--exact"])
            .env("AF_TEST_STORE", server.url(suite))
            .env("AF_TEST_STORE_OPTIONS", options.join(";"));
        for OptOut { test, .. } in OPT_OUTS {
            tests.args(["--skip", test]);
        }
        let Output {
            status,
            stdout,
            stderr,
        } = output(&mut tests).await;
        let said = String::from_utf8_lossy(&stdout);
        let result = said.lines().find(|line| line.starts_with("test result:"));
        println!("{kind:?}, {suite}: {}", result.unwrap_or("no result"));
        if !status.success() {
            println!("{said}\n{}", String::from_utf8_lossy(&stderr));
            failed.push(suite);
        }
    }
    assert!(failed.is_empty(), "on {kind:?} failed: {failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_ministack() {
    run_on(Kind::MiniStack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_seaweedfs() {
    run_on(Kind::SeaweedFs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_azurite() {
    run_on(Kind::Azurite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_our_double_of_gcs() {
    run_on(Kind::Gcs).await;
}
