//! Bad input: every error says what, where, and what to do; and nothing is lost.

use std::sync::Arc;

use array_format::codec::{CodecId, CodecSpec, CompressionCodec, Filter};
use array_format::{
    ArrayFile, ArraySpec, AttributeValue, DType, Error, FileConfig, FillValue, Lz4Codec, Result,
};
use ndarray::{ArrayD, IxDyn};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

fn config() -> FileConfig<Lz4Codec> {
    FileConfig::new(Lz4Codec)
}

async fn file() -> ArrayFile {
    let mut file = ArrayFile::create_memory(config()).await.unwrap();
    let spec = ArraySpec::new(DType::Float32, [4, 6]);
    file.create_array("temp", spec).unwrap();
    file
}

/// The text of an error must contain all of these.
#[track_caller]
fn says<V: std::fmt::Debug>(result: Result<V>, words: &[&str]) {
    let text = result.unwrap_err().to_string();
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
}

fn zeros<T: Clone + Default>(shape: &[usize]) -> ArrayD<T> {
    ArrayD::from_elem(IxDyn(shape), T::default())
}

#[tokio::test]
async fn calls_that_do_not_fit_an_array() {
    let mut file = file().await;
    let read = file.read_array::<f32>("salt", vec![], vec![]).await;
    says(read, &["array not found", "salt"]);
    let read = file.read_array::<f64>("temp", vec![], vec![]).await;
    says(read, &["dtype mismatch", "Float32", "Float64"]);
    let read = file.read_array::<f32>("temp", vec![1], vec![]).await;
    says(read, &["start [1]", "rank 1", "rank 2", "[4, 6]"]);
    let written = file
        .write_array("temp", vec![2, 0], zeros::<f32>(&[3, 6]).view())
        .await;
    says(
        written,
        &["out of bounds", "start 2", "extent 3", "axis 0", "has 4"],
    );
    let written = file
        .write_array("temp", vec![usize::MAX, 0], zeros::<f32>(&[1, 1]).view())
        .await;
    says(written, &["out of bounds"]);
    let appended = file.append("temp", 0, zeros::<f32>(&[1, 5]).view()).await;
    says(appended, &["[1, 5]", "axis 0", "temp", "[4, 6]"]);
    let appended = file.append("temp", 7, zeros::<f32>(&[1, 6]).view()).await;
    says(appended, &["axis 7"]);
    says(
        file.resize("temp", vec![1]).await,
        &["rank 1", "rank 2", "temp"],
    );
    says(file.rename("salt", "x"), &["array not found", "salt"]);
    file.create_array("salt", ArraySpec::new(DType::Int8, []))
        .unwrap();
    says(
        file.rename("salt", "temp"),
        &["array already exists", "temp"],
    );
    says(file.delete("none"), &["array not found", "none"]);
    let all = file
        .read_array::<f32>("temp", vec![], vec![])
        .await
        .unwrap();
    assert!(
        all.iter().all(|&v| v == 0.0),
        "nothing of any call was applied"
    );
}

#[tokio::test]
async fn definitions_that_are_not_possible() {
    let mut file = file().await;
    let mut define = |spec: ArraySpec| file.create_array("x", spec);
    says(
        define(ArraySpec::new(DType::Int8, [u64::MAX, 2])),
        &["shape", "elements"],
    );
    says(
        define(ArraySpec::new(DType::Float64, [1 << 61])),
        &["8-byte elements"],
    );
    says(
        define(ArraySpec::new(DType::Int8, [1; 65])),
        &["rank is 65", "at most 64"],
    );
    says(
        define(ArraySpec::new(DType::Int8, [4]).chunks([0])),
        &["chunk shape [0]", "axis 0"],
    );
    says(
        define(ArraySpec::new(DType::Int8, [4]).chunks([2, 2])),
        &["rank 2", "rank 1"],
    );
    says(
        define(ArraySpec::new(DType::Int8, [4]).tile([8])),
        &["tile shape [8]", "[4]"],
    );
    says(
        define(ArraySpec::new(DType::UInt8, [4]).fill(FillValue::Int(300))),
        &["300", "UInt8"],
    );
    says(
        define(ArraySpec::new(DType::Int32, [4]).fill(FillValue::String("a".into()))),
        &["Int32"],
    );
    let shuffled = CodecSpec::lz4().with_filter(Filter::Shuffle);
    says(
        define(ArraySpec::new(DType::String, [4]).codec(shuffled)),
        &["shuffle", "String"],
    );
    says(
        define(ArraySpec::new(DType::Bool, [4]).codec(CodecSpec::pco())),
        &["pco", "Bool"],
    );
    says(
        define(ArraySpec::new(DType::Int8, [4]).codec(CodecSpec::zstd(99))),
        &["99"],
    );
    says(
        define(ArraySpec::new(DType::Int8, [4]).attribute("k".repeat(70_000), 1i8)),
        &["attribute key", "70000", "65535"],
    );
    let endless = DType::FixedSizeList {
        child: Box::new(DType::Float64),
        size: u32::MAX,
    };
    says(
        define(ArraySpec::new(endless, [1])),
        &["bytes of one element"],
    );
    says(
        file.create_array("", ArraySpec::new(DType::Int8, [1])),
        &["name", "empty"],
    );
    says(
        file.create_array("temp", ArraySpec::new(DType::Int8, [1])),
        &["array already exists", "temp"],
    );
    let huge = AttributeValue::Binary(vec![0; 40 << 20]);
    says(
        file.set_attribute("temp", "k", huge),
        &["attribute value", "at most"],
    );
    assert_eq!(file.list_arrays().len(), 1);
}

async fn open(store: &Arc<InMemory>, path: &str) -> Result<ArrayFile> {
    let store: Arc<dyn ObjectStore> = store.clone();
    ArrayFile::open(store, Path::from(path), config()).await
}

#[tokio::test]
async fn files_that_are_none_of_ours_or_too_new() {
    let store = Arc::new(InMemory::new());
    says(open(&store, "none.af").await, &["no file", "none.af"]);
    let put = async |bytes: Vec<u8>| {
        store.put(&Path::from("x.af"), bytes.into()).await.unwrap();
        open(&store, "x.af").await
    };
    says(
        put(b"CDF\x01 something else".to_vec()).await,
        &["x.af", "array_format"],
    );
    says(put(vec![]).await, &["x.af"]);
    let path = Path::from("y.af");
    ArrayFile::create(store.clone(), path.clone(), config())
        .await
        .unwrap();
    let good = store
        .get(&path)
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap()
        .to_vec();
    says(
        put(good[..good.len() - 9].to_vec()).await,
        &["x.af", "cut short"],
    );
    let mut newer = good.clone();
    let trailer = newer.len() - 64;
    newer[trailer + 48] = 2;
    let sum = array_format_core::wire::crc(&newer[trailer..trailer + 52]);
    newer[trailer + 52..trailer + 56].copy_from_slice(&sum.to_le_bytes());
    says(put(newer).await, &["version 2", "version 1", "release"]);
    let mut damaged = good;
    damaged[trailer + 3] ^= 4;
    says(
        put(damaged).await,
        &["corrupt", "x.af", "trailer", "checksum"],
    );
}

/// A codec that a reader does not have.
struct Own;

impl CompressionCodec for Own {
    fn id(&self) -> CodecId {
        CodecId::Named("own".into())
    }

    fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
        Ok(data.iter().map(|b| !b).collect())
    }

    fn decompress(&self, data: &[u8], _: usize) -> Result<Vec<u8>> {
        self.compress(data)
    }
}

#[tokio::test]
async fn an_unknown_codec_is_named_and_only_its_array_is_refused() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("own.af");
    let mut file = ArrayFile::create(store.clone(), path.clone(), FileConfig::new(Own))
        .await
        .unwrap();
    file.create_array("mine", ArraySpec::new(DType::Int8, [3]))
        .unwrap();
    let plain = ArraySpec::new(DType::Int8, [3]).codec(CodecSpec::none());
    file.create_array("plain", plain).unwrap();
    for name in ["mine", "plain"] {
        let values = zeros::<i8>(&[3]);
        file.write_array(name, vec![0], values.view())
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    let stranger = ArrayFile::open(store.clone(), path.clone(), config())
        .await
        .unwrap();
    let read = stranger.read_array::<i8>("mine", vec![], vec![]).await;
    assert!(matches!(&read, Err(Error::UnknownCodec { name }) if name == "own"));
    says(read, &["\"own\"", "register"]);
    stranger
        .read_array::<i8>("plain", vec![], vec![])
        .await
        .unwrap();
    let informed = config().with_codec(Arc::new(Own));
    let friend = ArrayFile::open(store, path, informed).await.unwrap();
    friend
        .read_array::<i8>("mine", vec![], vec![])
        .await
        .unwrap();
}

#[tokio::test]
async fn urls_and_paths() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data file.af");
    let url = format!("file://{}/data%20file.af", folder.path().display());
    let mut file = ArrayFile::create_path(&path, config()).await.unwrap();
    file.create_array("a", ArraySpec::new(DType::Int8, []))
        .unwrap();
    file.flush().await.unwrap();
    let by_url = ArrayFile::open_url(&url, [], config()).await.unwrap();
    assert_eq!(by_url.list_arrays().len(), 1);
    let text = path.to_str().unwrap();
    let by_path = ArrayFile::open_url(text, [], config()).await.unwrap();
    assert_eq!(by_path.num_layers(), 2);
    ArrayFile::create_url("memory:///x.af", [], config())
        .await
        .unwrap();

    let missing = folder.path().join("no folder/x.af");
    says(
        ArrayFile::open_path(&missing, config()).await,
        &["no folder"],
    );
    says(
        ArrayFile::open_url("ftp://host/x", [], config()).await,
        &["ftp://host/x"],
    );
    says(
        ArrayFile::open_url("://", [], config()).await,
        &["not a URL"],
    );
    says(
        ArrayFile::open_path(folder.path().join(".."), config()).await,
        &[".."],
    );
    if !cfg!(feature = "aws") {
        says(
            ArrayFile::open_url("s3://bucket/x", [], config()).await,
            &["s3", "feature"],
        );
    }
}

#[tokio::test]
async fn create_new_refuses_and_create_starts_afresh() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("x.af");
    let create = ArrayFile::create_new(store.clone(), path.clone(), config());
    let mut file = create.await.unwrap();
    file.create_array("a", ArraySpec::new(DType::Int8, []))
        .unwrap();
    file.flush().await.unwrap();
    let again = ArrayFile::create_new(store.clone(), path.clone(), config()).await;
    says(again, &["x.af", "exists", "open"]);
    assert_eq!(
        ArrayFile::open(store, path, config())
            .await
            .unwrap()
            .num_layers(),
        2
    );
}
