//! Which objects of a store belong to a file.

use std::sync::Arc;

use array_format::{ArrayFile, FileConfig, NoCompression};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use crate::stores::{Gated, Listings, Window};
use crate::support::*;

/// A compacted file, as bytes.
async fn base_object(values: &[i32]) -> Vec<u8> {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[values.len()], &[2], None);
    write(&mut file, "a", &[0], &[values.len()], values.to_vec()).await;
    file.flush().await.unwrap();
    file.compact().await.unwrap();
    let object = place.store.get(&place.path).await.unwrap();
    object.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn opens_a_byte_range_of_a_larger_object_in_a_store_that_cannot_list() {
    let base = base_object(&[1, 2, 3, 4, 5]).await;
    let mut larger = vec![0xAA; 1000];
    larger.extend_from_slice(&base);
    larger.extend_from_slice(&[0xBB; 777]);
    let (outer, object) = (new_store(), Path::from("larger.bin"));
    outer.put(&object, PutPayload::from(larger)).await.unwrap();

    let window = Window {
        inner: outer,
        object,
        range: 1000..1000 + base.len() as u64,
        name: Path::from("inside.af"),
    };
    let place = Place::at(Arc::new(window), "inside.af");
    let file = place.open().await;
    assert_eq!(file.num_layers(), 1);
    assert_eq!(all::<i32>(&file, "a").await, [1, 2, 3, 4, 5]);
    assert_eq!(region::<i32>(&file, "a", &[3], &[2]).await, [4, 5]);
    let missing = Place::at(place.store, "other.af");
    assert!(missing.try_open().await.is_err());
}

#[tokio::test]
async fn a_store_rooted_at_the_root_of_the_disk_is_listed_in_the_files_folder_only() {
    let folder = tempfile::tempdir().unwrap();
    let inside = Path::from_absolute_path(folder.path()).unwrap();
    let disk: Store = Arc::new(LocalFileSystem::new());
    let (store, listings) = Gated::around(disk, Listings::default());
    let place = Place {
        store,
        path: Path::from_absolute_path(folder.path().join("data.af")).unwrap(),
    };

    let mut file = place.create().await;
    define::<u16>(&mut file, "a", &[3], &[], None);
    write(&mut file, "a", &[0], &[3], [7u16, 8, 9]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<u16>(file, "a").await, [7, 8, 9], "{stage}");
        })
        .await;

    for listed in listings.0.lock().unwrap().iter() {
        let listed = listed.as_ref().expect("the whole disk was listed");
        assert!(listed.prefix_matches(&inside), "{listed} was listed");
    }
}

#[tokio::test]
async fn trap_create_and_open_accept_the_same_paths() {
    for path in [
        "a.af",
        "a",
        "deep/er/a.af",
        "dotted.folder/plain",
        "a.b.af",
        "a.bin",
        "run.1.af",
        "ünï/データ.af",
        "with space.af",
    ] {
        let place = Place::at(new_store(), path);
        let Ok(mut file) = place.try_create().await else {
            assert!(place.try_open().await.is_err(), "{path}");
            continue;
        };
        define::<u8>(&mut file, "x", &[2], &[], None);
        write(&mut file, "x", &[0], &[2], [1u8, 2]).await;
        place
            .through_life(file, async |file, stage| {
                assert_eq!(all::<u8>(file, "x").await, [1, 2], "{path}, {stage}");
            })
            .await;
    }
}

/// Edits, flushes and reopens `place` until its sidecars have stepped over its neighbours.
async fn live_beside(place: &Place, neighbours: &[(&Place, u8)]) {
    let mut file = place.create().await;
    define::<u8>(&mut file, "mine", &[1], &[], None);
    for value in 1..=5 {
        write(&mut file, "mine", &[0], &[1], [value]).await;
        file.flush().await.unwrap();
        let reopened = place.open().await;
        assert_eq!(names(&reopened), ["mine"]);
        assert_eq!(all::<u8>(&reopened, "mine").await, [value]);
    }
    file.compact().await.unwrap();
    assert_eq!(names(&place.open().await), ["mine"]);
    for (neighbour, value) in neighbours {
        let file = neighbour.open().await;
        assert_eq!(names(&file), ["other"], "{}", neighbour.path);
        assert_eq!(all::<u8>(&file, "other").await, [*value]);
    }
}

#[tokio::test]
async fn trap_a_neighbour_named_like_a_sidecar_is_neither_read_nor_overwritten_nor_removed() {
    let store = new_store();
    let neighbours = ["run.1.af", "run.2.af", "run.4.af"].map(|p| Place::at(store.clone(), p));
    for (neighbour, value) in neighbours.iter().zip(11u8..) {
        let mut file = neighbour.create().await;
        define::<u8>(&mut file, "other", &[1], &[], None);
        write(&mut file, "other", &[0], &[1], [value]).await;
        file.compact().await.unwrap();
    }
    let expected: Vec<_> = neighbours.iter().zip(11u8..).collect();
    live_beside(&Place::at(store, "run.af"), &expected).await;
}

#[tokio::test]
async fn trap_a_neighbour_that_is_no_file_of_this_format_is_stepped_over() {
    let place = Place::at(new_store(), "run.af");
    let note = Path::from("run.2.af");
    let payload = PutPayload::from_static(b"not of this format");
    place.store.put(&note, payload).await.unwrap();
    live_beside(&place, &[]).await;
    let kept = place.store.get(&note).await.unwrap().bytes().await.unwrap();
    assert_eq!(&kept[..], b"not of this format");
}

#[tokio::test]
async fn files_with_a_common_stem_do_not_meet() {
    let store = new_store();
    let places = ["run.af", "run2.af", "run.old.af", "run.af.af", "sub/run.af"];
    let places = places.map(|p| Place::at(store.clone(), p));
    for place in &places {
        let config = FileConfig::new(NoCompression);
        let mut file = ArrayFile::create(store.clone(), place.path.clone(), config)
            .await
            .unwrap();
        define::<u8>(&mut file, place.path.as_ref(), &[1], &[], None);
        file.flush().await.unwrap();
    }
    for place in &places {
        assert_eq!(names(&place.open().await), [place.path.as_ref()]);
    }
}
