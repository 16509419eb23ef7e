//! Damage of every kind: each flipped bit, each cut, and files that are malformed beneath right
//! checksums. A reader gives an error that says where, or exactly what was written; it never
//! panics, and never asks for memory without bound.
//!
//! Alone in its binary: the heap of a process is what is measured.

mod flips;
mod forge;
mod malformed;
mod seeds;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The tests of this binary take turns: they share one heap.
static TURN: Mutex<()> = Mutex::new(());

/// Starts a test, and the measurement of its heap.
fn turn() -> MutexGuard<'static, ()> {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    HEAP.reset_peak_usage();
    turn
}

/// Fails if the heap has grown to more mebibytes since it was last measured.
fn check_heap(most: usize, what: &str) {
    let peak = HEAP.peak_usage() >> 20;
    assert!(peak <= most, "{what}: {peak} MiB of heap");
}
