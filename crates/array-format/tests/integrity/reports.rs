//! What is reported of a damaged file, and what is saved of it.

use std::sync::Arc;

use array_format::ArrayFile;
use array_format::element::Elements;
use array_format::integrity::{Affected, Depth, Problem, Salvaged, Verified, VerifyOptions};
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;

use crate::file::{NAME, State, config, state};

pub async fn verify(file: &ArrayFile, depth: Depth) -> Verified {
    let mut options = VerifyOptions::default();
    options.depth = depth;
    file.verify(&options).await.unwrap()
}

pub async fn diagnose(store: &Arc<InMemory>, depth: Depth) -> Verified {
    let mut options = VerifyOptions::default();
    options.depth = depth;
    let (store, path) = (store.clone(), Path::from(NAME));
    let found = ArrayFile::diagnose(store, path, config(), &options).await;
    found.unwrap()
}

/// Whether a report says that this chunk is hit.
pub fn is_hit(problems: &[Problem], name: &str, at: &[u64]) -> bool {
    problems
        .iter()
        .flat_map(|p| &p.affects)
        .any(|affected| match affected {
            Affected::Chunk { array, chunk, .. } => array == name && chunk == at,
            Affected::Chunks { array, from, to } => {
                array == name
                    && from.as_ref().is_none_or(|from| at >= &from[..])
                    && to.as_ref().is_none_or(|to| at <= &to[..])
            }
            _ => false,
        })
}

pub async fn salvage(store: &Arc<InMemory>) -> (Salvaged, ArrayFile) {
    let target = Arc::new(InMemory::new());
    let path = Path::from("saved.af");
    let report = ArrayFile::salvage(
        store.clone(),
        Path::from(NAME),
        target.clone(),
        path.clone(),
        config(),
    )
    .await;
    let file = ArrayFile::open(target, path, config()).await.unwrap();
    let again = verify(&file, Depth::Full).await;
    assert!(again.is_whole(), "{:#?}", again.problems);
    (report.unwrap(), file)
}

/// The chunk of each element of an array, in C order.
fn chunks_of(shape: &[u64], chunk: &[u64]) -> Vec<Vec<u64>> {
    let n: u64 = shape.iter().product();
    (0..n)
        .map(|mut i| {
            let mut at = vec![0; shape.len()];
            for axis in (0..shape.len()).rev() {
                at[axis] = i % shape[axis] / chunk[axis];
                i /= shape[axis];
            }
            at
        })
        .collect()
}

fn element(elements: &Elements, i: usize) -> Vec<u8> {
    match elements {
        Elements::Fixed { width, bytes } => bytes[i * width..(i + 1) * width].to_vec(),
        Elements::Variable(items) => items[i].to_vec(),
    }
}

/// Panics unless all that differs from what there was is in the report.
pub async fn check_saved(report: &Salvaged, saved: &ArrayFile, expected: &State, what: &str) {
    let found = state(saved).await;
    assert_eq!(found.len() as u64, report.arrays + 1);
    let hits = || report.problems.iter().flat_map(|p| &p.affects);
    for (name, (attributes, elements)) in expected {
        let Some((found_attributes, found_elements)) = found.get(name) else {
            let named = hits().any(|affected| match affected {
                Affected::Names { from, to } => {
                    name >= from && to.as_ref().is_none_or(|to| name < to)
                }
                _ => false,
            });
            assert!(
                named,
                "{what}: {name:?} is gone without a word: {report:#?}"
            );
            continue;
        };
        let attributes_hit = hits().any(|affected| matches!(affected, Affected::Attributes { .. }));
        if !attributes_hit {
            assert_eq!(found_attributes, attributes, "{what}: {name:?}");
        }
        assert!(
            found_attributes.iter().all(|a| attributes.contains(a)),
            "{what}: made up"
        );
        let (Some(elements), Some(found)) = (elements, found_elements) else {
            continue;
        };
        let meta = saved.get_array(name).unwrap();
        let fill = Elements::filled(&meta.dtype, meta.fill_value.as_ref(), 1).unwrap();
        assert_eq!(found.len(), elements.len());
        for (i, chunk) in chunks_of(&meta.shape, &meta.chunk_shape).iter().enumerate() {
            let want = match is_hit(&report.problems, name, chunk) {
                true => element(&fill, 0),
                false => element(elements, i),
            };
            assert_eq!(element(found, i), want, "{what}: {name:?} element {i}");
        }
    }
    assert!(
        found.keys().all(|name| expected.contains_key(name)),
        "{what}: made up"
    );
}
