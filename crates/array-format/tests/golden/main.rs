//! Golden files: `tests/golden/v1/NAME.af` and its sidecars are kept from the release that first
//! wrote each feature, with `NAME.json`, what a reader must find. The builders here say what was
//! put in; every later release, and the second reader, must agree with them.
//!
//! `GOLDEN_WRITE=1 cargo test -p array_format --test golden` writes the files that are missing. One
//! that is there is never replaced: delete it first.

mod builders;
mod json;
mod model;
mod script;
mod value;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use array_format::ArrayFile;
use array_format::element::Elements;
use array_format::object_store::ObjectStoreExt;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format_core::snapshot::read_root;
use array_format_core::wire::trailer::Trailer;

use crate::builders::{BUILDERS, inner_pages};
use crate::model::{Array, Model};
use crate::script::{Script, config};

fn folder() -> PathBuf {
    FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/v1")
}

/// The objects of a file: their names and bytes.
async fn objects(s: &Script, name: &str) -> Vec<(String, Vec<u8>)> {
    let sidecars = s.model.layers[1..].iter().map(|n| format!("{name}.{n}.af"));
    let mut out = Vec::new();
    for object in std::iter::once(format!("{name}.af")).chain(sidecars) {
        let got = s.store.get(&Path::from(object.as_str())).await.unwrap();
        out.push((object, got.bytes().await.unwrap().to_vec()));
    }
    out
}

async fn write(s: &Script, name: &str, folder: &FilePath) {
    std::fs::create_dir_all(folder).unwrap();
    for (object, bytes) in objects(s, name).await {
        std::fs::write(folder.join(object), bytes).unwrap();
    }
    let dump = s.model.dump(&s.file).await;
    std::fs::write(folder.join(format!("{name}.json")), dump).unwrap();
}

/// A copy in memory of all that the folder has.
async fn committed(folder: &FilePath) -> (Arc<InMemory>, Vec<String>) {
    let store = Arc::new(InMemory::new());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".af") {
            let bytes = std::fs::read(&path).unwrap();
            let at = Path::from(name.as_str());
            store.put(&at, bytes.into()).await.unwrap();
        }
        names.push(name);
    }
    (store, names)
}

fn assert_elements(array: &Array, elements: &Elements, what: &str) {
    let expected = array.cells.iter().map(|cell| &cell.bytes[..]);
    match elements {
        Elements::Fixed { bytes, .. } => {
            assert_eq!(*bytes, expected.collect::<Vec<_>>().concat(), "{what}");
        }
        Elements::Variable(items) => {
            let found: Vec<&[u8]> = items.iter().map(|item| &item[..]).collect();
            assert_eq!(found, expected.collect::<Vec<_>>(), "{what}");
        }
    }
}

/// The library finds what the model has.
async fn check(file: &ArrayFile, model: &Model, what: &str) {
    assert_eq!(
        file.sequence(),
        model.layers[model.layers.len() - 1],
        "{what}"
    );
    assert_eq!(file.num_layers(), model.layers.len(), "{what}");
    let attributes = |found: Vec<(String, &array_format::AttributeValue)>| {
        found.into_iter().map(|(k, v)| (k, v.clone())).collect()
    };
    let found: model::Attributes = attributes(file.file_attributes().unwrap());
    assert_eq!(found, model.attributes, "{what}");
    let mut names: Vec<&str> = file.arrays().unwrap().iter().map(|m| &m.name[..]).collect();
    names.sort_unstable();
    assert_eq!(names, model.arrays.keys().collect::<Vec<_>>(), "{what}");
    for (name, array) in &model.arrays {
        let what = format!("{what}, array {name:?}");
        let meta = file.get_array(name).unwrap();
        assert_eq!(meta.dtype, array.element, "{what}");
        assert_eq!(meta.shape, array.shape, "{what}");
        assert_eq!(meta.chunk_shape, array.chunk, "{what}");
        assert_eq!(meta.dimension_names, array.dimensions, "{what}");
        assert_eq!(meta.fill_value, array.fill, "{what}");
        if let Some(pipeline) = &array.pipeline {
            assert_eq!(meta.pipeline.to_string(), *pipeline, "{what}");
        }
        let (shape, elements) = file.read_elements(name, vec![], vec![]).await.unwrap();
        assert_eq!(shape, array.shape, "{what}");
        assert_elements(array, &elements, &what);
        let found: model::Attributes = attributes(file.attributes(name).unwrap());
        assert_eq!(found, array.attributes, "{what}");
        let stats = file.array_stats(name).unwrap();
        let (valid, _, min, max) = array.stats();
        let total = array.cells.len() as u64;
        assert_eq!(
            (stats.row_count, stats.null_count),
            (total, total - valid),
            "{what}"
        );
        assert_eq!((&stats.min, &stats.max), (&min, &max), "{what}");
    }
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
        check(&built.file, &built.model, &format!("{name}, just built")).await;
        let base = format!("{name}.af");
        if !names.contains(&base) {
            missing.push(name);
            if writes {
                write(&built, name, &folder).await;
            }
            continue;
        }
        let at = Path::from(base.as_str());
        let file = ArrayFile::open(store.clone(), at, config(""))
            .await
            .unwrap();
        check(&file, &built.model, name).await;
        let dump = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        // Not `assert_eq!`: some are long.
        assert!(
            built.model.dump(&file).await == dump,
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
    for (object, bytes) in objects(&built, "inner_pages").await.into_iter().skip(1) {
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
