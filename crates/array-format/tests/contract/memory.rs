//! Files without a store of the caller's.

use array_format::{ArrayFile, AttributeValue, InMemoryStorage};

use crate::support::*;

async fn in_memory_file() -> ArrayFile {
    ArrayFile::create_memory(config()).await.unwrap()
}

#[tokio::test]
async fn create_memory_starts_with_one_layer() {
    let file = in_memory_file().await;
    assert_eq!(file.num_layers(), 1);
    assert!(file.list_arrays().is_empty());
}

#[tokio::test]
async fn flush_memory_makes_a_layer_and_its_storage_may_be_dropped() {
    let mut file = in_memory_file().await;
    define::<i32>(&mut file, "a", &[4], &[2], None);
    write(&mut file, "a", &[0], &[4], [1, 2, 3, 4]).await;
    {
        let storage = InMemoryStorage::new();
        file.flush_memory(&storage).await.unwrap();
    }
    assert_eq!(file.num_layers(), 2);
    assert_eq!(all::<i32>(&file, "a").await, [1, 2, 3, 4]);

    write(&mut file, "a", &[1], &[1], [9]).await;
    file.flush_memory(&InMemoryStorage::new()).await.unwrap();
    assert_eq!(file.num_layers(), 3);
    assert_eq!(all::<i32>(&file, "a").await, [1, 9, 3, 4]);
}

#[tokio::test]
async fn flush_memory_of_nothing_makes_no_layer() {
    let mut file = in_memory_file().await;
    file.flush_memory(&InMemoryStorage::new()).await.unwrap();
    assert_eq!(file.num_layers(), 1);
}

#[tokio::test]
async fn every_call_works_new_store() {
    let mut file = in_memory_file().await;
    define::<f32>(&mut file, "a", &[2], &[], None);
    define::<f32>(&mut file, "b", &[2], &[], None);
    write(&mut file, "a", &[0], &[2], [1.0f32, 2.0]).await;
    let unit = AttributeValue::String("K".into());
    file.set_attribute("a", "units", unit.clone()).unwrap();
    file.flush_memory(&InMemoryStorage::new()).await.unwrap();
    assert_eq!(stats(&file, "a").null_count, 0);
    file.delete("b").unwrap();
    file.flush().await.unwrap();
    file.compact().await.unwrap();
    assert_eq!(file.num_layers(), 1);
    assert_eq!(names(&file), ["a"]);
    assert_eq!(all::<f32>(&file, "a").await, [1.0, 2.0]);
    assert_eq!(file.get_attribute("a", "units").unwrap(), Some(&unit));
    assert_eq!(file.attribute_index("units").len(), 1);
    assert_eq!(file.stats().unwrap().entries().len(), 1);
}
