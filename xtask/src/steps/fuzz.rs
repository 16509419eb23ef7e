//! The fuzz targets: fuzzed where the tools are there, else their corpus replayed.

use crate::shell::{self, Outcome, Result, cargo, command, root};

/// The stable test that runs every committed input through every target.
const REPLAY: [&str; 4] = ["test", "--workspace", "--test", "fuzz_corpus"];
const REPLAY_FILE: &str = "crates/array-format/tests/fuzz_corpus.rs";

pub fn run(seconds: u32) -> Result {
    let targets = shell::stems(&root().join("fuzz/fuzz_targets"), "rs");
    if targets.is_empty() {
        return Ok(Outcome::Skipped("no fuzz targets yet".into()));
    }
    if !can_fuzz() {
        return replay();
    }
    for target in targets {
        // The first folder takes new inputs; the committed corpus stays as it is.
        let found = format!("fuzz/artifacts/found/{target}");
        std::fs::create_dir_all(root().join(&found)).map_err(|e| format!("{found}: {e}"))?;
        let mut fuzz = command("cargo");
        fuzz.args(["+nightly", "fuzz", "run", &target, &found]);
        let corpus = format!("fuzz/corpus/{target}");
        if root().join(&corpus).is_dir() {
            fuzz.arg(corpus);
        }
        // The same seed every time: what a run finds, the next run finds too.
        fuzz.args(["--", "-seed=1", &format!("-max_total_time={seconds}")]);
        shell::run(outside_of_cargo(&mut fuzz))?;
    }
    Ok(Outcome::Done)
}

fn can_fuzz() -> bool {
    let nightly = ["+nightly", "fuzz", "--version"];
    shell::succeeds(outside_of_cargo(command("cargo").args(nightly)))
}

/// What runs us has fixed its toolchain for the programs that it starts; `+nightly` is to count.
fn outside_of_cargo(command: &mut std::process::Command) -> &mut std::process::Command {
    command
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .env_remove("RUSTC")
}

fn replay() -> Result {
    println!("cargo-fuzz or a nightly toolchain is missing: replaying the committed corpus");
    if !root().join(REPLAY_FILE).is_file() {
        return Err(format!("there are fuzz targets, but no {REPLAY_FILE}"));
    }
    shell::run(cargo().args(REPLAY))?;
    Ok(Outcome::Done)
}
