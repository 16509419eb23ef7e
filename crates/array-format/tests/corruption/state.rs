//! All that can be asked of a file.

use std::fmt::Debug;
use std::sync::Arc;

use array_format::array::ArrayMeta;
use array_format::element::Elements;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::{ArrayFile, AttributeValue, Error, FileConfig, NoCompression, Result};
use array_format_core::Place;

pub const NAME: &str = "seed.af";

pub type Attributes = Vec<(String, AttributeValue)>;

/// A file's whole content. Every part may be an error of its own.
#[derive(Debug)]
pub struct State {
    pub sequence: u64,
    pub attributes: Result<Attributes>,
    pub arrays: Result<Vec<ArrayState>>,
    pub history: Result<String>,
}

#[derive(Debug)]
pub struct ArrayState {
    pub meta: ArrayMeta,
    pub elements: Result<Elements>,
    pub chunks: Result<String>,
    pub attributes: Result<Attributes>,
    /// `None` where the call logs an error.
    pub stats: Option<String>,
    /// What stands for the error that was logged.
    lost: Option<Error>,
}

pub fn config() -> FileConfig<NoCompression> {
    // Nothing is cached: the next file has the same layer ids and other bytes.
    FileConfig {
        cache_capacity: 0,
        io_cache_capacity: 0,
        ..FileConfig::new(NoCompression)
    }
}

pub async fn create(store: &Arc<InMemory>) -> ArrayFile {
    let created = ArrayFile::create(store.clone(), Path::from(NAME), config()).await;
    created.unwrap()
}

fn owned(found: Result<Vec<(String, &AttributeValue)>>) -> Result<Attributes> {
    Ok(found?.into_iter().map(|(k, v)| (k, v.clone())).collect())
}

/// Opens a file and reads all of it.
pub async fn read(store: &Arc<InMemory>) -> Result<State> {
    let file = ArrayFile::open(store.clone(), Path::from(NAME), config()).await?;
    let arrays = match file.arrays() {
        Ok(metas) => {
            let mut arrays = Vec::new();
            for meta in metas {
                let name = &meta.name;
                let elements = file.read_elements(name, vec![], vec![]).await;
                let chunks = file.chunks(name).await;
                let stats = file.array_stats(name).map(|stats| format!("{stats:?}"));
                arrays.push(ArrayState {
                    lost: lost(&stats, name),
                    elements: elements.map(|(_, elements)| elements),
                    chunks: chunks.map(|chunks| format!("{chunks:?}")),
                    attributes: owned(file.attributes(name)),
                    stats,
                    meta: meta.clone(),
                });
            }
            Ok(arrays)
        }
        Err(error) => Err(error),
    };
    Ok(State {
        history: history(&file).await,
        sequence: file.sequence(),
        attributes: owned(file.file_attributes()),
        arrays,
    })
}

/// Every array of a file that was opened has statistics.
fn lost(stats: &Option<String>, array: &str) -> Option<Error> {
    let place = Place {
        array: Some(array.to_owned()),
        ..Place::default()
    };
    let error = Error::corrupt("statistics cannot be read").within(place);
    stats.is_none().then_some(error)
}

async fn history(file: &ArrayFile) -> Result<String> {
    let log = file.log().await?;
    // Damage may hide the object of an older state, which is another matter.
    Ok(format!("{log:?} {:?}", file.tags()?))
}

/// An error must say where; what is too new for this library is the whole file.
fn check_error(error: &Error) {
    let text = error.to_string();
    let places = [
        "layer ", ".af", "array \"", "root", "trailer", "codec", "version", "feature",
    ];
    assert!(
        places.iter().any(|place| text.contains(place)),
        "no place in: {text}"
    );
}

fn same<V: PartialEq + Debug>(found: &Result<V>, expected: &Result<V>) -> bool {
    match found {
        Ok(found) => {
            assert!(
                *found == *expected.as_ref().unwrap(),
                "read {found:?}, not {expected:?}"
            );
            true
        }
        Err(error) => {
            check_error(error);
            false
        }
    }
}

/// Panics unless each part is an error or what was expected; false if there was any error.
pub fn agrees(found: &Result<State>, expected: &State) -> bool {
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            check_error(error);
            return false;
        }
    };
    assert_eq!(found.sequence, expected.sequence);
    let mut whole = same(&found.attributes, &expected.attributes);
    whole &= same(&found.history, &expected.history);
    let arrays = match &found.arrays {
        Ok(arrays) => arrays,
        Err(error) => {
            check_error(error);
            return false;
        }
    };
    let expected = expected.arrays.as_ref().unwrap();
    assert_eq!(arrays.len(), expected.len(), "arrays");
    for (array, expected) in arrays.iter().zip(expected) {
        assert_eq!(array.meta, expected.meta);
        whole &= same(&array.elements, &expected.elements);
        whole &= same(&array.chunks, &expected.chunks);
        whole &= same(&array.attributes, &expected.attributes);
        match &array.stats {
            Some(stats) => assert_eq!(Some(stats), expected.stats.as_ref()),
            None => whole = false,
        }
    }
    whole
}

/// All errors; each must say where.
pub fn errors(found: &Result<State>) -> Vec<&Error> {
    let state = match found {
        Ok(state) => state,
        Err(error) => {
            check_error(error);
            return vec![error];
        }
    };
    let mut all = Vec::new();
    all.extend(state.attributes.as_ref().err());
    all.extend(state.arrays.as_ref().err());
    all.extend(state.history.as_ref().err());
    for array in state.arrays.iter().flatten() {
        all.extend(array.elements.as_ref().err());
        all.extend(array.chunks.as_ref().err());
        all.extend(array.attributes.as_ref().err());
        all.extend(array.lost.as_ref());
    }
    all.iter().for_each(|error| check_error(error));
    all
}
