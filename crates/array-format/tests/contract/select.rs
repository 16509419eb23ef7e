//! Selecting arrays: what a predicate finds is what asking each array alone finds.

use array_format::select::{Predicate, attribute, max, min, name, null_count, row_count};
use array_format::{ArrayFile, AttributeValue, StatValue};

use crate::support::*;

fn selected(file: &ArrayFile, predicate: &Predicate) -> Vec<String> {
    let found = file.select(predicate).unwrap();
    found.into_iter().map(|meta| meta.name.clone()).collect()
}

/// The names of the arrays that `keep` says yes to, one by one.
fn one_by_one(file: &ArrayFile, keep: impl Fn(&str) -> bool) -> Vec<String> {
    let arrays = file.arrays().unwrap().into_iter();
    let names = arrays.map(|meta| meta.name.clone());
    names.filter(|name| keep(name)).collect()
}

/// Arrays with attributes of several types, of which some lack some; a third of the second layer.
async fn profiles(place: &Place) -> ArrayFile {
    let mut file = place.create().await;
    for i in 0..90i32 {
        let name = format!("{}/{i}", ["casts", "floats"][i as usize % 2]);
        define::<i32>(&mut file, &name, &[4], &[], None);
        let depth = match i % 4 {
            0 => AttributeValue::Int16(i as i16 * 10),
            1 => AttributeValue::Float32(i as f32 * 10.0 + 0.5),
            2 => AttributeValue::String("unknown".into()),
            _ => AttributeValue::UInt64(i as u64 * 10),
        };
        file.set_attribute(&name, "depth", depth).unwrap();
        if i % 3 != 0 {
            let ship = ["Meteor", "Polarstern"][i as usize % 2];
            file.set_attribute(&name, "ship", ship.into()).unwrap();
        }
        if i % 5 != 0 {
            write(
                &mut file,
                &name,
                &[0],
                &[4],
                [0, 1, 2, 3].map(|j| i - 40 + j),
            )
            .await;
        }
        if i == 60 {
            file.flush().await.unwrap();
        }
    }
    file.flush().await.unwrap();
    file
}

fn number(value: Option<&AttributeValue>) -> Option<f64> {
    match value? {
        AttributeValue::Int16(v) => Some((*v).into()),
        AttributeValue::Float32(v) => Some((*v).into()),
        AttributeValue::UInt64(v) => Some(*v as f64),
        _ => None,
    }
}

#[tokio::test]
async fn attributes_are_compared_whatever_their_type() {
    let place = Place::new();
    let file = profiles(&place).await;
    place
        .through_life(file, async |file, stage| {
            let depth = |name: &str| number(file.get_attribute(name, "depth").unwrap());
            let deep = one_by_one(file, |name| depth(name).is_some_and(|d| d > 405.0));
            assert!(deep.len() > 20, "{stage}");
            assert_eq!(selected(file, &attribute("depth").gt(405)), deep, "{stage}");
            assert_eq!(
                selected(file, &attribute("depth").ge(410u16)),
                selected(file, &attribute("depth").ge(410.0))
            );
            let meteor = one_by_one(file, |name| {
                file.get_attribute(name, "ship").unwrap() == Some(&"Meteor".into())
            });
            assert_eq!(
                selected(file, &attribute("ship").eq("Meteor")),
                meteor,
                "{stage}"
            );
            let texts = ["Meteor", "Gauss"];
            assert_eq!(
                selected(file, &attribute("ship").is_in(texts)),
                meteor,
                "{stage}"
            );
            assert_eq!(
                selected(file, &attribute("ship").starts_with("Met")),
                meteor,
                "{stage}"
            );
            // Text has no place among numbers, not even as one that differs.
            let other = selected(file, &attribute("depth").ne(0));
            assert!(!other.contains(&"casts/2".to_owned()), "{stage}");
            assert_eq!(
                selected(file, &attribute("nothing").exists()),
                [""; 0],
                "{stage}"
            );
        })
        .await;
}

#[tokio::test]
async fn statistics_are_compared_and_what_was_never_written_has_no_bounds() {
    let place = Place::new();
    let file = profiles(&place).await;
    place
        .through_life(file, async |file, stage| {
            let bound = |name: &str| file.array_stats(name).unwrap().max.clone();
            let high = one_by_one(
                file,
                |name| matches!(bound(name), Some(StatValue::Int(v)) if v >= 20),
            );
            assert!(high.len() > 20, "{stage}");
            assert_eq!(selected(file, &max().ge(20)), high, "{stage}");
            assert_eq!(selected(file, &max().gt(19.5)), high, "{stage}");
            let empty = one_by_one(file, |name| bound(name).is_none());
            assert_eq!(empty.len(), 18, "{stage}");
            assert_eq!(selected(file, &!min().exists()), empty, "{stage}");
            assert_eq!(selected(file, &null_count().eq(4)), empty, "{stage}");
            assert_eq!(selected(file, &row_count().lt(5)).len(), 90, "{stage}");

            let columns = file.statistics_columns().unwrap();
            for (i, meta) in columns.arrays.iter().enumerate() {
                let stats = file.array_stats(&meta.name).unwrap();
                assert_eq!(columns.min[i], stats.min.as_ref(), "{stage} {}", meta.name);
                assert_eq!(columns.max[i], stats.max.as_ref(), "{stage} {}", meta.name);
                assert_eq!(columns.null_count[i], stats.null_count, "{stage}");
                assert_eq!(columns.row_count[i], stats.row_count, "{stage}");
            }
        })
        .await;
}

#[tokio::test]
async fn predicates_combine_and_say_what_they_ask() {
    let file = profiles(&Place::new()).await;
    let on_floats = name().starts_with("floats/");
    let (meteor, deep) = (attribute("ship").eq("Meteor"), attribute("depth").gt(300));
    let both = selected(&file, &(meteor.clone() & deep.clone()));
    let either = selected(&file, &(meteor.clone() | deep.clone()));
    let neither = selected(&file, &!(meteor.clone() | deep.clone()));
    let (meteors, deeps) = (selected(&file, &meteor), selected(&file, &deep));
    assert_eq!(both.len() + either.len(), meteors.len() + deeps.len());
    assert_eq!(either.len() + neither.len(), 90);
    assert!(!both.is_empty() && !neither.is_empty());
    assert_eq!(
        selected(&file, &(on_floats.clone() & meteor.clone())),
        [""; 0]
    );
    let asked = (!meteor | deep) & on_floats;
    assert_eq!(
        asked.to_string(),
        r#"((not attribute "ship" = Meteor or attribute "depth" > 300) and name starts with "floats/")"#
    );
}

/// Attributes as this handle sees them, statistics as of the last commit.
#[tokio::test]
async fn pending_changes_are_selected_by_their_attributes() {
    let place = Place::new();
    let mut file = profiles(&place).await;
    file.set_attribute("casts/0", "ship", "Meteor".into())
        .unwrap();
    file.remove_attribute("casts/4", "ship").unwrap();
    file.delete("casts/8").unwrap();
    file.rename("casts/10", "moved").unwrap();
    define::<i32>(&mut file, "new", &[4], &[], None);
    file.set_attribute("new", "ship", "Meteor".into()).unwrap();
    write(&mut file, "new", &[0], &[4], [1000; 4]).await;
    let expected = one_by_one(&file, |name| {
        file.get_attribute(name, "ship").unwrap() == Some(&"Meteor".into())
    });
    for there in ["casts/0", "moved", "new"] {
        assert!(expected.iter().any(|name| name == there), "{there}");
    }
    assert_eq!(selected(&file, &attribute("ship").eq("Meteor")), expected);
    assert_eq!(selected(&file, &max().ge(1000)), [""; 0]);
    assert_eq!(
        file.statistics_columns().unwrap().row_count.last(),
        Some(&0)
    );
    file.flush().await.unwrap();
    assert_eq!(selected(&file, &max().ge(1000)), ["new"]);
    assert_eq!(selected(&file, &attribute("ship").eq("Meteor")), expected);
}
