//! Requests, rounds of requests that wait for each other, and bytes.

use std::sync::Arc;

use array_format::codec::CodecSpec;
use array_format::{ArrayFile, ArraySpec, AttributeValue, DType, FileConfig, NoCompression};
use ndarray::{ArrayD, IxDyn};
use object_store::path::Path;

use crate::counting::{Cost, CountingStore};

fn config() -> FileConfig<NoCompression> {
    FileConfig::new(NoCompression)
}

async fn create(store: &CountingStore) -> ArrayFile {
    let path = Path::from("folder/file.af");
    let store = Arc::new(store.clone());
    let mut file = ArrayFile::create(store, path, config()).await.unwrap();
    // A store that is not known is put to the test once, before the first commit.
    file.set_file_attribute("title", "costs".into()).unwrap();
    file.flush().await.unwrap();
    file
}

async fn open(store: &CountingStore) -> (ArrayFile, Cost) {
    let path = Path::from("folder/file.af");
    let (file, cost) = store
        .cost(ArrayFile::open(Arc::new(store.clone()), path, config()))
        .await;
    (file.unwrap(), cost)
}

/// Bytes that do not repeat.
fn noise(n: usize, mut seed: u64) -> ArrayD<u8> {
    ArrayD::from_shape_fn(IxDyn(&[n]), |_| {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as u8
    })
}

/// A file of `n` arrays of four values and twenty attributes each.
async fn many(store: &CountingStore, n: usize) -> ArrayFile {
    let mut file = create(store).await;
    for i in 0..n {
        let name = format!("profile_{i:06}");
        let mut spec = ArraySpec::new(DType::Float32, [4]);
        for k in 0..20 {
            let key = format!("key_{k:02}");
            spec = match k % 4 {
                0 => spec.attribute(key, "degrees Celsius"),
                1 => spec.attribute(key, i as f32 * 0.01 + k as f32),
                2 => spec.attribute(key, format!("platform {}", i * 31 % 50)),
                _ => spec.attribute(key, (i / 7) as i32),
            };
        }
        file.create_array(&name, spec).unwrap();
        let values = ArrayD::from_elem(IxDyn(&[4]), i as f32);
        file.write_array(&name, vec![0], values.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    file.compact().await.unwrap();
    file
}

#[tokio::test(start_paused = true)]
async fn opening_costs_the_same_few_requests_whatever_the_file_holds() {
    for n in [10, 1_000, 100_000] {
        let store = CountingStore::new();
        let written = many(&store, n).await;
        let footer = written.footer();
        drop(written);
        let (file, cost) = open(&store).await;
        assert!(cost.rounds <= 2, "{n} arrays: {cost:?}");
        assert!(cost.requests <= 3, "{n} arrays: {cost:?}");
        assert_eq!(
            file.get_attribute(&format!("profile_{:06}", n - 1), "key_00")
                .unwrap(),
            Some(&AttributeValue::from("degrees Celsius"))
        );
        assert!(footer.metadata_bytes < 10_000_000, "{footer:?}");
        println!(
            "{n} arrays: {cost:?}, {} bytes of metadata",
            footer.metadata_bytes
        );
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_layers_open_in_as_many_rounds_as_one() {
    let store = CountingStore::new();
    let mut file = create(&store).await;
    let spec = ArraySpec::new(DType::UInt8, [100_000]).chunks([1000]);
    file.create_array("a", spec).unwrap();
    let mut costs = Vec::new();
    for layer in 1..=50u8 {
        let values = ArrayD::from_elem(IxDyn(&[1000]), layer);
        let start = usize::from(layer) * 1000;
        file.write_array("a", vec![start], values.view())
            .await
            .unwrap();
        file.set_attribute("a", &format!("written {layer}"), true.into())
            .unwrap();
        let (flushed, commit) = store.cost(file.flush()).await;
        flushed.unwrap();
        // Create the layer; look at the base.
        assert_eq!((commit.requests, commit.rounds), (2, 2), "layer {layer}");
        let (reader, cost) = open(&store).await;
        assert_eq!(reader.num_layers(), usize::from(layer) + 2);
        let footer = reader.footer();
        assert!(footer.metadata_layers <= 7, "{footer:?}");
        let read = reader
            .read_array::<u8>("a", vec![start], vec![1])
            .await
            .unwrap();
        assert_eq!(read[[0]], layer);
        costs.push((cost, commit.written));
    }
    for (cost, _) in &costs {
        assert!(cost.rounds <= 3 && cost.requests <= 3 + 7, "{cost:?}");
    }
    assert_eq!(costs[0].0.rounds, costs[49].0.rounds.min(costs[0].0.rounds));
    let written = |range: std::ops::Range<usize>| -> u64 { costs[range].iter().map(|c| c.1).sum() };
    // A commit does not grow with the number of layers: only its index page fills up.
    assert!(
        written(40..50) < written(0..10) * 3,
        "{} {}",
        written(0..10),
        written(40..50)
    );
}

/// A file of `n` arrays of noise, opened anew.
async fn packed(store: &CountingStore, n: u64, bytes: usize) -> ArrayFile {
    let mut file = create(store).await;
    for i in 0..n {
        let name = format!("array {i}");
        file.create_array(&name, ArraySpec::new(DType::UInt8, [bytes as u64]))
            .unwrap();
        let values = noise(bytes, i);
        file.write_array(&name, vec![0], values.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    open(store).await.0
}

#[tokio::test(start_paused = true)]
async fn one_array_out_of_a_packed_file_is_read_alone() {
    let store = CountingStore::new();
    let file = packed(&store, 500, 40_000).await;
    let (read, cost) = store
        .cost(file.read_array::<u8>("array 321", vec![], vec![]))
        .await;
    assert_eq!(read.unwrap(), noise(40_000, 321).into_shared());
    assert!(cost.read < 40_000 + 30_000, "{cost:?}");
    assert!(cost.requests <= 2 && cost.rounds <= 2, "{cost:?}");
    let (again, cost) = store
        .cost(file.read_array::<u8>("array 320", vec![], vec![]))
        .await;
    assert_eq!(again.unwrap().len(), 40_000);
    assert_eq!(
        (cost.requests, cost.read),
        (1, 40_000),
        "the index page is in memory"
    );
}

#[tokio::test(start_paused = true)]
async fn a_flush_of_one_chunk_is_small_among_many_arrays() {
    let store = CountingStore::new();
    let mut file = create(&store).await;
    for i in 0..20_000 {
        let name = format!("array {i}");
        file.create_array(&name, ArraySpec::new(DType::UInt8, [16]))
            .unwrap();
        let values = noise(16, i);
        file.write_array(&name, vec![0], values.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    let values = noise(16, 7);
    file.write_array("array 9999", vec![0], values.view())
        .await
        .unwrap();
    let (flushed, cost) = store.cost(file.flush()).await;
    flushed.unwrap();
    assert!(cost.written < 50_000, "{cost:?}");
    assert_eq!((cost.requests, cost.rounds), (2, 2), "{cost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_thin_slice_of_a_large_chunk_is_read_in_part() {
    let store = CountingStore::new();
    let mut file = create(&store).await;
    let spec = ArraySpec::new(DType::UInt8, [2048, 2048]).codec(CodecSpec::none());
    file.create_array("a", spec).unwrap();
    let values = noise(2048 * 2048, 1)
        .into_shape_with_order(IxDyn(&[2048, 2048]))
        .unwrap();
    file.write_array("a", vec![0, 0], values.view())
        .await
        .unwrap();
    file.flush().await.unwrap();
    let (file, _) = open(&store).await;
    let (read, cost) = store
        .cost(file.read_array::<u8>("a", vec![100, 100], vec![10, 10]))
        .await;
    assert_eq!(read.unwrap()[[3, 4]], values[[103, 104]]);
    assert!(cost.read <= 400_000, "a tile of the 4 MiB chunk: {cost:?}");
}

#[tokio::test(start_paused = true)]
async fn an_appended_slab_costs_the_slab() {
    let store = CountingStore::new();
    let mut file = create(&store).await;
    let spec = ArraySpec::new(DType::UInt8, [0, 10_000]).chunks([1, 10_000]);
    file.create_array("a", spec).unwrap();
    let mut sizes = Vec::new();
    for day in 0..100 {
        let slab = noise(10_000, day)
            .into_shape_with_order(IxDyn(&[1, 10_000]))
            .unwrap();
        file.append("a", 0, slab.view()).await.unwrap();
        let (flushed, cost) = store.cost(file.flush()).await;
        flushed.unwrap();
        assert_eq!(cost.read, 64, "only the base's header is looked at");
        sizes.push(cost.written);
    }
    assert!(
        sizes.iter().all(|&size| size < 10_000 + 16_000),
        "{sizes:?}"
    );
    let (file, _) = open(&store).await;
    let last = file
        .read_array::<u8>("a", vec![99, 0], vec![])
        .await
        .unwrap();
    assert_eq!(
        last.as_slice().unwrap(),
        noise(10_000, 99).as_slice().unwrap()
    );
}

#[tokio::test(start_paused = true)]
async fn many_arrays_are_read_in_a_few_requests() {
    let store = CountingStore::new();
    let file = packed(&store, 2000, 4_000).await;
    // Every other one, from the last to the first.
    let names = || (0..1000).rev().map(|i| format!("array {}", 2 * i));
    let (read, cost) = store.cost(file.read_arrays::<u8>(names())).await;
    for (i, read) in read.unwrap().into_iter().enumerate() {
        assert_eq!(read, noise(4_000, 2 * (999 - i as u64)).into_shared());
    }
    // One request for a block of 8 MiB, and those for index pages before.
    assert!(cost.requests <= 3 && cost.rounds <= 2, "{cost:?}");
}
