//! `create`, `open`, pending edits, `flush`.

use array_format::{
    ArrayFile, AttributeValue, FileConfig, Lz4Codec, NoCompression, Result, ZstdCodec,
};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use crate::support::*;

#[tokio::test]
async fn create_writes_an_empty_base_at_once() {
    let place = Place::new();
    let file = place.create().await;
    assert_eq!(file.num_layers(), 1);
    assert!(file.list_arrays().is_empty());
    assert!(place.store.head(&place.path).await.unwrap().size > 0);
    assert_eq!(place.open().await.num_layers(), 1);
}

#[tokio::test]
async fn create_then_reopen_on_a_local_disk() {
    let (_folder, place) = Place::local();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[3], &[], None);
    write(&mut file, "a", &[0], &[3], [1, 2, 3]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<i32>(file, "a").await, [1, 2, 3], "{stage}");
        })
        .await;
}

/// A file of three layers and one array `old`.
async fn old_file(place: &Place) -> ArrayFile {
    let mut file = place.create().await;
    define::<i32>(&mut file, "old", &[4], &[2], None);
    file.flush().await.unwrap();
    write(&mut file, "old", &[0], &[4], [9; 4]).await;
    file.flush().await.unwrap();
    assert_eq!(file.num_layers(), 3);
    file
}

async fn nothing_old_comes_back(place: Place) {
    old_file(&place).await;
    let mut file = place.create().await;
    assert_eq!(file.num_layers(), 1);
    assert!(file.list_arrays().is_empty());
    assert!(place.open().await.list_arrays().is_empty());

    // As many layers as the old file had, each of which could be mistaken for one of the old ones.
    define::<u8>(&mut file, "new", &[2], &[], None);
    for value in 1..=3 {
        write(&mut file, "new", &[0], &[2], [value; 2]).await;
        file.flush().await.unwrap();
        let reopened = place.open().await;
        assert_eq!(names(&reopened), ["new"]);
        assert_eq!(all::<u8>(&reopened, "new").await, [value; 2]);
    }
    file.compact().await.unwrap();
    assert_eq!(names(&place.open().await), ["new"]);
}

#[tokio::test]
async fn trap_create_over_an_existing_file_starts_afresh_new_store() {
    nothing_old_comes_back(Place::new()).await;
}

#[tokio::test]
async fn trap_create_over_an_existing_file_starts_afresh_on_disk() {
    let (_folder, place) = Place::local();
    nothing_old_comes_back(place).await;
}

#[tokio::test]
async fn trap_create_over_an_existing_file_with_the_same_array_shows_no_old_chunk() {
    let place = Place::new();
    old_file(&place).await;
    let mut file = place.create().await;
    define::<i32>(&mut file, "old", &[4], &[2], None);
    write(&mut file, "old", &[0], &[1], [5]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<i32>(file, "old").await, [5, 0, 0, 0], "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_create_over_a_live_file_is_an_error_for_its_writer_and_no_mixture() {
    let place = Place::new();
    let mut old = old_file(&place).await;
    place.create().await;

    let written = try_write(&mut old, "old", &[0], &[1], [7]).await;
    assert!(written.is_err() || old.flush().await.is_err());
    // A whole chunk needs nothing of the old file, so only the commit can notice.
    write(&mut old, "old", &[0], &[4], [7; 4]).await;
    assert!(old.flush().await.is_err());
    assert!(place.open().await.list_arrays().is_empty());
}

#[tokio::test]
async fn trap_create_over_a_live_file_never_feeds_its_reader_new_bytes() {
    let place = Place::new();
    old_file(&place).await;
    let old_reader = place.open().await;

    let mut file = place.create().await;
    define::<i32>(&mut file, "old", &[4], &[2], None);
    write(&mut file, "old", &[0], &[4], [1; 4]).await;
    file.flush().await.unwrap();
    file.flush().await.unwrap();

    if let Ok(values) = old_reader.read_array::<i32>("old", vec![], vec![]).await {
        assert_eq!(values.as_slice().unwrap(), [9; 4]);
    }
}

#[tokio::test]
async fn open_errs_where_nothing_is() {
    assert!(Place::new().try_open().await.is_err());
    let (_folder, place) = Place::local();
    assert!(place.try_open().await.is_err());
}

#[tokio::test]
async fn open_errs_when_only_the_base_is_missing() {
    let place = Place::new();
    old_file(&place).await;
    place.store.delete(&place.path).await.unwrap();
    assert!(place.try_open().await.is_err());
}

#[tokio::test]
async fn open_errs_on_what_is_no_file_of_this_format() {
    for bytes in [&b""[..], b"x", &[0; 4096]] {
        let place = Place::new();
        let payload = PutPayload::from(bytes.to_vec());
        place.store.put(&place.path, payload).await.unwrap();
        assert!(place.try_open().await.is_err(), "{} bytes", bytes.len());
    }
}

#[tokio::test]
async fn two_flushes_then_open_gives_three_layers() {
    let place = Place::new();
    old_file(&place).await;
    let file = place.open().await;
    assert_eq!(file.num_layers(), 3);
    assert_eq!(all::<i32>(&file, "old").await, [9; 4]);
}

#[tokio::test]
async fn pending_is_visible_at_once_and_durable_after_flush() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<f32>(&mut file, "a", &[2], &[], None);
    write(&mut file, "a", &[0], &[2], [1.0f32, 2.0]).await;
    let unit = AttributeValue::String("m/s".into());
    file.set_attribute("a", "units", unit.clone()).unwrap();

    assert_eq!(names(&file), ["a"]);
    assert!(file.get_array("a").is_ok());
    assert_eq!(all::<f32>(&file, "a").await, [1.0, 2.0]);
    assert_eq!(file.get_attribute("a", "units").unwrap(), Some(&unit));
    assert!(place.open().await.list_arrays().is_empty());

    file.flush().await.unwrap();
    let reopened = place.open().await;
    assert_eq!(all::<f32>(&reopened, "a").await, [1.0, 2.0]);
    assert_eq!(reopened.get_attribute("a", "units").unwrap(), Some(&unit));
}

#[tokio::test]
async fn dropping_a_handle_loses_only_its_pending_edits() {
    let place = Place::new();
    let mut file = old_file(&place).await;
    write(&mut file, "old", &[0], &[1], [1]).await;
    drop(file);
    assert_eq!(all::<i32>(&place.open().await, "old").await, [9; 4]);
}

#[tokio::test]
async fn a_pending_delete_is_visible_at_once_and_durable_after_flush() {
    let place = Place::new();
    let mut file = old_file(&place).await;
    file.delete("old").unwrap();
    assert!(file.list_arrays().is_empty());
    assert!(file.get_array("old").is_err());
    assert_eq!(names(&place.open().await), ["old"]);
    file.flush().await.unwrap();
    assert!(place.open().await.list_arrays().is_empty());
}

#[tokio::test]
async fn flush_makes_one_layer_of_each_kind_of_edit() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<u8>(&mut file, "a", &[2], &[], None);
    define::<u8>(&mut file, "b", &[2], &[], None);
    file.flush().await.unwrap();
    assert_eq!(file.num_layers(), 2, "definitions");
    write(&mut file, "a", &[0], &[2], [1u8, 2]).await;
    write(&mut file, "b", &[0], &[2], [3u8, 4]).await;
    file.flush().await.unwrap();
    assert_eq!(file.num_layers(), 3, "writes");
    file.set_attribute("a", "k", AttributeValue::Bool(true))
        .unwrap();
    file.flush().await.unwrap();
    assert_eq!(file.num_layers(), 4, "an attribute");
    file.delete("b").unwrap();
    file.flush().await.unwrap();
    assert_eq!(file.num_layers(), 5, "a delete");
    assert_eq!(place.open().await.num_layers(), 5);
}

#[tokio::test]
async fn a_definition_alone_makes_a_layer_and_survives() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i16>(&mut file, "a", &[2, 3], &[], None);
    file.flush().await.unwrap();
    let reopened = place.open().await;
    assert_eq!(reopened.num_layers(), 2);
    assert_eq!(all::<i16>(&reopened, "a").await, [0; 6]);
}

#[tokio::test]
async fn nothing_pending_makes_no_layer() {
    let place = Place::new();
    let mut file = place.create().await;
    file.flush().await.unwrap();
    assert_eq!(file.num_layers(), 1);
    define::<u8>(&mut file, "a", &[1], &[], None);
    file.flush().await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(file.num_layers(), 2);
    let mut reopened = place.open().await;
    reopened.flush().await.unwrap();
    assert_eq!(place.open().await.num_layers(), 2);
}

#[tokio::test]
async fn sessions_follow_each_other() {
    let place = Place::new();
    place.create().await;
    for n in 0..5_i64 {
        let mut file = place.open().await;
        define::<i64>(&mut file, &format!("a{n}"), &[1], &[], None);
        write(&mut file, &format!("a{n}"), &[0], &[1], [n]).await;
        file.flush().await.unwrap();
    }
    let file = place.open().await;
    assert_eq!(file.num_layers(), 6);
    for n in 0..5 {
        assert_eq!(all::<i64>(&file, &format!("a{n}")).await, [n]);
    }
}

#[tokio::test]
async fn the_codec_of_the_reading_handle_need_not_be_the_one_that_wrote() -> Result<()> {
    let (store, path) = (new_store(), Path::from("x.af"));
    let values: Vec<f64> = (0..1000).map(f64::from).collect();

    let zstd = FileConfig::new(ZstdCodec::new(1));
    let mut file = ArrayFile::create(store.clone(), path.clone(), zstd).await?;
    define::<f64>(&mut file, "zstd", &[1000], &[100], None);
    write(&mut file, "zstd", &[0], &[1000], values.clone()).await;
    file.flush().await?;

    let plain = FileConfig::new(NoCompression);
    let mut file = ArrayFile::open(store.clone(), path.clone(), plain).await?;
    assert_eq!(all::<f64>(&file, "zstd").await, values);
    define::<f64>(&mut file, "plain", &[1000], &[100], None);
    write(&mut file, "plain", &[0], &[1000], values.clone()).await;
    file.flush().await?;

    let mut file = ArrayFile::open(store, path, FileConfig::new(Lz4Codec)).await?;
    file.compact().await?;
    for name in ["zstd", "plain"] {
        assert_eq!(all::<f64>(&file, name).await, values);
    }
    Ok(())
}
