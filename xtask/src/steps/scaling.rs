//! Bulk work grows no faster than its size: instructions are counted, not seconds.

use crate::shell::{self, Outcome, Result, cargo, command};

use super::valgrind::{ensure_valgrind, executable};

/// The tests of `tests/bulk.rs`.
const WORK: [&str; 3] = ["arrays", "attributes", "chunks"];
/// Sizes, each twice the one before.
const SIZES: [u64; 3] = [1000, 2000, 4000];
/// Twice the size may cost this much more in its growth; quadratic work costs four times.
const GROWTH: f64 = 2.7;

pub fn run() -> Result {
    ensure_valgrind()?;
    let tests = build("bulk")?;
    for work in WORK {
        let mut counts = Vec::new();
        for size in SIZES {
            counts.push((instructions(&tests, work, ("BULK_N", size))? / 1e6).round());
        }
        // What does not depend on the size falls out of the differences.
        let (first, second) = (counts[1] - counts[0], counts[2] - counts[1]);
        let growth = second / first;
        println!("{work}: {counts:?} million instructions at {SIZES:?}, growth {growth:.2}");
        if growth.is_nan() || growth > GROWTH {
            return Err(format!(
                "{work}: doubling the size multiplies the work by {growth:.2}"
            ));
        }
    }
    Ok(Outcome::Done)
}

/// Builds one test program of the library, with the features of the whole workspace: then `test` has
/// built it already.
pub(super) fn build(name: &str) -> Result<String> {
    let build = ["test", "--workspace", "--test", name, "--no-run"];
    shell::run(cargo().args(build))?;
    let messages = shell::output(cargo().args(build).args(["--message-format", "json"]))?;
    let tests = executable(&messages, name).ok_or("no test program")?;
    Ok(tests.to_owned())
}

/// The instructions of one test, which learns its size from a variable.
pub(super) fn instructions(tests: &str, work: &str, (key, size): (&str, u64)) -> Result<f64> {
    let mut valgrind = command("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(tests)
        .args(["--exact", work, "--test-threads=1"])
        .env(key, size.to_string());
    let output = valgrind.output().map_err(|e| format!("valgrind: {e}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{work} of size {size}: {}\n{log}", output.status));
    }
    log.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .ok_or_else(|| format!("no instruction count in:\n{log}"))
}
