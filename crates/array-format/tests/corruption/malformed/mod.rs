//! Files that are malformed beneath right checksums, by name; and objects that stand where they
//! should not.

mod addresses;
mod codecs;
mod definitions;
mod frames;
mod keys;
mod layers;
mod objects;
mod pages;
mod root;
mod sound;
mod tags;
mod trees;
mod values;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use array_format::integrity::{Problem, VerifyOptions};
use array_format::object_store::ObjectStoreExt;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::{ArrayFile, Error};
use array_format_core::wire::TRAILER_BYTES;
use futures::executor::block_on;

use crate::forge::{Forge, Page, TABLES};
use crate::state::{NAME, State, agrees, config, errors, read};

use sound::Sound;

/// What is done to a sound file.
pub enum Edit {
    Leaf(usize, fn(&mut Page)),
    Top(usize, fn(&mut Page)),
    /// After the addresses of children are known.
    Address(fn(&mut [Page; TABLES])),
    /// As `Address`; the object stands also where a layer did that the file does not list.
    Twice(fn(&mut [Page; TABLES])),
    Root(fn(&mut Page)),
    Trailer(fn(&mut [u8; TRAILER_BYTES])),
    Any(fn(&mut Forge)),
}
use Edit::{Address, Any, Leaf, Root, Top, Trailer, Twice};

pub type Case = (&'static str, Edit);

/// What a malformed file must lead to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    /// An error that says that the file is damaged.
    Damaged,
    /// An error that says that a newer release, or a codec, is needed.
    Newer,
    /// An error that says that an object is gone: what names it is not known to be wrong.
    Expired,
    /// No call needs what is wrong; `verify` finds it.
    Verified,
    /// The format lets readers go on.
    Harmless,
}

/// Cases with another verdict than `Damaged`.
const NEWER: &[&str] = &[
    "newer major version",
    "major version 0",
    "unknown feature of readers",
    "codec unknown",
    "codec unknown behind a filter",
];
const EXPIRED: &[&str] = &[
    "page in an unknown layer",
    "layers page in an unknown layer",
    "root with another sequence",
];
const VERIFIED: &[&str] = &[
    "header of another version",
    "header with a reserved field",
    "header with another checksum",
    "header of another file",
    "header of another layer",
    "statistics of too many valid elements",
    "statistics of another kind",
    "statistics of fewer frames",
    "statistics of more bytes",
    "frame in the place of another",
    "frame of an array that is not there",
    "frame outside of the array",
    "frame of too many valid elements",
    "sums of other bytes",
    "attribute of an array that is not there",
    "tag of a layer that never was",
    "tag with the id of another layer",
    "tag of a number after the newest",
    "live bytes of another number",
    "frame bytes of another number",
    "log bytes of another number",
    "pages of a layer that has none",
];
const HARMLESS: &[&str] = &[
    "nothing",
    "column that may be ignored",
    "table that may be ignored",
    "newer minor version",
    "unknown feature of writers",
    "hint that is reversed",
    "hint beyond the end",
    "hint into the header",
];

fn verdict(name: &str) -> Verdict {
    if NEWER.contains(&name) {
        Verdict::Newer
    } else if EXPIRED.contains(&name) {
        Verdict::Expired
    } else if VERIFIED.contains(&name) {
        Verdict::Verified
    } else if HARMLESS.contains(&name) {
        Verdict::Harmless
    } else {
        Verdict::Damaged
    }
}

pub fn set_raw_u16(raw: &mut [u8], at: usize, value: u16) {
    raw[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

pub fn set_raw_u32(raw: &mut [u8], at: usize, value: u32) {
    raw[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Leaves the last value out.
pub fn shorten(values: &mut Vec<u64>) {
    values.pop();
}

fn forge(sound: &[u8], edit: &Edit) -> Vec<u8> {
    // What is done may depend on the length of the object that it leads to.
    let mut length = 0;
    for _ in 0..4 {
        let mut forge = Forge::new(sound);
        forge.length = length;
        let mut patch: fn(&mut [u8; TRAILER_BYTES]) = |_| {};
        match edit {
            Leaf(table, edit) => edit(forge.leaf(*table)),
            Top(table, edit) => edit(&mut forge.tops[*table]),
            Address(edit) | Twice(edit) => forge.address = *edit,
            Root(edit) => edit(&mut forge.root),
            Trailer(edit) => patch = *edit,
            Any(edit) => edit(&mut forge),
        }
        let object = forge.object(patch);
        if object.len() as u64 == length {
            return object;
        }
        length = object.len() as u64;
    }
    panic!("the forged object has no length")
}

/// The kind of an error, as its table of kinds has it.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::Corrupt { .. } | Error::InvalidFooter(_) => "damage",
        Error::Unsupported(_) | Error::UnknownCodec { .. } => "version",
        Error::SnapshotExpired { .. } => "expired",
        Error::FileNotFound { .. } => "missing",
        _ => "another kind",
    }
}

async fn put(store: &InMemory, name: &str, object: Vec<u8>) {
    store.put(&Path::from(name), object.into()).await.unwrap();
}

/// Opens, lists, reads, asks for the log and tags, verifies, and refreshes a handle that was opened
/// before. The problem, if that does not end as it should.
fn examine(sound: &Sound, edit: &Edit, verdict: Verdict) -> Result<(), String> {
    let object = forge(&sound.base, edit);
    let size = object.len();
    let store = block_on(sound.store());
    let mut before = block_on(ArrayFile::open(store.clone(), Path::from(NAME), config())).unwrap();
    if matches!(edit, Twice(_)) {
        block_on(put(&store, sound::UNLISTED, object.clone()));
    }
    block_on(put(&store, NAME, object));
    crate::HEAP.reset_peak_usage();
    let mut found = block_on(read(&store));
    if let Ok(State {
        history: Ok(history),
        ..
    }) = &mut found
    {
        // The log has the length of the object, which may be another.
        let length = |length: usize| format!("layer_bytes: {length},");
        *history = history.replace(&length(size), &length(sound.base.len()));
    }
    let errors = errors(&found);
    let kinds: HashSet<&str> = errors.iter().map(|error| kind(error)).collect();
    let expected: &[&str] = match verdict {
        Verdict::Damaged => &["damage"],
        Verdict::Newer => &["version"],
        Verdict::Expired => &["expired"],
        Verdict::Verified | Verdict::Harmless => &[],
    };
    if kinds != expected.iter().copied().collect() {
        return Err(format!("{kinds:?} instead of {expected:?}: {errors:?}"));
    }
    if verdict == Verdict::Harmless && !agrees(&found, &sound.state) {
        return Err("it reads as another file".into());
    }
    let opened = block_on(ArrayFile::open(store.clone(), Path::from(NAME), config()));
    if let Ok(file) = opened {
        let verified = block_on(file.verify(&VerifyOptions::full()));
        let whole = verified
            .as_ref()
            .is_ok_and(|v| v.is_whole() && v.unknown_codecs.is_empty());
        if whole != (verdict == Verdict::Harmless) {
            return Err(format!("verify: {verified:?}"));
        }
    }
    // What it says depends on what the handle has in memory.
    let _ = block_on(before.refresh());
    let _ = block_on(before.read_elements("a", vec![], vec![]));
    let _ = block_on(before.log());
    // A page of the greatest size, and a copy of it while it grows.
    match crate::HEAP.peak_usage() >> 20 {
        heap if heap > 160 => Err(format!("{heap} MiB of heap")),
        _ => Ok(()),
    }
}

/// Checksums of parts that differ are told, and cost no data.
#[test]
fn frames_with_other_sums_are_salvaged() {
    let _turn = crate::turn();
    let sound = block_on(Sound::new());
    let cases = frames::CASES.iter().chain(&[("nothing", Any(|_| {}))]);
    let saved = ["sums of other bytes", "nothing"].map(|name| {
        let (_, edit) = cases.clone().find(|(case, _)| *case == name).unwrap();
        let store = block_on(sound.store());
        block_on(put(&store, NAME, forge(&sound.base, edit)));
        let (from, to) = (Path::from(NAME), Path::from("saved.af"));
        let salvaged = ArrayFile::salvage(store.clone(), from, store.clone(), to.clone(), config());
        let salvaged = block_on(salvaged).unwrap();
        let file = block_on(ArrayFile::open(store, to, config())).unwrap();
        let verified = block_on(file.verify(&VerifyOptions::full())).unwrap();
        assert!(verified.is_whole(), "{name}: {verified:?}");
        let told = |problem: &&Problem| problem.detail.contains("checksums of its parts");
        let told = salvaged.problems.iter().filter(told).count();
        assert_eq!(told, usize::from(name != "nothing"));
        salvaged.frames
    });
    assert_eq!(saved[0], saved[1]);
}

#[test]
fn each_malformed_file_is_an_error() {
    let _turn = crate::turn();
    let sound = block_on(Sound::new());
    let themes = [
        &[("nothing", Any(|_| {}))],
        pages::CASES,
        keys::CASES,
        trees::CASES,
        addresses::CASES,
        definitions::CASES,
        codecs::CASES,
        values::CASES,
        frames::CASES,
        layers::CASES,
        tags::CASES,
        root::CASES,
    ];
    let mut names = HashSet::new();
    let mut wrong = Vec::new();
    for (name, edit) in themes.into_iter().flatten() {
        assert!(names.insert(*name), "{name} twice");
        let check = AssertUnwindSafe(|| examine(&sound, edit, verdict(name)));
        match catch_unwind(check) {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => wrong.push(format!("{name}: {problem}")),
            Err(_) => wrong.push(format!("{name}: a panic, or an error without a place")),
        }
    }
    for name in [NEWER, EXPIRED, VERIFIED, HARMLESS].into_iter().flatten() {
        assert!(names.contains(name), "no case {name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} malformed files", names.len());
}
