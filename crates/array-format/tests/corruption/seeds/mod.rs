//! Small files of each feature.

mod history;
mod kinds;

use std::pin::Pin;
use std::sync::Arc;

use array_format::codec::{CodecSpec, Filter};
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::memory::InMemory;
use array_format::{
    ArrayElement, ArrayFile, ArraySpec, AttributeValue, FillValue, List, TimestampNs,
};

/// Fills a new file.
pub type Seed = fn(ArrayFile) -> Pin<Box<dyn Future<Output = ArrayFile>>>;

macro_rules! seeds {
    ($($name:ident)*) => {
        pub const SEEDS: &[(&str, Seed)] = &[$((
            stringify!($name),
            |mut file| Box::pin(async move {
                $name(&mut file).await;
                file
            }),
        )),*];
    };
}

use history::*;
use kinds::*;

seeds! {
    plain packed pco text lists tiled attributes layered compacted many_pages
    // Of a history.
    empty logged tagged retagged restored restored_twice merged merged_newest merged_twice
    retained tag_on_merged moved_base renamed deleted redefined resized appended attributes_only
    messages cleared
    // Of one array.
    int8 int16 int64 uint8 uint16 uint32 uint64 float32 float64 bools timestamps strings binaries
    fixed_lists list_of_texts nested_lists complex_fill float_fill text_fill binary_fill bool_fill
    lz4 zstd shuffled delta filters pco_floats auto scalar five_axes no_elements long_names
    long_texts many_arrays edges
}

pub async fn build(seed: Seed) -> (Arc<InMemory>, ArrayFile) {
    let store = Arc::new(InMemory::new());
    let file = seed(crate::state::create(&store).await).await;
    (store, file)
}

pub async fn put<T: ArrayElement>(
    file: &mut ArrayFile,
    name: &str,
    start: &[usize],
    values: Vec<T>,
) {
    let mut shape = vec![1; start.len()];
    if let Some(last) = shape.last_mut() {
        *last = values.len();
    }
    let data = ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap();
    let written = file.write_array(name, start.to_vec(), data.view()).await;
    written.unwrap();
}

pub fn spec<T: ArrayElement>(shape: &[u64]) -> ArraySpec {
    ArraySpec::new(T::dtype(), shape.iter().copied())
}

async fn plain(file: &mut ArrayFile) {
    let grid = spec::<i32>(&[3, 5]).chunks([2, 3]).fill(FillValue::Int(-1));
    file.create_array("grid", grid.attribute("units", "m"))
        .unwrap();
    put(file, "grid", &[0, 1], vec![1, 2, 3]).await;
    file.create_array("flags", spec::<bool>(&[2])).unwrap();
    put(file, "flags", &[0], vec![true, false]).await;
    file.create_array("time", spec::<TimestampNs>(&[])).unwrap();
    put(file, "time", &[], vec![TimestampNs(7)]).await;
    file.set_file_attribute("title", "seed".into()).unwrap();
    file.compact().await.unwrap();
}

async fn packed(file: &mut ArrayFile) {
    use Filter::{Delta, Shuffle};
    for (name, codec) in [
        ("lz4", CodecSpec::lz4().with_filter(Delta)),
        ("zstd", CodecSpec::zstd(3).with_filter(Shuffle)),
        (
            "both",
            CodecSpec::zstd(1).with_filter(Delta).with_filter(Shuffle),
        ),
        ("filter", CodecSpec::none().with_filter(Shuffle)),
    ] {
        file.create_array(name, spec::<u16>(&[20]).chunks([16]).codec(codec))
            .unwrap();
        put(file, name, &[2], (0..18u16).map(|v| v * v).collect()).await;
    }
    file.compact().await.unwrap();
}

async fn pco(file: &mut ArrayFile) {
    file.create_array("floats", spec::<f64>(&[20]).codec(CodecSpec::pco()))
        .unwrap();
    put(
        file,
        "floats",
        &[0],
        (0..20).map(|v| 0.5 * f64::from(v)).collect(),
    )
    .await;
    file.create_array("ints", spec::<i64>(&[20]).codec(CodecSpec::pco()))
        .unwrap();
    put(file, "ints", &[0], (0..20i64).map(|v| v * v).collect()).await;
    file.compact().await.unwrap();
}

async fn text(file: &mut ArrayFile) {
    let words = spec::<String>(&[5])
        .chunks([3])
        .fill(FillValue::String("n/a".into()));
    file.create_array("words", words).unwrap();
    put(
        file,
        "words",
        &[1],
        ["é", "", "long 🌊"].map(str::to_owned).to_vec(),
    )
    .await;
    file.create_array("blobs", spec::<Vec<u8>>(&[3]).codec(CodecSpec::lz4()))
        .unwrap();
    put(file, "blobs", &[0], vec![vec![0u8; 40], vec![], vec![255]]).await;
    file.compact().await.unwrap();
}

async fn lists(file: &mut ArrayFile) {
    file.create_array("lists", spec::<List<i16>>(&[2])).unwrap();
    put(file, "lists", &[0], vec![List(vec![1i16, 2]), List(vec![])]).await;
    file.create_array(
        "texts",
        spec::<List<String>>(&[2]).codec(CodecSpec::zstd(1)),
    )
    .unwrap();
    put(
        file,
        "texts",
        &[0],
        vec![List(vec!["a".to_owned(), String::new()]); 2],
    )
    .await;
    file.create_array("vectors", spec::<[bool; 3]>(&[2]))
        .unwrap();
    put(file, "vectors", &[0], vec![[true, false, true]; 2]).await;
    file.compact().await.unwrap();
}

async fn tiled(file: &mut ArrayFile) {
    for (name, codec) in [("clipped", CodecSpec::none()), ("padded", CodecSpec::lz4())] {
        let tiles = spec::<u8>(&[5, 5]).chunks([4, 4]).tile([3, 2]).codec(codec);
        file.create_array(name, tiles.fill(FillValue::UInt(9)))
            .unwrap();
        for row in 0..5 {
            put(file, name, &[row, 0], vec![row as u8, 2, 3, 4, 5]).await;
        }
    }
    file.compact().await.unwrap();
}

async fn attributes(file: &mut ArrayFile) {
    use AttributeValue as A;
    for name in ["a", "b"] {
        file.create_array(name, spec::<u8>(&[0])).unwrap();
        let values = [
            A::Bool(true),
            A::Int8(-1),
            A::UInt64(u64::MAX),
            A::Float32(1.5),
            A::String("text 🌊".into()),
            A::Binary(vec![0, 255]),
            A::BoolList(vec![true, false]),
            A::Float64List(vec![0.5, -0.5]),
            A::StringList(vec!["x".into(), String::new()]),
            A::BinaryList(vec![vec![1], vec![]]),
        ];
        for (i, value) in values.into_iter().enumerate() {
            file.set_attribute(name, &format!("key {i}"), value)
                .unwrap();
        }
    }
    file.compact().await.unwrap();
}

/// Sidecars that change, replace and remove what older layers hold.
async fn layered(file: &mut ArrayFile) {
    let series = || spec::<i32>(&[6]).chunks([3]).codec(CodecSpec::zstd(1));
    file.create_array("a", series()).unwrap();
    file.create_array("b", series().attribute("k", 1i32))
        .unwrap();
    put(file, "a", &[0], vec![1, 2, 3, 4, 5, 6]).await;
    file.flush().await.unwrap();
    put(file, "a", &[4], vec![50]).await;
    file.delete("b").unwrap();
    file.flush().await.unwrap();
    file.create_array("b", spec::<f32>(&[2])).unwrap();
    put(file, "b", &[0], vec![0.5f32, f32::NAN]).await;
    file.flush().await.unwrap();
}

/// A base that is not the first, and a sidecar.
async fn compacted(file: &mut ArrayFile) {
    file.create_array("a", spec::<i32>(&[4]).chunks([2]))
        .unwrap();
    put(file, "a", &[0], vec![1, 2, 3, 4]).await;
    file.compact().await.unwrap();
    put(file, "a", &[0], vec![9]).await;
    file.rename("a", "z").unwrap();
    file.set_file_attribute("k", 1i32.into()).unwrap();
    file.flush().await.unwrap();
}

/// Several leaf pages in one table, compressed.
async fn many_pages(file: &mut ArrayFile) {
    file.create_array("a", spec::<u8>(&[1200]).chunks([1]))
        .unwrap();
    put(file, "a", &[0], vec![1u8; 1200]).await;
    file.compact().await.unwrap();
}
