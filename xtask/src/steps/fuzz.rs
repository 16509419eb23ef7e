//! The fuzz targets: their corpus replayed, then real fuzzing of as many at once as there are cores.
//!
//! libFuzzer needs instrumented code, which the stable compiler makes as well if it is told to take
//! its unstable options. So nothing is needed but what builds the library, and a C++ compiler.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::shell::{self, Outcome, Result, cargo, command, root, target};

/// The stable test that runs every committed input through every target.
const REPLAY: [&str; 4] = ["test", "--workspace", "--test", "fuzz_corpus"];
const MANIFEST: &str = "fuzz/Cargo.toml";
/// Named, so that build scripts and macros are not instrumented.
const HOST: &str = "x86_64-unknown-linux-gnu";
/// As cargo-fuzz has them: coverage of edges and of comparisons.
const FLAGS: [&str; 9] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    // More than one unit and coverage have not always gone together.
    "-Ccodegen-units=1",
    "--cfg",
    "fuzzing",
];
/// What `fuzz` adds, and a soak leaves out: most code under test has no `unsafe` in it, and every
/// overflow and index is checked without it, several times as fast.
const SANITIZER: &str = "-Zsanitizer=address";
/// An input that takes more memory, or more seconds, is a finding.
const RSS_MB: u32 = 2048;
const TIMEOUT: u32 = 20;

/// How long each target runs.
#[derive(Debug, Clone, Copy)]
pub enum Length {
    Seconds(u32),
    Runs(u64),
    /// Seconds without AddressSanitizer.
    Soak(u32),
}

pub fn run(length: Length) -> Result {
    shell::run(cargo().args(REPLAY))?;
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(Outcome::Skipped(format!("fuzzing is set up for {HOST}")));
    }
    let soak = matches!(length, Length::Soak(_));
    let built = target().join(if soak { "soak" } else { "fuzz" });
    let mut flags = FLAGS.to_vec();
    if !soak {
        flags.push(SANITIZER);
    }
    let mut build = cargo();
    build.args(["build", "--release", "--bins", "--manifest-path", MANIFEST]);
    build
        .args(["--locked", "--target", HOST, "--target-dir"])
        .arg(&built);
    build.env("RUSTC_BOOTSTRAP", "1");
    build.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    shell::run(&mut build)?;
    let names = shell::stems(&root().join("fuzz/fuzz_targets"), "rs");
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = 0;
        while let Some(name) = names.get(next.fetch_add(1, Relaxed)) {
            let program = built.join(HOST).join("release").join(name);
            done += fuzz(name, &program, length)?;
        }
        Ok(done)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let done = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(some)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a fuzzing thread ended")?)
            .sum::<Result<u64>>()
    })?;
    println!("{done} executions in all");
    Ok(Outcome::Done)
}

/// Fuzzes one target; returns how often it ran.
fn fuzz(name: &str, program: &Path, length: Length) -> Result<u64> {
    // The first folder takes new inputs; the committed corpus stays as it is.
    let found = target().join("fuzz/found").join(name);
    let artifacts = target().join("fuzz/artifacts").join(name);
    for folder in [&found, &artifacts] {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let log = target().join("fuzz").join(format!("{name}.log"));
    let mut fuzz = command(program);
    fuzz.arg(&found).arg(format!("fuzz/corpus/{name}"));
    // The same seed every time: what a run finds in as many executions, the next one finds too.
    fuzz.args(["-seed=1", "-print_final_stats=1", "-max_len=8192"]);
    // Names of functions that are reached for the first time cost more than many executions.
    fuzz.arg("-print_funcs=0");
    // Short stacks of allocations: most of the time would go into them and into freed memory.
    fuzz.env(
        "ASAN_OPTIONS",
        "malloc_context_size=4:quarantine_size_mb=16",
    );
    fuzz.arg(format!("-rss_limit_mb={RSS_MB}"));
    fuzz.arg(format!("-timeout={TIMEOUT}"));
    fuzz.arg(format!("-artifact_prefix={}/", artifacts.display()));
    fuzz.arg(match length {
        Length::Seconds(n) | Length::Soak(n) => format!("-max_total_time={n}"),
        Length::Runs(n) => format!("-runs={n}"),
    });
    let text = logged(&mut fuzz, &log)?;
    let stat = |key: &str| -> u64 {
        let line = text.lines().rev().find(|line| line.contains(key));
        let number = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
        number.unwrap_or(0)
    };
    let executions = stat("stat::number_of_executed_units");
    let rate = stat("stat::average_exec_per_sec");
    println!("{name}: {executions} executions, {rate} a second");
    Ok(executions)
}

/// Runs the fuzzer, which says much, and shows the end of it if it found something.
fn logged(fuzz: &mut Command, log: &PathBuf) -> Result<String> {
    let failed = |e: std::io::Error| format!("{}: {e}", log.display());
    let file = std::fs::File::create(log).map_err(failed)?;
    let status = fuzz.stdout(Stdio::null()).stderr(file).status();
    let status = status.map_err(failed)?;
    let text = std::fs::read(log).map_err(failed)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    if status.success() {
        return Ok(text);
    }
    let lines: Vec<&str> = text.lines().collect();
    let end = &lines[lines.len().saturating_sub(60)..];
    Err(format!("{}\n{}: {status}", end.join("\n"), log.display()))
}
