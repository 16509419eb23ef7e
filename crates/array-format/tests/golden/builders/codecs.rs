//! Codecs and filters, on everything that they take.

use std::sync::Arc;

use array_format::codec::{CodecSpec, Filter};
use array_format::{List, TimestampNs};
use half::{bf16, f16};
use num_complex::Complex;

use super::data::{ints, noise};
use crate::script::{Script, Xor, def};
use crate::value::Value;

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

pub async fn codecs_numbers(s: &mut Script) {
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

pub async fn codecs_text(s: &mut Script) {
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

pub async fn custom_codec(s: &mut Script) {
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
pub async fn stored_raw(s: &mut Script) {
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

/// Frames whose parts have checksums of their own, and such as have none.
pub async fn parts(s: &mut Script) {
    let bytes = |n: usize| -> Vec<u8> { (0..n).map(|i| (i % 251) as u8).collect() };
    for n in [8192, 8193, 12_288, 262_145] {
        let name = format!("{n} bytes");
        s.define(&name, def::<u8>(&[n as u64]).tile(&[n as u64]));
        s.fill(&name, bytes(n)).await;
    }
    let shuffle = CodecSpec::none().with_filter(Filter::Shuffle);
    s.define("shuffled", def::<i32>(&[2500]).codec(shuffle));
    s.fill("shuffled", ints(2500)).await;
    s.define("lz4, raw", def::<u8>(&[9000]).codec(CodecSpec::lz4()));
    let mix = |i: u64| (i ^ i >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let scattered = (0..9000).map(|i| (mix(mix(i)) >> 56) as u8);
    s.fill("lz4, raw", scattered.collect()).await;
    s.define("lz4(5)", def::<i32>(&[2500]).codec(CodecSpec::lz4_fast(5)));
    s.fill("lz4(5)", ints(2500)).await;
    s.define("text", def::<String>(&[2]));
    s.fill("text", vec!["long ".repeat(2000), "short".to_owned()])
        .await;
    s.flush().await;
}

/// Where the library chooses, now and after the definition was committed.
pub async fn auto(s: &mut Script) {
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
