//! The sound file that cases change.

use std::sync::Arc;

use array_format::codec::CodecSpec;
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStore, ObjectStoreExt};
use array_format::{ArrayFile, ArraySpec, DType, FillValue};
use futures::TryStreamExt;

use super::put;
use crate::state::{NAME, State, create, read};

/// The name of a layer that the file does not list.
pub const UNLISTED: &str = "seed.2.af";

const MERGED: &str = "seed.5.af";

/// A base object that holds all pages, and the objects of its past.
///
/// Array `a`: i32 of shape 4 × 4 in chunks of 2 × 4 and tiles of 2 × 2; array `b`: 2 strings; array
/// `c`: 8 bytes; attribute `k` of `a`, `b` and the file. Commits 1 and 2, a restore of 1 as 3, a
/// merge of all as 4. Tags `now` of 4 and `old` of 1.
pub struct Sound {
    pub base: Vec<u8>,
    past: Vec<(Path, Vec<u8>)>,
    pub state: State,
}

impl Sound {
    pub async fn new() -> Self {
        let store = Arc::new(InMemory::new());
        let mut file = create(&store).await;
        fill(&mut file).await;
        file.flush().await.unwrap();
        file.tag("old", 1).await.unwrap();
        file.set_file_attribute("k", 3i32.into()).unwrap();
        file.flush().await.unwrap();
        file.restore(1).await.unwrap();
        file.tag("old", 1).await.unwrap();
        file.tag("now", 1).await.unwrap();
        file.compact().await.unwrap();
        let mut past = Vec::new();
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        for object in listed {
            let got = store.get(&object.location).await.unwrap();
            past.push((object.location, got.bytes().await.unwrap().to_vec()));
        }
        // What `old` needs keeps the merged layer out of the base's place; here it is put there.
        past.retain(|(path, _)| path.as_ref() != NAME);
        let at = past.iter().position(|(path, _)| path.as_ref() == MERGED);
        let (_, base) = past.remove(at.unwrap());
        put(&store, NAME, base.clone()).await;
        store.delete(&Path::from(MERGED)).await.unwrap();
        let state = read(&store).await.unwrap();
        Self { base, past, state }
    }

    /// A store with this file.
    pub async fn store(&self) -> Arc<InMemory> {
        let store = Arc::new(InMemory::new());
        for (path, object) in &self.past {
            put(&store, path.as_ref(), object.clone()).await;
        }
        put(&store, NAME, self.base.clone()).await;
        store
    }
}

async fn fill(file: &mut ArrayFile) {
    let a = ArraySpec::new(DType::Int32, [4, 4])
        .chunks([2, 4])
        .tile([2, 2]);
    let a = a.fill(FillValue::Int(-1)).attribute("k", 1i32);
    file.create_array("a", a).unwrap();
    let data = ArrayD::from_shape_vec(IxDyn(&[4, 4]), (0..16).collect::<Vec<i32>>()).unwrap();
    let written = file.write_array("a", vec![0, 0], data.view()).await;
    written.unwrap();
    let b = ArraySpec::new(DType::String, [2]).codec(CodecSpec::zstd(1));
    file.create_array("b", b.attribute("k", "text")).unwrap();
    let data = ArrayD::from_shape_vec(IxDyn(&[2]), vec!["x".to_owned(), "yy".into()]).unwrap();
    file.write_array("b", vec![0], data.view()).await.unwrap();
    file.create_array("c", ArraySpec::new(DType::UInt8, [8]))
        .unwrap();
    let data = ArrayD::from_shape_vec(IxDyn(&[8]), vec![7u8; 8]).unwrap();
    file.write_array("c", vec![0], data.view()).await.unwrap();
    file.set_file_attribute("k", 2i32.into()).unwrap();
}
