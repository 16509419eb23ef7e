//! Damage of every kind: what is reported, and what is saved.

#[allow(dead_code)]
#[path = "corruption/forge.rs"]
mod forge;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use array_format::codec::CodecSpec;
use array_format::element::Elements;
use array_format::integrity::{Affected, Depth, Part, Problem, Salvaged, Verified, VerifyOptions};
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStore, ObjectStoreExt};
use array_format::{
    ArrayElement, ArrayFile, ArraySpec, AttributeValue, CompactOptions, FileConfig, FillValue,
    NoCompression, Scope,
};
use array_format_core::snapshot::read_root;
use array_format_core::tree::Tree;
use array_format_core::wire::tables::Table;
use array_format_core::wire::trailer::Trailer;

const NAME: &str = "data/file.af";

fn config() -> FileConfig<NoCompression> {
    FileConfig::new(NoCompression)
}

fn object(n: u64) -> Path {
    match n {
        0 => Path::from(NAME),
        n => Path::from(format!("data/file.{n}.af")),
    }
}

async fn put<T: ArrayElement>(
    file: &mut ArrayFile,
    name: &str,
    start: &[usize],
    shape: &[usize],
    values: Vec<T>,
) {
    let data = ArrayD::from_shape_vec(IxDyn(shape), values).unwrap();
    let written = file.write_array(name, start.to_vec(), data.view()).await;
    written.unwrap();
}

fn spec<T: ArrayElement>(shape: &[u64]) -> ArraySpec {
    ArraySpec::new(T::dtype(), shape.iter().copied())
}

/// Attributes and elements by array; the file's own attributes have no name and no elements.
type State = BTreeMap<String, (Vec<(String, AttributeValue)>, Option<Elements>)>;

fn owned(attributes: Vec<(String, &AttributeValue)>) -> Vec<(String, AttributeValue)> {
    attributes
        .into_iter()
        .map(|(k, v)| (k, v.clone()))
        .collect()
}

async fn state(file: &ArrayFile) -> State {
    let mut out = State::new();
    for meta in file.arrays().unwrap() {
        let (_, elements) = file
            .read_elements(&meta.name, vec![], vec![])
            .await
            .unwrap();
        let attributes = owned(file.attributes(&meta.name).unwrap());
        out.insert(meta.name.clone(), (attributes, Some(elements)));
    }
    out.insert(
        String::new(),
        (owned(file.file_attributes().unwrap()), None),
    );
    out
}

/// A base and three sidecars, and the state after each.
async fn build() -> (Arc<InMemory>, ArrayFile, Vec<State>) {
    let store = Arc::new(InMemory::new());
    let mut file = ArrayFile::create(store.clone(), Path::from(NAME), config())
        .await
        .unwrap();
    let mut states = vec![state(&file).await];
    let grid = spec::<f64>(&[5, 8])
        .chunks([2, 4])
        .fill(FillValue::Float(-9.0));
    file.create_array(
        "grid",
        grid.codec(CodecSpec::zstd(3)).attribute("units", "K"),
    )
    .unwrap();
    put(
        &mut file,
        "grid",
        &[0, 0],
        &[5, 8],
        (0..40).map(|v| f64::from(v) * 0.37).collect(),
    )
    .await;
    let ints = spec::<i32>(&[100]).chunks([10]).fill(FillValue::Int(-1));
    file.create_array("ints", ints.codec(CodecSpec::lz4()))
        .unwrap();
    put(&mut file, "ints", &[5], &[60], (0..60).collect()).await;
    file.create_array("words", spec::<String>(&[5]).chunks([2]))
        .unwrap();
    put(
        &mut file,
        "words",
        &[0],
        &[4],
        ["a", "", "long 🌊", "d"].map(str::to_owned).to_vec(),
    )
    .await;
    file.create_array("pco", spec::<i64>(&[50]).codec(CodecSpec::pco()))
        .unwrap();
    put(
        &mut file,
        "pco",
        &[0],
        &[50],
        (0..50i64).map(|v| v * v).collect(),
    )
    .await;
    file.create_array("bare", spec::<u8>(&[4])).unwrap();
    file.set_file_attribute("title", "t".into()).unwrap();
    file.flush().await.unwrap();
    states.push(state(&file).await);
    put(&mut file, "ints", &[30], &[5], vec![7; 5]).await;
    file.set_attribute("ints", "k", 1i32.into()).unwrap();
    file.flush().await.unwrap();
    states.push(state(&file).await);
    file.create_array("late", spec::<f32>(&[6]).chunks([3]))
        .unwrap();
    put(
        &mut file,
        "late",
        &[0],
        &[6],
        vec![0.5f32, f32::NAN, 1.0, 2.0, 3.0, -4.0],
    )
    .await;
    file.flush().await.unwrap();
    states.push(state(&file).await);
    (store, file, states)
}

/// What a range of an object is.
#[derive(Debug, Clone)]
struct Region {
    layer: u64,
    range: Range<u64>,
    part: Part,
    /// Of a frame.
    chunk: Option<(String, Vec<u64>)>,
}

fn pages<T: Table>(tree: &Tree<T>, out: &mut Vec<Region>) {
    assert_eq!(tree.height, 1);
    out.extend(tree.top.pages.iter().map(|page| Region {
        layer: page.sequence,
        range: page.offset..page.offset + u64::from(page.stored),
        part: Part::Page(T::NAME),
        chunk: None,
    }));
}

/// Every byte that carries meaning.
async fn regions(store: &InMemory, file: &ArrayFile) -> Vec<Region> {
    let mut out = Vec::new();
    for layer in 0..=file.sequence() {
        let bytes = store
            .get(&object(layer))
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let length = bytes.len() as u64;
        let trailer = Trailer::decode(&bytes, length).unwrap();
        let root = trailer.root_offset..trailer.root_offset + u64::from(trailer.root_stored);
        for (part, range) in [
            (Part::Header, 0..64),
            (Part::Root, root),
            (Part::Trailer, length - 64..length),
        ] {
            out.push(Region {
                layer,
                range,
                part,
                chunk: None,
            });
        }
        if layer == file.sequence() {
            let root = read_root(&bytes, &trailer).unwrap().unwrap();
            pages(&root.arrays, &mut out);
            pages(&root.attributes, &mut out);
            pages(&root.statistics, &mut out);
            pages(&root.frames, &mut out);
            pages(&root.layers, &mut out);
        }
    }
    for meta in file.arrays().unwrap() {
        for chunk in file.chunks(&meta.name).await.unwrap() {
            for frame in chunk.frames {
                out.push(Region {
                    layer: frame.layer,
                    range: frame.offset..frame.offset + frame.length,
                    part: Part::Frame,
                    chunk: Some((meta.name.clone(), chunk.coordinates.clone())),
                });
            }
        }
    }
    out
}

async fn flip(store: &InMemory, layer: u64, at: u64) -> Vec<u8> {
    let whole = store
        .get(&object(layer))
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap()
        .to_vec();
    let mut damaged = whole.clone();
    damaged[at as usize] ^= 0x10;
    store.put(&object(layer), damaged.into()).await.unwrap();
    whole
}

async fn verify(file: &ArrayFile, depth: Depth) -> Verified {
    let mut options = VerifyOptions::default();
    options.depth = depth;
    file.verify(&options).await.unwrap()
}

async fn salvage(store: &Arc<InMemory>) -> (Salvaged, ArrayFile) {
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

async fn diagnose(store: &Arc<InMemory>, depth: Depth) -> Verified {
    let mut options = VerifyOptions::default();
    options.depth = depth;
    let (store, path) = (store.clone(), Path::from(NAME));
    let found = ArrayFile::diagnose(store, path, config(), &options).await;
    found.unwrap()
}

/// Whether a report says that this chunk is hit.
fn is_hit(problems: &[Problem], name: &str, at: &[u64]) -> bool {
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
async fn check_saved(report: &Salvaged, saved: &ArrayFile, expected: &State, what: &str) {
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

#[tokio::test]
async fn verify_reports_exactly_what_is_hit() {
    let (store, file, _) = build().await;
    for region in regions(&store, &file).await {
        let Range { start, end } = region.range;
        for at in [start, (start + end) / 2, end - 1] {
            let whole = flip(&store, region.layer, at).await;
            let what = format!("{region:?} at {at}");
            let quick = verify(&file, Depth::Quick).await;
            assert_eq!(
                quick.is_whole(),
                region.part == Part::Frame,
                "{what}: {quick:#?}"
            );
            let full = verify(&file, Depth::Full).await;
            let [problem] = &full.problems[..] else {
                panic!("{what}: {full:#?}")
            };
            assert_eq!(
                (problem.layer, problem.part),
                (Some(region.layer), region.part),
                "{what}"
            );
            assert_eq!(problem.bytes, Some(region.range.clone()), "{what}");
            assert_eq!(problem.object, object(region.layer).to_string());
            assert!(problem.to_string().contains(&problem.object));
            let hit: BTreeSet<&str> = full.damaged_arrays();
            match (&region.part, &region.chunk) {
                (Part::Frame, Some((name, chunk))) => {
                    let (array, chunk) = (name.clone(), chunk.clone());
                    assert_eq!(
                        problem.affects,
                        [Affected::Chunk {
                            array,
                            chunk,
                            tile: 0
                        }]
                    );
                }
                (Part::Page("arrays"), _) => assert_eq!(hit.len(), 6, "{full:#?}"),
                (Part::Page("statistics" | "frames"), _) => {
                    assert_eq!(hit, ["grid", "ints", "late", "pco", "words"].into());
                }
                (Part::Page("attributes"), _) => {
                    assert!(matches!(
                        problem.affects[..],
                        [Affected::Attributes { count: 3, .. }]
                    ));
                }
                (Part::Header | Part::Root | Part::Trailer, _) => {
                    let affected = match region.layer {
                        0 | 3 => Affected::File,
                        n => Affected::Commit(n),
                    };
                    assert_eq!(problem.affects, [affected], "{what}");
                }
                _ => assert_eq!(hit.len(), 0),
            }
            store
                .put(&object(region.layer), whole.into())
                .await
                .unwrap();
        }
    }
    assert!(verify(&file, Depth::Full).await.is_whole());
}

#[tokio::test]
async fn salvage_saves_what_is_not_hit_and_names_the_rest() {
    let (store, file, states) = build().await;
    for region in regions(&store, &file).await {
        let at = (region.range.start + region.range.end) / 2;
        let whole = flip(&store, region.layer, at).await;
        let what = format!("{region:?}");
        let (report, saved) = salvage(&store).await;
        assert!(!report.is_complete(), "{what}");
        let end = matches!(region.part, Part::Root | Part::Trailer);
        let commit = if end && region.layer == 3 { 2 } else { 3 };
        assert_eq!(report.commit, commit, "{what}: {report:#?}");
        let lost: &[u64] = if commit == 2 { &[3] } else { &[] };
        assert_eq!(report.lost_commits, lost, "{what}");
        check_saved(&report, &saved, &states[commit as usize], &what).await;
        let hit = report.damaged_arrays();
        match &region.chunk {
            Some((name, _)) => assert_eq!(hit, [name.as_str()].into(), "{what}"),
            None if region.part == Part::Page("arrays") => {
                // `late` was never in an older layer, and `bare` has nothing but its definition.
                let older: Vec<&str> = report.older.iter().map(|o| o.array.as_str()).collect();
                assert_eq!(older, ["grid", "ints", "pco", "words"], "{report:#?}");
                assert_eq!(report.arrays, 4);
            }
            None => {}
        }
        store
            .put(&object(region.layer), whole.into())
            .await
            .unwrap();
    }
    let (report, saved) = salvage(&store).await;
    assert!(report.is_complete(), "{report:#?}");
    check_saved(&report, &saved, &states[3], "whole").await;
    let footer = file.footer();
    assert_eq!(
        (report.frames, report.bytes),
        (footer.frames, footer.frame_bytes)
    );
    assert_eq!(report.attributes, footer.attributes);
}

#[tokio::test]
async fn what_does_not_open_is_diagnosed() {
    let (store, file, _) = build().await;
    let mut closed = 0;
    for region in regions(&store, &file).await {
        let at = (region.range.start + region.range.end) / 2;
        let whole = flip(&store, region.layer, at).await;
        let found = diagnose(&store, Depth::Full).await;
        let what = format!("{region:?}: {found:#?}");
        let opened = ArrayFile::open(store.clone(), Path::from(NAME), config()).await;
        if let Ok(opened) = opened {
            assert_eq!(found, verify(&opened, Depth::Full).await, "{what}");
        } else {
            closed += 1;
            let (saved, _) = salvage(&store).await;
            assert_eq!(found.commit, saved.commit, "{what}");
            assert_eq!(found.lost_commits, saved.lost_commits, "{what}");
            // Names that are lost cannot be told; salvage finds some in older states. Which arrays
            // were never written cannot be told either.
            if region.part != Part::Page("arrays") {
                let written = |names: BTreeSet<&str>| {
                    let names = names.into_iter().filter(|name| *name != "bare");
                    names.map(str::to_owned).collect::<Vec<_>>()
                };
                let hit = written(found.damaged_arrays());
                assert_eq!(hit, written(saved.damaged_arrays()), "{what}");
            }
        }
        let hit =
            |problem: &&Problem| problem.layer == Some(region.layer) && problem.part == region.part;
        assert!(found.problems.iter().any(|problem| hit(&problem)), "{what}");
        let restored = store.put(&object(region.layer), whole.into()).await;
        restored.unwrap();
    }
    assert!(closed > 5, "{closed}");
    // A base that is gone, and one that is cut short.
    for kept in [0, 100] {
        let whole = store.get(&object(0)).await.unwrap().bytes().await.unwrap();
        match kept {
            0 => store.delete(&object(0)).await.unwrap(),
            kept => drop(
                store
                    .put(&object(0), whole.slice(..kept).into())
                    .await
                    .unwrap(),
            ),
        }
        let found = diagnose(&store, Depth::Full).await;
        assert!(!found.is_whole());
        assert_eq!(found.commit, 3);
        store.put(&object(0), whole.into()).await.unwrap();
    }
    assert!(diagnose(&store, Depth::Full).await.is_whole());
}

#[tokio::test]
async fn salvage_does_without_whole_objects() {
    for gone in 0..=3u64 {
        for cut in [None, Some(10), Some(80)] {
            let (store, _, states) = build().await;
            let whole = store
                .get(&object(gone))
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap();
            match cut {
                None => store.delete(&object(gone)).await.unwrap(),
                Some(cut) => {
                    let kept = whole.slice(..whole.len() - cut);
                    store
                        .put(&object(gone), kept.into())
                        .await
                        .map(|_| ())
                        .unwrap();
                }
            }
            let what = format!("{gone} cut {cut:?}");
            let (report, saved) = salvage(&store).await;
            let commit = if gone == 3 { 2 } else { 3 };
            assert_eq!(report.commit, commit, "{what}");
            // Of a newest layer that is gone there is no trace.
            let lost: &[u64] = if gone == 3 && cut.is_some() {
                &[3]
            } else {
                &[]
            };
            assert_eq!(report.lost_commits, lost, "{what}");
            assert_eq!(
                report.is_complete(),
                gone == 3 && cut.is_none()
                    || gone == 0 && cut.is_none() && report.problems.is_empty()
            );
            check_saved(&report, &saved, &states[commit as usize], &what).await;
            let hit = report.damaged_arrays();
            match (gone, cut) {
                (1, None) => assert_eq!(hit, ["grid", "ints", "pco", "words"].into()),
                _ => assert!(cut.is_none() || hit.is_empty(), "{what}: {report:#?}"),
            }
        }
    }
}

#[tokio::test]
async fn salvage_leaves_other_files_alone() {
    let (store, _, states) = build().await;
    let other = Arc::new(InMemory::new());
    let mut file = ArrayFile::create(other.clone(), Path::from(NAME), config())
        .await
        .unwrap();
    file.set_file_attribute("other", 1i32.into()).unwrap();
    file.flush().await.unwrap();
    let bytes = other.get(&object(1)).await.unwrap().bytes().await.unwrap();
    store.put(&object(7), bytes.into()).await.unwrap();
    let (report, saved) = salvage(&store).await;
    assert_eq!(report.foreign, [object(7).to_string()]);
    assert!(report.is_complete(), "{report:#?}");
    check_saved(&report, &saved, &states[3], "foreign").await;
    let none: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let result = ArrayFile::salvage(
        none.clone(),
        Path::from(NAME),
        none,
        Path::from("x.af"),
        config(),
    )
    .await;
    assert!(matches!(
        result,
        Err(array_format::Error::FileNotFound { .. })
    ));
}

#[tokio::test]
async fn whole_files_have_no_problems() {
    async fn check(file: &ArrayFile, what: &str) {
        for depth in [Depth::Quick, Depth::Full] {
            let found = verify(file, depth).await;
            assert!(found.is_whole(), "{what}: {:#?}", found.problems);
            assert_eq!(found.checked_frames, file.footer().frames, "{what}");
            let read = match depth {
                Depth::Quick => 0,
                Depth::Full => file.footer().frame_bytes,
            };
            assert!(
                found.checked_bytes >= file.footer().metadata_bytes + read,
                "{what}"
            );
        }
    }
    let (store, mut file, _) = build().await;
    check(&file, "layered").await;
    let mut newest = CompactOptions::default();
    newest.scope = Scope::Newest(2);
    file.compact_with(newest).await.unwrap();
    check(&file, "merged").await;
    file.tag("v1", 1).await.unwrap();
    file.flush().await.unwrap();
    check(&file, "tagged").await;
    file.restore(1).await.unwrap();
    check(&file, "restored").await;
    file.resize("grid", vec![9, 3]).await.unwrap();
    file.flush().await.unwrap();
    check(&file, "resized").await;
    file.compact().await.unwrap();
    check(&file, "compacted").await;
    // No fill value: a tile that was cut off by the shape counts what was inside at that time.
    let padded = spec::<i16>(&[5, 5]).chunks([4, 4]).codec(CodecSpec::lz4());
    file.create_array("padded", padded.tile([3, 2])).unwrap();
    put(&mut file, "padded", &[0, 0], &[5, 5], (1..26i16).collect()).await;
    file.flush().await.unwrap();
    file.resize("padded", vec![11, 7]).await.unwrap();
    file.flush().await.unwrap();
    check(&file, "grown").await;
    let fresh = ArrayFile::create(store, Path::from(NAME), config())
        .await
        .unwrap();
    check(&fresh, "created over").await;
    assert!(matches!(
        file.verify(&VerifyOptions::default()).await,
        Err(array_format::Error::SnapshotExpired { .. })
    ));
}

#[tokio::test]
async fn statistics_that_lie_are_found() {
    let store = Arc::new(InMemory::new());
    let mut file = ArrayFile::create(store.clone(), Path::from(NAME), config())
        .await
        .unwrap();
    file.create_array("a", spec::<i32>(&[4]).chunks([2]).fill(FillValue::Int(0)))
        .unwrap();
    put(&mut file, "a", &[0], &[4], vec![1, 2, 3, 4]).await;
    file.compact().await.unwrap();
    let whole = store.get(&object(0)).await.unwrap().bytes().await.unwrap();
    let forged = |frames: bool, array: bool| {
        let mut forge = forge::Forge::new(&whole);
        if frames {
            forge.leaves[forge::FRAMES].as_mut().unwrap().ints(22)[1] = 1;
        }
        if array {
            forge.leaves[forge::STATISTICS].as_mut().unwrap().ints(16)[0] = 3;
        }
        // Pages are stored otherwise than the root counts: that is a problem of its own.
        forge.object(|_| {})
    };
    for (frames, array) in [(true, true), (true, false), (false, true)] {
        store
            .put(&object(0), forged(frames, array).into())
            .await
            .unwrap();
        let file = ArrayFile::open(store.clone(), Path::from(NAME), config())
            .await
            .unwrap();
        let lies =
            |found: &Verified, part: Part| found.problems.iter().filter(|p| p.part == part).count();
        let quick = verify(&file, Depth::Quick).await;
        let full = verify(&file, Depth::Full).await;
        assert_eq!(lies(&quick, Part::Frame), 0);
        assert_eq!(lies(&full, Part::Frame), usize::from(frames), "{full:#?}");
        for found in [quick, full] {
            let sums = lies(&found, Part::Page("statistics"));
            assert_eq!(sums, usize::from(frames != array), "{found:#?}");
        }
        let (report, saved) = salvage(&store).await;
        assert_eq!(report.is_complete(), !frames);
        assert_eq!(saved.array_stats("a").unwrap().null_count, 0);
    }
}

#[tokio::test]
async fn progress_is_told() {
    let (_, file, _) = build().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut options = VerifyOptions::full();
    let told = Arc::clone(&seen);
    options.progress = Some(Arc::new(move |report| told.lock().unwrap().push(report)));
    let found = file.verify(&options).await.unwrap();
    let last = *seen.lock().unwrap().last().unwrap();
    assert_eq!(last.frames, found.checked_frames);
    assert_eq!(last.all_frames, found.checked_frames);
}

#[tokio::test]
async fn a_page_of_many_hits_its_range_alone() {
    let store = Arc::new(InMemory::new());
    let created = ArrayFile::create(store.clone(), Path::from(NAME), config()).await;
    let mut file = created.unwrap();
    for name in ["a", "b"] {
        let small = spec::<u8>(&[1500]).chunks([1]).fill(FillValue::UInt(0));
        file.create_array(name, small).unwrap();
        let values = (0..1500).map(|v| (v % 250) as u8 + 1).collect();
        put(&mut file, name, &[0], &[1500], values).await;
    }
    file.compact().await.unwrap();
    let expected = state(&file).await;
    let newest = file.storage().path().clone();
    let whole = store.get(&newest).await.unwrap().bytes().await.unwrap();
    let trailer = Trailer::decode(&whole, whole.len() as u64).unwrap();
    let root = read_root(&whole, &trailer).unwrap().unwrap();
    let top = &root.frames.top;
    assert!(root.frames.height == 1 && top.pages.len() > 3);
    for (page, rows) in top.pages.iter().zip(&top.rows) {
        let mut damaged = whole.to_vec();
        damaged[page.offset as usize] ^= 1;
        store.put(&newest, damaged.into()).await.unwrap();
        let found = verify(&file, Depth::Full).await;
        assert_eq!(found.problems.len(), 1, "{found:#?}");
        let hit = |name: &str| {
            let chunks = (0..1500).filter(|&i| is_hit(&found.problems, name, &[i]));
            chunks.count() as u64
        };
        assert_eq!(hit("a") + hit("b"), *rows, "{found:#?}");
        let (report, saved) = salvage(&store).await;
        assert_eq!(report.frames, 3000 - rows);
        check_saved(&report, &saved, &expected, "a page of many").await;
    }
}
