//! What `salvage` saves, and what it says of the rest.

use std::sync::Arc;

use array_format::ArrayFile;
use array_format::integrity::Part;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStore, ObjectStoreExt};

use crate::file::{NAME, build, bytes, config, object};
use crate::regions::{flip, regions};
use crate::reports::{check_saved, salvage};

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
async fn salvage_does_without_whole_objects() {
    for gone in 0..=3u64 {
        for cut in [None, Some(10), Some(80)] {
            let (store, _, states) = build().await;
            let whole = bytes(&store, gone).await;
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
