//! Attributes.

use array_format::{ArrayFile, AttributeValue, Error};

use crate::support::*;

fn text(value: &str) -> AttributeValue {
    AttributeValue::String(value.into())
}

async fn file_with(place: &Place, arrays: &[&str]) -> ArrayFile {
    let mut file = place.create().await;
    for name in arrays {
        define::<u8>(&mut file, name, &[1], &[], None);
    }
    file
}

#[tokio::test]
async fn set_inserts_or_replaces_and_is_visible_at_once() {
    let place = Place::new();
    let mut file = file_with(&place, &["a"]).await;
    file.set_attribute("a", "units", text("K")).unwrap();
    assert_eq!(file.get_attribute("a", "units").unwrap(), Some(&text("K")));
    file.set_attribute("a", "units", text("m/s")).unwrap();
    place
        .through_life(file, async |file, stage| {
            let value = file.get_attribute("a", "units").unwrap();
            assert_eq!(
                value,
                Some(&AttributeValue::String("m/s".into())),
                "{stage}"
            );
        })
        .await;
}

#[tokio::test]
async fn a_replacement_may_have_another_kind_in_a_later_layer() {
    let place = Place::new();
    let mut file = file_with(&place, &["a"]).await;
    file.set_attribute("a", "k", text("one")).unwrap();
    file.flush().await.unwrap();
    file.set_attribute("a", "k", AttributeValue::Int64List(vec![1, 2]))
        .unwrap();
    place
        .through_life(file, async |file, stage| {
            let value = file.get_attribute("a", "k").unwrap();
            let expected = AttributeValue::Int64List(vec![1, 2]);
            assert_eq!(value, Some(&expected), "{stage}");
        })
        .await;
}

#[tokio::test]
async fn an_unknown_key_is_none_and_an_unknown_array_an_error() {
    let mut file = file_with(&Place::new(), &["a"]).await;
    assert_eq!(file.get_attribute("a", "k").unwrap(), None);
    assert_err!(
        file.get_attribute("b", "k"),
        Error::ArrayNotFound { name: _ }
    );
    let set = file.set_attribute("b", "k", text("v"));
    assert_err!(set, Error::ArrayNotFound { name: _ });
}

#[tokio::test]
async fn trap_attributes_set_in_different_layers_are_all_kept() {
    let place = Place::new();
    let mut file = file_with(&place, &["a", "b"]).await;
    for (array, key) in [("a", "one"), ("a", "two"), ("b", "one"), ("a", "three")] {
        file.set_attribute(array, key, text(key)).unwrap();
        file.flush().await.unwrap();
        file = place.open().await;
    }
    // A layer that changes data only, and one that changes another attribute.
    write(&mut file, "a", &[0], &[1], [1u8]).await;
    file.flush().await.unwrap();
    file.set_attribute("a", "two", text("zwei")).unwrap();
    place
        .through_life(file, async |file, stage| {
            for (array, key, value) in [
                ("a", "one", Some("one")),
                ("a", "two", Some("zwei")),
                ("a", "three", Some("three")),
                ("b", "one", Some("one")),
                ("b", "two", None),
            ] {
                let expected = value.map(text);
                let got = file.get_attribute(array, key).unwrap();
                assert_eq!(got, expected.as_ref(), "{array}.{key}, {stage}");
            }
        })
        .await;
}

#[tokio::test]
async fn trap_attributes_survive_writes_and_deletes_of_other_arrays() {
    let place = Place::new();
    let mut file = file_with(&place, &["a", "b", "c"]).await;
    file.set_attribute("c", "k", AttributeValue::Float32(1.5))
        .unwrap();
    file.flush().await.unwrap();
    file.delete("a").unwrap();
    file.flush().await.unwrap();
    write(&mut file, "b", &[0], &[1], [1u8]).await;
    place
        .through_life(file, async |file, stage| {
            let value = file.get_attribute("c", "k").unwrap();
            assert_eq!(value, Some(&AttributeValue::Float32(1.5)), "{stage}");
        })
        .await;
}

#[tokio::test]
async fn the_index_has_a_row_per_visible_array_pending_included() {
    let place = Place::new();
    let mut file = file_with(&place, &["a", "b", "gone"]).await;
    file.set_attribute("a", "units", text("K")).unwrap();
    file.set_attribute("gone", "units", text("Pa")).unwrap();
    file.flush().await.unwrap();
    define::<u8>(&mut file, "c", &[1], &[], None);
    file.set_attribute("c", "units", text("m")).unwrap();
    file.delete("gone").unwrap();
    place
        .through_life(file, async |file, stage| {
            let mut rows = file.attribute_index("units");
            rows.sort_by(|x, y| x.0.cmp(&y.0));
            let (k, m) = (text("K"), text("m"));
            let expected = [
                ("a".to_owned(), Some(&k)),
                ("b".to_owned(), None),
                ("c".to_owned(), Some(&m)),
            ];
            assert_eq!(rows, expected, "{stage}");
            let absent = file.attribute_index("nothing");
            assert_eq!(absent.len(), 3, "{stage}");
            assert!(absent.iter().all(|(_, value)| value.is_none()));
        })
        .await;
}

#[tokio::test]
async fn metadata_of_the_whole_file_are_by_custom_those_of_a_scalar() {
    let place = Place::new();
    let mut file = place.create().await;
    file.define_array::<u8>("__file__", vec![], vec![], None, None)
        .unwrap();
    file.set_attribute("__file__", "title", text("Levitus"))
        .unwrap();
    place
        .through_life(file, async |file, stage| {
            let title = file.get_attribute("__file__", "title").unwrap();
            assert_eq!(title, Some(&text("Levitus")), "{stage}");
        })
        .await;
}

/// One value of every kind, with what is easily lost.
fn every_kind() -> Vec<AttributeValue> {
    use AttributeValue::*;
    vec![
        Bool(true),
        Int8(i8::MIN),
        Int16(i16::MIN),
        Int32(i32::MIN),
        Int64(i64::MIN),
        UInt8(u8::MAX),
        UInt16(u16::MAX),
        UInt32(u32::MAX),
        UInt64(u64::MAX),
        Float32(-0.0),
        Float32(f32::from_bits(0x7FC0_1234)),
        Float64(f64::NAN),
        Float64(f64::NEG_INFINITY),
        String("".into()),
        String("naïve 四 🌊\n\0".into()),
        String("long ".repeat(50_000)),
        Binary(vec![]),
        Binary(vec![0, 0xFF, 0xFE]),
        BoolList(vec![true, false]),
        Int8List(vec![-1]),
        Int16List(vec![i16::MAX, 0]),
        Int32List(vec![]),
        Int64List(vec![i64::MAX; 1000]),
        UInt8List(vec![1, 2, 3]),
        UInt16List(vec![u16::MAX]),
        UInt32List(vec![u32::MAX]),
        UInt64List(vec![u64::MAX]),
        Float32List(vec![1.5, f32::NAN]),
        Float64List(vec![0.0, -0.0]),
        StringList(vec![]),
        StringList(vec!["".into(), "ü".into()]),
        BinaryList(vec![vec![], vec![0xFF]]),
    ]
}

#[tokio::test]
async fn every_kind_of_value_comes_back() {
    let place = Place::new();
    let mut file = file_with(&place, &["a"]).await;
    for (n, value) in every_kind().into_iter().enumerate() {
        file.set_attribute("a", &format!("k{n}"), value).unwrap();
    }
    place
        .through_life(file, async |file, stage| {
            for (n, value) in every_kind().into_iter().enumerate() {
                let key = format!("k{n}");
                let got = file.get_attribute("a", &key).unwrap();
                assert_eq!(got, Some(&value), "{key}, {stage}");
            }
        })
        .await;
}

#[tokio::test]
async fn keys_may_be_unicode_and_empty() {
    let place = Place::new();
    let mut file = file_with(&place, &["a"]).await;
    for key in ["", "単位", "long_name", "a.b/c d"] {
        file.set_attribute("a", key, text(key)).unwrap();
    }
    place
        .through_life(file, async |file, stage| {
            for key in ["", "単位", "long_name", "a.b/c d"] {
                let got = file.get_attribute("a", key).unwrap();
                assert_eq!(got, Some(&text(key)), "{key:?}, {stage}");
            }
        })
        .await;
}

/// As many arrays with as many keys, each value another one.
async fn distinct_values(arrays: usize, keys: usize) {
    let place = Place::new();
    let mut file = place.create().await;
    let value = |a: usize, k: usize| AttributeValue::Int64((a * keys + k) as i64);
    for a in 0..arrays {
        let name = format!("a{a}");
        define::<u8>(&mut file, &name, &[], &[], None);
        for k in 0..keys {
            file.set_attribute(&name, &format!("k{k}"), value(a, k))
                .unwrap();
        }
    }
    place
        .through_life(file, async |file, stage| {
            for a in [0, arrays / 2, arrays - 1] {
                for k in [0, keys / 2, keys - 1] {
                    let got = file.get_attribute(&format!("a{a}"), &format!("k{k}"));
                    assert_eq!(got.unwrap(), Some(&value(a, k)), "{stage}");
                }
            }
        })
        .await;
}

#[tokio::test]
async fn trap_more_distinct_values_than_16_bits_can_count() {
    distinct_values(700, 100).await;
}

#[tokio::test]
async fn trap_more_distinct_values_of_one_key_than_16_bits_can_count() {
    distinct_values(70_000, 1).await;
}

#[tokio::test]
async fn trap_more_keys_than_16_bits_can_count() {
    distinct_values(1, 70_000).await;
}

#[tokio::test]
async fn trap_millions_of_distinct_values() {
    distinct_values(20_000, 100).await;
}
