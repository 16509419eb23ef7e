//! CPU time, wall time and memory of this process.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::request::Sample;

/// Adds up what the timed parts of an action take.
#[derive(Default)]
pub struct Meter {
    cpu: Duration,
    wall: Duration,
    each: Vec<f64>,
    baseline_kb: u64,
    peak_kb: u64,
}

impl Meter {
    /// From here on memory counts.
    pub fn start() -> Result<Self> {
        // "5" lowers the high-water mark to what is resident now.
        std::fs::write("/proc/self/clear_refs", "5").context("clear_refs")?;
        Ok(Self {
            baseline_kb: status("VmRSS:")?,
            ..Self::default()
        })
    }

    /// Times `work`. What happens between two calls is not timed.
    pub fn time<V>(&mut self, work: impl FnOnce() -> V) -> V {
        let (cpu, wall) = (cpu_time(), Instant::now());
        let value = work();
        let (cpu, wall) = (cpu_time() - cpu, wall.elapsed());
        self.cpu += cpu;
        self.wall += wall;
        self.each.push(millis(cpu));
        value
    }

    /// Memory no longer counts: what is checked afterwards is not the peer's.
    pub fn stop(&mut self) -> Result<()> {
        self.peak_kb = status("VmHWM:")?;
        Ok(())
    }

    pub fn sample(self, bytes: u64) -> Sample {
        Sample {
            cpu_ms: millis(self.cpu),
            wall_ms: millis(self.wall),
            peak_mb: self.peak_kb.saturating_sub(self.baseline_kb) as f64 / 1024.0,
            each_ms: if self.each.len() > 1 {
                self.each
            } else {
                vec![]
            },
            bytes,
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// User and system time of all threads, what `getrusage` has, to the nanosecond.
pub fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a timespec that lives through the call.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "this clock is always there");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A line of `/proc/self/status`, in kB.
fn status(key: &str) -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    text.lines()
        .find_map(|line| {
            line.strip_prefix(key)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .with_context(|| format!("no {key} in /proc/self/status"))
}

/// Keeps the whole process on one core, so that no library hides behind a second one.
pub fn pin_to_one_core() -> Result<()> {
    // SAFETY: cpu_set_t is plain bits, for which zero is the empty set; both calls only read and write it.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(0, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    anyhow::ensure!(
        failed == 0,
        "sched_setaffinity: {}",
        std::io::Error::last_os_error()
    );
    Ok(())
}
