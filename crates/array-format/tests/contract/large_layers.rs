//! Layers whose data are too much for one put: they have an annex.

use std::sync::Arc;
use std::time::Duration;

use array_format::integrity::{Part, VerifyOptions};
use array_format::merge::VacuumOptions;
use array_format::{ArrayFile, CompactOptions, Error, FileConfig, Retention, Scope, ZstdCodec};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::support::{Place, config, define, write};

fn large(largest_put: u64) -> FileConfig<ZstdCodec> {
    FileConfig {
        largest_put: Some(largest_put),
        ..config()
    }
}

async fn create(place: &Place, largest_put: u64) -> ArrayFile {
    let (store, path) = (place.store.clone(), place.path.clone());
    ArrayFile::create(store, path, large(largest_put))
        .await
        .unwrap()
}

/// Sixteen elements of eight bytes, none of which compress: a hundred bytes and more.
async fn fill(file: &mut ArrayFile, name: &str, seed: u64) -> Vec<u64> {
    let values: Vec<u64> = (1..=16u64)
        .map(|i| (i + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .collect();
    write(file, name, &[0], &[16], values.clone()).await;
    values
}

async fn read_all<T: array_format::ArrayElement>(file: &ArrayFile, name: &str) -> Vec<T> {
    let read = file.read_array::<T>(name, vec![], vec![]).await.unwrap();
    read.iter().cloned().collect()
}

/// The objects beside the base, by what follows the stem; ids of annexes are cut off.
async fn beside(place: &Place) -> Vec<String> {
    let objects: Vec<_> = place.store.list(None).try_collect().await.unwrap();
    let stem = place.path.as_ref().strip_suffix(".af").unwrap();
    let mut names: Vec<String> = objects
        .iter()
        .filter(|object| object.location != place.path)
        .map(|object| {
            let rest = object.location.as_ref().strip_prefix(stem).unwrap();
            let annex = rest.strip_prefix(".annex.").map(|id| id.len());
            annex.map_or_else(|| rest.to_owned(), |_| ".annex".to_owned())
        })
        .collect();
    names.sort();
    names
}

async fn annex(place: &Place) -> object_store::ObjectMeta {
    let objects: Vec<_> = place.store.list(None).try_collect().await.unwrap();
    let mut annexes = objects
        .into_iter()
        .filter(|object| object.location.as_ref().contains(".annex."));
    let found = annexes.next().unwrap();
    assert!(annexes.next().is_none());
    found
}

#[tokio::test]
async fn data_beyond_the_largest_put_are_an_object_of_their_own() {
    for (largest, want) in [(0, true), (100, true), (1 << 20, false)] {
        let place = Place::new();
        let mut file = create(&place, largest).await;
        define::<u64>(&mut file, "a", &[16], &[], None);
        let values = fill(&mut file, "a", 0).await;
        file.flush().await.unwrap();
        let names = beside(&place).await;
        let expected: &[&str] = if want {
            &[".1.af", ".annex"]
        } else {
            &[".1.af"]
        };
        assert_eq!(names, expected, "{largest}");
        assert_eq!(read_all::<u64>(&file, "a").await, values);
        // Whoever opens it needs no word of that.
        let file = place.open().await;
        assert_eq!(read_all::<u64>(&file, "a").await, values);
        assert!(
            file.verify(&VerifyOptions::full())
                .await
                .unwrap()
                .is_whole()
        );
        let chunk = &file.chunks("a").await.unwrap()[0].frames[0];
        assert_eq!(chunk.object.contains(".annex."), want);
        let path = object_store::path::Path::parse(&chunk.object).unwrap();
        let range = chunk.offset..chunk.offset + chunk.length;
        let bytes = place.store.get_range(&path, range).await.unwrap();
        assert_eq!(bytes.len() as u64, chunk.length);
    }
}

#[tokio::test]
async fn definitions_and_small_writes_need_no_annex() {
    let place = Place::new();
    let mut file = create(&place, 100).await;
    define::<u64>(&mut file, "a", &[16], &[], None);
    file.flush().await.unwrap();
    define::<u8>(&mut file, "b", &[2], &[], None);
    write::<u8>(&mut file, "b", &[0], &[2], [1, 2]).await;
    file.flush().await.unwrap();
    assert_eq!(beside(&place).await, [".1.af", ".2.af"]);
}

#[tokio::test]
async fn compaction_leaves_a_base_and_its_annex() {
    let place = Place::new();
    let mut file = create(&place, 0).await;
    define::<u64>(&mut file, "a", &[16], &[], None);
    define::<u64>(&mut file, "b", &[16], &[], None);
    fill(&mut file, "a", 0).await;
    file.flush().await.unwrap();
    let b = fill(&mut file, "b", 7).await;
    file.flush().await.unwrap();
    let a = fill(&mut file, "a", 3).await;
    file.flush().await.unwrap();
    assert_eq!(beside(&place).await.len(), 6);
    for round in 0..2 {
        file.compact().await.unwrap();
        assert_eq!(file.num_layers(), 1);
        assert_eq!(beside(&place).await, [".annex"], "round {round}");
        for file in [&file, &place.open().await] {
            assert_eq!(read_all::<u64>(file, "a").await, a);
            assert_eq!(read_all::<u64>(file, "b").await, b);
            assert!(
                file.verify(&VerifyOptions::full())
                    .await
                    .unwrap()
                    .is_whole()
            );
        }
        define::<u8>(&mut file, &format!("c{round}"), &[1], &[], None);
        file.flush().await.unwrap();
    }
    // What is small again is one object again.
    file.delete("a").unwrap();
    file.delete("b").unwrap();
    file.compact().await.unwrap();
    assert!(beside(&place).await.is_empty());
}

#[tokio::test]
async fn merges_of_the_newest_and_older_states_keep_what_they_need() {
    let place = Place::new();
    let mut file = create(&place, 0).await;
    define::<u64>(&mut file, "a", &[16], &[], None);
    let mut states = Vec::new();
    for seed in 0..4 {
        states.push(fill(&mut file, "a", seed).await);
        file.flush().await.unwrap();
    }
    file.tag("second", 2).await.unwrap();
    file.flush().await.unwrap();
    let mut options = CompactOptions::default();
    options.scope = Scope::Newest(3);
    options.retention = Some(Retention::default());
    file.compact_with(options).await.unwrap();
    assert_eq!(read_all::<u64>(&file, "a").await, states[3]);
    file.compact().await.unwrap();
    let old = file.at("second").await.unwrap();
    assert_eq!(read_all::<u64>(&old, "a").await, states[1]);
    file.restore(2).await.unwrap();
    let file = place.open().await;
    assert_eq!(read_all::<u64>(&file, "a").await, states[1]);
    assert!(
        file.verify(&VerifyOptions::full())
            .await
            .unwrap()
            .is_whole()
    );
}

#[tokio::test]
async fn a_second_attempt_uses_the_annex_that_is_there() {
    let place = Place::new();
    let mut first = create(&place, 0).await;
    define::<u64>(&mut first, "a", &[16], &[], None);
    define::<u64>(&mut first, "b", &[16], &[], None);
    first.flush().await.unwrap();
    let (store, path) = (place.store.clone(), place.path.clone());
    let mut second = ArrayFile::open(store, path, large(0)).await.unwrap();
    fill(&mut second, "b", 5).await;
    fill(&mut first, "a", 4).await;
    second.flush().await.unwrap();
    // Overtaken: another layer, with the same annex.
    first.flush().await.unwrap();
    let mut want = vec![".1.af", ".2.af", ".3.af", ".annex", ".annex"];
    want.sort_unstable();
    assert_eq!(beside(&place).await, want);
}

#[tokio::test]
async fn what_nobody_needs_is_found_by_vacuum() {
    let place = Place::new();
    let mut file = create(&place, 0).await;
    define::<u64>(&mut file, "a", &[16], &[], None);
    let values = fill(&mut file, "a", 0).await;
    file.flush().await.unwrap();
    let stem = place.path.as_ref().strip_suffix(".af").unwrap().to_owned();
    let bytes = place
        .store
        .get(&annex(&place).await.location)
        .await
        .unwrap();
    let bytes = bytes.bytes().await.unwrap();
    let lost = |id: u8| object_store::path::Path::from(format!("{stem}.annex.{:032x}", id));
    // One with our file's id, and its own, and one that is not ours.
    let mut own = annex_header(&bytes, 1);
    own.extend_from_slice(b"frames");
    place.store.put(&lost(1), own.into()).await.unwrap();
    place
        .store
        .put(&lost(2), b"anything".to_vec().into())
        .await
        .unwrap();
    let mut options = VacuumOptions::default();
    assert!(file.vacuum(&options).await.unwrap().orphans.is_empty());
    options.grace = Duration::ZERO;
    options.dry_run = true;
    for _ in 0..2 {
        let found = file.vacuum(&options).await.unwrap().orphans;
        let paths: Vec<_> = found.iter().map(|orphan| orphan.path.as_str()).collect();
        assert_eq!(paths, [lost(1).as_ref()]);
        options.dry_run = false;
    }
    assert!(file.vacuum(&options).await.unwrap().orphans.is_empty());
    assert_eq!(beside(&place).await, [".1.af", ".annex", ".annex"]);
    assert_eq!(read_all::<u64>(&place.open().await, "a").await, values);
}

/// The header of an annex with this id, of the same file.
fn annex_header(annex: &[u8], id: u8) -> Vec<u8> {
    use array_format_core::wire::header::{Header, Id};
    let mut own = Id::default();
    own.0[15] = id;
    let header = Header::decode(annex).unwrap();
    Header {
        layer: own,
        ..header
    }
    .encode()
    .to_vec()
}

#[tokio::test]
async fn a_new_file_at_the_place_of_an_old_one_has_none_of_its_annexes() {
    let place = Place::new();
    let mut file = create(&place, 0).await;
    define::<u64>(&mut file, "a", &[16], &[], None);
    fill(&mut file, "a", 0).await;
    file.flush().await.unwrap();
    let old = place.open().await;
    create(&place, 0).await;
    assert!(beside(&place).await.is_empty());
    let read = old.read_array::<u64>("a", vec![], vec![]).await;
    assert!(
        matches!(read, Err(Error::SnapshotExpired { .. })),
        "{read:?}"
    );
}

#[tokio::test]
async fn damage_is_found_and_what_is_whole_is_saved() {
    let place = Place::new();
    let mut file = create(&place, 0).await;
    define::<u64>(&mut file, "a", &[16], &[8], None);
    let values = fill(&mut file, "a", 0).await;
    file.flush().await.unwrap();
    let annex = annex(&place).await;
    let bytes = place.store.get(&annex.location).await.unwrap();
    let mut bytes = bytes.bytes().await.unwrap().to_vec();
    let frame = file.chunks("a").await.unwrap()[1].frames[0].clone();
    bytes[frame.offset as usize] ^= 1;
    place
        .store
        .put(&annex.location, bytes.into())
        .await
        .unwrap();

    let file = place.open().await;
    let read = file.read_array::<u64>("a", vec![8], vec![8]).await;
    assert!(matches!(read, Err(Error::Corrupt { .. })), "{read:?}");
    let found = file.verify(&VerifyOptions::full()).await.unwrap().problems;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].object, annex.location.as_ref());
    assert_eq!(found[0].part, Part::Frame);

    let target: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let salvage = async || {
        let (store, path) = (place.store.clone(), place.path.clone());
        let saved = object_store::path::Path::from("saved.af");
        let target: Arc<dyn ObjectStore> = target.clone();
        let _ = target.delete(&saved).await;
        ArrayFile::salvage(store, path, target, saved, config())
            .await
            .unwrap()
    };
    let saved = salvage().await;
    assert_eq!((saved.frames, saved.problems.len()), (1, 1), "{saved:?}");
    let opened = ArrayFile::open(target.clone(), "saved.af".into(), config())
        .await
        .unwrap();
    let whole = read_all::<u64>(&opened, "a").await;
    assert_eq!(whole[..8], values[..8]);
    assert_eq!(whole[8..], [0; 8]);

    // Without it the definitions are still there.
    place.store.delete(&annex.location).await.unwrap();
    let file = place.open().await;
    assert_eq!(file.list_arrays().len(), 1);
    let found = file.verify(&VerifyOptions::quick()).await.unwrap().problems;
    assert!(found.iter().any(|p| p.part == Part::Annex), "{found:?}");
    assert_eq!(salvage().await.frames, 0);
}

#[tokio::test]
async fn an_upload_of_many_parts_arrives_whole() {
    // More than two parts of 16 MiB; what does not compress stays as it is.
    let place = Place::new();
    let (store, path) = (place.store.clone(), place.path.clone());
    let config = FileConfig {
        largest_put: Some(1 << 20),
        spool_capacity: 1 << 20,
        ..FileConfig::new(array_format::NoCompression)
    };
    let mut file = ArrayFile::create(store, path, config).await.unwrap();
    let n = 5 << 20;
    define::<u64>(&mut file, "a", &[n], &[1 << 17], None);
    let values: Vec<u64> = (0..n as u64).map(|i| i.wrapping_mul(i)).collect();
    write(&mut file, "a", &[0], &[n], values.clone()).await;
    file.flush().await.unwrap();
    assert!(annex(&place).await.size > n as u64 * 8);
    assert!(read_all::<u64>(&place.open().await, "a").await == values);
}
