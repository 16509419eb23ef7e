//! Bulk work of size `BULK_N`. The scaling check runs it at several sizes and counts instructions:
//! doubling the size must about double the work.

use array_format::{ArrayFile, ArraySpec, AttributeValue, DType, FileConfig, Lz4Codec};
use ndarray::{ArrayD, IxDyn};

fn n() -> usize {
    std::env::var("BULK_N")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(300)
}

async fn file() -> ArrayFile {
    ArrayFile::create_memory(FileConfig::new(Lz4Codec))
        .await
        .unwrap()
}

#[tokio::test]
async fn arrays() {
    let mut file = file().await;
    for i in 0..n() {
        let name = format!("array {i}");
        file.define_array::<i32>(&name, vec![], vec![8], None, None)
            .unwrap();
        let values = ArrayD::from_elem(IxDyn(&[8]), i as i32);
        file.write_array(&name, vec![0], values.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    assert_eq!(file.list_arrays().len(), n());
    for i in 0..n() {
        let name = format!("array {i}");
        assert_eq!(file.array_stats(&name).unwrap().row_count, 8);
        let values = file.read_array::<i32>(&name, vec![], vec![]).await.unwrap();
        assert_eq!(values[[7]], i as i32);
    }
    assert_eq!(file.stats().unwrap().entries().len(), n());
    for i in (0..n()).step_by(2) {
        file.delete(&format!("array {i}")).unwrap();
    }
    file.compact().await.unwrap();
    assert_eq!(file.list_arrays().len(), n() / 2);
}

#[tokio::test]
async fn attributes() {
    let mut file = file().await;
    for i in 0..n() {
        let name = format!("array {i}");
        file.define_array::<i32>(&name, vec![], vec![], None, None)
            .unwrap();
        for key in ["units", "number", "text"] {
            let value = match key {
                "number" => AttributeValue::from(i as i64),
                "text" => AttributeValue::from(format!("value {i}")),
                _ => AttributeValue::from("m s-1"),
            };
            file.set_attribute(&name, key, value).unwrap();
        }
    }
    file.flush().await.unwrap();
    for i in 0..n() {
        let value = file.get_attribute(&format!("array {i}"), "number").unwrap();
        assert_eq!(value, Some(&AttributeValue::Int64(i as i64)));
    }
    assert_eq!(file.attribute_index("text").len(), n());
}

#[tokio::test]
async fn chunks() {
    let mut file = file().await;
    let spec = ArraySpec::new(DType::Int32, [n() as u64 * 4]).chunks([4]);
    file.create_array("a", spec).unwrap();
    for i in 0..n() {
        let values = ArrayD::from_elem(IxDyn(&[4]), i as i32);
        file.write_array("a", vec![i * 4], values.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    for i in 0..n() {
        let read = file
            .read_array::<i32>("a", vec![i * 4], vec![1])
            .await
            .unwrap();
        assert_eq!(read[[0]], i as i32);
    }
    assert_eq!(file.chunks("a").await.unwrap().len(), n());
    file.resize("a", vec![n() * 2]).await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(
        file.read_array::<i32>("a", vec![], vec![])
            .await
            .unwrap()
            .len(),
        n() * 2
    );
}
