//! Waiting before the next attempt, so that writers who met do not meet again.

use std::time::Duration;

use crate::blocking;
use crate::error::{Error, Result};

/// The first wait is at most this long.
const FIRST: Duration = Duration::from_millis(2);
/// No wait is longer than this.
const LONGEST: Duration = Duration::from_millis(500);

/// Random waits under a bound that doubles.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    waits: u32,
}

impl Backoff {
    /// Waits, a little longer each time.
    pub(crate) async fn wait(&mut self) -> Result<()> {
        let mut random = [0; 4];
        getrandom::fill(&mut random)
            .map_err(|error| Error::Storage(format!("no random numbers to be had: {error}")))?;
        let share = f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX);
        let bound = FIRST.saturating_mul(1 << self.waits.min(16)).min(LONGEST);
        self.waits += 1;
        let wait = bound.mul_f64(share);
        // Of the timers of all runtimes, a sleeping worker thread is the one that is always there.
        blocking::run(move || std::thread::sleep(wait)).await
    }
}
