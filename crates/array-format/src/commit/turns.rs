//! Taking turns with other writers, so that all who commit at the same time come through.
//!
//! Whoever has committed stands on the newest state and could be the first again and again, while
//! the others still read what it made (Ethernet knows this as the capture effect). So those who met
//! others give way before their next commit, and those who lost again wait the less the longer they
//! try. Who lost once may only have looked away for long: it follows at once.

use std::time::{Duration, Instant};

use crate::blocking;
use crate::error::{Error, Result};

/// Commits of others that one call follows before it gives up.
pub(crate) const ATTEMPTS: u32 = 1024;
/// An attempt's share of time is this many times as long as it took: to follow takes longer.
const SHARE: u32 = 4;
/// Shares are within these, whatever an attempt took.
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(500);
/// Others who were met are thought to be there for so long.
const MEMORY: Duration = Duration::from_secs(5);

/// What a handle knows of others who write, and of its own pace.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// When a commit of another was last seen.
    met: Option<Instant>,
    /// When the last commit of this handle was done, and how long its attempt took.
    done: Option<(Instant, Duration)>,
}

impl Turns {
    /// A commit of another was seen.
    pub(crate) fn meet(&mut self) {
        self.met = Some(Instant::now());
    }

    /// The wait before a commit: none unless others are there and the last one was just now.
    fn courtesy(&self, now: Instant, random: f64) -> Duration {
        let ago = |since: Instant| now.saturating_duration_since(since);
        match (self.met, self.done) {
            (Some(met), Some((done, took))) if ago(met) < MEMORY => {
                share(took).mul_f64(random).saturating_sub(ago(done))
            }
            _ => Duration::ZERO,
        }
    }
}

/// The attempts of one call.
pub(crate) struct Attempts {
    lost: u32,
    began: Instant,
}

impl Attempts {
    /// Begins them, when those who were met had their chance.
    pub(crate) async fn begin(turns: &Turns) -> Result<Self> {
        wait(turns.courtesy(Instant::now(), random()?)).await?;
        Ok(Self {
            lost: 0,
            began: Instant::now(),
        })
    }

    /// The last attempt was the one.
    pub(crate) fn won(&self, turns: &mut Turns) {
        turns.done = Some((Instant::now(), self.began.elapsed()));
    }

    /// Another was first: a wait, and whether there is a next attempt.
    pub(crate) async fn lost(&mut self) -> Result<bool> {
        wait(patience(self.began.elapsed(), self.lost).mul_f64(random()?)).await?;
        self.lost += 1;
        self.began = Instant::now();
        Ok(self.lost < ATTEMPTS)
    }
}

/// The time that is left to others after an attempt that took so long.
fn share(took: Duration) -> Duration {
    took.saturating_mul(SHARE).clamp(SHORTEST, LONGEST)
}

/// The longest wait of one who lost so often before: none at first, then half of the last one.
fn patience(took: Duration, lost: u32) -> Duration {
    match lost {
        0 => Duration::ZERO,
        lost => share(took) / (1 << (lost - 1).min(16)),
    }
}

async fn wait(time: Duration) -> Result<()> {
    // A timer's own error is about as long.
    if time < Duration::from_micros(50) {
        return Ok(());
    }
    // Of the timers of all runtimes, a sleeping worker thread is the one that is always there.
    blocking::run(move || std::thread::sleep(time)).await
}

/// From 0 to 1.
fn random() -> Result<f64> {
    let mut random = [0; 4];
    getrandom::fill(&mut random)
        .map_err(|error| Error::Storage(format!("no random numbers to be had: {error}")))?;
    Ok(f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(10);

    #[test]
    fn one_who_writes_alone_never_waits() {
        let now = Instant::now();
        let mut turns = Turns::default();
        assert_eq!(turns.courtesy(now, 1.0), Duration::ZERO);
        turns.done = Some((now, TOOK));
        assert_eq!(turns.courtesy(now, 1.0), Duration::ZERO);
    }

    #[test]
    fn one_who_met_others_leaves_them_time_for_a_while() {
        let now = Instant::now();
        let turns = Turns {
            met: Some(now),
            done: Some((now, TOOK)),
        };
        assert_eq!(turns.courtesy(now, 1.0), 4 * TOOK);
        assert_eq!(turns.courtesy(now, 0.5), 2 * TOOK);
        // What it did meanwhile counts.
        assert_eq!(turns.courtesy(now + 3 * TOOK, 1.0), TOOK);
        assert_eq!(turns.courtesy(now + 9 * TOOK, 1.0), Duration::ZERO);
        let slow = Turns {
            done: Some((now, 99 * LONGEST)),
            ..turns
        };
        assert_eq!(slow.courtesy(now, 1.0), LONGEST);
        assert_eq!(slow.courtesy(now + MEMORY, 1.0), Duration::ZERO);
    }

    #[test]
    fn those_who_lost_more_often_wait_less() {
        assert_eq!(patience(TOOK, 0), Duration::ZERO);
        assert_eq!(patience(TOOK, 1), 4 * TOOK);
        assert_eq!(patience(TOOK, 2), 2 * TOOK);
        assert!(patience(LONGEST, ATTEMPTS) < Duration::from_micros(50));
    }
}
