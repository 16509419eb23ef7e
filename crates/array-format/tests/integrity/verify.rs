//! What `verify` and `diagnose` report.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use array_format::codec::CodecSpec;
use array_format::integrity::{Affected, Depth, Part, Problem, Verified, VerifyOptions};
use array_format::object_store::ObjectStoreExt;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::{ArrayFile, CompactOptions, FillValue, Scope};
use array_format_core::snapshot::read_root;
use array_format_core::wire::trailer::Trailer;

use crate::file::{NAME, build, bytes, config, object, put, spec, state};
use crate::forge;
use crate::regions::{flip, regions};
use crate::reports::{check_saved, diagnose, is_hit, salvage, verify};

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
        let whole = bytes(&store, 0).await;
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
    let whole = bytes(&store, 0).await;
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
