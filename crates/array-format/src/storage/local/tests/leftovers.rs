//! What dead writers leave, found and removed.

use std::fs;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, UpdateVersion};

use super::super::{LocalStore, names};

#[tokio::test]
async fn leftovers_are_found_by_object_and_needed_claims_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path()).unwrap();
    let path = Path::from("sub/run.af");
    let file = folder.path().join("sub/run.af");
    let e_tag = store.put(&path, "a".into()).await.unwrap().e_tag.unwrap();
    for object in ["run.2.af", "other.af", "run#x.af"] {
        store
            .put(&Path::parse(format!("sub/{object}")).unwrap(), "b".into())
            .await
            .unwrap();
    }
    let sibling = file.with_file_name("run.2.af");
    let random = names::random().unwrap();
    let left = [
        names::claim(&file, "1-2-3", 1),
        names::claim(&file, &e_tag, 1),
        names::staging(&file, "1"),
        names::staging(&sibling, &random),
    ];
    for path in &left {
        fs::write(path, &random).unwrap();
    }
    fs::write(names::staging(&file.with_file_name("other.af"), "7"), "").unwrap();

    let mut found = store.leftovers(&Path::from("sub/run")).await.unwrap();
    found.sort_by_key(|leftover| left.iter().position(|path| *path == leftover.path));
    let paths: Vec<_> = found.iter().map(|leftover| &leftover.path).collect();
    assert_eq!(paths, left.iter().collect::<Vec<_>>());
    let objects: Vec<_> = found.iter().map(|leftover| &*leftover.object).collect();
    assert_eq!(objects, ["run.af", "run.af", "run.af", "run.2.af"]);
    assert!(found[0].modified >= fs::metadata(&left[0]).unwrap().modified().unwrap());

    let mut removed = Vec::new();
    for leftover in &found {
        removed.push(store.remove_leftover(leftover).await.unwrap());
    }
    assert_eq!(removed, [true, false, true, true]);
    // The claim is not needed any more when its version is gone.
    let version = UpdateVersion {
        e_tag: Some(e_tag),
        version: None,
    };
    let put = store.put_opts(&path, "c".into(), PutMode::Update(version).into());
    put.await.unwrap();
    assert!(!left[1].exists(), "the update has removed it");
    assert!(store.remove_leftover(&found[1]).await.unwrap());
    let left = store.leftovers(&Path::from("sub/run")).await.unwrap();
    assert_eq!(left, []);
    let absent = store.leftovers(&Path::from("no/such")).await.unwrap();
    assert_eq!(absent, []);
}

/// Removing the staging file of a writer that lives after all is an error for it, not a loss.
#[tokio::test]
async fn a_writer_whose_staging_file_is_gone_gets_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path()).unwrap();
    let path = Path::from("a");
    store.put(&path, "old".into()).await.unwrap();
    let mut upload = store.put_multipart(&path).await.unwrap();
    upload.put_part("new".into()).await.unwrap();
    for leftover in store.leftovers(&path).await.unwrap() {
        assert!(store.remove_leftover(&leftover).await.unwrap());
    }
    upload.complete().await.unwrap_err();
    let kept = store.get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(&kept[..], b"old");
}
