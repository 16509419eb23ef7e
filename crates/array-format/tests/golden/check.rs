//! The library finds what models have.

use std::sync::Arc;

use array_format::element::Elements;
use array_format::history::Kind;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStore, ObjectStoreExt};
use array_format::{ArrayFile, At, AttributeValue, Error};

use crate::model::{Array, Attributes, Model};
use crate::past::Past;
use crate::script::config;

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
pub async fn check(file: &ArrayFile, model: &Model, what: &str) {
    assert_eq!(
        file.sequence(),
        model.layers[model.layers.len() - 1],
        "{what}"
    );
    assert_eq!(file.num_layers(), model.layers.len(), "{what}");
    let attributes = |found: Vec<(String, &AttributeValue)>| {
        found.into_iter().map(|(k, v)| (k, v.clone())).collect()
    };
    let found: Attributes = attributes(file.file_attributes().unwrap());
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
        let found: Attributes = attributes(file.attributes(name).unwrap());
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

/// The library finds the history that the file must have: all commits, the tags, and every state
/// that is kept, by number and by tag.
pub async fn check_past(store: &Arc<InMemory>, path: &Path, past: &Past, what: &str) {
    let open = |at: At| {
        let store: Arc<dyn ObjectStore> = store.clone();
        ArrayFile::open_at(store, path.clone(), at, config(""))
    };
    let file = ArrayFile::open(store.clone(), path.clone(), config("")).await;
    let file = file.unwrap();
    check_log(&file, past, what).await;
    for (&sequence, state) in &past.states {
        let what = format!("{what}, commit {sequence}");
        match past.shown_by(sequence) {
            Some(shown) => {
                let older = open(sequence.into()).await.unwrap();
                check(&older, &past.states[&shown], &what).await;
                assert_eq!(state.arrays.len(), older.arrays().unwrap().len(), "{what}");
            }
            None => assert_expired(open(sequence.into()).await, &what),
        }
    }
    for (tag, sequence) in &past.tags {
        let older = open(tag.as_str().into()).await.unwrap();
        check(
            &older,
            &past.states[sequence],
            &format!("{what}, tag {tag:?}"),
        )
        .await;
    }
    for at in [(file.sequence() + 1).into(), "no such tag".into()] {
        let what = format!("{what}, {at}");
        let error = open(at).await.map(|_| ()).unwrap_err();
        assert!(
            matches!(error, Error::InvalidArgument(_)),
            "{what}: {error}"
        );
    }
}

async fn check_log(file: &ArrayFile, past: &Past, what: &str) {
    let log = file.log().await.unwrap();
    let found: Vec<(u64, String, Kind, bool, Vec<String>)> = log
        .into_iter()
        .rev()
        .map(|c| (c.sequence, c.message, c.kind, c.retained, c.tags))
        .collect();
    let expected: Vec<_> = past
        .commits
        .iter()
        .map(|(&n, made)| {
            let tags = past.tags.iter().filter(|&(_, &at)| at == n);
            let tags = tags.map(|(name, _)| name.clone()).collect();
            let retained = past.shown_by(n).is_some();
            (n, made.message.clone(), made.kind, retained, tags)
        })
        .collect();
    assert_eq!(found, expected, "{what}");
    let tags = file.tags().unwrap().into_iter();
    let tags: Vec<(String, u64)> = tags.map(|tag| (tag.name, tag.sequence)).collect();
    let expected: Vec<(String, u64)> = past.tags.clone().into_iter().collect();
    assert_eq!(tags, expected, "{what}");
}

fn assert_expired(found: array_format::Result<ArrayFile>, what: &str) {
    let error = found.map(|_| ()).unwrap_err();
    assert!(
        matches!(error, Error::SnapshotExpired { .. }),
        "{what}: {error}"
    );
}

/// The objects are those that the history leaves: layers that nothing gave up, and tombstones.
pub async fn check_objects(store: &InMemory, name: &str, past: &Past, what: &str) {
    for &sequence in past.commits.keys() {
        let what = format!("{what}, object {sequence}");
        let object = match sequence == past.base {
            true => format!("{name}.af"),
            false => format!("{name}.{sequence}.af"),
        };
        let found = match store.get(&Path::from(object)).await {
            Ok(found) => Some(found.bytes().await.unwrap()),
            Err(_) => None,
        };
        let leads_to = past.tombstones.get(&sequence);
        match (found, leads_to) {
            (None, None) => assert!(past.commits[&sequence].given_up, "{what}"),
            (None, Some(_)) => panic!("{what}: no tombstone"),
            (Some(found), None) => {
                assert!(found.len() > 128, "{what}");
                assert!(!past.commits[&sequence].given_up, "{what}");
            }
            (Some(found), Some(leads_to)) => {
                assert_eq!(found.len(), 80, "{what}");
                assert_eq!(found[64..72], leads_to.to_le_bytes(), "{what}");
            }
        }
    }
}
