//! Golden files: `tests/golden/v1/NAME.af` and its sidecars are kept from the release that first
//! wrote each feature, with `NAME.json`, what a reader must find. The builders here say what was
//! put in; every later release, and the second reader, must agree with them.
//!
//! `GOLDEN_WRITE=1 cargo test -p array_format --test golden` writes the files that are missing. One
//! that is there is never replaced: delete it first.

mod builders;
mod check;
mod commits;
mod json;
mod model;
mod past;
mod script;
mod value;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use array_format::ArrayFile;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStore, ObjectStoreExt};
use array_format_core::snapshot::read_root;
use array_format_core::wire::trailer::Trailer;

use crate::builders::{BUILDERS, inner_pages};
use crate::check::{check, check_objects, check_past};
use crate::script::{Script, config};

fn folder() -> PathBuf {
    FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/v1")
}

/// The objects of a file, base first: their names and bytes.
async fn objects(s: &Script) -> Vec<(String, Vec<u8>)> {
    let found = s.store.list_with_delimiter(None).await.unwrap().objects;
    let mut names: Vec<String> = found.iter().map(|o| o.location.to_string()).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let mut out = Vec::new();
    for object in names {
        let got = s.store.get(&Path::from(object.as_str())).await.unwrap();
        out.push((object, got.bytes().await.unwrap().to_vec()));
    }
    out
}

async fn write(s: &Script, name: &str, folder: &FilePath) {
    std::fs::create_dir_all(folder).unwrap();
    for (object, bytes) in objects(s).await {
        std::fs::write(folder.join(object), bytes).unwrap();
    }
    let dump = s.dump(&s.file).await;
    std::fs::write(folder.join(format!("{name}.json")), dump).unwrap();
}

/// A copy in memory of all that the folder has.
async fn committed(folder: &FilePath) -> (Arc<InMemory>, Vec<String>) {
    let store = Arc::new(InMemory::new());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".af") || name.contains(".annex.") {
            let bytes = std::fs::read(&path).unwrap();
            let at = Path::from(name.as_str());
            store.put(&at, bytes.into()).await.unwrap();
        }
        names.push(name);
    }
    (store, names)
}

#[tokio::test]
async fn golden_files_are_read_as_they_were_built() {
    let folder = folder();
    let writes = std::env::var_os("GOLDEN_WRITE").is_some();
    std::fs::create_dir_all(&folder).unwrap();
    let (store, mut names) = committed(&folder).await;
    let mut missing = Vec::new();
    for &(name, build) in BUILDERS {
        let built = build(Script::new(name).await).await;
        let base = format!("{name}.af");
        let at = Path::from(base.as_str());
        let what = format!("{name}, just built");
        check(&built.file, &built.model, &what).await;
        if let Some(past) = &built.past {
            check_past(&built.store, &at, past, &what).await;
            check_objects(&built.store, name, past, &what).await;
        }
        if !names.contains(&base) {
            missing.push(name);
            if writes {
                write(&built, name, &folder).await;
            }
            continue;
        }
        let file = ArrayFile::open(store.clone(), at.clone(), config(""))
            .await
            .unwrap();
        check(&file, &built.model, name).await;
        if let Some(past) = &built.past {
            check_past(&store, &at, past, name).await;
            check_objects(&store, name, past, name).await;
        }
        let dump = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        // Not `assert_eq!`: some are long.
        assert!(
            built.dump(&file).await == dump,
            "{name}.json is not what was built"
        );
        let mine = |n: &String| n.split('.').next() == Some(name);
        names.retain(|n| !mine(n));
    }
    if !writes {
        assert!(
            missing.is_empty(),
            "no golden file of {missing:?}: see GOLDEN_WRITE"
        );
        assert!(names.is_empty(), "no builder of {names:?}");
    }
}

/// Built each time: its inner pages need more arrays than a repository should hold.
#[tokio::test]
async fn a_file_with_inner_pages_is_read_as_it_was_built() {
    let mut built = Script::new("inner_pages").await;
    inner_pages(&mut built).await;
    for (object, bytes) in objects(&built).await.into_iter().skip(1) {
        let trailer = Trailer::decode(&bytes, bytes.len() as u64).unwrap();
        let root = read_root(&bytes, &trailer).unwrap().unwrap();
        assert!(root.arrays.height > 1 && root.frames.height > 1, "{object}");
    }
    let at = Path::from("inner_pages.af");
    let file = ArrayFile::open(built.store.clone(), at, config(""))
        .await
        .unwrap();
    check(&file, &built.model, "inner_pages").await;
    // For the second reader, by hand.
    if let Some(folder) = std::env::var_os("GOLDEN_LARGE") {
        write(&built, "inner_pages", FilePath::new(&folder)).await;
    }
}
