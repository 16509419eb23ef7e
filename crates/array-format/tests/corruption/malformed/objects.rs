//! Objects under the names of layers: tombstones, layers of others, and what is none of these.

use std::sync::Arc;

use array_format::integrity::VerifyOptions;
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::ObjectStoreExt;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::{ArrayFile, ArraySpec, DType};
use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tombstone::Tombstone;
use array_format_core::wire::{HEADER_BYTES, TAIL_MAGIC, crc};
use futures::executor::block_on;

use super::{kind, put};
use crate::state::{NAME, agrees, config, create, errors, read};

/// A file of a base and sidecars 1 to 3, each of which the newest refers to.
struct Layered {
    store: Arc<InMemory>,
    file: Id,
}

impl Layered {
    async fn new() -> Self {
        let store = Arc::new(InMemory::new());
        let mut file = create(&store).await;
        let spec = ArraySpec::new(DType::UInt8, [3]).chunks([1]);
        file.create_array("a", spec).unwrap();
        for at in 0..3 {
            let data = ArrayD::from_elem(IxDyn(&[1]), at as u8 + 1);
            let written = file.write_array("a", vec![at], data.view()).await;
            written.unwrap();
            file.flush().await.unwrap();
        }
        let this = Self {
            store,
            file: Id::default(),
        };
        let base = this.object(0).await;
        let file = Header::decode(&base).unwrap().file;
        Self { file, ..this }
    }

    fn name(number: u64) -> String {
        match number {
            0 => NAME.into(),
            n => format!("seed.{n}.af"),
        }
    }

    async fn object(&self, number: u64) -> Vec<u8> {
        let got = self.store.get(&Path::from(Self::name(number))).await;
        got.unwrap().bytes().await.unwrap().to_vec()
    }

    async fn put(&self, number: u64, object: impl Into<Vec<u8>>) {
        put(&self.store, &Self::name(number), object.into()).await;
    }

    async fn remove(&self, number: u64) {
        let removed = self.store.delete(&Path::from(Self::name(number))).await;
        removed.unwrap();
    }

    /// A layer's number, vacated.
    fn stone(&self, sequence: u64, next: u64) -> Vec<u8> {
        let header = Header {
            file: self.file,
            layer: Id([7; 16]),
            sequence,
        };
        Tombstone { header, next }.encode().to_vec()
    }
}

/// A changed tombstone with right checksums.
fn mended(mut stone: Vec<u8>, edit: fn(&mut [u8])) -> Vec<u8> {
    edit(&mut stone);
    for (from, to) in [(0, 60), (64, 76)] {
        let sum = crc(&stone[from..to]);
        stone[to..to + 4].copy_from_slice(&sum.to_le_bytes());
    }
    stone
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    /// What was there is passed over; the file reads as before.
    Same,
    /// As `Same`, and the number counts as one that was never completely written.
    Torn(u64),
    /// As `Same`, and `verify` finds it.
    Verified,
    /// An error that says that the file is damaged.
    Damaged,
    /// An error that says that others have moved on.
    Expired,
    /// There is no file.
    Missing,
}
use Outcome::{Damaged, Expired, Missing, Same, Torn, Verified};

type Change = for<'a> fn(&'a Layered) -> futures::future::LocalBoxFuture<'a, ()>;

macro_rules! cases {
    ($($name:literal $outcome:expr, $f:ident => $change:expr;)*) => {
        const CASES: &[(&str, Outcome, Change)] =
            &[$(($name, $outcome, |$f| Box::pin(async move { $change }))),*];
    };
}

cases! {
    "tombstone that leads nowhere" Expired, f => f.put(4, f.stone(4, 5)).await;
    "tombstone that leads to the limit" Expired, f => f.put(4, f.stone(4, 1 << 62)).await;
    "tombstone in the place of the newest" Expired, f => f.put(3, f.stone(3, 4)).await;
    "tombstone in the place of a layer in use" Expired, f => f.put(2, f.stone(2, 3)).await;
    "tombstones that lead nowhere" Expired, f => {
        f.put(4, f.stone(4, 5)).await;
        f.put(5, f.stone(5, 6)).await;
    };
    "tombstones in a circle" Torn(5), f => {
        f.put(4, f.stone(4, 5)).await;
        f.put(5, mended(f.stone(5, 6), |s| s[64] = 4)).await;
    };
    "tombstone of another file" Same, f =>
        f.put(4, mended(f.stone(4, 9), |s| s[16] ^= 1)).await;
    "tombstone of another number" Torn(4), f => f.put(4, f.stone(7, 9)).await;
    "tombstone with another checksum" Torn(4), f => {
        let mut stone = f.stone(4, 5);
        stone[77] ^= 1;
        f.put(4, stone).await;
    };
    "tombstone with another checksum of its header" Same, f => {
        let mut stone = f.stone(4, 5);
        stone[60] ^= 1;
        f.put(4, stone).await;
    };
    "tombstone that leads to itself" Torn(4), f =>
        f.put(4, mended(f.stone(4, 5), |s| s[64] = 4)).await;
    "tombstone that leads back" Torn(4), f =>
        f.put(4, mended(f.stone(4, 5), |s| s[64] = 1)).await;
    "tombstone that leads beyond the limit" Torn(4), f =>
        f.put(4, mended(f.stone(4, 5), |s| s[64..72].fill(0xFF))).await;
    "tombstone with a reserved field" Torn(4), f =>
        f.put(4, mended(f.stone(4, 5), |s| s[72] = 1)).await;
    "tombstone of another version" Same, f =>
        f.put(4, mended(f.stone(4, 5), |s| s[8] = 2)).await;
    "tombstone cut short" Torn(4), f => f.put(4, &f.stone(4, 5)[..79]).await;
    "tombstone with a byte after it" Torn(4), f =>
        f.put(4, [f.stone(4, 5), vec![0]].concat()).await;
    "tombstone in the place of the base" Damaged, f => f.put(0, f.stone(1, 2)).await;
    "eighty bytes of nothing" Same, f => f.put(4, [0; 80]).await;
    "eighty bytes that end as a layer" Damaged, f => {
        let mut stone = f.stone(4, 5);
        stone[72..].copy_from_slice(&TAIL_MAGIC);
        f.put(4, stone).await;
    };
    "eighty bytes of another file that end as a layer" Same, f => {
        let mut stone = mended(f.stone(4, 5), |s| s[16] ^= 1);
        stone[72..].copy_from_slice(&TAIL_MAGIC);
        f.put(4, stone).await;
    };
    "object of no bytes" Same, f => f.put(4, []).await;
    "object of one byte" Same, f => f.put(4, [1]).await;
    "object of the tail magic" Same, f => f.put(4, TAIL_MAGIC).await;
    "object of a header" Torn(4), f => {
        let object = f.object(3).await;
        f.put(4, &object[..HEADER_BYTES]).await;
    };
    "layer cut short" Torn(4), f => {
        let object = f.object(3).await;
        f.put(4, &object[..object.len() - 1]).await;
    };
    "newest layer cut short at its end" Damaged, f => {
        let mut object = f.object(3).await;
        object.truncate(object.len() - 70);
        object.extend_from_slice(&TAIL_MAGIC);
        f.put(3, object).await;
    };
    "layer under another number" Damaged, f => {
        let object = f.object(3).await;
        f.put(4, object).await;
    };
    "base under a sidecar's number" Damaged, f => {
        let object = f.object(0).await;
        f.put(4, object).await;
    };
    "layer of another file" Same, f => {
        let other = Layered::new().await;
        f.put(4, other.object(3).await).await;
    };
    "base of another file" Same, f => {
        let other = Layered::new().await;
        f.put(9, other.object(0).await).await;
    };
    "layer in use that is gone" Expired, f => f.remove(2).await;
    "layer in use that is another" Expired, f => {
        let object = f.object(1).await;
        f.put(2, object).await;
    };
    "layer in use that is another file's, with the same data" Verified, f => {
        let other = Layered::new().await;
        f.put(2, other.object(2).await).await;
    };
    "layer in use of no bytes" Damaged, f => f.put(2, []).await;
    "layer in use cut short behind its data" Verified, f => {
        let object = f.object(2).await;
        f.put(2, &object[..70]).await;
    };
    "number over the limit" Same, f => f.put((1 << 62) + 1, [1; 100]).await;
    "tombstone at the limit" Torn(1 << 62), f => {
        let number = 1 << 62;
        f.put(number, mended(f.stone(number, 5), |s| s[64..72].fill(0x7F))).await;
    };
    "number of 2^64 − 1" Same, f => {
        let object = f.object(3).await;
        f.put(u64::MAX, object).await;
    };
    "number with a zero in front" Same, f => {
        let object = f.object(3).await;
        put(&f.store, "seed.04.af", object).await;
    };
    "base of no bytes" Damaged, f => f.put(0, []).await;
    "base of the tail magic" Damaged, f => f.put(0, TAIL_MAGIC).await;
    "base of zeros that ends as a layer" Damaged, f =>
        f.put(0, [&[0; 56][..], &TAIL_MAGIC].concat()).await;
    "base of a header" Damaged, f => {
        let object = f.object(0).await;
        f.put(0, &object[..HEADER_BYTES]).await;
    };
    "base whose trailer follows itself" Damaged, f => {
        let mut object = f.object(0).await;
        object.extend_from_within(object.len() - 64..);
        f.put(0, object).await;
    };
    "base that is gone" Missing, f => f.remove(0).await;
}

fn examine(change: Change, outcome: Outcome) -> Result<(), String> {
    let file = block_on(Layered::new());
    let sound = block_on(read(&file.store)).unwrap();
    let open = async || ArrayFile::open(file.store.clone(), Path::from(NAME), config()).await;
    let mut before = block_on(open()).unwrap();
    block_on(change(&file));
    crate::HEAP.reset_peak_usage();
    let found = block_on(read(&file.store));
    let expected = match outcome {
        Same | Torn(_) | Verified if agrees(&found, &sound) => None,
        Same | Torn(_) | Verified => return Err("it does not read as before".into()),
        Damaged => Some("damage"),
        Expired => Some("expired"),
        Missing => Some("missing"),
    };
    let kinds: Vec<&str> = errors(&found).iter().map(|error| kind(error)).collect();
    if kinds.first() != expected.as_ref() || kinds.iter().any(|k| Some(*k) != expected) {
        return Err(format!(
            "{kinds:?} instead of {expected:?}: {:?}",
            errors(&found)
        ));
    }
    if let Ok(opened) = block_on(open()) {
        let torn: &[u64] = match &outcome {
            Torn(number) => std::slice::from_ref(number),
            _ => &[],
        };
        if opened.torn_layers() != torn {
            return Err(format!("torn: {:?}", opened.torn_layers()));
        }
        let verified = block_on(opened.verify(&VerifyOptions::full()));
        let whole = matches!(outcome, Same | Torn(_));
        if verified.is_ok_and(|v| v.is_whole()) != whole {
            return Err("verify says something else".into());
        }
    }
    let _ = block_on(before.refresh());
    let _ = block_on(before.read_elements("a", vec![], vec![]));
    let _ = block_on(before.verify(&VerifyOptions::full()));
    crate::check_heap(64, "an object");
    Ok(())
}

#[test]
fn each_object_that_should_not_be_there_has_its_verdict() {
    let _turn = crate::turn();
    let mut wrong = Vec::new();
    for (name, outcome, change) in CASES {
        let check = || examine(*change, *outcome);
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)) {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => wrong.push(format!("{name}: {problem}")),
            Err(_) => wrong.push(format!("{name}: a panic, or an error without a place")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} objects", CASES.len());
}
