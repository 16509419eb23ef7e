//! Sequences of calls, against a map from names to vectors.

use std::collections::BTreeMap;
use std::sync::Arc;

use array_format::codec::{CodecSpec, Filter};
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::{
    ArrayFile, ArraySpec, AttributeValue, DType, FileConfig, FillValue, NoCompression,
};
use futures::executor::block_on;

use crate::cursor::Cursor;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const FILL: i32 = -7;
/// Calls of one input.
const MOST: usize = 64;

#[derive(Debug, Clone, Default, PartialEq)]
struct Expected {
    values: Vec<i32>,
    attributes: BTreeMap<String, i64>,
}

type Model = BTreeMap<&'static str, Expected>;

pub fn run(data: &[u8]) {
    block_on(play(Cursor(data)));
}

fn config() -> FileConfig<NoCompression> {
    FileConfig {
        cache_capacity: 1 << 16,
        io_cache_capacity: 1 << 16,
        ..FileConfig::new(NoCompression)
    }
}

async fn play(mut cursor: Cursor<'_>) {
    let store = Arc::new(InMemory::new());
    let path = || Path::from("fuzz.af");
    let file = ArrayFile::create(store.clone(), path(), config()).await;
    let mut file = file.expect("create");
    let mut model = Model::new();
    let mut durable = Model::new();
    for _ in 0..MOST {
        if cursor.0.is_empty() {
            break;
        }
        match cursor.below(12) {
            0 => {
                file.flush().await.expect("flush");
                durable = model.clone();
            }
            1 => {
                file.compact().await.expect("compact");
                durable = model.clone();
            }
            2 => {
                let opened = ArrayFile::open(store.clone(), path(), config()).await;
                file = opened.expect("open");
                model = durable.clone();
            }
            3 => check(&file, &model).await,
            call => change(&mut file, &mut model, call, &mut cursor).await,
        }
    }
    check(&file, &model).await;
    file.flush().await.expect("flush");
    let opened = ArrayFile::open(store, path(), config())
        .await
        .expect("open");
    check(&opened, &model).await;
}

fn array(values: &[i32]) -> ArrayD<i32> {
    ArrayD::from_shape_vec(IxDyn(&[values.len()]), values.to_vec()).expect("one axis")
}

async fn change(file: &mut ArrayFile, model: &mut Model, call: usize, cursor: &mut Cursor<'_>) {
    let name = NAMES[cursor.below(NAMES.len())];
    let Some(expected) = model.get_mut(name) else {
        define(file, model, name, cursor);
        return;
    };
    let n = expected.values.len();
    match call {
        4 => {
            file.delete(name).expect("delete");
            model.remove(name);
        }
        5 => {
            let to = NAMES[cursor.below(NAMES.len())];
            let free = to == name || !model.contains_key(to);
            assert_eq!(file.rename(name, to).is_ok(), free);
            if free {
                let moved = model.remove(name).expect("it is there");
                model.insert(to, moved);
            }
        }
        6 => {
            let n = cursor.below(40);
            file.resize(name, vec![n]).await.expect("resize");
            expected.values.resize(n, FILL);
        }
        7 => {
            let values: Vec<i32> = (0..cursor.below(9)).map(|i| i as i32).collect();
            let appended = file.append(name, 0, array(&values).view()).await;
            appended.expect("append");
            expected.values.extend(values);
        }
        8 => {
            let value = i64::from(cursor.byte());
            let key = format!("k{}", cursor.below(3));
            let set = file.set_attribute(name, &key, AttributeValue::Int64(value));
            set.expect("set");
            expected.attributes.insert(key, value);
        }
        9 => {
            let key = format!("k{}", cursor.below(3));
            let removed = file.remove_attribute(name, &key).expect("remove");
            assert_eq!(removed, expected.attributes.remove(&key).is_some());
        }
        _ => {
            let from = cursor.below(n + 1);
            let length = cursor.below(n - from + 1);
            let value = i32::from(cursor.byte());
            let values: Vec<i32> = (0..length as i32).map(|i| value + i).collect();
            let written = file
                .write_array(name, vec![from], array(&values).view())
                .await;
            written.expect("write");
            expected.values[from..from + length].copy_from_slice(&values);
        }
    }
}

fn define(file: &mut ArrayFile, model: &mut Model, name: &'static str, cursor: &mut Cursor<'_>) {
    let n = cursor.below(40);
    let chunk = 1 + cursor.below(12);
    let tile = 1 + cursor.below(chunk);
    let codec = match cursor.below(6) {
        0 => CodecSpec::none(),
        1 => CodecSpec::lz4(),
        2 => CodecSpec::zstd(1).with_filter(Filter::Shuffle),
        3 => CodecSpec::lz4().with_filter(Filter::Delta),
        4 => CodecSpec::pco(),
        _ => CodecSpec::auto(),
    };
    let spec = ArraySpec::new(DType::Int32, [n as u64])
        .chunks([chunk as u64])
        .tile([tile as u64])
        .fill(FillValue::Int(FILL.into()))
        .codec(codec);
    file.create_array(name, spec).expect("define");
    let values = vec![FILL; n];
    model.insert(
        name,
        Expected {
            values,
            ..Expected::default()
        },
    );
}

async fn check(file: &ArrayFile, model: &Model) {
    let mut names: Vec<String> = file
        .arrays()
        .expect("list")
        .iter()
        .map(|m| m.name.clone())
        .collect();
    names.sort();
    assert!(names.iter().eq(model.keys()), "{names:?}");
    for (name, expected) in model {
        let read = file
            .read_array::<i32>(name, vec![], vec![])
            .await
            .expect("read");
        assert_eq!(
            read.iter().copied().collect::<Vec<_>>(),
            expected.values,
            "{name}"
        );
        let attributes = file.attributes(name).expect("attributes");
        let attributes = attributes.into_iter().map(|(key, value)| match value {
            AttributeValue::Int64(value) => (key, *value),
            other => panic!("{other:?}"),
        });
        assert_eq!(
            attributes.collect::<BTreeMap<_, _>>(),
            expected.attributes,
            "{name}"
        );
    }
}
