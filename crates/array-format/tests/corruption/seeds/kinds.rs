//! Files of one array: dtypes, fill values, codecs, shapes.

use array_format::codec::{CodecSpec, Filter};
use array_format::{ArrayElement, ArrayFile, ArraySpec, DType, FillValue, List, TimestampNs};

use super::{put, spec};

async fn one<T: ArrayElement>(file: &mut ArrayFile, spec: ArraySpec, values: Vec<T>) {
    file.create_array("a", spec).unwrap();
    put(file, "a", &[1], values).await;
    file.compact().await.unwrap();
}

macro_rules! kinds {
    ($($name:ident $t:ty, $spec:ident => $more:expr, $values:expr;)*) => {
        $(pub async fn $name(file: &mut ArrayFile) {
            let $spec = spec::<$t>(&[4]).chunks([3]);
            one::<$t>(file, $more, $values).await;
        })*
    };
}

kinds! {
    int8 i8, s => s, vec![-1, 2];
    int16 i16, s => s, vec![-300, 2];
    int64 i64, s => s.fill(FillValue::Int(i64::MIN)), vec![i64::MAX, -2];
    uint8 u8, s => s.fill(FillValue::UInt(255)), vec![1, 255];
    uint16 u16, s => s, vec![1, 60_000];
    uint32 u32, s => s, vec![1, 1 << 31];
    uint64 u64, s => s, vec![1, u64::MAX];
    float32 f32, s => s, vec![0.5, f32::NAN];
    float64 f64, s => s.fill(FillValue::Float(f64::NAN)), vec![-0.0, f64::INFINITY];
    bools bool, s => s, vec![true, false];
    timestamps TimestampNs, s => s.fill(FillValue::TimestampNs(9)), vec![TimestampNs(-1), TimestampNs(9)];
    strings String, s => s, vec!["é".to_owned(), String::new()];
    binaries Vec<u8>, s => s, vec![vec![0, 255], vec![]];
    fixed_lists [i32; 2], s => s, vec![[1, 2], [3, 4]];
    list_of_texts List<String>, s => s, vec![List(vec!["a".to_owned()]), List(vec![])];
    nested_lists List<List<[bool; 2]>>, s => s, vec![List(vec![List(vec![[true, false]])]), List(vec![])];
    float_fill f32, s => s.fill(FillValue::Float(0.5)), vec![0.5, 1.5];
    text_fill String, s => s.fill(FillValue::String("n/a".into())), vec!["n/a".to_owned(), "b".into()];
    binary_fill Vec<u8>, s => s.fill(FillValue::Binary(vec![0])), vec![vec![0], vec![1]];
    bool_fill bool, s => s.fill(FillValue::Bool(true)), vec![true, false];
    lz4 i32, s => s.codec(CodecSpec::lz4()), vec![1, 1, 1];
    zstd i32, s => s.codec(CodecSpec::zstd(1)), vec![1, 1, 1];
    shuffled i32, s => s.codec(CodecSpec::none().with_filter(Filter::Shuffle)), vec![1, 2, 3];
    delta i32, s => s.codec(CodecSpec::lz4().with_filter(Filter::Delta)), vec![1, 2, 3];
    filters i64, s => s.codec(CodecSpec::zstd(1).with_filter(Filter::Delta).with_filter(Filter::Shuffle)), vec![1, 2, 3];
    pco_floats f64, s => s.codec(CodecSpec::pco()), vec![1.0, 2.0, 3.0];
    auto i16, s => s.codec(CodecSpec::auto()), vec![1, 2, 3];
    long_texts String, s => s, vec!["x".repeat(300), "y".repeat(20)];
}

pub async fn complex_fill(file: &mut ArrayFile) {
    for (name, dtype) in [("a", DType::Complex64), ("b", DType::Complex128)] {
        let fill = FillValue::Complex { re: 1.0, im: -1.0 };
        let spec = ArraySpec::new(dtype, [2]).fill(fill);
        file.create_array(name, spec).unwrap();
    }
    file.create_array("h", ArraySpec::new(DType::Float16, [2]))
        .unwrap();
    file.create_array("i", ArraySpec::new(DType::BFloat16, [2]))
        .unwrap();
    file.flush().await.unwrap();
}

pub async fn scalar(file: &mut ArrayFile) {
    file.create_array("a", spec::<f64>(&[])).unwrap();
    put(file, "a", &[], vec![2.5f64]).await;
    file.compact().await.unwrap();
}

pub async fn five_axes(file: &mut ArrayFile) {
    let grid = spec::<u8>(&[2, 2, 1, 2, 3]).chunks([1, 2, 1, 2, 2]);
    file.create_array("a", grid.tile([1, 1, 1, 2, 1])).unwrap();
    put(file, "a", &[1, 0, 0, 1, 0], vec![1u8, 2, 3]).await;
    file.compact().await.unwrap();
}

pub async fn no_elements(file: &mut ArrayFile) {
    file.create_array("a", spec::<u8>(&[0, 4]).chunks([2, 2]))
        .unwrap();
    file.compact().await.unwrap();
}

pub async fn long_names(file: &mut ArrayFile) {
    let name = "name ".repeat(30);
    let axes = vec!["axis ".repeat(20), "é".into()];
    let grid = spec::<u8>(&[1, 1]).dimensions(axes);
    file.create_array(name, grid.attribute("key ".repeat(20), 1u8))
        .unwrap();
    file.compact().await.unwrap();
}

pub async fn many_arrays(file: &mut ArrayFile) {
    for i in 0..20u8 {
        let name = format!("array {i}");
        let array = spec::<u8>(&[1])
            .attribute("number", i)
            .attribute("unit", "m");
        file.create_array(&name, array).unwrap();
        put(file, &name, &[0], vec![i]).await;
    }
    file.compact().await.unwrap();
}

/// Tiles that are cut at their chunk's end, and chunks at the array's.
pub async fn edges(file: &mut ArrayFile) {
    let tiles = spec::<i16>(&[5]).chunks([4]).tile([3]);
    file.create_array("a", tiles.codec(CodecSpec::lz4()))
        .unwrap();
    put(file, "a", &[0], vec![1i16, 2, 3, 4, 5]).await;
    file.compact().await.unwrap();
}
