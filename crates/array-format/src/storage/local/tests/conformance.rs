//! What `object_store` asks of every store, by its own tests, and what we ask, by ours.

use std::path::Path as DiskPath;
use std::sync::Arc;

use object_store::integration::*;
use object_store::path::Path;

use super::super::LocalStore;
use crate::storage::contract::{ContractOptions, check};

fn stores() -> Vec<(tempfile::TempDir, LocalStore)> {
    [true, false]
        .map(|sync| {
            let folder = tempfile::tempdir().unwrap();
            let store = LocalStore::new(folder.path()).unwrap().with_sync(sync);
            (folder, store)
        })
        .into()
}

/// On a multi-threaded runtime, on a current-thread one, and without Tokio.
fn everywhere<F: Future<Output = ()>>(test: impl Fn(LocalStore) -> F) {
    use tokio::runtime::Builder;
    let current = Builder::new_current_thread().enable_all().build().unwrap();
    let multi = Builder::new_multi_thread().enable_all().build().unwrap();
    for (_folder, store) in stores() {
        multi.block_on(test(store));
    }
    for (_folder, store) in stores() {
        current.block_on(test(store));
    }
    for (_folder, store) in stores() {
        futures::executor::block_on(test(store));
    }
}

#[test]
fn puts_gets_lists_and_deletes() {
    everywhere(async |store| {
        put_get_delete_list(&store).await;
        list_with_offset_exclusivity(&store).await;
        list_uses_directories_correctly(&store).await;
        list_with_delimiter(&store).await;
        get_opts(&store).await;
    });
}

#[test]
fn conditional_puts_with_update() {
    everywhere(async |store| put_opts(&store, true).await);
}

#[test]
fn copies_and_renames() {
    everywhere(async |store| {
        rename_and_copy(&store).await;
        copy_if_not_exists(&store).await;
        copy_rename_nonexistent_object(&store).await;
        get_nonexistent_object(&store, None).await.unwrap_err();
    });
}

#[test]
fn uploads_in_parts() {
    everywhere(async |store| {
        if tokio::runtime::Handle::try_current().is_ok() {
            // A test that spawns tasks of its own.
            stream_get(&store).await;
        }
        multipart_race_condition(&store, true).await;
        multipart_out_of_order(&store).await;
    });
}

/// Files in a folder and beneath it, hidden ones too.
fn files(folder: &DiskPath) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path.display().to_string()),
        }
    }
    found
}

#[test]
fn the_store_contract() {
    everywhere(async |store| {
        let options = ContractOptions {
            clients: 8,
            long_list: !store.writer.sync,
            ..ContractOptions::default()
        };
        let folder = store.files.path_to_filesystem(&Path::from("deep")).unwrap();
        let report = check(Arc::new(store), &Path::from("deep/er"), &options).await;
        let report = report.unwrap();
        assert_eq!(report.broken().count(), 0, "{report}");
        assert!(report.can_promote() && report.can_list(), "{report}");
        assert!(report.reads_suffixes(), "{report}");
        // Neither staging files nor claims.
        assert_eq!(files(&folder), [""; 0]);
    });
}
