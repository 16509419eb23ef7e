//! Errors, and what leads to them from outside.

use std::error::Error as _;

use array_format::{ArrayFile, DType, Error, FileConfig, NoCompression, Result};
use futures::TryStreamExt;
use object_store::{ObjectStoreExt, PutPayload};

use crate::support::*;

#[test]
fn errors_cross_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Error>();
    check::<Result<()>>();
    let _boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(Error::Codec("x".into()));
}

#[test]
fn texts() {
    let name = || "TEMP".to_owned();
    let text = |e: Error| e.to_string();
    assert_eq!(
        text(Error::ArrayNotFound { name: name() }),
        "array not found: TEMP"
    );
    assert_eq!(
        text(Error::ArrayAlreadyExists { name: name() }),
        "array already exists: TEMP"
    );
    for error in [
        Error::Serialization("why".into()),
        Error::InvalidFooter("why".into()),
        Error::Codec("why".into()),
        Error::Storage("why".into()),
    ] {
        assert!(error.to_string().contains("why"), "{error:?}");
    }
    let mismatch = text(Error::DTypeMismatch {
        expected: DType::Int8,
        actual: DType::Float64,
    });
    assert!(mismatch.contains("Int8") && mismatch.contains("Float64"));
}

#[test]
fn an_io_error_is_kept_as_the_source() {
    let error = Error::from(std::io::Error::other("disk on fire"));
    assert!(matches!(error, Error::Io(_)));
    assert!(error.to_string().contains("disk on fire"));
    assert!(error.source().is_some());
    fn asked() -> Result<()> {
        Err(std::io::Error::other("x"))?
    }
    assert!(asked().is_err());
}

#[test]
fn a_block_out_of_range_names_the_block() {
    let error = |block_id| Error::BlockOutOfRange { block_id };
    assert!(error(42).to_string().contains("42"));
}

#[tokio::test]
async fn an_unknown_array_is_named_in_the_text() {
    let file = Place::new().create().await;
    let error = file.read_array::<f32>("nope", vec![], vec![]).await;
    assert_eq!(error.unwrap_err().to_string(), "array not found: nope");
}

/// A small file of all that has a name or text in it, uncompressed.
async fn small(place: &Place) {
    let (store, path) = (place.store.clone(), place.path.clone());
    let config = FileConfig::new(NoCompression);
    let mut file = ArrayFile::create(store, path, config).await.unwrap();
    file.define_array::<String>("täxt", vec!["wörd".into()], vec![2], None, None)
        .unwrap();
    let words = ["Grüße".to_owned(), "四".to_owned()];
    write(&mut file, "täxt", &[0], &[2], words).await;
    let value = array_format::AttributeValue::String("ä".into());
    file.set_attribute("täxt", "ké", value).unwrap();
    file.compact().await.unwrap();
}

/// Everything that can be read of `small`, or the error on the way.
async fn read_all_of_small(place: &Place) -> Result<(Vec<String>, Vec<String>, Vec<String>)> {
    let file = place.try_open().await?;
    let read = file
        .read_array::<String>("täxt", vec![], vec![])
        .await?
        .iter()
        .cloned()
        .collect();
    let dims = meta(&file, "täxt").dimension_names;
    let value = file.get_attribute("täxt", "ké")?.map(|v| format!("{v:?}"));
    Ok((read, dims, value.into_iter().collect()))
}

async fn damaged_bytes_are_an_error(damage: impl Fn(u8) -> u8) {
    let place = Place::new();
    small(&place).await;
    let good = read_all_of_small(&place).await.unwrap();
    let objects: Vec<_> = place.store.list(None).try_collect().await.unwrap();
    for object in objects {
        let path = &object.location;
        let bytes = place.store.get(path).await.unwrap().bytes().await.unwrap();
        for at in 0..bytes.len() {
            let mut bad = bytes.to_vec();
            bad[at] = damage(bad[at]);
            if bad[at] == bytes[at] {
                continue;
            }
            place.store.put(path, PutPayload::from(bad)).await.unwrap();
            if let Ok(read) = read_all_of_small(&place).await {
                assert_eq!(read, good, "byte {at} of {path}");
            }
        }
        place.store.put(path, bytes.into()).await.unwrap();
    }
    assert_eq!(read_all_of_small(&place).await.unwrap(), good);
}

#[tokio::test]
async fn trap_strings_that_are_not_utf8_on_disk_are_an_error() {
    damaged_bytes_are_an_error(|_| 0xFF).await;
}

#[tokio::test]
async fn a_flipped_bit_is_an_error_or_changes_nothing() {
    for bit in 0..8 {
        damaged_bytes_are_an_error(|byte| byte ^ (1 << bit)).await;
    }
}

#[tokio::test]
async fn a_file_cut_short_is_an_error() {
    let place = Place::new();
    small(&place).await;
    let bytes = place.store.get(&place.path).await.unwrap();
    let bytes = bytes.bytes().await.unwrap();
    for len in 0..bytes.len() {
        let cut = PutPayload::from(bytes.slice(..len));
        place.store.put(&place.path, cut).await.unwrap();
        assert!(read_all_of_small(&place).await.is_err(), "{len} bytes");
    }
}
