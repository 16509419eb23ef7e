//! Files of the published crate, written by it.
#![cfg(feature = "published")]

mod support;

use std::sync::Arc;

use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::local::LocalFileSystem;
use array_format::object_store::path::Path;
use serde_json::json;
use support::Place;

/// Arrays of several types in a file of 0.15.
async fn write_015(folder: &std::path::Path) {
    use published_015::{
        ArrayWriter, AttributeValue, FillValue, Lz4Codec, TimestampNs, WriterConfig,
    };
    let mut writer = ArrayWriter::new(WriterConfig::new(Lz4Codec));
    let dims = vec!["y".to_owned(), "x".to_owned()];
    let fill = Some(FillValue::Float(-9.0));
    writer
        .define_array::<f32>("g/t", dims, vec![3, 4], Some(vec![2, 3]), fill)
        .unwrap();
    let data = ArrayD::from_shape_fn(IxDyn(&[2, 4]), |i| (i[0] * 10 + i[1]) as f32);
    writer.write_array("g/t", vec![0, 0], data.view()).unwrap();
    writer
        .set_attribute("g/t", "units", AttributeValue::String("degC".into()))
        .unwrap();
    writer
        .set_attribute("g/t", "levels", AttributeValue::Int16List(Box::new([1, 2])))
        .unwrap();
    writer
        .define_array::<String>("names", vec!["n".to_owned()], vec![2], None, None)
        .unwrap();
    let names = ArrayD::from_shape_vec(IxDyn(&[2]), vec!["a".to_owned(), "ü".to_owned()]).unwrap();
    writer.write_array("names", vec![0], names.view()).unwrap();
    writer
        .define_array::<TimestampNs>("times", vec!["n".to_owned()], vec![2], None, None)
        .unwrap();
    let times = ArrayD::from_shape_vec(IxDyn(&[2]), vec![TimestampNs(0), TimestampNs(1)]).unwrap();
    writer.write_array("times", vec![0], times.view()).unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap());
    writer.finish(store, Path::from("old15.af")).await.unwrap();
}

/// The same in one of 0.12, in two layers.
async fn write_012(folder: &std::path::Path) {
    use published_012::{ArrayFile, AttributeValue, FileConfig, FillValue, TimestampNs, ZstdCodec};
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap());
    let config = FileConfig::new(ZstdCodec::new(3));
    let mut file = ArrayFile::create(store, Path::from("old12.af"), config)
        .await
        .unwrap();
    let dims = vec!["y".to_owned(), "x".to_owned()];
    let fill = Some(FillValue::Float(-9.0));
    file.define_array::<f32>("g/t", dims, vec![3, 4], Some(vec![2, 3]), fill)
        .unwrap();
    let data = ArrayD::from_shape_fn(IxDyn(&[2, 4]), |i| (i[0] * 10 + i[1]) as f32);
    file.write_array("g/t", vec![0, 0], data.view())
        .await
        .unwrap();
    file.set_attribute("g/t", "units", AttributeValue::String("degC".into()))
        .unwrap();
    file.set_attribute("g/t", "own_name", AttributeValue::Int16(1))
        .unwrap();
    file.flush().await.unwrap();
    file.define_array::<String>("names", vec!["n".to_owned()], vec![2], None, None)
        .unwrap();
    let names = ArrayD::from_shape_vec(IxDyn(&[2]), vec!["a".to_owned(), "ü".to_owned()]).unwrap();
    file.write_array("names", vec![0], names.view())
        .await
        .unwrap();
    file.define_array::<TimestampNs>("times", vec!["n".to_owned()], vec![2], None, None)
        .unwrap();
    let times = ArrayD::from_shape_vec(IxDyn(&[2]), vec![TimestampNs(0), TimestampNs(1)]).unwrap();
    file.write_array("times", vec![0], times.view())
        .await
        .unwrap();
    file.flush().await.unwrap();
}

#[tokio::test]
async fn files_of_both_versions_come_in() {
    let place = Place::new();
    write_015(place.0.path()).await;
    write_012(place.0.path()).await;
    for old in ["old15.af", "old12.af"] {
        let report = place
            .af(&["--json", "import", "--verify", old, "new.af"])
            .json();
        assert_eq!(report["arrays"], 3, "{report}");
        let values =
            |array: &str| place.af(&["--json", "cat", "new.af", array]).json()["values"].clone();
        let t = json!([
            [0.0, 1.0, 2.0, 3.0],
            [10.0, 11.0, 12.0, 13.0],
            [-9.0, -9.0, -9.0, -9.0]
        ]);
        assert_eq!(values("g/t"), t, "{old}");
        assert_eq!(values("names"), json!(["a", "ü"]));
        assert_eq!(
            values("times"),
            json!(["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000001Z"])
        );
        let attributes = place.af(&["--json", "attrs", "new.af", "g/t"]).json();
        assert_eq!(attributes["units"], "degC");
        match old {
            // It does not tell which attributes there are: one more is, and that is said.
            "old12.af" => {
                let skipped = report["skipped"][0].as_str().unwrap();
                assert!(skipped.contains("1 of 2 attributes"), "{skipped}");
            }
            _ => assert_eq!(attributes["levels"], json!([1, 2])),
        }
        let rows = place.af(&["--json", "ls", "new.af", "g/t"]).json();
        assert_eq!(rows[0]["dimensions"], json!(["y", "x"]));
        std::fs::remove_file(place.path("new.af")).unwrap();
    }
}

#[test]
fn other_files_of_that_name_are_refused() {
    let place = Place::with_ocean();
    let said = place.af(&["import", "ocean.af", "new.af"]).fails(2);
    assert!(said.contains("af copy"), "{said}");
    std::fs::write(place.path("noise.af"), vec![7; 5000]).unwrap();
    place.af(&["import", "noise.af", "new.af"]).fails(1);
    assert!(!place.path("new.af").exists());
}
