//! The library under interleavings of writers, compactors and readers that a seed determines.
//!
//! Each operation of each actor on the store waits for its turn, and some fail: see `world`. What the
//! actors did and saw must be explained by the file's own log: see `history`.
//!
//! | variable | meaning |
//! |---|---|
//! | `SCHEDULES` | runs; many more for a soak |
//! | `SCHEDULE_SEED` | the seed of the first run: with `SCHEDULES=1`, the run to repeat |
//!
//! A failing run is made smaller, then printed with its trace.

mod actors;
mod history;
mod random;
mod run;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use run::{Plan, Report};
use world::Defect;

/// Runs at a time. Most of a run's time is waiting before another attempt.
const THREADS: usize = 4;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

/// Carries out runs with rising seeds. The seed and the report of one that failed, if any.
fn runs(from: u64, number: u64, defect: Defect, all: bool) -> (Option<(u64, Report)>, Report) {
    let next = AtomicU64::new(0);
    let failed: Mutex<Option<(u64, Report)>> = Mutex::new(None);
    let total: Mutex<Report> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, SeqCst);
                    if n >= number || failed.lock().unwrap().is_some() {
                        return;
                    }
                    let seed = from.wrapping_add(n);
                    let report = Plan::new(seed, defect, all).run();
                    let mut total = total.lock().unwrap();
                    total.operations += report.operations;
                    let add = |to: &mut BTreeMap<_, u64>, what: &BTreeMap<&'static str, u64>| {
                        for (name, number) in what {
                            *to.entry(*name).or_default() += number;
                        }
                    };
                    add(&mut total.faults, &report.faults);
                    add(&mut total.counts, &report.counts);
                    if report.failure.is_some() {
                        failed.lock().unwrap().get_or_insert((seed, report));
                    }
                }
            });
        }
    });
    (failed.into_inner().unwrap(), total.into_inner().unwrap())
}

#[test]
fn every_schedule_is_explained_by_the_log() {
    check(false);
}

/// A tag or a restore that follows a merge may name layers that the merge's maker, who does not know
/// of it, removes.
#[test]
fn tags_and_restores_hold_while_layers_are_removed() {
    check(true);
}

fn check(all: bool) {
    let number_of_runs = number("SCHEDULES").unwrap_or(2000);
    let from = number("SCHEDULE_SEED").unwrap_or(1);
    let (failed, total) = runs(from, number_of_runs, Defect::None, all);
    println!(
        "{number_of_runs} runs, {} operations, faults {:?}, {:?}",
        total.operations, total.faults, total.counts
    );
    let Some((seed, report)) = failed else {
        // It would be no test if nothing happened in it.
        if number_of_runs >= 600 {
            for what in [
                "acknowledged",
                "states read",
                "conflicts",
                "expired",
                "tags read",
            ] {
                assert!(total.counts.contains_key(what), "no {what}");
            }
            assert_eq!(total.faults.len(), 7, "{:?}", total.faults);
        }
        return;
    };
    let first = report.failure.clone().unwrap_or_default();
    let (plan, report) = Plan::new(seed, Defect::None, all).shrink(report, 60);
    panic!(
        "repeat with SCHEDULES=1 SCHEDULE_SEED={seed}: {first}\n\nsmaller: {plan:?}\n{}\n\n{}",
        report.trace.join("\n"),
        report.failure.unwrap_or_default()
    );
}

/// The oracle has teeth: it finds out stores that do not do what the protocol asks of them.
#[test]
fn defects_of_a_store_are_found_out() {
    for defect in [
        Defect::CreateOverwrites,
        Defect::SwapOverwrites,
        Defect::StaleList,
    ] {
        let (failed, _) = runs(1, 2000, defect, false);
        let (seed, report) = failed.unwrap_or_else(|| panic!("{defect:?} goes unnoticed"));
        println!(
            "{defect:?}: seed {seed}: {}",
            report.failure.unwrap_or_default()
        );
    }
}
