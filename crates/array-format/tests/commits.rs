//! Commits and compactions when something goes wrong half-way.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use array_format::{ArrayFile, AttributeValue, Error, FileConfig, Lz4Codec, Result};
use async_trait::async_trait;
use futures::stream::BoxStream;
use ndarray::{ArrayD, IxDyn};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

#[path = "support/store.rs"]
mod store;

/// A store whose puts lose their answer, or whose calls fail from the k-th on.
#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn ObjectStore>,
    lose_answers: AtomicBool,
    /// Calls that still work; `usize::MAX` for all.
    left: AtomicUsize,
}

impl Faulty {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: store::new_store(),
            lose_answers: AtomicBool::new(false),
            left: AtomicUsize::new(usize::MAX),
        })
    }

    fn call(&self) -> object_store::Result<()> {
        let left = self.left.load(SeqCst);
        if left == 0 {
            return Err(broken());
        }
        if left != usize::MAX {
            self.left.store(left - 1, SeqCst);
        }
        Ok(())
    }
}

fn broken() -> object_store::Error {
    object_store::Error::Generic {
        store: "Faulty",
        source: "the connection was reset".into(),
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.call()?;
        // So that a caller can be dropped before and after the work is done.
        tokio::task::yield_now().await;
        let result = self.inner.put_opts(path, payload, options).await;
        tokio::task::yield_now().await;
        if self.lose_answers.load(SeqCst) {
            return Err(broken());
        }
        result
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.call()?;
        tokio::task::yield_now().await;
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.call()?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

fn path() -> Path {
    Path::from("run.af")
}

fn sidecar(n: u64) -> Path {
    Path::from(format!("run.{n}.af"))
}

async fn create(store: &Arc<Faulty>) -> ArrayFile {
    let config = FileConfig::new(Lz4Codec);
    ArrayFile::create(store.clone(), path(), config)
        .await
        .unwrap()
}

async fn open(store: &Arc<Faulty>) -> Result<ArrayFile> {
    ArrayFile::open(store.clone(), path(), FileConfig::new(Lz4Codec)).await
}

/// Defines `a` with eight chunks of one element.
fn define(file: &mut ArrayFile) {
    let (shape, chunks) = (vec![8], Some(vec![1]));
    file.define_array::<i32>("a", vec![], shape, chunks, None)
        .unwrap();
}

async fn write(file: &mut ArrayFile, at: usize, value: i32) {
    let data = ArrayD::from_elem(IxDyn(&[1]), value);
    file.write_array("a", vec![at], data.view()).await.unwrap();
}

async fn values(file: &ArrayFile) -> Vec<i32> {
    file.read_array("a", vec![], vec![])
        .await
        .unwrap()
        .iter()
        .copied()
        .collect()
}

/// A file with `a` = [1, 2, 0, …] in two sidecars.
async fn two_layers(store: &Arc<Faulty>) -> ArrayFile {
    let mut file = create(store).await;
    define(&mut file);
    write(&mut file, 0, 1).await;
    file.flush().await.unwrap();
    write(&mut file, 1, 2).await;
    file.flush().await.unwrap();
    file
}

async fn bytes_of(store: &Arc<Faulty>, path: &Path) -> bytes::Bytes {
    store.inner.get(path).await.unwrap().bytes().await.unwrap()
}

#[tokio::test]
async fn a_lost_answer_is_recognised_by_the_layer_id() {
    let store = Faulty::new();
    let mut file = two_layers(&store).await;
    write(&mut file, 2, 3).await;
    store.lose_answers.store(true, SeqCst);
    file.flush().await.unwrap();
    assert_eq!(file.num_layers(), 4);
    write(&mut file, 3, 4).await;
    file.compact().await.unwrap_or_else(|error| {
        // The promotion's answer is lost too: the base may be either, and both are whole.
        assert!(matches!(error, Error::Store { .. }), "{error}");
    });
    store.lose_answers.store(false, SeqCst);
    let reader = open(&store).await.unwrap();
    assert_eq!(values(&reader).await[..4], [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_flush_that_is_given_up_anywhere_can_be_repeated() {
    for polls in 0..40 {
        let store = Faulty::new();
        let mut file = two_layers(&store).await;
        write(&mut file, 2, 3).await;
        file.set_attribute("a", "k", true.into()).unwrap();
        let ended = {
            let mut flush = Box::pin(file.flush());
            let mut ended = false;
            for _ in 0..polls {
                if futures::poll!(flush.as_mut()).is_ready() {
                    ended = true;
                    break;
                }
                tokio::task::yield_now().await;
            }
            ended
        };
        assert_eq!(
            values(&file).await[..3],
            [1, 2, 3],
            "given up after {polls} polls"
        );
        file.flush().await.unwrap();
        assert!(!file.has_pending());
        assert_eq!(
            file.num_layers(),
            4,
            "given up after {polls} polls: committed once"
        );
        let reader = open(&store).await.unwrap();
        assert_eq!(values(&reader).await[..3], [1, 2, 3]);
        assert_eq!(
            reader.get_attribute("a", "k").unwrap(),
            Some(&AttributeValue::Bool(true))
        );
        if ended {
            return;
        }
    }
    panic!("a flush needs more polls than that");
}

#[tokio::test]
async fn a_store_that_fails_at_any_call_loses_nothing() {
    for calls in 0.. {
        let store = Faulty::new();
        let mut file = two_layers(&store).await;
        write(&mut file, 2, 3).await;
        store.left.store(calls, SeqCst);
        let compacted = file.compact().await;
        store.left.store(usize::MAX, SeqCst);
        let reader = open(&store).await.unwrap();
        let seen = values(&reader).await;
        assert!(
            seen[..2] == [1, 2] && (seen[2] == 0 || seen[2] == 3),
            "{calls}: {seen:?}"
        );
        if compacted.is_ok() {
            assert_eq!((seen[2], reader.num_layers()), (3, 1));
            assert!(calls > 4, "it needs calls to fail");
            return;
        }
        // The same handle goes on where it stood.
        file.compact().await.unwrap();
        assert_eq!(
            values(&file).await[..3],
            [1, 2, 3],
            "failed at call {calls}"
        );
        let reader = open(&store).await.unwrap();
        assert_eq!(
            values(&reader).await[..3],
            [1, 2, 3],
            "failed at call {calls}"
        );
    }
}

#[tokio::test]
async fn numbers_of_foreign_layers_are_stepped_over_and_left_alone() {
    let store = Faulty::new();
    let other = Faulty::new();
    two_layers(&other).await;
    let foreign = bytes_of(&other, &sidecar(2)).await;
    let mut file = create(&store).await;
    store
        .inner
        .put(&sidecar(1), foreign.clone().into())
        .await
        .unwrap();
    store
        .inner
        .put(&sidecar(2), b"not a layer".to_vec().into())
        .await
        .unwrap();
    define(&mut file);
    write(&mut file, 0, 1).await;
    file.flush().await.unwrap();
    assert_eq!(file.sequence(), 3);
    let reader = open(&store).await.unwrap();
    assert_eq!((values(&reader).await[0], reader.num_layers()), (1, 2));
    file.compact().await.unwrap();
    assert_eq!(bytes_of(&store, &sidecar(1)).await, foreign);
    assert!(store.inner.head(&sidecar(2)).await.is_ok());
    assert!(store.inner.head(&sidecar(3)).await.is_err());
    assert_eq!(values(&open(&store).await.unwrap()).await[0], 1);
}

#[tokio::test]
async fn a_torn_newest_layer_is_passed_over_and_its_number_is_used_up() {
    let store = Faulty::new();
    let mut file = two_layers(&store).await;
    write(&mut file, 2, 3).await;
    file.flush().await.unwrap();
    let whole = bytes_of(&store, &sidecar(3)).await;
    for length in [0, 1, 63, 64, 100, whole.len() - 1] {
        store
            .inner
            .put(&sidecar(3), whole.slice(..length).into())
            .await
            .unwrap();
        let mut file = open(&store).await.unwrap();
        assert_eq!(values(&file).await[..3], [1, 2, 0], "cut at {length}");
        assert_eq!(
            file.torn_layers(),
            if length < 64 { &[][..] } else { &[3][..] }
        );
        write(&mut file, 2, 9).await;
        file.flush().await.unwrap();
        assert_eq!(file.sequence(), 4);
        let reader = open(&store).await.unwrap();
        assert_eq!(values(&reader).await[..3], [1, 2, 9], "cut at {length}");
        store.inner.delete(&sidecar(4)).await.unwrap();
    }
}

#[tokio::test]
async fn a_merged_layer_that_was_never_promoted_is_the_file() {
    let store = Faulty::new();
    let mut file = two_layers(&store).await;
    let base = bytes_of(&store, &path()).await;
    let sidecars = [
        bytes_of(&store, &sidecar(1)).await,
        bytes_of(&store, &sidecar(2)).await,
    ];
    file.compact().await.unwrap();
    let merged = bytes_of(&store, &path()).await;
    // As if the process had ended between creating the merged layer and promoting it.
    store.inner.put(&path(), base.into()).await.unwrap();
    for (n, bytes) in (1..).zip(sidecars) {
        store.inner.put(&sidecar(n), bytes.into()).await.unwrap();
    }
    store.inner.put(&sidecar(3), merged.into()).await.unwrap();
    let mut file = open(&store).await.unwrap();
    assert_eq!((file.num_layers(), file.sequence()), (1, 3));
    assert_eq!(values(&file).await[..2], [1, 2]);
    write(&mut file, 2, 3).await;
    file.flush().await.unwrap();
    let mut file = open(&store).await.unwrap();
    assert_eq!((file.num_layers(), values(&file).await[2]), (2, 3));
    file.compact().await.unwrap();
    let file = open(&store).await.unwrap();
    assert_eq!((file.num_layers(), values(&file).await[2]), (1, 3));
}

#[tokio::test]
async fn a_freed_number_never_counts_as_a_commit() {
    let store = Faulty::new();
    let mut old = two_layers(&store).await;
    let mut other = open(&store).await.unwrap();
    write(&mut old, 5, 55).await;
    write(&mut other, 6, 66).await;
    other.compact().await.unwrap();
    // The old handle's next number is free again; its layer must follow the new base.
    match old.flush().await {
        Ok(()) => {}
        Err(Error::Conflict { .. } | Error::SnapshotExpired { .. }) => assert!(old.has_pending()),
        Err(error) => panic!("{error}"),
    }
    let seen = values(&open(&store).await.unwrap()).await;
    assert_eq!((seen[0], seen[1], seen[6]), (1, 2, 66));
    assert_eq!(seen[5], if old.has_pending() { 0 } else { 55 });
}

#[tokio::test]
async fn an_expired_reader_gets_an_error_and_refreshes() {
    let store = Faulty::new();
    let mut writer = two_layers(&store).await;
    let config = FileConfig {
        cache_capacity: 0,
        io_cache_capacity: 0,
        ..FileConfig::new(Lz4Codec)
    };
    let mut reader = ArrayFile::open(store.clone(), path(), config)
        .await
        .unwrap();
    write(&mut writer, 1, 7).await;
    writer.compact().await.unwrap();
    let read = reader.read_array::<i32>("a", vec![], vec![]).await;
    assert!(
        matches!(read, Err(Error::SnapshotExpired { .. })),
        "{read:?}"
    );
    reader.refresh().await.unwrap();
    assert_eq!(values(&reader).await[..2], [1, 7]);
}

#[tokio::test]
async fn disjoint_changes_of_two_handles_follow_each_other() {
    let store = Faulty::new();
    let mut one = two_layers(&store).await;
    let mut two = open(&store).await.unwrap();
    write(&mut one, 3, 33).await;
    one.define_array::<u8>("of one", vec![], vec![1], None, None)
        .unwrap();
    write(&mut two, 4, 44).await;
    two.define_array::<u8>("of two", vec![], vec![2], None, None)
        .unwrap();
    two.set_attribute("of two", "k", 5i32.into()).unwrap();
    two.set_file_attribute("title", "both".into()).unwrap();
    one.flush().await.unwrap();
    two.flush().await.unwrap();
    let reader = open(&store).await.unwrap();
    let seen = values(&reader).await;
    assert_eq!((seen[3], seen[4]), (33, 44));
    assert_eq!(reader.get_array("of one").unwrap().shape, [1]);
    assert_eq!(reader.get_array("of two").unwrap().shape, [2]);
    assert_eq!(
        reader.get_attribute("of two", "k").unwrap(),
        Some(&AttributeValue::Int32(5))
    );
    assert_eq!(reader.get_attribute("of one", "k").unwrap(), None);
    assert_eq!(
        reader.file_attribute("title").unwrap(),
        Some(&AttributeValue::from("both"))
    );
}

#[tokio::test]
async fn changes_that_meet_are_a_conflict_that_keeps_pending() {
    let store = Faulty::new();
    let mut one = two_layers(&store).await;
    let mut two = open(&store).await.unwrap();
    write(&mut one, 3, 33).await;
    write(&mut two, 3, 44).await;
    one.flush().await.unwrap();
    let error = two.flush().await.unwrap_err();
    let Error::Conflict { what, layer } = &error else {
        panic!("{error}");
    };
    assert!(what.contains("\"a\"") && what.contains("[3]"), "{what}");
    assert_eq!(*layer, 3);
    assert!(two.has_pending());
    assert_eq!(values(&two).await[3], 44);
    assert_eq!(values(&open(&store).await.unwrap()).await[3], 33);
}

/// A flush that reaches the store without the handle learning of it.
async fn doubted_flush(store: &Arc<Faulty>, file: &mut ArrayFile) {
    store.lose_answers.store(true, SeqCst);
    store.left.store(1, SeqCst);
    assert!(file.flush().await.is_err());
    assert!(file.has_pending());
    store.lose_answers.store(false, SeqCst);
    store.left.store(usize::MAX, SeqCst);
}

#[tokio::test]
async fn what_changes_after_a_doubted_flush_is_not_lost_and_nothing_comes_back() {
    let store = Faulty::new();
    let mut file = two_layers(&store).await;
    for name in ["deleted", "renamed", "kept"] {
        let shape = (vec![1], None);
        file.define_array::<u8>(name, vec![], shape.0, shape.1, None)
            .unwrap();
        let data = ArrayD::from_elem(IxDyn(&[1]), 7u8);
        file.write_array(name, vec![0], data.view()).await.unwrap();
    }
    doubted_flush(&store, &mut file).await;
    file.delete("deleted").unwrap();
    file.rename("renamed", "new name").unwrap();
    write(&mut file, 4, 5).await;
    file.flush().await.unwrap();
    let mut reader = open(&store).await.unwrap();
    let names: Vec<String> = reader.list_arrays().into_iter().map(|m| m.name).collect();
    assert_eq!(names, ["a", "new name", "kept"]);
    assert_eq!(values(&reader).await[4], 5);
    reader.delete("new name").unwrap();
    reader.flush().await.unwrap();
    let kept = reader
        .read_array::<u8>("kept", vec![], vec![])
        .await
        .unwrap();
    assert_eq!(kept[[0]], 7);
}

#[tokio::test]
async fn a_doubted_flush_on_a_base_that_was_replaced_is_not_taken_for_done() {
    let store = Faulty::new();
    let mut file = two_layers(&store).await;
    let mut other = open(&store).await.unwrap();
    other.compact().await.unwrap();
    // The number is free again, so the put succeeds; but its layer can never count.
    write(&mut file, 5, 55).await;
    doubted_flush(&store, &mut file).await;
    match file.flush().await {
        Ok(()) => assert_eq!(values(&open(&store).await.unwrap()).await[5], 55),
        Err(Error::Conflict { .. } | Error::SnapshotExpired { .. }) => assert!(file.has_pending()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_reader_of_a_merged_layer_follows_it_into_the_bases_place() {
    let store = Faulty::new();
    let mut file = two_layers(&store).await;
    let base = bytes_of(&store, &path()).await;
    file.compact().await.unwrap();
    let merged = bytes_of(&store, &path()).await;
    store.inner.put(&path(), base.into()).await.unwrap();
    store
        .inner
        .put(&sidecar(3), merged.clone().into())
        .await
        .unwrap();
    let config = FileConfig {
        cache_capacity: 0,
        ..FileConfig::new(Lz4Codec)
    };
    let mut reader = ArrayFile::open(store.clone(), path(), config)
        .await
        .unwrap();
    assert_eq!(reader.sequence(), 3);
    store.inner.put(&path(), merged.into()).await.unwrap();
    store.inner.delete(&sidecar(3)).await.unwrap();
    let read = reader.read_array::<i32>("a", vec![], vec![]).await;
    assert!(
        matches!(read, Err(Error::SnapshotExpired { .. })),
        "{read:?}"
    );
    reader.refresh().await.unwrap();
    assert_eq!(values(&reader).await[..2], [1, 2]);
}
