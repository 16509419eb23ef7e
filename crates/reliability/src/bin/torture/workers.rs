//! Writers, compactors and readers that work until they are done or told to stop.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use array_format::{ArrayFile, CompactOptions, Error, Result, Scope};
use array_format_reliability::torture::{self, COUNTERS, SHARED};
use ndarray::{ArrayD, IxDyn};

use crate::Arguments;

async fn open(arguments: &Arguments) -> Result<ArrayFile> {
    let config = arguments.config();
    ArrayFile::open(arguments.store.clone(), arguments.path.clone(), config).await
}

/// Whether standard input is closed: then the test has ended, or wants us to.
fn told_to_stop() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        told.store(true, SeqCst);
    });
    stop
}

/// `commits` commits to chunk `writer`, from `from` on; `ack <writer> <serial> <sequence>` for each.
pub async fn write(arguments: Arguments) -> std::result::Result<(), String> {
    let writer = arguments.number("writer", 0) as usize;
    let from = arguments.number("from", 1);
    let commits = arguments.number("commits", u64::MAX - from);
    let mut file = open(&arguments).await.map_err(|e| e.to_string())?;
    for serial in from..from + commits {
        torture::step(&mut file, writer, serial)
            .await
            .map_err(|error| format!("writer {writer}, step {serial}: {error}"))?;
        // Nothing that others do meets what this writer does: only the store may fail.
        while let Err(error) = file.flush().await {
            match error {
                Error::SnapshotExpired { .. } | Error::Store { .. } => {
                    eprintln!("writer {writer}, commit {serial}: {error}");
                }
                other => return Err(format!("writer {writer}, commit {serial}: {other}")),
            }
        }
        println!("ack {writer} {serial} {}", file.sequence());
    }
    Ok(())
}

/// Adds one to shared counters, `commits` times; `ack` for each.
pub async fn count(arguments: Arguments) -> std::result::Result<(), String> {
    let commits = arguments.number("commits", 1);
    let mut seed = arguments.number("writer", 0);
    let mut conflicts = 0;
    for _ in 0..commits {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let counter = (seed >> 33) as usize % SHARED;
        loop {
            match add_one(&arguments, counter).await {
                Ok(()) => break,
                Err(Error::Conflict { .. } | Error::SnapshotExpired { .. }) => conflicts += 1,
                Err(error) => return Err(format!("counter {counter}: {error}")),
            }
        }
        println!("ack {counter}");
    }
    println!("conflicts {conflicts}");
    Ok(())
}

/// From the newest state, since what was read before would undo others' additions.
async fn add_one(arguments: &Arguments, counter: usize) -> Result<()> {
    let mut file = open(arguments).await?;
    let old = torture::counters(&file).await?[counter];
    let new = ArrayD::from_elem(IxDyn(&[1]), old + 1);
    file.write_array(COUNTERS, vec![counter], new.view())
        .await?;
    file.flush().await
}

/// Compacts until told to stop, all and the newest by turns.
pub async fn compact(arguments: Arguments) -> std::result::Result<(), String> {
    let stop = told_to_stop();
    let mut file = open(&arguments).await.map_err(|e| e.to_string())?;
    let (mut done, mut missed) = (0, 0);
    for turn in 0u64.. {
        if stop.load(SeqCst) {
            break;
        }
        let mut options = CompactOptions::default();
        if turn % 3 != 0 {
            options.scope = Scope::Newest(4);
        }
        match file.compact_with(options).await {
            Ok(_) => done += 1,
            Err(Error::Conflict { .. } | Error::SnapshotExpired { .. }) => missed += 1,
            Err(error) => return Err(format!("compaction {turn}: {error}")),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    println!("compactions {done} {missed}");
    Ok(())
}

/// Reads until told to stop; `state <sequence> <serials>` for each state that it sees.
pub async fn read(arguments: Arguments) -> std::result::Result<(), String> {
    let stop = told_to_stop();
    let mut file = open(&arguments).await.map_err(|e| e.to_string())?;
    let mut expired = 0;
    for turn in 0u64.. {
        if stop.load(SeqCst) {
            break;
        }
        match torture::serials(&file).await {
            Ok(serials) => {
                let serials: Vec<String> = serials.iter().map(u64::to_string).collect();
                println!("state {} {}", file.sequence(), serials.join(" "));
            }
            Err(Error::SnapshotExpired { .. }) => expired += 1,
            Err(error) => return Err(format!("read {turn}: {error}")),
        }
        let next = if turn % 4 == 0 {
            open(&arguments).await.map(|newer| file = newer)
        } else {
            file.refresh().await
        };
        next.map_err(|error| format!("look {turn}: {error}"))?;
    }
    println!("expired {expired}");
    Ok(())
}
