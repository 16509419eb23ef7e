//! Short words for what every test does.

use std::sync::Arc;

use array_format::{
    ArrayElement, ArrayFile, ArrayStats, FileConfig, FillValue, MergedArrayMeta, Result, ZstdCodec,
};
use ndarray::{ArrayD, IxDyn};
use object_store::path::Path;
use object_store::{ObjectStore, local::LocalFileSystem};
use tempfile::TempDir;

#[path = "../support/store.rs"]
mod store;

pub type Store = Arc<dyn ObjectStore>;

/// A new, empty store: in memory, unless the environment names another.
pub fn new_store() -> Store {
    store::new_store()
}

pub fn config() -> FileConfig<ZstdCodec> {
    FileConfig::new(ZstdCodec::default())
}

/// Where a file lives: a store and a path.
#[derive(Clone)]
pub struct Place {
    pub store: Store,
    pub path: Path,
}

impl Place {
    pub fn new() -> Self {
        Self::at(new_store(), "folder/data.af")
    }

    pub fn at(store: Store, path: &str) -> Self {
        let path = Path::from(path);
        Self { store, path }
    }

    /// In a new folder of the local disk, which lives as long as the returned guard.
    pub fn local() -> (TempDir, Self) {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        let place = Self::at(Arc::new(store), "data.af");
        (folder, place)
    }

    pub async fn try_create(&self) -> Result<ArrayFile> {
        ArrayFile::create(self.store.clone(), self.path.clone(), config()).await
    }

    pub async fn create(&self) -> ArrayFile {
        self.try_create().await.unwrap()
    }

    pub async fn try_open(&self) -> Result<ArrayFile> {
        ArrayFile::open(self.store.clone(), self.path.clone(), config()).await
    }

    pub async fn open(&self) -> ArrayFile {
        self.try_open().await.unwrap()
    }

    /// Runs `check` on every state of a file: pending, flushed, reopened, compacted, reopened.
    pub async fn through_life(&self, mut file: ArrayFile, check: impl AsyncFn(&ArrayFile, &str)) {
        check(&file, "pending").await;
        file.flush().await.unwrap();
        check(&file, "flushed").await;
        let mut file = self.open().await;
        check(&file, "reopened").await;
        file.compact().await.unwrap();
        check(&file, "compacted").await;
        check(&self.open().await, "reopened after compaction").await;
    }
}

/// Defines an array without dimension names; an empty `chunk` is one chunk over the whole.
pub fn try_define<T: ArrayElement>(
    file: &mut ArrayFile,
    name: &str,
    shape: &[usize],
    chunk: &[usize],
    fill: Option<FillValue>,
) -> Result<()> {
    let chunk = (!chunk.is_empty()).then(|| chunk.to_vec());
    file.define_array::<T>(name, vec![], shape.to_vec(), chunk, fill)
}

pub fn define<T: ArrayElement>(
    file: &mut ArrayFile,
    name: &str,
    shape: &[usize],
    chunk: &[usize],
    fill: Option<FillValue>,
) {
    try_define::<T>(file, name, shape, chunk, fill).unwrap();
}

pub fn array<T>(shape: &[usize], values: impl Into<Vec<T>>) -> ArrayD<T> {
    ArrayD::from_shape_vec(IxDyn(shape), values.into()).unwrap()
}

pub async fn try_write<T: ArrayElement>(
    file: &mut ArrayFile,
    name: &str,
    start: &[usize],
    shape: &[usize],
    values: impl Into<Vec<T>>,
) -> Result<()> {
    let data = array(shape, values);
    file.write_array(name, start.to_vec(), data.view()).await
}

pub async fn write<T: ArrayElement>(
    file: &mut ArrayFile,
    name: &str,
    start: &[usize],
    shape: &[usize],
    values: impl Into<Vec<T>>,
) {
    try_write(file, name, start, shape, values).await.unwrap();
}

/// The values of a region in C order, once its shape has been looked at.
pub async fn region<T: ArrayElement>(
    file: &ArrayFile,
    name: &str,
    start: &[usize],
    shape: &[usize],
) -> Vec<T> {
    let read = file
        .read_array::<T>(name, start.to_vec(), shape.to_vec())
        .await
        .unwrap();
    if !shape.is_empty() {
        assert_eq!(read.shape(), shape, "shape of a region of {name}");
    }
    read.as_slice().expect("C order").to_vec()
}

pub async fn all<T: ArrayElement>(file: &ArrayFile, name: &str) -> Vec<T> {
    region(file, name, &[], &[]).await
}

pub fn meta(file: &ArrayFile, name: &str) -> MergedArrayMeta {
    file.list_arrays()
        .into_iter()
        .find(|a| a.name == name)
        .unwrap_or_else(|| panic!("{name} is not listed"))
}

pub fn names(file: &ArrayFile) -> Vec<String> {
    let mut names: Vec<_> = file.list_arrays().into_iter().map(|a| a.name).collect();
    names.sort();
    names
}

/// Extents as `u64`, whatever width the metadata have.
pub fn extents<T: Copy + Into<u64>>(values: &[T]) -> Vec<u64> {
    values.iter().map(|&v| v.into()).collect()
}

#[track_caller]
pub fn stats<'a>(file: &'a ArrayFile, name: &str) -> &'a ArrayStats {
    file.array_stats(name)
        .unwrap_or_else(|| panic!("no statistics of {name}"))
}

/// `assert_err!(result, pattern)`: the call failed, and in this way.
macro_rules! assert_err {
    ($result:expr, $pattern:pat) => {
        match $result {
            Ok(_) => panic!("succeeded where {} was due", stringify!($pattern)),
            Err(error) => assert!(
                matches!(&error, $pattern),
                "{} was due, got {error:?}",
                stringify!($pattern)
            ),
        }
    };
}
pub(crate) use assert_err;
