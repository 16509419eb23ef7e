//! Many tasks with one handle, and many handles on one file.

use std::sync::Arc;

use array_format::{ArrayFile, AttributeValue, InMemoryStorage};

use crate::support::*;

fn is_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn a_handle_is_send_sync_and_static() {
    fn check<T: Send + Sync + 'static>() {}
    check::<ArrayFile>();
    check::<Arc<ArrayFile>>();
}

#[tokio::test]
async fn every_future_is_send() {
    let Place { store, path } = Place::new();
    let mut file = is_send(ArrayFile::create(store.clone(), path.clone(), config()))
        .await
        .unwrap();
    is_send(ArrayFile::open(store, path, config()))
        .await
        .unwrap();
    is_send(ArrayFile::create_memory(config())).await.unwrap();
    define::<i32>(&mut file, "a", &[2], &[], None);
    let data = array(&[2], [1, 2]);
    is_send(file.write_array("a", vec![0], data.view()))
        .await
        .unwrap();
    is_send(file.read_array::<i32>("a", vec![], vec![]))
        .await
        .unwrap();
    is_send(file.flush()).await.unwrap();
    is_send(file.compact()).await.unwrap();
    drop(is_send(file.flush_memory(&InMemoryStorage::new())));
}

/// 64 chunks, flushed and reopened.
async fn chunked(place: &Place) -> ArrayFile {
    let mut file = place.create().await;
    define::<i64>(&mut file, "a", &[640], &[10], None);
    let values: Vec<i64> = (0..640).collect();
    write(&mut file, "a", &[0], &[640], values).await;
    file.flush().await.unwrap();
    place.open().await
}

async fn read_from_32_tasks(place: Place) {
    let file = Arc::new(chunked(&place).await);
    let mut tasks = Vec::new();
    for task in 0..32 {
        let file = file.clone();
        tasks.push(tokio::spawn(async move {
            for round in 0..20 {
                let start = (task * 19 + round * 7) % 600;
                let read = region::<i64>(&file, "a", &[start], &[35]).await;
                let expected: Vec<_> = (start as i64..start as i64 + 35).collect();
                assert_eq!(read, expected);
                assert_eq!(file.num_layers(), 2);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_tasks_read_through_one_handle() {
    read_from_32_tasks(Place::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_tasks_read_through_one_handle_on_disk() {
    let (_folder, place) = Place::local();
    read_from_32_tasks(place).await;
}

#[tokio::test(flavor = "current_thread")]
async fn thirty_two_tasks_read_through_one_handle_on_one_thread() {
    read_from_32_tasks(Place::new()).await;
}

/// Two handles on `a` (four chunks of two) and `b`, both opened on the same state.
async fn two_handles(place: &Place) -> (ArrayFile, ArrayFile) {
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[8], &[2], None);
    define::<i32>(&mut file, "b", &[2], &[], None);
    file.flush().await.unwrap();
    (place.open().await, place.open().await)
}

async fn both_flushes_last_for_other_arrays(place: Place) {
    let (mut one, mut two) = two_handles(&place).await;
    write(&mut one, "a", &[0], &[8], [1; 8]).await;
    write(&mut two, "b", &[0], &[2], [2; 2]).await;
    one.flush().await.unwrap();
    two.flush().await.unwrap();
    let file = place.open().await;
    assert_eq!(all::<i32>(&file, "a").await, [1; 8]);
    assert_eq!(all::<i32>(&file, "b").await, [2; 2]);
    assert_eq!(stats(&file, "a").null_count, 0);
    assert_eq!(stats(&file, "b").null_count, 0);
}

#[tokio::test]
async fn trap_two_handles_flushing_other_arrays_lose_nothing() {
    both_flushes_last_for_other_arrays(Place::new()).await;
}

#[tokio::test]
async fn trap_two_handles_flushing_other_arrays_lose_nothing_on_disk() {
    let (_folder, place) = Place::local();
    both_flushes_last_for_other_arrays(place).await;
}

#[tokio::test]
async fn trap_two_handles_flushing_other_chunks_of_one_array_lose_nothing() {
    let place = Place::new();
    let (mut one, mut two) = two_handles(&place).await;
    write(&mut one, "a", &[0], &[3], [1; 3]).await;
    write(&mut two, "a", &[5], &[3], [2; 3]).await;
    one.flush().await.unwrap();
    two.flush().await.unwrap();
    let file = place.open().await;
    assert_eq!(all::<i32>(&file, "a").await, [1, 1, 1, 0, 0, 2, 2, 2]);
}

#[tokio::test]
async fn trap_two_handles_that_changed_the_same_element_conflict_and_pending_is_kept() {
    let place = Place::new();
    let (mut one, mut two) = two_handles(&place).await;
    write(&mut one, "a", &[0], &[2], [1; 2]).await;
    write(&mut two, "a", &[1], &[7], [2; 7]).await;
    one.flush().await.unwrap();
    for _ in 0..2 {
        assert!(two.flush().await.is_err());
        assert_eq!(all::<i32>(&two, "a").await[1..], [2; 7]);
    }
    let file = place.open().await;
    assert_eq!(all::<i32>(&file, "a").await, [1, 1, 0, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn trap_two_handles_in_one_chunk_are_merged_or_conflict_but_lose_nothing() {
    let place = Place::new();
    let (mut one, mut two) = two_handles(&place).await;
    write(&mut one, "a", &[0], &[1], [1]).await;
    write(&mut two, "a", &[1], &[1], [2]).await;
    one.flush().await.unwrap();
    let merged = two.flush().await.is_ok();
    let file = place.open().await;
    let expected = if merged { [1, 2] } else { [1, 0] };
    assert_eq!(region::<i32>(&file, "a", &[0], &[2]).await, expected);
    assert_eq!(region::<i32>(&two, "a", &[1], &[1]).await, [2]);
}

#[tokio::test]
async fn trap_two_handles_defining_other_arrays_lose_nothing() {
    let place = Place::new();
    let (mut one, mut two) = two_handles(&place).await;
    for (file, name) in [(&mut one, "c"), (&mut two, "d")] {
        define::<u8>(file, name, &[1], &[], None);
        write(file, name, &[0], &[1], [7u8]).await;
        let value = AttributeValue::String(name.into());
        file.set_attribute(name, "k", value).unwrap();
    }
    one.flush().await.unwrap();
    two.flush().await.unwrap();
    let file = place.open().await;
    assert_eq!(names(&file), ["a", "b", "c", "d"]);
    for name in ["c", "d"] {
        let value = AttributeValue::String(name.into());
        assert_eq!(all::<u8>(&file, name).await, [7]);
        assert_eq!(file.get_attribute(name, "k").unwrap(), Some(&value));
    }
}

#[tokio::test]
async fn trap_two_handles_defining_the_same_name_conflict() {
    let place = Place::new();
    let (mut one, mut two) = two_handles(&place).await;
    define::<u8>(&mut one, "c", &[1], &[], None);
    define::<f64>(&mut two, "c", &[5], &[], None);
    one.flush().await.unwrap();
    assert!(two.flush().await.is_err());
    assert_eq!(extents(&meta(&two, "c").shape), [5]);
    assert_eq!(extents(&meta(&place.open().await, "c").shape), [1]);
}

#[tokio::test]
async fn trap_a_write_to_what_another_handle_deleted_conflicts() {
    let place = Place::new();
    let (mut one, mut two) = two_handles(&place).await;
    one.delete("a").unwrap();
    write(&mut two, "a", &[0], &[8], [2; 8]).await;
    one.flush().await.unwrap();
    assert!(two.flush().await.is_err());
    assert_eq!(names(&place.open().await), ["b"]);
    assert_eq!(all::<i32>(&two, "a").await, [2; 8]);
}

#[tokio::test]
async fn trap_a_flush_after_another_handle_compacted_loses_nothing() {
    let place = Place::new();
    let (mut one, mut two) = two_handles(&place).await;
    write(&mut one, "a", &[0], &[8], [1; 8]).await;
    write(&mut two, "b", &[0], &[2], [2; 2]).await;
    one.compact().await.unwrap();
    let flushed = two.flush().await;
    let file = place.open().await;
    assert_eq!(all::<i32>(&file, "a").await, [1; 8]);
    let expected = if flushed.is_ok() { [2; 2] } else { [0; 2] };
    assert_eq!(all::<i32>(&file, "b").await, expected);
    // Kept either way: committed, or still pending.
    assert_eq!(all::<i32>(&two, "b").await, [2; 2]);
}

#[tokio::test]
async fn handles_that_take_turns_lose_nothing() {
    let place = Place::new();
    let (mut one, mut two) = two_handles(&place).await;
    for n in 0..4 {
        write(&mut one, "a", &[n], &[1], [n as i32 + 1]).await;
        one.flush().await.unwrap();
        write(&mut two, "a", &[n + 4], &[1], [n as i32 + 5]).await;
        two.flush().await.unwrap();
    }
    let values = all::<i32>(&place.open().await, "a").await;
    assert_eq!(values, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn trap_sixteen_handles_flushing_at_once_lose_nothing() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[16], &[1], None);
    file.flush().await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..16 {
        let place = place.clone();
        tasks.push(tokio::spawn(async move {
            let mut file = place.open().await;
            write(&mut file, "a", &[n], &[1], [n as i32 + 1]).await;
            // Retries are bounded, so a crowded flush may ask to be called again.
            while file.flush().await.is_err() {
                tokio::task::yield_now().await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let file = place.open().await;
    assert_eq!(all::<i32>(&file, "a").await, (1..=16).collect::<Vec<_>>());
    assert_eq!(file.num_layers(), 18);
}

#[tokio::test]
async fn a_reader_keeps_its_snapshot_while_another_handle_commits() {
    let place = Place::new();
    let (mut one, two) = two_handles(&place).await;
    write(&mut one, "a", &[0], &[8], [1; 8]).await;
    one.flush().await.unwrap();
    assert_eq!(all::<i32>(&two, "a").await, [0; 8]);
    assert_eq!(two.num_layers(), 2);
}
