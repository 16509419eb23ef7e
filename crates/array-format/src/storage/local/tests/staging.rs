//! Files that grow until they are objects.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode, PutResult};

use super::super::{LocalStore, Staging};
use super::hooked::Hooked;

struct Ground {
    folder: tempfile::TempDir,
    store: LocalStore,
    staging: Staging,
}

fn ground() -> Ground {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path()).unwrap().with_sync(false);
    let staging = store.staging(&Path::from("x")).unwrap();
    staging.write_at(2, &[b"data"]).unwrap();
    Ground {
        folder,
        store,
        staging,
    }
}

impl Ground {
    async fn publish(
        &self,
        name: &str,
        length: u64,
        tail: &'static str,
        mode: PutMode,
    ) -> object_store::Result<PutResult> {
        let (head, tail) = (Bytes::from_static(b"<<"), vec![Bytes::from(tail)]);
        let path = Path::from(name);
        let put = self
            .store
            .publish(&path, &self.staging, head, length, tail, &mode);
        put.await
    }

    async fn object(&self, name: &str) -> Bytes {
        let got = self.store.get(&Path::from(name)).await.unwrap();
        got.bytes().await.unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn an_object_is_what_the_file_was_and_the_file_goes_on() {
    let ground = ground();
    let put = ground.publish("a", 6, ">>", PutMode::Create).await.unwrap();
    let head = ground.store.head(&Path::from("a")).await.unwrap();
    assert_eq!(put.e_tag, head.e_tag);
    assert_eq!(ground.names(), ["a"]);
    // The tail makes room for more data; the object does not change with them.
    ground.staging.write_at(6, &[b"more"]).unwrap();
    assert_eq!(ground.object("a").await, "<<data>>");
    ground.publish("b", 10, "]", PutMode::Create).await.unwrap();
    assert_eq!(ground.object("b").await, "<<datamore]");
    assert_eq!(ground.object("a").await, "<<data>>");
    let mut read = [0; 8];
    ground.staging.read_at(2, &mut read).unwrap();
    assert_eq!(&read, b"datamore");
    assert_eq!(ground.names(), ["a", "b"]);
}

#[tokio::test]
async fn a_name_that_is_taken_leaves_the_file_for_another() {
    let ground = ground();
    let taken = Path::from("a");
    ground.store.put(&taken, "other".into()).await.unwrap();
    let refused = ground.publish("a", 6, " and a long tail", PutMode::Create);
    let refused = refused.await.unwrap_err();
    assert!(matches!(refused, Error::AlreadyExists { .. }), "{refused}");
    assert_eq!(ground.object("a").await, "other");
    ground.publish("b", 6, ">", PutMode::Create).await.unwrap();
    assert_eq!(ground.object("b").await, "<<data>");
    ground
        .publish("a", 6, "!", PutMode::Overwrite)
        .await
        .unwrap();
    assert_eq!(ground.object("a").await, "<<data!");
    assert_eq!(ground.names(), ["a", "b"]);
}

/// As `vacuum` does where nothing was written for long.
#[tokio::test]
async fn a_file_whose_name_is_taken_away_is_still_published() {
    let ground = ground();
    for name in ground.names() {
        fs::remove_file(ground.folder.path().join(name)).unwrap();
    }
    ground.publish("a", 6, ">", PutMode::Create).await.unwrap();
    assert_eq!(ground.object("a").await, "<<data>");
    assert_eq!(ground.names(), ["a"]);
}

/// One that waits for a thread, while more data are written.
#[test]
fn a_call_that_was_given_up_does_not_touch_what_was_written_since() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .build();
    runtime.unwrap().block_on(async {
        let ground = ground();
        let (go, wait) = std::sync::mpsc::channel();
        let busy = tokio::task::spawn_blocking(move || wait.recv());
        let mut late = Box::pin(ground.publish("a", 6, "a long tail", PutMode::Create));
        assert!(futures::poll!(late.as_mut()).is_pending());
        drop(late);
        ground.staging.write_at(6, &[b"more"]).unwrap();
        go.send(()).unwrap();
        busy.await.unwrap().unwrap();
        // Comes to the thread after the one that was given up.
        ground.publish("b", 10, ">", PutMode::Create).await.unwrap();
        assert_eq!(ground.object("b").await, "<<datamore>");
        assert_eq!(ground.names(), ["b"]);
    });
}

#[test]
fn a_file_that_becomes_nothing_goes() {
    let ground = ground();
    assert_eq!(ground.names().len(), 1);
    let Ground {
        folder, staging, ..
    } = ground;
    let clone = staging.clone();
    drop(staging);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    drop(clone);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_hard_links_it_can_only_overwrite() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::over(folder.path(), Arc::new(Hooked::without_links(1)));
    let staging = store.staging(&Path::from("x")).unwrap();
    staging.write_at(2, &[b"data"]).unwrap();
    let ground = Ground {
        folder,
        store,
        staging,
    };
    let refused = ground.publish("a", 6, ">", PutMode::Create).await;
    assert!(
        matches!(refused, Err(Error::NotSupported { .. })),
        "{refused:?}"
    );
    ground
        .publish("a", 6, ">", PutMode::Overwrite)
        .await
        .unwrap();
    assert_eq!(ground.object("a").await, "<<data>");
}

#[tokio::test]
async fn a_copy_replaces_the_version_that_was_seen() {
    let ground = ground();
    let (base, by) = (Path::from("base"), Path::from("by"));
    let old = ground.store.put(&base, "old".into()).await.unwrap();
    ground.store.put(&by, "new".into()).await.unwrap();
    let tag = old.e_tag.unwrap();
    ground.store.replace(&base, &tag, &by).await.unwrap();
    assert_eq!(ground.object("base").await, "new");
    let late = ground.store.replace(&base, &tag, &by).await.unwrap_err();
    assert!(matches!(late, Error::Precondition { .. }), "{late}");
    let now = ground.store.head(&base).await.unwrap().e_tag.unwrap();
    let gone = ground.store.replace(&base, &now, &Path::from("gone")).await;
    assert!(matches!(gone, Err(Error::Precondition { .. })), "{gone:?}");
    assert_eq!(ground.names().len(), 3, "base, by, and the staging file");
}
