//! Torn objects, as a reader would meet them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use futures::FutureExt;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};

use super::super::clients::together;
use super::super::ground::{Ground, Outcome, brief, broken, failed, pattern};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "whole objects",
    asked: "whoever reads while an object is put sees it whole, or what was there before",
    need: Need::Commits,
    run: |ground| Box::pin(run(ground)),
};

const READERS: usize = 4;

/// A writer's objects: one that is replaced over and over, and one more each round.
struct Scene {
    store: Arc<dyn ObjectStore>,
    replaced: Path,
    fresh: Vec<Path>,
    most: usize,
    round: AtomicUsize,
    done: AtomicBool,
}

impl Scene {
    /// The length of the object of a round; those of rounds that follow each other differ.
    fn length(&self, round: u64) -> usize {
        self.most - 7 * (round as usize % (self.most / 16))
    }

    fn is_whole(&self, bytes: &[u8]) -> bool {
        let Some(round) = bytes.first_chunk().map(|first| u64::from_le_bytes(*first)) else {
            return false;
        };
        let rounds = self.fresh.len() as u64;
        round < rounds && *bytes == *pattern(round, self.length(round))
    }

    fn is_length(&self, length: u64) -> bool {
        (0..self.fresh.len() as u64).any(|round| self.length(round) as u64 == length)
    }

    async fn write(&self) -> Outcome {
        for (round, fresh) in self.fresh.iter().enumerate() {
            self.round.store(round, SeqCst);
            let bytes = pattern(round as u64, self.length(round as u64));
            for path in [&self.replaced, fresh] {
                let put = self.store.put(path, bytes.clone().into()).await;
                put.map_err(|error| failed("a put", &error))?;
            }
        }
        Ok(())
    }

    async fn read(&self) -> Outcome {
        while !self.done.load(SeqCst) {
            for path in [&self.replaced, &self.fresh[self.round.load(SeqCst)]] {
                let read = async { self.store.get(path).await?.bytes().await };
                match read.await {
                    Ok(bytes) if self.is_whole(&bytes) => {}
                    Ok(bytes) => {
                        let length = bytes.len();
                        return broken(format!("{length} bytes were read that were never put so"));
                    }
                    Err(Error::NotFound { .. }) => {}
                    Err(error) => return broken(format!("a get meanwhile: {}", brief(&error))),
                }
                match self.store.head(path).await {
                    Ok(meta) if self.is_length(meta.size) => {}
                    Ok(meta) => {
                        return broken(format!(
                            "a head tells {} bytes, as no object has",
                            meta.size
                        ));
                    }
                    Err(Error::NotFound { .. }) => {}
                    Err(error) => return broken(format!("a head meanwhile: {}", brief(&error))),
                }
            }
            // A store in memory never waits.
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

async fn run(ground: &Ground) -> Outcome {
    // Whether anything can be put, before many try.
    ground
        .put(
            &ground.path("replaced")?,
            &pattern(0, ground.options.object_bytes),
        )
        .await?;
    let rounds = 0..ground.options.rounds;
    let fresh = rounds.map(|round| ground.path(&format!("fresh.{round}")));
    let scene = Arc::new(Scene {
        store: Arc::clone(&ground.store),
        replaced: ground.path("replaced")?,
        fresh: fresh.collect::<Outcome<_>>()?,
        most: ground.options.object_bytes,
        round: AtomicUsize::new(0),
        done: AtomicBool::new(false),
    });
    let writer = Arc::clone(&scene);
    let write = async move {
        let written = writer.write().await;
        writer.done.store(true, SeqCst);
        written
    };
    let mut calls = vec![write.boxed()];
    for _ in 0..READERS {
        let scene = Arc::clone(&scene);
        calls.push(async move { scene.read().await }.boxed());
    }
    together(calls).await?.into_iter().collect()
}
