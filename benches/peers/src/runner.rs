//! Runs the works, each measurement in a process of its own, the peers taking turns.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::request::{Action, Codec, Reply, Request, Sample};
use crate::results::{self, Results, Row};
use crate::works::{self, Size, Work};
use crate::{python, report};

pub fn run(size: Size, only: &[&str], with_python: bool) -> Result<()> {
    let scratch = crate::home().join("target/scratch");
    let python = if with_python {
        Some(python::ensure()?)
    } else {
        None
    };
    if let Some(python) = &python {
        python::extract_climate(python, &scratch.join("raw"))?;
    }
    let runner = Runner {
        python,
        stores: scratch.join("stores"),
    };
    let wanted = |group: &str| only.is_empty() || only.contains(&group);
    let mut results = results::load_size(size).unwrap_or_else(|_| Results {
        size,
        machine: machine(),
        rows: vec![],
    });
    for work in works::all(&scratch.join("raw"), size, wanted)? {
        println!("\n{}: {}", work.id, work.title);
        results.replace(runner.work(&work)?);
        results.save()?;
    }
    if size != Size::Smoke {
        report::write(&results)?;
    }
    println!("\n{}", crate::targets::text(&results));
    Ok(())
}

struct Runner {
    python: Option<PathBuf>,
    stores: PathBuf,
}

impl Runner {
    fn work(&self, work: &Work) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for &codec in &work.codecs {
            rows.extend(self.codec(work, codec)?);
        }
        Ok(rows)
    }

    /// All peers with one codec: they are set up, then measured in turn, round by round.
    fn codec(&self, work: &Work, codec: Codec) -> Result<Vec<Row>> {
        let mut taking_part = Vec::new();
        for &peer in &work.peers {
            let ready = work.fresh || self.set_up(work, codec, peer)?;
            if ready {
                taking_part.push((peer, Vec::new()));
            }
        }
        for _ in 0..work.rounds {
            for (peer, samples) in &mut taking_part {
                if work.fresh && !self.set_up(work, codec, peer)? {
                    continue;
                }
                if let Some(sample) = self.ask(work, codec, peer, &work.action)? {
                    samples.push(sample);
                }
            }
        }
        let mut rows = Vec::new();
        for (peer, rounds) in taking_part {
            self.clear(peer)?;
            let Some(median) = median(&rounds) else {
                continue;
            };
            println!(
                "  {:<16} {:<16} {:>10.3} ms CPU {:>10.3} ms wall {:>8.1} MB peak {:>12} bytes",
                codec.name(),
                peer,
                median.cpu_ms,
                median.wall_ms,
                median.peak_mb,
                median.bytes
            );
            rows.push(Row {
                work: work.id.to_owned(),
                title: work.title.clone(),
                codec: codec.name().to_owned(),
                peer: peer.to_owned(),
                operations: work.operations,
                median,
                rounds,
            });
        }
        Ok(rows)
    }

    fn set_up(&self, work: &Work, codec: Codec, peer: &str) -> Result<bool> {
        for action in &work.setup {
            // What comes before the measurement need not be durable, and is not what is measured.
            let relaxed = Work {
                durable: false,
                ..work.clone()
            };
            // A limit that stores nothing has nothing to set up.
            if self.ask(&relaxed, codec, peer, action)?.is_none() && peer != "limit: codec" {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn clear(&self, peer: &str) -> Result<()> {
        match std::fs::remove_dir_all(self.store(peer)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn store(&self, peer: &str) -> PathBuf {
        self.stores.join(peer.replace([' ', ',', ':'], "_"))
    }

    /// One child, one sample; none if the peer has no such thing.
    fn ask(
        &self,
        work: &Work,
        codec: Codec,
        peer: &str,
        action: &Action,
    ) -> Result<Option<Sample>> {
        let request = Request {
            peer: peer.to_owned(),
            action: action.clone(),
            store: self.store(peer),
            dataset: work.dataset.clone(),
            codec,
            durable: work.durable,
            threads: work.threads,
        };
        let mut command = if python::PEERS.contains(&peer) {
            let Some(python) = &self.python else {
                return Ok(None);
            };
            let mut command = Command::new(python);
            command.arg(python::script());
            command
        } else {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("child");
            command
        };
        let threads = work.threads.to_string();
        let mut child = command
            .env("RAYON_NUM_THREADS", &threads)
            .env("OMP_NUM_THREADS", &threads)
            .env("BLOSC_NTHREADS", &threads)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().context("a pipe")?;
        stdin.write_all(&serde_json::to_vec(&request)?)?;
        drop(stdin);
        let output = child.wait_with_output()?;
        let context = || format!("{peer}, {}, {}", work.id, codec.name());
        if !output.status.success() && crate::targets::is_rival(peer) {
            // Others crash now and then, most often when they end. That round of theirs does not count.
            println!("  {}: {}", context(), output.status);
            return Ok(None);
        }
        ensure!(output.status.success(), "{}: {}", context(), output.status);
        match serde_json::from_slice(&output.stdout).with_context(context)? {
            Reply::Sample(sample) => Ok(Some(sample)),
            Reply::Unsupported => Ok(None),
            Reply::Failed(why) => bail!("{}: {why}", context()),
        }
    }
}

/// Each figure's own median; operations one by one.
fn median(rounds: &[Sample]) -> Option<Sample> {
    let of = |figure: &dyn Fn(&Sample) -> f64| middle(rounds.iter().map(figure).collect());
    let operations = rounds.first()?.each_ms.len();
    Some(Sample {
        cpu_ms: of(&|s| s.cpu_ms)?,
        wall_ms: of(&|s| s.wall_ms)?,
        peak_mb: of(&|s| s.peak_mb)?,
        each_ms: (0..operations)
            .filter_map(|i| of(&|s| s.each_ms[i]))
            .collect(),
        bytes: of(&|s| s.bytes as f64)? as u64,
    })
}

pub fn middle(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// Processor and cores, as the tables name them.
fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{}, {cores} cores",
        model.map_or("unknown processor", |(_, name)| name.trim())
    )
}
