//! A file with pages and frames of every kind, and what it holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use array_format::bytes::Bytes;
use array_format::codec::CodecSpec;
use array_format::element::Elements;
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::ObjectStoreExt;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::{
    ArrayElement, ArrayFile, ArraySpec, AttributeValue, FileConfig, FillValue, NoCompression,
};

pub const NAME: &str = "data/file.af";

pub fn config() -> FileConfig<NoCompression> {
    FileConfig::new(NoCompression)
}

pub fn object(n: u64) -> Path {
    match n {
        0 => Path::from(NAME),
        n => Path::from(format!("data/file.{n}.af")),
    }
}

pub async fn bytes(store: &InMemory, n: u64) -> Bytes {
    let object = store.get(&object(n)).await.unwrap();
    object.bytes().await.unwrap()
}

pub async fn put<T: ArrayElement>(
    file: &mut ArrayFile,
    name: &str,
    start: &[usize],
    shape: &[usize],
    values: Vec<T>,
) {
    let data = ArrayD::from_shape_vec(IxDyn(shape), values).unwrap();
    let written = file.write_array(name, start.to_vec(), data.view()).await;
    written.unwrap();
}

pub fn spec<T: ArrayElement>(shape: &[u64]) -> ArraySpec {
    ArraySpec::new(T::dtype(), shape.iter().copied())
}

/// Attributes and elements by array; the file's own attributes have no name and no elements.
pub type State = BTreeMap<String, (Vec<(String, AttributeValue)>, Option<Elements>)>;

pub fn owned(attributes: Vec<(String, &AttributeValue)>) -> Vec<(String, AttributeValue)> {
    attributes
        .into_iter()
        .map(|(k, v)| (k, v.clone()))
        .collect()
}

pub async fn state(file: &ArrayFile) -> State {
    let mut out = State::new();
    for meta in file.arrays().unwrap() {
        let (_, elements) = file
            .read_elements(&meta.name, vec![], vec![])
            .await
            .unwrap();
        let attributes = owned(file.attributes(&meta.name).unwrap());
        out.insert(meta.name.clone(), (attributes, Some(elements)));
    }
    out.insert(
        String::new(),
        (owned(file.file_attributes().unwrap()), None),
    );
    out
}

/// A base and three sidecars, and the state after each.
pub async fn build() -> (Arc<InMemory>, ArrayFile, Vec<State>) {
    let store = Arc::new(InMemory::new());
    let mut file = ArrayFile::create(store.clone(), Path::from(NAME), config())
        .await
        .unwrap();
    let mut states = vec![state(&file).await];
    let grid = spec::<f64>(&[5, 8])
        .chunks([2, 4])
        .fill(FillValue::Float(-9.0));
    file.create_array(
        "grid",
        grid.codec(CodecSpec::zstd(3)).attribute("units", "K"),
    )
    .unwrap();
    put(
        &mut file,
        "grid",
        &[0, 0],
        &[5, 8],
        (0..40).map(|v| f64::from(v) * 0.37).collect(),
    )
    .await;
    let ints = spec::<i32>(&[100]).chunks([10]).fill(FillValue::Int(-1));
    file.create_array("ints", ints.codec(CodecSpec::lz4()))
        .unwrap();
    put(&mut file, "ints", &[5], &[60], (0..60).collect()).await;
    file.create_array("words", spec::<String>(&[5]).chunks([2]))
        .unwrap();
    put(
        &mut file,
        "words",
        &[0],
        &[4],
        ["a", "", "long 🌊", "d"].map(str::to_owned).to_vec(),
    )
    .await;
    file.create_array("pco", spec::<i64>(&[50]).codec(CodecSpec::pco()))
        .unwrap();
    put(
        &mut file,
        "pco",
        &[0],
        &[50],
        (0..50i64).map(|v| v * v).collect(),
    )
    .await;
    file.create_array("bare", spec::<u8>(&[4])).unwrap();
    file.set_file_attribute("title", "t".into()).unwrap();
    file.flush().await.unwrap();
    states.push(state(&file).await);
    put(&mut file, "ints", &[30], &[5], vec![7; 5]).await;
    file.set_attribute("ints", "k", 1i32.into()).unwrap();
    file.flush().await.unwrap();
    states.push(state(&file).await);
    file.create_array("late", spec::<f32>(&[6]).chunks([3]))
        .unwrap();
    put(
        &mut file,
        "late",
        &[0],
        &[6],
        vec![0.5f32, f32::NAN, 1.0, 2.0, 3.0, -4.0],
    )
    .await;
    file.flush().await.unwrap();
    states.push(state(&file).await);
    (store, file, states)
}
