//! Bits of every object flipped, and every object cut short.
//!
//! By default every 11th bit of a file and every 11th length; `FLIPS=1` takes every bit and every
//! length, which takes minutes, and `FLIPS=n` every n-th.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStore, ObjectStoreExt};
use array_format_core::wire::trailer::Trailer;
use futures::TryStreamExt;
use futures::executor::block_on;

use crate::seeds::{SEEDS, Seed, build};
use crate::state::{State, agrees, read};

/// Bytes that one turn of a thread takes.
const PORTION: usize = 256;

/// A seed's objects, oldest first, and what it holds after the newest and before it.
struct Victim {
    name: &'static str,
    objects: Vec<(Path, Vec<u8>)>,
    now: State,
    before: Option<State>,
}

/// The number in the name of a sidecar, 0 for the base.
fn number(path: &Path) -> u64 {
    let number = path.as_ref().split('.').nth(1);
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}

async fn victim(name: &'static str, seed: Seed) -> Victim {
    let (store, _) = build(seed).await;
    let mut objects = Vec::new();
    let mut listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    listed.sort_by_key(|object| number(&object.location));
    for object in listed {
        let path = object.location;
        let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
        objects.push((path, bytes.to_vec()));
    }
    let now = read(&store).await.unwrap();
    let again = read(&store).await;
    assert!(agrees(&again, &now), "{name} is whole");
    let before = match &objects[..] {
        [_, .., (newest, bytes)] => {
            let torn = bytes[..bytes.len() - 1].to_vec();
            store.put(newest, torn.into()).await.unwrap();
            read(&store).await.ok()
        }
        _ => None,
    };
    Victim {
        name,
        objects,
        now,
        before,
    }
}

impl Victim {
    fn store(&self) -> Arc<InMemory> {
        let store = Arc::new(InMemory::new());
        for (path, bytes) in &self.objects {
            block_on(store.put(path, bytes.clone().into())).unwrap();
        }
        store
    }

    /// Replaces an object and reads the file; says whether it was still whole.
    fn check(&self, store: &Arc<InMemory>, i: usize, damaged: Vec<u8>, what: &str) -> bool {
        let path = &self.objects[i].0;
        let torn = i + 1 == self.objects.len() && !Trailer::is_complete(&damaged);
        let result = catch_unwind(AssertUnwindSafe(|| {
            block_on(store.put(path, damaged.into())).unwrap();
            let found = block_on(read(store));
            match (&found, &self.before) {
                (Ok(state), Some(before)) if torn && state.sequence == before.sequence => {
                    agrees(&found, before)
                }
                _ => agrees(&found, &self.now),
            }
        }));
        crate::check_heap(64, what);
        result.unwrap_or_else(|_| panic!("{}, {path}: {what}", self.name))
    }

    /// Damages an object at these bytes, at every `step`-th bit; says which changes went unnoticed.
    fn damage(&self, i: usize, range: Range<usize>, step: usize) -> Vec<(usize, usize)> {
        let store = self.store();
        let original = &self.objects[i].1;
        let mut unnoticed = Vec::new();
        for bit in (8 * range.start..8 * range.end).filter(|bit| bit % step == 0) {
            let (at, bit) = (bit / 8, bit % 8);
            let mut damaged = original.clone();
            damaged[at] ^= 1 << bit;
            let what = format!("bit {bit} of byte {at} flipped");
            if self.check(&store, i, damaged, &what) {
                unnoticed.push((at, bit));
            }
        }
        for at in range.filter(|at| at % step == 0) {
            let what = format!("cut to {at} bytes");
            self.check(&store, i, original[..at].to_vec(), &what);
        }
        unnoticed
    }
}

fn step() -> usize {
    let step = std::env::var("FLIPS").ok();
    step.map_or(11, |step| step.parse().expect("FLIPS is a number"))
}

#[test]
fn no_flipped_bit_and_no_cut_gives_other_values() {
    let _turn = crate::turn();
    let victims: Vec<Victim> = SEEDS
        .iter()
        .map(|&(name, seed)| block_on(victim(name, seed)))
        .collect();
    let mut portions = Vec::new();
    for victim in &victims {
        for (i, (_, bytes)) in victim.objects.iter().enumerate() {
            for from in (0..bytes.len()).step_by(PORTION) {
                portions.push((victim, i, from..(from + PORTION).min(bytes.len())));
            }
        }
    }
    let step = step();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut unnoticed = Vec::new();
        while let Some((victim, i, range)) = portions.get(next.fetch_add(1, Ordering::Relaxed)) {
            for (at, bit) in victim.damage(*i, range.clone(), step) {
                unnoticed.push((victim, *i, at, bit));
            }
        }
        unnoticed
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let unnoticed: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined.flat_map(|found| found.unwrap()).collect()
    });
    // Of a file in one object only the header goes unread, and the gaps that align.
    for (victim, _, at, bit) in unnoticed {
        if victim.objects.len() == 1 && at >= 64 {
            let byte = victim.objects[0].1[at];
            assert_eq!(byte, 0, "{}: bit {bit} of byte {at}", victim.name);
        }
    }
}
