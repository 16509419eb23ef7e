//! A file for each family of dtypes.

use array_format::codec::CodecSpec;
use array_format::{FillValue, List, TimestampNs};
use half::{bf16, f16};
use num_complex::Complex;

use super::data::{ints, text};
use crate::script::{Def, Script, def};
use crate::value::Value;

pub async fn empty(_: &mut Script) {}

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

pub async fn integers(s: &mut Script) {
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

pub async fn floats(s: &mut Script) {
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

pub async fn others(s: &mut Script) {
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

pub async fn variable(s: &mut Script) {
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

pub async fn lists(s: &mut Script) {
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
pub async fn long_strings(s: &mut Script) {
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
