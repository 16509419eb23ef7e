//! A file as a Zarr store, key by key. What Zarr's own readers make of it is asked in `crates/cli`.

use std::sync::Arc;

use array_format::codec::CodecSpec;
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::{
    ArrayFile, ArraySpec, AttributeValue, DType, FileConfig, FillValue, NoCompression,
};
use array_format_zarr::references::{self, Options, Set, Source};
use array_format_zarr::{Compression, View};
use serde_json::{Value, json};

async fn empty() -> ArrayFile {
    ArrayFile::create_memory(FileConfig::new(NoCompression))
        .await
        .unwrap()
}

fn view(file: ArrayFile) -> View {
    View::new(Arc::new(file), Compression::None).unwrap()
}

async fn document(view: &View, key: &str) -> Value {
    serde_json::from_slice(&view.get(key).await.unwrap().unwrap()).unwrap()
}

async fn with(name: &str, spec: ArraySpec) -> ArrayFile {
    let mut file = empty().await;
    file.create_array(name, spec).unwrap();
    file
}

#[tokio::test]
async fn chunks_at_the_edge_are_whole() {
    let spec = ArraySpec::new(DType::UInt8, [3, 5])
        .chunks([2, 3])
        .fill(FillValue::UInt(9));
    let mut file = with("a", spec).await;
    let data = ArrayD::from_shape_fn(IxDyn(&[3, 5]), |i| (10 * i[0] + i[1]) as u8);
    file.write_array("a", vec![0, 0], data.view())
        .await
        .unwrap();
    file.flush().await.unwrap();
    let view = view(file);
    let get = async |key: &str| view.get(key).await.unwrap();
    assert_eq!(get("a/c/0/0").await, Some(vec![0, 1, 2, 10, 11, 12]));
    assert_eq!(get("a/c/0/1").await, Some(vec![3, 4, 9, 13, 14, 9]));
    assert_eq!(get("a/c/1/0").await, Some(vec![20, 21, 22, 9, 9, 9]));
    assert_eq!(get("a/c/1/1").await, Some(vec![23, 24, 9, 9, 9, 9]));
    let keys: Vec<String> = view.chunks("a").unwrap().collect();
    assert_eq!(keys, ["a/c/0/0", "a/c/0/1", "a/c/1/0", "a/c/1/1"]);
    assert_eq!(document(&view, "a/zarr.json").await["fill_value"], 9);
}

#[tokio::test]
async fn what_is_not_there_is_nothing() {
    let spec = ArraySpec::new(DType::Int16, [4, 4]).chunks([2, 2]);
    let mut file = with("g/a", spec).await;
    let one = ArrayD::from_elem(IxDyn(&[2, 2]), 1i16);
    file.write_array("g/a", vec![0, 0], one.view())
        .await
        .unwrap();
    let view = view(file);
    assert!(view.get("g/a/c/0/0").await.unwrap().is_some());
    for key in [
        // Never written, outside, and no keys.
        "g/a/c/1/1",
        "g/a/c/2/0",
        "g/a/c/0",
        "g/a/c/0/0/0",
        "g/a/c/00/0",
        "g/a/c/+0/0",
        "g/a/c/-1/0",
        "g/a/c/99999999999999999999/0",
        "g/a/c/18446744073709551615/0",
        "g/a/c//0",
        "g/a/c",
        "g/a/0.0",
        "g/a",
        "g",
        "",
        "/",
        "/zarr.json",
        "g//zarr.json",
        "zarr.json/",
        "x/zarr.json",
        "../zarr.json",
        "c/0/0",
        "g/a/zarr.json/c/0/0",
        "g/.zgroup",
        "\0",
        "g/a/c/0/\u{fe}",
    ] {
        assert_eq!(view.get(key).await.unwrap(), None, "{key}");
    }
}

#[tokio::test]
async fn names_are_paths_of_groups() {
    let mut file = empty().await;
    for name in [
        "top",
        "g/a",
        "g/deep/b",
        "c/c",
        "a//b",
        "/x",
        "x/..",
        "__z/y",
        "g/a/within",
        "g/zarr.json",
    ] {
        file.create_array(name, ArraySpec::new(DType::Int8, []))
            .unwrap();
    }
    file.set_file_attribute("title", "t".into()).unwrap();
    file.set_file_attribute("g/title", "of g".into()).unwrap();
    file.set_file_attribute("nobody/title", "of none".into())
        .unwrap();
    let view = view(file);
    let arrays: Vec<&str> = view.arrays().collect();
    assert_eq!(arrays, ["c/c", "g/a", "g/deep/b", "top"]);
    let skipped: Vec<&str> = view.skipped().iter().map(|s| s.name.as_str()).collect();
    assert_eq!(
        skipped,
        ["/x", "__z/y", "a//b", "g/a/within", "g/zarr.json", "x/.."]
    );
    let root = document(&view, "zarr.json").await;
    assert_eq!(
        root["attributes"],
        json!({"title": "t", "nobody/title": "of none"})
    );
    let within = root["consolidated_metadata"]["metadata"]
        .as_object()
        .unwrap();
    let mut within: Vec<&str> = within.keys().map(String::as_str).collect();
    within.sort_unstable();
    assert_eq!(
        within,
        ["c", "c/c", "g", "g/a", "g/deep", "g/deep/b", "top"]
    );
    let group = document(&view, "g/zarr.json").await;
    assert_eq!(group["attributes"], json!({"title": "of g"}));
    assert!(group["consolidated_metadata"]["metadata"]["deep/b"].is_object());
    // A scalar has one chunk, also where its own name is that of chunks.
    assert_eq!(view.get("c/c/c").await.unwrap(), None);
    let mut keys: Vec<String> = view.documents().collect();
    keys.sort_unstable();
    assert_eq!(keys.len(), 8, "{keys:?}");
}

#[tokio::test]
async fn a_scalar_is_a_chunk_of_its_own() {
    let mut file = with("c/c", ArraySpec::new(DType::Float32, [])).await;
    let value = ArrayD::from_elem(IxDyn(&[]), 1.5f32);
    file.write_array("c/c", vec![], value.view()).await.unwrap();
    let view = view(file);
    assert_eq!(
        view.get("c/c/c").await.unwrap(),
        Some(1.5f32.to_le_bytes().to_vec())
    );
    assert_eq!(view.chunks("c/c").unwrap().collect::<Vec<_>>(), ["c/c/c"]);
}

#[tokio::test]
async fn types_and_fill_values_have_their_names() {
    let vector = DType::FixedSizeList {
        child: Box::new(DType::Float32),
        size: 3,
    };
    let cases = [
        (DType::Bool, None, json!("bool"), json!(false)),
        (
            DType::Float32,
            Some(FillValue::Float(f64::NAN)),
            json!("float32"),
            json!("NaN"),
        ),
        (
            DType::Float64,
            Some(FillValue::Float(f64::NEG_INFINITY)),
            json!("float64"),
            json!("-Infinity"),
        ),
        (
            DType::Float16,
            Some(FillValue::Float(0.5)),
            json!("float16"),
            json!(0.5),
        ),
        (
            DType::UInt64,
            Some(FillValue::UInt(u64::MAX)),
            json!("uint64"),
            json!(u64::MAX),
        ),
        (
            DType::Complex64,
            Some(FillValue::Complex { re: 1.0, im: -2.0 }),
            json!("complex64"),
            json!([1.0, -2.0]),
        ),
        (
            DType::String,
            Some(FillValue::String("no".to_owned())),
            json!("string"),
            json!("no"),
        ),
        (
            DType::Binary,
            Some(FillValue::Binary(vec![1, 2])),
            json!("variable_length_bytes"),
            json!("AQI="),
        ),
        (
            DType::TimestampNs,
            Some(FillValue::TimestampNs(i64::MIN)),
            json!({"name": "numpy.datetime64", "configuration": {"unit": "ns", "scale_factor": 1}}),
            json!(i64::MIN),
        ),
        (vector, None, json!("float32"), json!(0.0)),
    ];
    for (dtype, fill, name, value) in cases {
        let mut spec = ArraySpec::new(dtype.clone(), [2]);
        if let Some(fill) = fill {
            spec = spec.fill(fill);
        }
        let view = view(with("a", spec).await);
        let document = document(&view, "a/zarr.json").await;
        assert_eq!(document["data_type"], name, "{dtype:?}");
        assert_eq!(document["fill_value"], value, "{dtype:?}");
        let axes = if matches!(dtype, DType::FixedSizeList { .. }) {
            json!([2, 3])
        } else {
            json!([2])
        };
        assert_eq!(document["shape"], axes);
    }
    let list = DType::List {
        child: Box::new(DType::Int8),
    };
    let view = view(with("a", ArraySpec::new(list, [2])).await);
    assert_eq!(view.skipped().len(), 1);
}

#[tokio::test]
async fn attributes_are_json() {
    let spec = ArraySpec::new(DType::Float32, [1])
        .attribute("scale", AttributeValue::Float32(0.01))
        .attribute("_FillValue", AttributeValue::Float32(-1.5))
        .attribute("none", AttributeValue::Float64(f64::NAN))
        .attribute("list", AttributeValue::Int8List(vec![1, -2]))
        .attribute("bytes", AttributeValue::Binary(vec![255]));
    let view = view(with("a", spec).await);
    let attributes = document(&view, "a/zarr.json").await["attributes"].clone();
    // -1.5 as the bytes of a double, in base64, as xarray writes it.
    let expected = json!({"scale": 0.01, "_FillValue": "AAAAAAAA+L8=", "none": "NaN", "list": [1, -2], "bytes": "/w=="});
    assert_eq!(attributes, expected);
}

/// What `find` says of an array with this codec, tile and shape, all of it written.
async fn referred(
    codec: CodecSpec,
    shape: [u64; 2],
    chunk: [u64; 2],
    tile: [u64; 2],
) -> Result<usize, String> {
    let spec = ArraySpec::new(DType::Int32, shape)
        .chunks(chunk)
        .tile(tile)
        .codec(codec);
    let mut file = with("a", spec).await;
    let extents: Vec<usize> = shape.iter().map(|&n| n as usize).collect();
    let data = ArrayD::from_shape_fn(IxDyn(&extents), |i| (i[0] * i[1]) as i32);
    file.write_array("a", vec![0, 0], data.view())
        .await
        .unwrap();
    file.flush().await.unwrap();
    let found = references::find(&file, "a").await.unwrap()?;
    for (_, source) in &found.chunks {
        assert!(matches!(source, Source::Range { length, .. } if *length > 0));
    }
    Ok(found.chunks.len())
}

#[tokio::test]
async fn frames_are_referred_to_where_zarr_can_read_them() {
    let zstd = || CodecSpec::zstd(3);
    assert_eq!(referred(zstd(), [64, 64], [32, 32], [16, 16]).await, Ok(16));
    // Those at the edge are stored in full.
    assert_eq!(referred(zstd(), [50, 60], [32, 32], [16, 16]).await, Ok(16));
    // One whole chunk, and one that its only tile fits.
    assert_eq!(
        referred(CodecSpec::none(), [50, 60], [50, 60], [50, 60]).await,
        Ok(1)
    );
    assert_eq!(
        referred(CodecSpec::none(), [64, 64], [32, 32], [16, 16]).await,
        Ok(16)
    );
    for (refused, why) in [
        (
            referred(CodecSpec::none(), [50, 60], [32, 32], [16, 16]).await,
            "cut off",
        ),
        (
            referred(zstd(), [64, 64], [30, 32], [16, 16]).await,
            "no regular grid",
        ),
    ] {
        let said = refused.unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

#[tokio::test]
async fn small_arrays_are_written_in() {
    let list = DType::List {
        child: Box::new(DType::Int8),
    };
    let spec = ArraySpec::new(DType::Int32, [50, 60])
        .chunks([32, 32])
        .tile([16, 16])
        .codec(CodecSpec::none());
    let mut file = with("a", spec).await;
    file.create_array("b", ArraySpec::new(list, [1])).unwrap();
    let data = ArrayD::from_elem(IxDyn(&[50, 60]), 1i32);
    file.write_array("a", vec![0, 0], data.view())
        .await
        .unwrap();
    file.flush().await.unwrap();
    let set = Set::of(&file, &["a", "b"], Options { inline: 1 << 20 })
        .await
        .unwrap();
    assert_eq!(
        (set.arrays.len(), set.inlined.len(), set.refused.len()),
        (1, 1, 1)
    );
    let json = set.json(|object| format!("s3://b/{object}"));
    let refs = json["refs"].as_object().unwrap();
    assert!(refs["a/1.1"].as_str().unwrap().starts_with("base64:"));
    assert!(refs.contains_key(".zgroup") && refs.contains_key("a/.zarray"));
    let set = Set::of(&file, &["a"], Options { inline: 0 }).await.unwrap();
    assert_eq!((set.arrays.len(), set.refused.len()), (0, 1));
}

#[tokio::test]
async fn chunks_are_no_greater_than_the_array() {
    let spec = ArraySpec::new(DType::UInt8, [3])
        .chunks([1 << 40])
        .tile([4]);
    let mut file = with("a", spec).await;
    file.create_array(
        "b",
        ArraySpec::new(DType::UInt8, [1 << 40])
            .chunks([1 << 40])
            .tile([4]),
    )
    .unwrap();
    let data = ArrayD::from_elem(IxDyn(&[3]), 5u8);
    file.write_array("a", vec![0], data.view()).await.unwrap();
    let view = view(file);
    assert_eq!(view.get("a/c/0").await.unwrap(), Some(vec![5; 3]));
    assert_eq!(view.get("a/c/1").await.unwrap(), None);
    assert!(
        view.skipped()[0].why.contains("1 GiB"),
        "{:?}",
        view.skipped()
    );
}
