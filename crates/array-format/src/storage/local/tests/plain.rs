//! What the store promises beyond `LocalFileSystem`, one promise a test.

use std::fs;
use std::path::Path as DiskPath;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutPayload, UpdateVersion,
};
use tempfile::TempDir;

use super::super::adopt::recognise;
use super::super::{LocalStore, names};
use super::hooked::Hooked;
use crate::storage::ObjectStoreBackend;

fn store() -> (TempDir, LocalStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path()).unwrap();
    (folder, store)
}

fn update(e_tag: Option<String>) -> PutMode {
    PutMode::Update(UpdateVersion {
        e_tag,
        version: None,
    })
}

async fn read(store: &LocalStore, path: &Path) -> Vec<u8> {
    let object = store.get(path).await.unwrap();
    object.bytes().await.unwrap().to_vec()
}

/// The names in a folder, hidden ones too.
fn all_names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[tokio::test]
async fn puts_gets_and_lists_agree_on_the_e_tag() {
    let (folder, store) = store();
    let path = Path::from("a.af");
    let plain = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let mut seen = Vec::new();
    for mode in [PutMode::Create, PutMode::Overwrite, update(None)] {
        let mode = match mode {
            PutMode::Update(_) => update(seen.last().cloned()),
            mode => mode,
        };
        let put = store.put_opts(&path, "same".into(), mode.into()).await;
        let e_tag = put.unwrap().e_tag.unwrap();
        assert_eq!(store.head(&path).await.unwrap().e_tag.unwrap(), e_tag);
        assert_eq!(plain.head(&path).await.unwrap().e_tag.unwrap(), e_tag);
        let listed = store.list(None).next().await.unwrap().unwrap();
        assert_eq!(listed.e_tag.unwrap(), e_tag);
        assert!(!seen.contains(&e_tag), "{e_tag} came back");
        seen.push(e_tag);
    }
    assert_eq!(all_names(&folder), ["a.af"], "nothing is left behind");
}

/// Without syncs, with inodes that are reused at once, and with a clock that stands still or goes back.
#[tokio::test]
async fn an_e_tag_never_comes_back() {
    let (folder, store) = store();
    let (store, path) = (store.with_sync(false), Path::from("a"));
    let file = folder.path().join("a");
    let (mut seen, mut last) = (std::collections::HashSet::new(), None);
    for round in 0..300 {
        if round % 50 == 10 {
            // The version that is there comes from the future.
            let future = SystemTime::now() + Duration::from_secs(86_400);
            let file = fs::File::options().write(true).open(&file).unwrap();
            file.set_modified(future).unwrap();
            last = Some(store.head(&path).await.unwrap().last_modified);
        }
        let put = if round % 2 == 0 || round % 50 == 11 {
            store.put(&path, "same".into()).await
        } else {
            let e_tag = store.head(&path).await.unwrap().e_tag;
            store
                .put_opts(&path, "same".into(), update(e_tag).into())
                .await
        };
        let dated = store.head(&path).await.unwrap().last_modified;
        assert!(
            dated > last.replace(dated).unwrap_or_default(),
            "round {round}"
        );
        assert!(seen.insert(put.unwrap().e_tag.unwrap()), "round {round}");
    }
}

#[tokio::test]
async fn updates_of_other_versions_are_refused() {
    let (folder, store) = store();
    let path = Path::from("a");
    let put = |mode: PutMode| store.put_opts(&path, "b".into(), mode.into());
    let old = store.put(&path, "a".into()).await.unwrap().e_tag;
    store.put(&path, "a".into()).await.unwrap();
    for e_tag in [old, Some("../../x".into()), Some(String::new())] {
        let refused = put(update(e_tag)).await.unwrap_err();
        assert!(matches!(refused, Error::Precondition { .. }), "{refused}");
    }
    assert!(matches!(
        put(update(None)).await,
        Err(Error::Generic { .. })
    ));
    let absent = PutMode::Create;
    assert!(matches!(
        put(absent).await,
        Err(Error::AlreadyExists { .. })
    ));
    assert_eq!(read(&store, &path).await, b"a");
    assert_eq!(all_names(&folder), ["a"]);
}

#[tokio::test]
async fn copies_do_not_share_a_version() {
    let (_folder, store) = store();
    let (a, b) = (Path::from("a"), Path::from("deep/b"));
    store.put(&a, "a".into()).await.unwrap();
    store.copy(&a, &b).await.unwrap();
    assert_eq!(read(&store, &b).await, b"a");
    assert_ne!(
        store.head(&a).await.unwrap().e_tag,
        store.head(&b).await.unwrap().e_tag
    );
}

#[tokio::test]
async fn an_upload_is_seen_when_it_is_complete_and_never_if_not() {
    let (folder, store) = store();
    let path = Path::from("a#b.af");
    let path = Path::parse(path.as_ref()).unwrap();
    let start = || store.put_multipart_opts(&path, PutMultipartOptions::default());
    let mut aborted = start().await.unwrap();
    aborted.put_part("aborted".into()).await.unwrap();
    let mut dropped = start().await.unwrap();
    dropped.put_part("dropped".into()).await.unwrap();
    let mut complete = start().await.unwrap();
    let parts = ["one ", "two ", "three"].map(|part| complete.put_part(part.into()));
    assert_eq!(all_names(&folder).len(), 3);
    assert!(store.list(None).next().await.is_none(), "staging is hidden");
    aborted.abort().await.unwrap();
    drop(dropped);
    // Parts may arrive in any order.
    for part in parts.into_iter().rev() {
        part.await.unwrap();
    }
    complete.complete().await.unwrap();
    assert_eq!(read(&store, &path).await, b"one two three");
    assert_eq!(all_names(&folder).len(), 1);
    assert!(complete.complete().await.is_err());
    assert!(aborted.abort().await.is_err());
    assert!(complete.put_part("late".into()).await.is_err());
}

#[tokio::test]
async fn many_deletions_are_answered_one_by_one() {
    let (folder, store) = store();
    let paths = ["a", "x/b", "x/c"].map(Path::from);
    for path in &paths {
        store.put(path, "1".into()).await.unwrap();
    }
    let asked = [&paths[0], &Path::from("absent"), &paths[1], &paths[2]].map(|p| Ok(p.clone()));
    let stream = futures::stream::iter(asked).boxed();
    let answers: Vec<_> = store.delete_stream(stream).collect().await;
    let deleted: Vec<_> = answers.iter().map(|answer| answer.is_ok()).collect();
    assert_eq!(deleted, [true, false, true, true]);
    assert!(matches!(answers[1], Err(Error::NotFound { .. })));
    assert_eq!(all_names(&folder), ["x"]);
}

/// The store that a file over this one uses.
fn adopt(store: Arc<dyn ObjectStore>, sync: bool) -> Arc<dyn ObjectStore> {
    let place = ObjectStoreBackend::with_sync(store, Path::from("a"), sync).unwrap();
    Arc::clone(place.store())
}

#[test]
fn plain_folders_are_taken_over_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let strange = folder.path().join("strange (ü) #1%20 name");
    fs::create_dir(&strange).unwrap();
    for folder in [folder.path(), &strange, DiskPath::new("/")] {
        let folder = folder.canonicalize().unwrap();
        let plain = LocalFileSystem::new_with_prefix(&folder).unwrap();
        let url = url::Url::from_file_path(&folder).unwrap();
        // The formats that recognition rests on.
        assert_eq!(plain.to_string(), format!("LocalFileSystem({url})"));
        assert!(format!("{plain:?}").starts_with("LocalFileSystem {"));
        let store = adopt(Arc::new(plain), false);
        assert_eq!(store.to_string(), format!("LocalStore({url})"));
        let again = recognise(&*store).unwrap();
        assert_eq!(again.to_string(), store.to_string());
        let object = Path::from("a");
        assert_eq!(
            again.files.path_to_filesystem(&object).unwrap(),
            folder.join("a")
        );
        assert!(format!("{:?}", adopt(store, true)).contains("sync: true"));
    }
    let root: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new());
    assert_eq!(adopt(root, true).to_string(), "LocalStore(file:///)");

    let plain = || LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let others: [Arc<dyn ObjectStore>; 3] = [
        Arc::new(InMemory::new()),
        Arc::new(PrefixStore::new(plain(), "sub")),
        Arc::new(object_store::limit::LimitStore::new(plain(), 2)),
    ];
    for other in others {
        let same = adopt(Arc::clone(&other), true);
        assert!(Arc::ptr_eq(&same, &other), "{other}");
    }
}

/// Programs that pass a plain `LocalFileSystem` get all of it.
#[tokio::test]
async fn array_files_take_over_plain_folders() {
    use crate::{ArrayFile, FileConfig, NoCompression};
    let folder = tempfile::tempdir().unwrap();
    let plain = || -> Arc<dyn ObjectStore> {
        Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap())
    };
    let path = |name: &str| Path::from(name);
    let defaults = FileConfig::new(NoCompression);
    let unsynced = FileConfig {
        sync: false,
        ..defaults.clone()
    };
    let sync = |file: ArrayFile| {
        recognise(&**file.storage().store()).map(|_| {
            let debug = format!("{:?}", file.storage().store());
            debug.contains("sync: true")
        })
    };
    let created = ArrayFile::create(plain(), path("a"), defaults.clone()).await;
    assert_eq!(sync(created.unwrap()), Some(true));
    let created = ArrayFile::create_new(plain(), path("b"), unsynced.clone()).await;
    assert_eq!(sync(created.unwrap()), Some(false));
    let opened = ArrayFile::open(plain(), path("a"), unsynced).await;
    assert_eq!(sync(opened.unwrap()), Some(false));
    let opened = ArrayFile::open_path(folder.path().join("a"), defaults).await;
    assert_eq!(sync(opened.unwrap()), Some(true));
}

/// EPERM and EOPNOTSUPP, which file systems without links give.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_hard_links_conditions_are_not_supported() {
    for code in [1, 95] {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::over(folder.path(), Arc::new(Hooked::without_links(code)));
        let path = Path::from("a");
        let put = |text: &'static str, mode: PutMode| {
            store.put_opts(&path, PutPayload::from_static(text.as_bytes()), mode.into())
        };
        let refused = put("0", PutMode::Create).await.unwrap_err();
        assert!(matches!(refused, Error::NotSupported { .. }), "{refused}");
        for text in ["1", "2"] {
            put(text, PutMode::Overwrite).await.unwrap();
            assert_eq!(read(&store, &path).await, text.as_bytes());
        }
        let e_tag = store.head(&path).await.unwrap().e_tag;
        let refused = put("3", update(e_tag)).await.unwrap_err();
        assert!(matches!(refused, Error::NotSupported { .. }), "{refused}");
        assert_eq!(all_names(&folder), ["a"]);
    }
}

/// A claim whose owner died before it was whole on the disk does not stop anybody, nor does it name a
/// file of somebody else.
#[tokio::test]
async fn a_torn_claim_is_passed_over() {
    let (folder, store) = store();
    let (path, file) = (Path::from("a"), folder.path().join("a"));
    let e_tag = store.put(&path, "a".into()).await.unwrap().e_tag.unwrap();
    fs::write(names::claim(&file, &e_tag, 1), "").unwrap();
    fs::write(names::claim(&file, &e_tag, 2), "1").unwrap();
    let foreign = folder.path().join("a#1");
    fs::write(&foreign, "somebody's").unwrap();
    let put = store.put_opts(&path, "b".into(), update(Some(e_tag)).into());
    put.await.unwrap();
    assert_eq!(read(&store, &path).await, b"b");
    assert_eq!(fs::read(&foreign).unwrap(), b"somebody's");
    assert_eq!(all_names(&folder), ["a", "a#1"]);
}

/// A store whose next update does this right before it takes effect.
fn interrupted(
    folder: &TempDir,
    before: impl FnOnce(&DiskPath, &DiskPath) + Send + 'static,
) -> LocalStore {
    LocalStore::over(folder.path(), Arc::new(Hooked::before_rename(before)))
}

#[tokio::test]
async fn an_update_does_not_replace_an_overwrite_of_the_last_moment() {
    let (folder, store) = store();
    let path = Path::from("a");
    let seen = store.put(&path, "old".into()).await.unwrap();
    let (other, object) = (store.clone(), path.clone());
    let store = interrupted(&folder, move |_, _| {
        futures::executor::block_on(other.put(&object, "overwrite".into())).unwrap();
    });
    let put = store.put_opts(&path, "update".into(), PutMode::Update(seen.into()).into());
    let refused = put.await.unwrap_err();
    assert!(matches!(refused, Error::Precondition { .. }), "{refused}");
    assert_eq!(read(&store, &path).await, b"overwrite");
    assert_eq!(all_names(&folder), ["a"]);
}

#[tokio::test]
async fn an_update_whose_killer_died_tries_again() {
    let (folder, store) = store();
    let path = Path::from("a");
    let seen = store.put(&path, "old".into()).await.unwrap();
    let e_tag = seen.e_tag.clone().unwrap();
    let store = interrupted(&folder, move |ready, object| {
        fs::remove_file(ready).unwrap();
        fs::write(names::claim(object, &e_tag, 2), names::random().unwrap()).unwrap();
    });
    let put = store.put_opts(&path, "update".into(), PutMode::Update(seen.into()).into());
    put.await.unwrap();
    assert_eq!(read(&store, &path).await, b"update");
    assert_eq!(all_names(&folder), ["a"]);
}
