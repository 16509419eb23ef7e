//! Metadata of a local file that are read when they are touched.

use std::sync::Arc;

use array_format::integrity::VerifyOptions;
use array_format::{ArrayFile, ArraySpec, AttributeValue, DType, FileConfig, NoCompression};
use ndarray::ArrayD;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

const ARRAYS: u64 = 4000;
const ATTRIBUTES: u64 = 12;

fn config() -> FileConfig<NoCompression> {
    FileConfig {
        sync: false,
        ..FileConfig::new(NoCompression)
    }
}

fn path(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("run.af")
}

async fn open(folder: &tempfile::TempDir) -> ArrayFile {
    ArrayFile::open_path(path(folder), config()).await.unwrap()
}

/// Text that no codec makes smaller than half of it.
fn text(i: u64, k: u64) -> String {
    let mix = |salt: u64| {
        let z = (i * ATTRIBUTES + k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt;
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    format!("{:016x}{:016x}", mix(0), mix(u64::MAX / 3))
}

async fn build(folder: &tempfile::TempDir) -> ArrayFile {
    let mut file = ArrayFile::create_path(path(folder), config())
        .await
        .unwrap();
    for i in 0..ARRAYS {
        let name = format!("array {i:05}");
        file.create_array(&name, ArraySpec::new(DType::Int64, [1]))
            .unwrap();
        for k in 0..ATTRIBUTES {
            let value = AttributeValue::String(text(i, k));
            file.set_attribute(&name, &format!("key {k}"), value)
                .unwrap();
        }
        let value = ArrayD::from_elem(vec![1], i as i64);
        file.write_array(&name, vec![0], value.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    file
}

/// The same objects in memory, where everything is read when a file is opened.
async fn in_memory(folder: &tempfile::TempDir) -> ArrayFile {
    let store = Arc::new(InMemory::new());
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let at = Path::from(entry.file_name().to_str().unwrap());
        let bytes = std::fs::read(entry.path()).unwrap();
        store.put(&at, bytes.into()).await.unwrap();
    }
    let store: Arc<dyn ObjectStore> = store;
    ArrayFile::open(store, Path::from("run.af"), config())
        .await
        .unwrap()
}

async fn assert_same(one: &ArrayFile, other: &ArrayFile) {
    assert_eq!(one.arrays().unwrap(), other.arrays().unwrap());
    for meta in other.arrays().unwrap() {
        let name = &meta.name;
        assert_eq!(
            one.attributes(name).unwrap(),
            other.attributes(name).unwrap()
        );
        assert_eq!(
            one.array_stats(name).unwrap(),
            other.array_stats(name).unwrap()
        );
    }
    assert_eq!(
        one.file_attributes().unwrap(),
        other.file_attributes().unwrap()
    );
}

#[tokio::test]
async fn what_is_read_late_is_what_is_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    drop(build(&folder).await);
    let bytes = std::fs::metadata(folder.path().join("run.1.af"))
        .unwrap()
        .len();
    assert!(bytes > 600 << 10, "{bytes} bytes would be read at once");
    let mut file = open(&folder).await;
    let name = "array 01234";
    let found = file.get_attribute(name, "key 7").unwrap();
    assert_eq!(found, Some(&AttributeValue::String(text(1234, 7))));
    assert_same(&file, &in_memory(&folder).await).await;

    // Changes on top, some of which need pages that were not touched before.
    let mut file_of_changes = open(&folder).await;
    file_of_changes.delete("array 00007").unwrap();
    file_of_changes.rename("array 02000", "renamed").unwrap();
    let changed = AttributeValue::Int64(1);
    file_of_changes
        .set_attribute("array 00100", "key 3", changed)
        .unwrap();
    file_of_changes.flush().await.unwrap();
    let fresh = in_memory(&folder).await;
    assert_same(&file_of_changes, &fresh).await;
    assert_same(&open(&folder).await, &fresh).await;
    let verified = file_of_changes
        .verify(&VerifyOptions::full())
        .await
        .unwrap();
    assert!(verified.is_whole(), "{verified:?}");

    // A reader of the older state goes on reading it while its layers are removed.
    let reader = open(&folder).await;
    file_of_changes.compact().await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_same(&reader, &fresh).await;
    file.refresh().await.unwrap();
    assert_same(&file, &fresh).await;
    assert_same(&open(&folder).await, &in_memory(&folder).await).await;
    file_of_changes.restore(1).await.unwrap_err();
}

/// Damage of a page is found when the page is touched, and hits nothing else.
#[tokio::test]
async fn a_damaged_page_is_an_error_of_those_that_touch_it() {
    let folder = tempfile::tempdir().unwrap();
    drop(build(&folder).await);
    let layer = folder.path().join("run.1.af");
    let mut bytes = std::fs::read(&layer).unwrap();
    // In the middle of the attributes, which are most of the file.
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&layer, bytes).unwrap();
    let file = open(&folder).await;
    let mut damaged = 0;
    for i in 0..ARRAYS {
        for k in 0..ATTRIBUTES {
            match file.get_attribute(&format!("array {i:05}"), &format!("key {k}")) {
                Ok(found) => assert_eq!(found, Some(&AttributeValue::String(text(i, k)))),
                Err(error) => {
                    let said = error.to_string();
                    assert!(
                        said.contains("checksum") && said.contains("layer 1"),
                        "{said}"
                    );
                    damaged += 1;
                }
            }
        }
    }
    assert!((1..ARRAYS * ATTRIBUTES / 4).contains(&damaged), "{damaged}");
}
