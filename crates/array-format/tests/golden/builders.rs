//! One function for each feature. A function never changes once its file is released.

use std::pin::Pin;
use std::sync::Arc;

use array_format::codec::{CodecSpec, Filter};
use array_format::{AttributeValue, FillValue, List, TimestampNs};
use half::{bf16, f16};
use num_complex::Complex;

use crate::script::{Def, Script, Xor, def};
use crate::value::Value;

/// A function that fills a file and its model.
pub type Builder = fn(Script) -> Pin<Box<dyn Future<Output = Script>>>;

macro_rules! builders {
    ($($name:ident)*) => {
        /// All builders by the names of their files.
        pub const BUILDERS: &[(&str, Builder)] = &[$((
            stringify!($name),
            |mut s| Box::pin(async move {
                $name(&mut s).await;
                s
            }),
        )),*];
    };
}

builders! {
    empty integers floats others variable lists long_strings
    codecs_numbers codecs_text custom_codec stored_raw auto
    scalars zero_length ragged tiles tiles_plain unwritten
    layers_02 layers_03 layers_05 layers_08 layers_10 folding compacted compacted_then_written
    resized appended attributes names many_arrays many_frames
}

/// Numbers that look like data: a slope with noise, the same in every release.
fn noise(n: usize) -> impl Iterator<Item = i64> {
    let mut state = 1u32;
    (0..n as i64).map(move |i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        3 * i + i64::from(state >> 28) - 20
    })
}

fn ints(n: usize) -> Vec<i32> {
    noise(n).map(|v| v as i32).collect()
}

fn text(values: &[&str]) -> Vec<String> {
    values.iter().map(|&v| v.to_owned()).collect()
}

async fn empty(_: &mut Script) {}

/// Arrays of one dtype: written whole, in part with and without a fill value, and not at all.
async fn dtype<T: Value>(s: &mut Script, values: [T; 5], fill: Option<(FillValue, T)>) {
    let name = |what: &str| format!("{}: {what}", T::name());
    let filled = |def: Def<T>| match fill.clone() {
        Some((value, element)) => def.fill(value, element),
        None => def,
    };
    s.define(&name("whole"), def::<T>(&[5]));
    s.fill(&name("whole"), values.to_vec()).await;
    s.define(&name("part"), def::<T>(&[3, 4]).chunks(&[2, 2]));
    s.write(&name("part"), &[1, 1], &[1, 2], values[1..3].to_vec())
        .await;
    s.define(&name("never"), filled(def::<T>(&[2])));
    s.define(&name("filled"), filled(def::<T>(&[9]).chunks(&[4])));
    s.write(&name("filled"), &[2], &[5], values.to_vec()).await;
    if let Some((_, element)) = fill.clone() {
        s.define(&name("only fill"), filled(def::<T>(&[3])));
        s.fill(&name("only fill"), vec![element; 3]).await;
    }
}

async fn integers(s: &mut Script) {
    use FillValue::{Bool, Float, Int, UInt};
    dtype(
        s,
        [true, false, true, true, false],
        Some((Bool(true), true)),
    )
    .await;
    dtype(s, [i8::MIN, -1, 0, 1, i8::MAX], Some((Int(-1), -1))).await;
    dtype(s, [i16::MIN, -1, 0, 1, i16::MAX], Some((Float(-2.0), -2))).await;
    dtype(s, [i32::MIN, -1, 0, 1, i32::MAX], Some((Int(1), 1))).await;
    dtype(
        s,
        [i64::MIN, -1, 0, 1, i64::MAX],
        Some((Int(i64::MIN), i64::MIN)),
    )
    .await;
    dtype(s, [0, 1, 2, 3, u8::MAX], Some((UInt(255), 255))).await;
    dtype(s, [0, 1, 2, 3, u16::MAX], Some((Bool(true), 1))).await;
    dtype(s, [0, 1, 2, 3, u32::MAX], Some((Int(3), 3))).await;
    dtype(s, [0, 1, 2, 3, u64::MAX], Some((UInt(u64::MAX), u64::MAX))).await;
    s.flush().await;
}

async fn floats(s: &mut Script) {
    use FillValue::{Complex as C, Float, Int};
    let nan = Float(f64::NAN);
    let halves = [f16::MIN, f16::NAN, f16::ONE, f16::MAX, f16::INFINITY];
    dtype(s, halves, Some((Float(0.1), f16::from_f64(0.1)))).await;
    let brains = [
        bf16::MIN,
        bf16::NAN,
        bf16::ONE,
        bf16::MAX,
        bf16::NEG_INFINITY,
    ];
    dtype(s, brains, Some((Int(-3), bf16::from_f64(-3.0)))).await;
    let singles = [
        -1.5,
        f32::NAN,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::NEG_INFINITY,
    ];
    dtype(s, singles, Some((nan.clone(), f32::NAN))).await;
    let doubles = [-0.1, f64::NAN, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY];
    dtype(s, doubles, Some((Float(-999.9), -999.9))).await;
    let z = |re: f32, im: f32| Complex { re, im };
    let complex = [
        z(1.0, -1.0),
        z(f32::NAN, 0.0),
        z(0.0, f32::NAN),
        z(0.5, 0.0),
        z(2.0, 3.0),
    ];
    dtype(s, complex, Some((C { re: 0.5, im: 0.0 }, z(0.5, 0.0)))).await;
    let z = |re: f64, im: f64| Complex { re, im };
    let complex = [
        z(1.0, -1.0),
        z(f64::NAN, 0.0),
        z(0.0, f64::NAN),
        z(7.0, 0.0),
        z(2.0, 3.0),
    ];
    dtype(s, complex, Some((Int(7), z(7.0, 0.0)))).await;
    // Statistics of nothing but NaN, and a NaN fill value among NaNs.
    s.define("only NaN", def::<f32>(&[4]));
    s.fill("only NaN", vec![f32::NAN; 4]).await;
    s.define("NaN and its fill", def::<f64>(&[4]).fill(nan, f64::NAN));
    s.fill("NaN and its fill", vec![f64::NAN, 1.0, f64::NAN, -1.0])
        .await;
    s.flush().await;
}

async fn others(s: &mut Script) {
    let times = [i64::MIN, -1, 0, 1_700_000_000_000_000_000, i64::MAX].map(TimestampNs);
    dtype(
        s,
        times,
        Some((FillValue::TimestampNs(-1), TimestampNs(-1))),
    )
    .await;
    let vectors = [
        [0.0, 1.0, 2.0],
        [f32::NAN; 3],
        [3.0; 3],
        [-1.0; 3],
        [7.0, 7.0, 8.0],
    ];
    dtype(s, vectors, Some((FillValue::Float(3.0), [3.0f32; 3]))).await;
    let matrices = [
        [[1i16, 2], [3, 4]],
        [[0; 2]; 2],
        [[-1; 2]; 2],
        [[5; 2]; 2],
        [[6, 7], [8, 9]],
    ];
    dtype(s, matrices, Some((FillValue::Int(5), [[5; 2]; 2]))).await;
    let flags = [
        [true, false],
        [false; 2],
        [true; 2],
        [false, true],
        [true; 2],
    ];
    dtype(s, flags, Some((FillValue::Bool(true), [true; 2]))).await;
    s.flush().await;
}

async fn variable(s: &mut Script) {
    let words = ["", "a", "四 🌊", "nul\0inside", "zz"].map(str::to_owned);
    let fill = FillValue::String("n/a".into());
    dtype(s, words, Some((fill, "n/a".to_owned()))).await;
    let blobs = [
        vec![],
        vec![0xFFu8, 0xFE],
        vec![0],
        vec![1, 2, 3],
        vec![255],
    ];
    dtype(s, blobs, Some((FillValue::Binary(vec![255]), vec![255u8]))).await;
    s.flush().await;
}

async fn lists(s: &mut Script) {
    let list = |n: usize| List(ints(n));
    dtype(s, [list(3), list(0), list(1), list(2), list(9)], None).await;
    let list = |words: &[&str]| List(text(words));
    dtype(
        s,
        [
            list(&[]),
            list(&[""]),
            list(&["é", "b"]),
            list(&["c"]),
            list(&[]),
        ],
        None,
    )
    .await;
    let pair = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
    let pairs = [
        pair("", ""),
        pair("a", "bc"),
        pair("f", "f"),
        pair("日", ""),
        pair("z", "z"),
    ];
    let fill = FillValue::String("f".into());
    dtype(s, pairs, Some((fill, pair("f", "f")))).await;
    let nested = |n: usize| List((0..n).map(|i| List(vec![i as u16; i])).collect::<Vec<_>>());
    dtype(
        s,
        [nested(0), nested(1), nested(2), nested(3), nested(4)],
        None,
    )
    .await;
    let binary = |n: u8| [List(vec![vec![n; 2], vec![]]), List(vec![vec![n]])];
    dtype(
        s,
        [binary(0), binary(1), binary(2), binary(3), binary(4)],
        None,
    )
    .await;
    s.flush().await;
}

/// Elements that are longer than what statistics hold.
async fn long_strings(s: &mut Script) {
    let codec = CodecSpec::zstd(3);
    s.define("text", def::<String>(&[2]).codec(codec.clone()));
    s.fill("text", vec!["a".repeat(5000), "b".repeat(4097)])
        .await;
    s.define("all ones", def::<Vec<u8>>(&[2]).codec(codec.clone()));
    s.fill("all ones", vec![vec![255; 4097], vec![7]]).await;
    s.define("ends in ones", def::<Vec<u8>>(&[1]).codec(codec));
    let mut bytes = vec![9; 4000];
    bytes.extend([255; 200]);
    s.fill("ends in ones", vec![bytes]).await;
    s.flush().await;
}

fn chains() -> Vec<CodecSpec> {
    use Filter::{Delta, Shuffle};
    let filtered = |spec: CodecSpec, filters: &[Filter]| {
        filters.iter().fold(spec, |spec, &f| spec.with_filter(f))
    };
    vec![
        CodecSpec::none(),
        CodecSpec::lz4(),
        CodecSpec::zstd(3),
        CodecSpec::zstd(-5),
        CodecSpec::zstd(19),
        CodecSpec::pco(),
        filtered(CodecSpec::none(), &[Shuffle]),
        filtered(CodecSpec::none(), &[Delta]),
        filtered(CodecSpec::none(), &[Shuffle, Delta]),
        filtered(CodecSpec::lz4(), &[Delta]),
        filtered(CodecSpec::lz4(), &[Shuffle]),
        filtered(CodecSpec::zstd(3), &[Shuffle]),
        filtered(CodecSpec::zstd(3), &[Delta, Shuffle]),
        filtered(CodecSpec::zstd(3), &[Shuffle, Delta]),
    ]
}

async fn chain<T: Value>(s: &mut Script, i: usize, codec: CodecSpec, make: fn(i64) -> T) {
    if codec.check(&T::dtype()).is_err() {
        return;
    }
    let name = format!("{i:02} {}", T::name());
    s.define(&name, def::<T>(&[40]).chunks(&[24]).codec(codec));
    s.fill(&name, noise(40).map(make).collect()).await;
}

async fn codecs_numbers(s: &mut Script) {
    for (i, codec) in chains().into_iter().enumerate() {
        let next = || codec.clone();
        chain(s, i, next(), |v| v % 3 == 0).await;
        chain(s, i, next(), |v| v as i8).await;
        chain(s, i, next(), |v| v as i16).await;
        chain(s, i, next(), |v| v as u32).await;
        chain(s, i, next(), |v| v).await;
        chain(s, i, next(), |v| f16::from_f64(v as f64)).await;
        chain(s, i, next(), |v| bf16::from_f64(v as f64)).await;
        chain(s, i, next(), |v| v as f32 / 8.0).await;
        chain(s, i, next(), |v| v as f64 / 16.0).await;
        chain(s, i, next(), |v| Complex::new(v as f32, 0.5)).await;
        chain(s, i, next(), |v| Complex::new(0.25, v as f64)).await;
        chain(s, i, next(), |v| TimestampNs(v * 1_000_000_007)).await;
        chain(s, i, next(), |v| [v as u16, 1, 2]).await;
    }
    s.flush().await;
}

async fn codecs_text(s: &mut Script) {
    for (i, codec) in chains().into_iter().enumerate() {
        let next = || codec.clone();
        chain(s, i, next(), |v| format!("value {v}")).await;
        chain(s, i, next(), |v| {
            vec![v as u8; v.unsigned_abs() as usize % 7]
        })
        .await;
        chain(s, i, next(), |v| {
            List(vec![v; v.unsigned_abs() as usize % 3])
        })
        .await;
    }
    s.flush().await;
}

async fn custom_codec(s: &mut Script) {
    let codec = CodecSpec::custom(Arc::new(Xor));
    s.define(
        "custom",
        def::<i32>(&[50]).chunks(&[20]).codec(codec.clone()),
    );
    s.fill("custom", ints(50)).await;
    let shuffled = codec.with_filter(Filter::Shuffle);
    s.define("custom, filtered", def::<i32>(&[50]).codec(shuffled));
    s.fill("custom, filtered", ints(50)).await;
    s.define("plain", def::<i32>(&[5]));
    s.fill("plain", ints(5)).await;
    s.flush().await;
}

/// Bytes that no codec shrinks: of one tile they are stored as they are, of several they may not be.
async fn stored_raw(s: &mut Script) {
    let random = |n: usize| -> Vec<u64> {
        let mix = |i: u64| {
            (i + 1)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(i as u32)
        };
        (0..n as u64).map(|i| mix(mix(i))).collect()
    };
    for (i, codec) in chains().into_iter().enumerate() {
        let one = format!("{i:02} one tile");
        s.define(&one, def::<u64>(&[9]).codec(codec.clone()));
        s.fill(&one, random(9)).await;
        let several = format!("{i:02} several tiles");
        let tiles = def::<u64>(&[9]).tile(&[4]).codec(codec.clone());
        s.define(&several, tiles);
        s.fill(&several, random(9)).await;
        if codec.check(&array_format::DType::String).is_ok() {
            let text = format!("{i:02} text");
            s.define(&text, def::<String>(&[3]).codec(codec));
            s.fill(&text, ["a", "bc", "def"].map(str::to_owned).to_vec())
                .await;
        }
    }
    s.flush().await;
}

/// Where the library chooses, now and after the definition was committed.
async fn auto(s: &mut Script) {
    let auto = || CodecSpec::auto();
    s.define("integers", def::<i32>(&[3000]).codec(auto()));
    s.fill("integers", ints(3000)).await;
    s.define("floats", def::<f64>(&[500]).codec(auto()));
    s.fill("floats", noise(500).map(|v| v as f64 / 7.0).collect())
        .await;
    s.define("text", def::<String>(&[200]).codec(auto()));
    s.fill(
        "text",
        noise(200).map(|v| format!("station {}", v % 9)).collect(),
    )
    .await;
    s.define("later", def::<u16>(&[600]).codec(auto()));
    s.define("never", def::<u16>(&[600]).codec(auto()));
    s.flush().await;
    s.fill("later", noise(600).map(|v| v as u16).collect())
        .await;
    s.flush().await;
}

async fn scalars(s: &mut Script) {
    s.define("int", def::<i32>(&[]));
    s.fill("int", vec![-5]).await;
    s.define("packed", def::<f64>(&[]).codec(CodecSpec::zstd(3)));
    s.fill("packed", vec![2.5]).await;
    s.define(
        "text",
        def::<String>(&[]).fill(FillValue::String("?".into()), "?".into()),
    );
    s.fill("text", text(&["one"])).await;
    s.define("never", def::<u8>(&[]).fill(FillValue::UInt(9), 9));
    s.flush().await;
}

async fn zero_length(s: &mut Script) {
    s.define("nothing", def::<i32>(&[0]));
    s.define("no rows", def::<f32>(&[0, 3]).chunks(&[2, 2]));
    s.define("no columns", def::<String>(&[3, 0]));
    s.define("grown from nothing", def::<i16>(&[0, 2]).chunks(&[4, 2]));
    s.flush().await;
    s.append("grown from nothing", 0, 3, vec![1i16, 2, 3, 4, 5, 6])
        .await;
    s.flush().await;
}

/// Shapes that chunks do not divide, with every way to store the edge.
async fn ragged(s: &mut Script) {
    for (name, codec) in [
        ("clipped", CodecSpec::none()),
        ("padded", CodecSpec::zstd(3)),
        ("filtered", CodecSpec::none().with_filter(Filter::Shuffle)),
    ] {
        let ragged = def::<i32>(&[7, 5]).chunks(&[3, 2]).codec(codec.clone());
        s.define(name, ragged.fill(FillValue::Int(-1), -1));
        s.fill(name, ints(35)).await;
        let words = format!("{name} text");
        s.define(
            &words,
            def::<String>(&[5])
                .chunks(&[3])
                .codec(if name == "filtered" {
                    CodecSpec::lz4()
                } else {
                    codec
                }),
        );
        s.fill(&words, text(&["a", "", "b", "c", "dd"])).await;
    }
    s.define("chunk beyond the shape", def::<u8>(&[3, 3]).chunks(&[8, 8]));
    s.fill("chunk beyond the shape", (1..10u8).collect()).await;
    let packed = def::<u8>(&[3, 3]).chunks(&[8, 8]).codec(CodecSpec::lz4());
    s.define("chunk beyond the shape, packed", packed);
    s.fill("chunk beyond the shape, packed", (1..10u8).collect())
        .await;
    s.flush().await;
}

/// Several tiles a chunk, some cut off at the chunk's end, some at the array's.
async fn tile_arrays(s: &mut Script, codec: CodecSpec) {
    for (name, chunk, tile) in [
        ("even", [6, 6], [3, 2]),
        ("cut at the chunk", [6, 6], [4, 5]),
        ("one chunk", [11, 13], [4, 4]),
        ("rows", [11, 13], [1, 13]),
        ("single elements", [3, 3], [1, 1]),
    ] {
        let tiled = def::<i16>(&[11, 13]).chunks(&chunk).tile(&tile);
        s.define(name, tiled.codec(codec.clone()).fill(FillValue::Int(7), 7));
        s.write(
            name,
            &[1, 2],
            &[9, 10],
            noise(90).map(|v| v as i16).collect(),
        )
        .await;
    }
    let words = def::<String>(&[5, 3])
        .chunks(&[4, 3])
        .tile(&[3, 2])
        .codec(codec);
    s.define("text", words);
    s.fill("text", noise(15).map(|v| v.to_string()).collect())
        .await;
    s.flush().await;
}

async fn tiles(s: &mut Script) {
    tile_arrays(s, CodecSpec::zstd(3)).await;
}

async fn tiles_plain(s: &mut Script) {
    tile_arrays(s, CodecSpec::none()).await;
}

async fn unwritten(s: &mut Script) {
    let sparse = || {
        def::<f32>(&[100, 100])
            .chunks(&[10, 10])
            .codec(CodecSpec::lz4())
    };
    s.define("sparse", sparse().fill(FillValue::Float(-1.5), -1.5));
    for at in [0, 17, 39] {
        s.write("sparse", &[at, 39 - at], &[1, 1], vec![at as f32])
            .await;
    }
    s.define("never", def::<i64>(&[4, 4]).chunks(&[2, 2]));
    s.define(
        "never text",
        def::<String>(&[2]).fill(FillValue::String("é".into()), "é".into()),
    );
    s.flush().await;
}

/// The commits of the files of many layers, so that each of them can stop after any.
async fn step(s: &mut Script, n: u64) {
    let zstd = || CodecSpec::zstd(3);
    match n {
        1 => {
            let grid = def::<i32>(&[8, 6]).chunks(&[4, 3]).codec(zstd());
            s.define("a", grid.fill(FillValue::Int(-9), -9));
            s.fill("a", ints(48)).await;
            s.define("b", def::<f32>(&[10]).chunks(&[4]).codec(CodecSpec::lz4()));
            s.write("b", &[0], &[4], vec![0.5f32, 1.5, f32::NAN, -2.0])
                .await;
            s.define("c", def::<String>(&[4]).chunks(&[2]));
            s.fill("c", text(&["one", "two", "three", ""])).await;
            s.set("a", "units", "m");
            s.set("b", "units", "s");
            s.set("c", "flags", vec![1u8, 2]);
            s.set_file("title", "layers");
        }
        2 => {
            s.write("a", &[4, 3], &[4, 3], vec![1000; 12]).await;
            s.write("b", &[3], &[5], vec![9.0f32; 5]).await;
        }
        3 => {
            s.delete("c");
            s.rename("b", "b2");
            s.set("a", "units", "km");
        }
        4 => {
            s.define("c", def::<u8>(&[3, 3]).chunks(&[2, 2]).codec(zstd()));
            s.write("c", &[1, 1], &[1, 1], vec![200u8]).await;
            s.set("c", "new", true);
            s.unset("b2", "units");
            s.set_file("version", 2i64);
        }
        5 => {
            s.rename("a", "z");
            s.define("a", def::<String>(&[2]));
            s.write("a", &[1], &[1], text(&["new"])).await;
            s.unset_file("title");
        }
        6 => {
            s.write("z", &[0, 0], &[1, 6], vec![-9; 6]).await;
            s.resize("b2", &[13]).await;
        }
        7 => {
            s.delete("a");
            s.rename("z", "a");
            s.set("a", "long_name", "renamed twice");
        }
        8 => {
            s.append("b2", 0, 2, vec![1.0f32, 2.0]).await;
            s.write("a", &[3, 2], &[2, 2], vec![1, 2, 3, 4]).await;
        }
        9 => {
            s.delete("c");
            s.define("c", def::<i64>(&[]).fill(FillValue::Int(3), 3));
        }
        n => {
            let name = format!("layer {n}");
            s.define(&name, def::<u32>(&[5]).codec(CodecSpec::lz4()));
            s.fill(&name, vec![n as u32; 5]).await;
            s.write("a", &[n % 8, 0], &[1, 1], vec![n as i32]).await;
            s.set_file("version", n as i64);
        }
    }
    s.flush().await;
}

/// This many layers, the base included.
async fn layers(s: &mut Script, n: u64) {
    for n in 1..n {
        step(s, n).await;
    }
}

async fn layers_02(s: &mut Script) {
    layers(s, 2).await;
}

async fn layers_03(s: &mut Script) {
    layers(s, 3).await;
}

async fn layers_05(s: &mut Script) {
    layers(s, 5).await;
}

async fn layers_08(s: &mut Script) {
    layers(s, 8).await;
}

async fn layers_10(s: &mut Script) {
    layers(s, 10).await;
}

/// More sidecars than may hold live pages, so that commits fold older ones in.
async fn folding(s: &mut Script) {
    // Several pages a table, of which each commit replaces few.
    for i in 0..400 {
        let name = format!("array {i:03} {}", "of a name that takes room ".repeat(3));
        s.define(&name, def::<u8>(&[]));
        s.set(&name, "index", i64::from(i));
    }
    layers(s, 14).await;
    let footer = s.file.footer();
    assert!(
        footer.metadata_layers < 8 && footer.layers == 14,
        "{footer:?}"
    );
}

async fn compacted(s: &mut Script) {
    layers(s, 7).await;
    s.compact().await;
}

/// A base that is not the first, and sidecars on it.
async fn compacted_then_written(s: &mut Script) {
    layers(s, 4).await;
    s.compact().await;
    for n in 4..7 {
        step(s, n).await;
    }
    s.compact().await;
    for n in 7..10 {
        step(s, n).await;
    }
}

/// Grown, shrunk, and grown again: what was cut off never comes back.
async fn resized(s: &mut Script) {
    for (name, codec) in [("plain", CodecSpec::none()), ("packed", CodecSpec::zstd(3))] {
        let grid = def::<i32>(&[5, 5])
            .chunks(&[4, 4])
            .tile(&[3, 2])
            .codec(codec);
        s.define(name, grid.clone());
        s.fill(name, ints(25)).await;
        let filled = format!("{name} with fill");
        s.define(&filled, grid.fill(FillValue::Int(-7), -7));
        s.fill(&filled, ints(25)).await;
    }
    let names = ["plain", "plain with fill", "packed", "packed with fill"];
    s.define("text", def::<String>(&[6]).chunks(&[4]));
    s.fill("text", text(&["a", "b", "c", "d", "e", "f"])).await;
    s.flush().await;
    for shape in [[9, 6], [2, 6], [3, 3]] {
        for name in names {
            s.resize(name, &shape).await;
        }
        s.resize("text", &[shape[0]]).await;
        s.flush().await;
    }
    for name in names {
        s.resize(name, &[7, 7]).await;
        s.write(name, &[6, 0], &[1, 7], vec![77; 7]).await;
    }
    s.resize("text", &[9]).await;
    // All in one commit.
    s.define("at once", def::<u8>(&[4]).chunks(&[3]));
    s.fill("at once", vec![1u8, 2, 3, 4]).await;
    s.resize("at once", &[2]).await;
    s.resize("at once", &[5]).await;
    s.flush().await;
}

async fn appended(s: &mut Script) {
    let series = def::<f32>(&[0, 3])
        .chunks(&[4, 3])
        .dimensions(&["time", "station"]);
    s.define(
        "series",
        series
            .codec(CodecSpec::zstd(3))
            .fill(FillValue::Float(-1.0), -1.0),
    );
    s.define("columns", def::<i16>(&[2, 1]).chunks(&[2, 2]));
    s.fill("columns", vec![1i16, 2]).await;
    s.define("log", def::<String>(&[1]).chunks(&[2]));
    s.flush().await;
    for n in [1, 2, 4, 3] {
        let values = noise(3 * n as usize).map(|v| v as f32).collect();
        s.append("series", 0, n, values).await;
        s.append("columns", 1, 1, vec![n as i16, -1]).await;
        s.append("log", 0, 1, vec![format!("appended {n}")]).await;
        s.flush().await;
    }
}

fn attribute_values() -> Vec<(&'static str, AttributeValue)> {
    use AttributeValue as A;
    let text = |s: &str| s.to_owned();
    vec![
        ("bool", A::Bool(true)),
        ("int8", A::Int8(i8::MIN)),
        ("int16", A::Int16(i16::MIN)),
        ("int32", A::Int32(i32::MIN)),
        ("int64", A::Int64(i64::MIN)),
        ("uint8", A::UInt8(u8::MAX)),
        ("uint16", A::UInt16(u16::MAX)),
        ("uint32", A::UInt32(u32::MAX)),
        ("uint64", A::UInt64(u64::MAX)),
        ("float32", A::Float32(-0.0)),
        ("float32 NaN", A::Float32(f32::NAN)),
        ("float64", A::Float64(0.1)),
        ("float64 infinity", A::Float64(f64::NEG_INFINITY)),
        ("string", A::String(text("grüße \"q\" \\ \n 🌊"))),
        ("string empty", A::String(text(""))),
        ("binary", A::Binary(vec![0, 255, 7])),
        ("binary empty", A::Binary(vec![])),
        ("bools", A::BoolList(vec![true, false])),
        ("int8s", A::Int8List(vec![1, -1])),
        ("int16s", A::Int16List(vec![1, -1])),
        ("int32s", A::Int32List(vec![1, -1])),
        ("int64s", A::Int64List(vec![1, -1])),
        ("uint8s", A::UInt8List(vec![1, 2])),
        ("uint16s", A::UInt16List(vec![1, 2])),
        ("uint32s", A::UInt32List(vec![1, 2])),
        ("uint64s", A::UInt64List(vec![1, u64::MAX])),
        ("float32s", A::Float32List(vec![1.5, f32::NAN])),
        ("float64s", A::Float64List(vec![-1.5, f64::MAX])),
        (
            "strings",
            A::StringList(vec![text("a"), text(""), text("日本")]),
        ),
        ("binaries", A::BinaryList(vec![vec![], vec![1], vec![2, 3]])),
        ("no strings", A::StringList(vec![])),
        ("no numbers", A::Float64List(vec![])),
        ("long", A::String("0123456789".repeat(1000))),
    ]
}

async fn attributes(s: &mut Script) {
    for name in ["first", "second", "third"] {
        s.define(name, def::<u8>(&[]));
    }
    for (key, value) in attribute_values() {
        s.set("first", key, value.clone());
        s.set_file(key, value.clone());
        if key != "long" {
            s.set("second", key, value);
        }
    }
    s.set("third", "", "the empty key");
    s.set("third", "ключ 🔑", 1i32);
    s.flush().await;
    s.set("first", "bool", "another type");
    s.unset("first", "int8");
    s.unset("second", "strings");
    s.unset_file("uint8");
    s.flush().await;
}

async fn names(s: &mut Script) {
    let long = "n".repeat(1000);
    for name in [
        " ",
        ".",
        "a/b/c",
        "naïve",
        "日本語",
        "🌊🌊",
        "quote\"\\",
        "tab\tnul\0",
        "layer.1.af",
        &long,
    ] {
        s.define(name, def::<u8>(&[2]).dimensions(&["größe 📏"]));
        s.fill(name, vec![1u8, 2]).await;
    }
    s.define(
        "dimensions",
        def::<u8>(&[1, 1, 1]).dimensions(&["", "same", "same"]),
    );
    s.flush().await;
}

/// Tables of several leaf pages, and a commit that touches few of them.
async fn many_arrays(s: &mut Script) {
    for i in 0..1500 {
        let name = format!("v{i:04}");
        s.define(&name, def::<u8>(&[]));
        s.set(&name, "units", ["m", "s", "kg"][i % 3]);
        s.set(&name, "n", i as i32);
        s.set(&name, "x", 0.5 * i as f64);
        if i % 50 == 0 {
            s.fill(&name, vec![i as u8]).await;
        }
    }
    s.flush().await;
    s.fill("v0700", vec![7u8]).await;
    s.delete("v0001");
    s.set("v1499", "units", "changed");
    s.flush().await;
}

/// A frames table of several leaf pages.
async fn many_frames(s: &mut Script) {
    s.define("many", def::<u8>(&[3000]).chunks(&[1]));
    s.fill("many", noise(3000).map(|v| v as u8).collect()).await;
    s.flush().await;
    s.write("many", &[1700], &[3], vec![0u8; 3]).await;
    s.flush().await;
}

/// So many arrays and frames that inner pages appear. Too large to be committed.
pub async fn inner_pages(s: &mut Script) {
    let room = "of a name that takes room ".repeat(3);
    for i in 0..60_000u32 {
        let name = format!("{:08x} {room}{i}", i.wrapping_mul(0x9E37_79B9));
        s.define(&name, def::<u16>(&[]));
        if i % 8 == 0 {
            s.set(&name, "n", i);
            s.fill(&name, vec![i as u16]).await;
        }
    }
    s.define("frames", def::<u8>(&[150_000]).chunks(&[1]));
    s.fill("frames", noise(150_000).map(|v| v as u8).collect())
        .await;
    s.flush().await;
    let first = s.model.arrays.keys().next().unwrap().clone();
    s.fill(&first, vec![1u16]).await;
    s.write("frames", &[70_000], &[1], vec![0u8]).await;
    s.flush().await;
}
