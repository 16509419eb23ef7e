//! Random sequences of calls on two handles of one file, compared with a plain model of what the
//! file should hold.
//!
//! | variable | meaning |
//! |---|---|
//! | `MODEL_CASES` | sequences for each test; many more for a soak |
//! | `MODEL_SEED` | the seed to repeat, which a failure prints |
//!
//! A failing sequence is shrunk, then printed.

mod element;
mod model;
mod operation;
mod run;

use std::time::{SystemTime, UNIX_EPOCH};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use operation::{Mix, cases};

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

fn check(mix: Mix, default_cases: u32) {
    let seed = number("MODEL_SEED").unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        since.as_nanos() as u64
    });
    let config = Config {
        cases: number("MODEL_CASES").map_or(default_cases, |n| n as u32),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let result = TestRunner::new(config).run(&cases(mix), |case| {
        runtime
            .block_on(run::run(&case))
            .map_err(TestCaseError::fail)
    });
    if let Err(error) = result {
        panic!("repeat with MODEL_SEED={seed}\n{error}");
    }
}

#[test]
fn one_handle_agrees_with_the_model() {
    check(Mix::OneHandle, 4000);
}

#[test]
fn two_handles_agree_with_the_model() {
    check(Mix::TwoHandles, 4000);
}

#[test]
fn few_arrays_that_two_handles_fight_over_agree_with_the_model() {
    check(Mix::Contended, 4000);
}
