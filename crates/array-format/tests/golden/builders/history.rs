//! Files whose commits are told apart: messages, tags, restored states.

use array_format::FillValue;
use array_format::codec::CodecSpec;

use super::data::ints;
use crate::script::{Script, def};

/// The first commit of the files with a history.
pub async fn first(s: &mut Script) {
    s.keep_past();
    let series = def::<i32>(&[6]).chunks(&[2]).codec(CodecSpec::zstd(3));
    s.define("series", series.fill(FillValue::Int(-1), -1));
    s.fill("series", ints(6)).await;
    s.define("note", def::<String>(&[]));
    s.fill("note", vec!["first".to_owned()]).await;
    s.set("series", "units", "m");
    s.commit("first").await;
}

/// A commit that leaves a trace in one chunk, in an array of its own, and in an attribute.
pub async fn change(s: &mut Script, n: u64) {
    s.write("series", &[n % 6], &[1], vec![100 * n as i32])
        .await;
    s.define(&format!("array {n}"), def::<u8>(&[2]));
    s.fill(&format!("array {n}"), vec![n as u8; 2]).await;
    s.set_file("change", n as i64);
    s.commit(&format!("change {n}")).await;
}

/// The first commit and as many changes as make this number.
pub async fn changes(s: &mut Script, n: u64) {
    first(s).await;
    for n in 2..=n {
        change(s, n).await;
    }
}

pub async fn messages(s: &mut Script) {
    first(s).await;
    let long = "a message of some length. ".repeat(40);
    for message in ["", "größe 📏\n\"second line\" \\", "nul\0inside", &long] {
        let n = s.model.attributes.len() as i64;
        s.set_file(message, n);
        s.commit(message).await;
    }
}

/// Tags that are set, set twice on one commit, moved, and removed.
pub async fn tagged(s: &mut Script) {
    changes(s, 3).await;
    s.tag("v1", 1).await;
    s.tag("größe 📏", 2).await;
    s.tag("same as v1", 1).await;
    s.commit("three tags").await;
    s.tag("v1", 3).await;
    s.tag("removed", 4).await;
    s.commit("one moves").await;
    s.untag("removed");
    change(s, 6).await;
}

/// States that came back: one from before others, one that stands on a restored one, and the
/// restored one itself.
pub async fn restored(s: &mut Script) {
    changes(s, 3).await;
    s.restore(1).await;
    change(s, 5).await;
    s.restore(3).await;
    s.restore(5).await;
    s.restore(4).await;
    change(s, 9).await;
}
