//! `compact`.

use array_format::{AttributeValue, StatValue};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::support::*;

/// Three layers with an overwrite, an attribute, a deleted array, and one thing still pending.
async fn layered(place: &Place) -> array_format::ArrayFile {
    let mut file = place.create().await;
    define::<i32>(&mut file, "kept", &[6], &[2], None);
    define::<i32>(&mut file, "gone", &[2], &[], None);
    write(&mut file, "kept", &[0], &[6], [100, 2, 3, 4, 5, 6]).await;
    write(&mut file, "gone", &[0], &[2], [7, 7]).await;
    file.set_attribute("kept", "units", AttributeValue::String("old".into()))
        .unwrap();
    file.flush().await.unwrap();
    write(&mut file, "kept", &[0], &[1], [1]).await;
    file.set_attribute("kept", "units", AttributeValue::String("new".into()))
        .unwrap();
    file.delete("gone").unwrap();
    file.flush().await.unwrap();
    write(&mut file, "kept", &[5], &[1], [60]).await;
    file
}

async fn is_newest(file: &array_format::ArrayFile) {
    assert_eq!(file.num_layers(), 1);
    assert_eq!(names(file), ["kept"]);
    assert_eq!(all::<i32>(file, "kept").await, [1, 2, 3, 4, 5, 60]);
    let unit = AttributeValue::String("new".into());
    assert_eq!(file.get_attribute("kept", "units").unwrap(), Some(&unit));
    let stats = stats(file, "kept");
    assert_eq!(stats.min, Some(StatValue::Int(1)));
    assert_eq!(stats.max, Some(StatValue::Int(60)));
    assert!(file.array_stats("gone").is_none());
}

#[tokio::test]
async fn leaves_one_layer_with_the_newest_state() {
    let place = Place::new();
    let mut file = layered(&place).await;
    file.compact().await.unwrap();
    is_newest(&file).await;
    is_newest(&place.open().await).await;
}

#[tokio::test]
async fn leaves_one_layer_with_the_newest_state_on_disk() {
    let (_folder, place) = Place::local();
    let mut file = layered(&place).await;
    file.compact().await.unwrap();
    is_newest(&file).await;
    is_newest(&place.open().await).await;
}

#[tokio::test]
async fn trap_compact_flushes_pending_first() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<u8>(&mut file, "a", &[2], &[], None);
    write(&mut file, "a", &[0], &[2], [3u8, 4]).await;
    file.set_attribute("a", "k", AttributeValue::UInt8(1))
        .unwrap();
    file.compact().await.unwrap();
    let reopened = place.open().await;
    assert_eq!(reopened.num_layers(), 1);
    assert_eq!(all::<u8>(&reopened, "a").await, [3, 4]);
    let value = AttributeValue::UInt8(1);
    assert_eq!(reopened.get_attribute("a", "k").unwrap(), Some(&value));
}

#[tokio::test]
async fn the_base_object_alone_opens_elsewhere_under_another_name() {
    let place = Place::new();
    let mut file = layered(&place).await;
    file.compact().await.unwrap();
    let bytes = place.store.get(&place.path).await.unwrap();
    let bytes = bytes.bytes().await.unwrap();

    let (_folder, elsewhere) = Place::local();
    let other_name = Path::from("some/where/else.7.af");
    let copy = Place {
        path: other_name.clone(),
        ..elsewhere
    };
    copy.store.put(&other_name, bytes.into()).await.unwrap();
    is_newest(&copy.open().await).await;

    // The copy is a file of its own.
    let mut file = copy.open().await;
    write(&mut file, "kept", &[0], &[1], [-1]).await;
    file.flush().await.unwrap();
    assert_eq!(
        region::<i32>(&copy.open().await, "kept", &[0], &[1]).await,
        [-1]
    );
    is_newest(&place.open().await).await;
}

#[tokio::test]
async fn trap_writes_after_it_and_a_second_compact_work() {
    let place = Place::new();
    let mut file = layered(&place).await;
    for round in 0..3 {
        file.compact().await.unwrap();
        assert_eq!(file.num_layers(), 1);
        write(&mut file, "kept", &[2], &[2], [round, round]).await;
        define::<i32>(&mut file, &format!("new{round}"), &[1], &[], None);
        file.flush().await.unwrap();
        assert_eq!(file.num_layers(), 2);
        let reopened = place.open().await;
        assert_eq!(reopened.num_layers(), 2);
        let expected = [1, 2, round, round, 5, 60];
        assert_eq!(all::<i32>(&reopened, "kept").await, expected);
    }
    file.compact().await.unwrap();
    file.compact().await.unwrap();
    let reopened = place.open().await;
    assert_eq!(reopened.num_layers(), 1);
    assert_eq!(names(&reopened), ["kept", "new0", "new1", "new2"]);
}

#[tokio::test]
async fn trap_the_same_edits_through_a_new_handle_after_compaction() {
    let place = Place::new();
    layered(&place).await.compact().await.unwrap();
    let mut file = place.open().await;
    write(&mut file, "kept", &[0], &[1], [5]).await;
    file.flush().await.unwrap();
    let mut file = place.open().await;
    assert_eq!(region::<i32>(&file, "kept", &[0], &[2]).await, [5, 2]);
    file.compact().await.unwrap();
    assert_eq!(
        region::<i32>(&place.open().await, "kept", &[0], &[2]).await,
        [5, 2]
    );
}

#[tokio::test]
async fn of_an_empty_file_is_an_empty_file() {
    let place = Place::new();
    let mut file = place.create().await;
    file.compact().await.unwrap();
    assert_eq!(file.num_layers(), 1);
    assert!(place.open().await.list_arrays().is_empty());
}

#[tokio::test]
async fn keeps_what_was_only_defined() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i64>(
        &mut file,
        "a",
        &[3],
        &[],
        Some(array_format::FillValue::Int(-1)),
    );
    file.compact().await.unwrap();
    let reopened = place.open().await;
    assert_eq!(all::<i64>(&reopened, "a").await, [-1; 3]);
    assert_eq!(stats(&reopened, "a").null_count, 3);
}
