//! The fuzz targets on stable Rust: every committed input, and changes of each that are the same in
//! every run.
//!
//! `FUZZ_WRITE=1 cargo test -p array_format --test fuzz_corpus` adds the seeds that `seed_corpus`
//! makes; what the fuzzer finds is added by hand.

#[path = "../../../fuzz/src/calls.rs"]
mod calls;
#[path = "../../../fuzz/src/codec.rs"]
mod codec;
#[path = "../../../fuzz/src/cursor.rs"]
mod cursor;
#[path = "../../../fuzz/src/elements.rs"]
mod elements;
#[path = "../../../fuzz/src/open_file.rs"]
mod open_file;
#[path = "../../../fuzz/src/page.rs"]
mod page;
#[path = "corruption/seeds/mod.rs"]
mod seeds;
#[expect(dead_code, reason = "the corruption test uses all of it")]
#[path = "corruption/state.rs"]
mod state;
#[path = "../../../fuzz/src/values.rs"]
mod values;

use std::path::PathBuf;

use array_format::object_store::ObjectStoreExt;
use array_format::object_store::path::Path;
use array_format::{
    ArrayElement, AttributeValue, CompressionCodec, DType, FillValue, List, StatValue, ZstdCodec,
};
use array_format_core::codec::{Pipeline, PipelineRecord};
use array_format_core::wire::columns::Reader;
use array_format_core::wire::root::Root;
use array_format_core::wire::tables::{Inner, Table};
use array_format_core::wire::trailer::Trailer;
use futures::executor::block_on;

/// Any bytes pass, or panic.
type Target = fn(&[u8]);

/// The targets, and how many changes of each input are tried.
const TARGETS: &[(&str, Target, usize)] = &[
    ("open_file", open_file::run, 200),
    ("page", page::run, 400),
    ("codec", codec::run, 400),
    ("values", values::run, 400),
    ("elements", elements::run, 400),
    ("calls", calls::run, 20),
];

fn corpus(target: &str) -> PathBuf {
    let fuzz = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    fuzz.join(target)
}

/// Small numbers that depend on nothing.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n.max(1)
    }

    /// As a fuzzer would: bits, bytes, numbers that matter, cuts, insertions, repetitions.
    fn change(&mut self, data: &mut Vec<u8>) {
        const NUMBERS: [u64; 8] = [
            0,
            1,
            64,
            0x7FFF_FFFF,
            0x8000_0000,
            0xFFFF_FFFF,
            1 << 62,
            u64::MAX,
        ];
        for _ in 0..=self.below(3) {
            let at = self.below(data.len());
            match self.below(6) {
                0 if !data.is_empty() => data[at] ^= 1 << self.below(8),
                1 if !data.is_empty() => data[at] = self.below(256) as u8,
                2 => {
                    let number = NUMBERS[self.below(8)].to_le_bytes();
                    let width = [1, 2, 4, 8][self.below(4)].min(data.len() - at);
                    data[at..at + width].copy_from_slice(&number[..width]);
                }
                3 => data.truncate(at),
                4 => data.insert(at, self.below(256) as u8),
                _ => {
                    let piece = data[at..data.len().min(at + 16)].to_vec();
                    let to = self.below(data.len());
                    data.splice(to..to, piece);
                }
            }
        }
    }
}

#[test]
fn the_corpus_and_changes_of_it_pass() {
    if std::env::var_os("FUZZ_WRITE").is_some() {
        seed_corpus();
    }
    for &(target, run, changes) in TARGETS {
        let mut inputs: Vec<PathBuf> = std::fs::read_dir(corpus(target))
            .unwrap_or_else(|error| panic!("the corpus of {target}: {error}"))
            .map(|entry| entry.unwrap().path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{target} has no corpus");
        for input in inputs {
            let seed = std::fs::read(&input).unwrap();
            let mut random = Random(0x9E37_79B9_7F4A_7C15);
            for i in 0..=changes {
                let mut data = seed.clone();
                if i > 0 {
                    random.change(&mut data);
                }
                let result = std::panic::catch_unwind(|| run(&data));
                // The input can be committed as it is shown here.
                let hex = || data.iter().map(|b| format!("{b:02x}")).collect::<String>();
                assert!(
                    result.is_ok(),
                    "{target}, change {i} of {input:?}: {}",
                    hex()
                );
            }
        }
    }
}

fn put(target: &str, name: &str, parts: &[&[u8]]) {
    let folder = corpus(target);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), parts.concat()).unwrap();
}

/// Writes the seeds of all targets.
fn seed_corpus() {
    // The corpus stays small: the seeds of single features are enough to start from.
    for &(name, seed) in &seeds::SEEDS[..10] {
        let (store, file) = block_on(seeds::build(seed));
        let base = block_on(async {
            let got = store.get(&Path::from(state::NAME)).await.unwrap();
            got.bytes().await.unwrap()
        });
        put("open_file", name, &[&base]);
        if file.num_layers() == 1 {
            seed_pages(name, &base);
        }
    }
    seed_codecs();
    seed_values();
    seed_elements();
    let mut random = Random(1);
    for i in 0..12 {
        let calls: Vec<u8> = (0..240).map(|_| random.below(256) as u8).collect();
        put("calls", &format!("{i:02}"), &[&calls]);
    }
}

/// The root, the tops and the leaves of a file.
fn seed_pages(name: &str, object: &[u8]) {
    let trailer = Trailer::decode(object, object.len() as u64).unwrap();
    let unpack = |offset: u64, stored: u32, raw: u32| {
        let stored = &object[offset as usize..][..stored as usize];
        if stored.len() == raw as usize {
            stored.to_vec()
        } else {
            ZstdCodec::default()
                .decompress(stored, raw as usize)
                .unwrap()
        }
    };
    let root = unpack(trailer.root_offset, trailer.root_stored, trailer.root_raw);
    put("page", &format!("{name}-root"), &[&[page::ROOT], &root]);
    let tops = Reader::new(&root).unwrap().bytes(9).unwrap();
    let decoded = Root::decode(&root).unwrap();
    fn leaf_of<T: Table>(top: &Inner<T>) -> Option<(u64, u32, u32)> {
        let page = top.pages.first()?;
        Some((page.offset, page.stored, page.raw))
    }
    let leaves = [
        leaf_of(&decoded.arrays.top),
        leaf_of(&decoded.attributes.top),
        leaf_of(&decoded.statistics.top),
        leaf_of(&decoded.frames.top),
        leaf_of(&decoded.layers.top),
    ];
    for (table, leaf) in leaves.into_iter().enumerate() {
        let kind = table as u8;
        put(
            "page",
            &format!("{name}-top-{table}"),
            &[&[page::INNER + kind], tops.get(table)],
        );
        let Some((offset, stored, raw)) = leaf else {
            continue;
        };
        let leaf = unpack(offset, stored, raw);
        if leaf.len() < 8 << 10 {
            put(
                "page",
                &format!("{name}-leaf-{table}"),
                &[&[page::LEAVES + kind], &leaf],
            );
        }
    }
}

fn seed_codecs() {
    let raw: Vec<u8> = (0..96u8).map(|i| i.wrapping_mul(i)).collect();
    for (d, dtype) in codec::DTYPES.iter().enumerate() {
        for (p, spec) in codec::pipelines().iter().enumerate() {
            let Ok(pipeline) = Pipeline::from_spec(spec, dtype) else {
                continue;
            };
            let stored = pipeline.encode(&raw).unwrap();
            let head = [d as u8, p as u8, raw.len() as u8, 0];
            put("codec", &format!("{d}-{p}"), &[&head, &stored]);
        }
    }
}

fn seed_values() {
    let mut n = 0;
    let mut value = |kind: u8, encode: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        encode(&mut bytes);
        put("values", &format!("{kind}-{n:02}"), &[&[kind], &bytes]);
        n += 1;
    };
    for dtype in [
        DType::Float32,
        List::<List<String>>::dtype(),
        <[[f64; 2]; 3]>::dtype(),
    ] {
        value(values::DTYPE, &|out| dtype.encode(out));
    }
    for fill in [
        FillValue::Bool(true),
        FillValue::Int(-1),
        FillValue::Float(f64::NAN),
        FillValue::String("n/a".into()),
        FillValue::Binary(vec![0, 255]),
        FillValue::Complex { re: 1.0, im: -1.0 },
    ] {
        value(values::FILL, &|out| fill.encode(out));
    }
    use AttributeValue as A;
    for attribute in [
        A::Bool(true),
        A::Int16(-2),
        A::Float64(0.5),
        A::String("text 🌊".into()),
        A::Binary(vec![1, 2, 3]),
        A::BoolList(vec![true, false]),
        A::Int32List(vec![1, 2, 3]),
        A::StringList(vec!["a".into(), String::new(), "bc".into()]),
        A::BinaryList(vec![vec![], vec![9; 5]]),
    ] {
        value(values::ATTRIBUTE, &|out| attribute.encode(out));
    }
    for stat in [
        StatValue::Int(-1),
        StatValue::Float(1.5),
        StatValue::Bytes(vec![1, 2]),
        StatValue::TimestampNs(5),
    ] {
        value(values::STAT, &|out| stat.encode(out));
    }
    for spec in codec::pipelines() {
        let record = PipelineRecord::from(&spec);
        value(values::PIPELINE, &|out| record.encode(out).unwrap());
    }
}

fn seed_elements() {
    fn seed<T: ArrayElement>(name: &str, values: &[T]) {
        let mut dtype = Vec::new();
        T::dtype().encode(&mut dtype);
        let head = [dtype.len() as u8];
        let count = [values.len() as u8, 0];
        put(
            "elements",
            name,
            &[&head, &dtype, &count, &T::encode_chunk(values)],
        );
    }
    let text = |n: usize| "é".repeat(n);
    seed("bool", &[true, false, true]);
    seed("i32", &[1i32, -2, 3]);
    seed("string", &[text(0), text(1), text(3)]);
    seed("binary", &[vec![], vec![0u8, 255]]);
    seed("vectors", &[[1.0f32, 2.0], [3.0, 4.0]]);
    seed("flags", &[[true, false, true]]);
    seed("lists", &[List(vec![1i16, 2]), List(vec![])]);
    seed("texts", &[List(vec![text(1), text(0)]), List(vec![])]);
    seed("pairs", &[[text(1), text(2)], [text(0), text(0)]]);
    seed(
        "deep",
        &[List(vec![List(vec![[true, false]]), List(vec![])])],
    );
}
