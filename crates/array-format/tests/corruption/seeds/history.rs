//! Files with a past: layers, the log, tags, restores, merges and tombstones.

use array_format::{ArrayFile, CompactOptions, Retention, Scope};

use super::{put, spec};

/// Three commits, each of which writes one element.
async fn commits(file: &mut ArrayFile) {
    let series = spec::<u8>(&[4]).chunks([1]);
    file.create_array("a", series.attribute("k", 1i32)).unwrap();
    for at in 0..3 {
        put(file, "a", &[at], vec![at as u8 + 1]).await;
        file.commit(format!("{at}")).await.unwrap();
    }
}

async fn merge(file: &mut ArrayFile, scope: Scope, kept: usize) {
    let mut options = CompactOptions::default();
    options.scope = scope;
    options.retention = Some(Retention::commits(kept));
    file.compact_with(options).await.unwrap();
}

pub async fn empty(_: &mut ArrayFile) {}

pub async fn logged(file: &mut ArrayFile) {
    commits(file).await;
    merge(file, Scope::All, 0).await;
    put(file, "a", &[3], vec![9u8]).await;
    file.commit("after").await.unwrap();
}

pub async fn tagged(file: &mut ArrayFile) {
    commits(file).await;
    file.tag("v1", 1).await.unwrap();
    file.tag("v2 🌊", 2).await.unwrap();
    file.flush().await.unwrap();
}

pub async fn retagged(file: &mut ArrayFile) {
    tagged(file).await;
    file.tag("v1", 3).await.unwrap();
    file.untag("v2 🌊").unwrap();
    file.flush().await.unwrap();
}

pub async fn restored(file: &mut ArrayFile) {
    commits(file).await;
    file.restore(1).await.unwrap();
}

pub async fn restored_twice(file: &mut ArrayFile) {
    restored(file).await;
    put(file, "a", &[3], vec![7u8]).await;
    file.flush().await.unwrap();
    file.restore(3).await.unwrap();
}

pub async fn merged(file: &mut ArrayFile) {
    commits(file).await;
    merge(file, Scope::All, 0).await;
}

/// Leaves tombstones.
pub async fn merged_newest(file: &mut ArrayFile) {
    commits(file).await;
    merge(file, Scope::Newest(2), 0).await;
}

pub async fn merged_twice(file: &mut ArrayFile) {
    merged_newest(file).await;
    put(file, "a", &[3], vec![7u8]).await;
    merge(file, Scope::Newest(2), 0).await;
}

pub async fn retained(file: &mut ArrayFile) {
    commits(file).await;
    merge(file, Scope::Newest(2), 1).await;
}

pub async fn tag_on_merged(file: &mut ArrayFile) {
    merged_newest(file).await;
    let now = file.sequence();
    file.tag("now", now).await.unwrap();
    file.flush().await.unwrap();
}

/// A base that carries the number of a commit, a tag of it, and a sidecar.
pub async fn moved_base(file: &mut ArrayFile) {
    merged(file).await;
    tag(file, "base").await;
    put(file, "a", &[3], vec![7u8]).await;
    file.flush().await.unwrap();
}

async fn tag(file: &mut ArrayFile, name: &str) {
    let now = file.sequence();
    file.tag(name, now).await.unwrap();
}

pub async fn renamed(file: &mut ArrayFile) {
    commits(file).await;
    file.rename("a", "z").unwrap();
    file.flush().await.unwrap();
}

pub async fn deleted(file: &mut ArrayFile) {
    commits(file).await;
    file.delete("a").unwrap();
    file.flush().await.unwrap();
}

pub async fn redefined(file: &mut ArrayFile) {
    deleted(file).await;
    file.create_array("a", spec::<i64>(&[1])).unwrap();
    file.flush().await.unwrap();
}

pub async fn resized(file: &mut ArrayFile) {
    commits(file).await;
    file.resize("a", vec![2]).await.unwrap();
    file.flush().await.unwrap();
}

pub async fn appended(file: &mut ArrayFile) {
    commits(file).await;
    file.resize("a", vec![6]).await.unwrap();
    put(file, "a", &[5], vec![6u8]).await;
    file.flush().await.unwrap();
}

pub async fn attributes_only(file: &mut ArrayFile) {
    file.set_file_attribute("k", 1i32.into()).unwrap();
    file.flush().await.unwrap();
    file.set_file_attribute("l", "text".into()).unwrap();
    file.remove_file_attribute("k").unwrap();
    file.flush().await.unwrap();
}

pub async fn messages(file: &mut ArrayFile) {
    for message in ["", "é", "a longer message 🌊"] {
        file.set_file_attribute("k", message.into()).unwrap();
        file.commit(message).await.unwrap();
    }
    merge(file, Scope::All, 0).await;
}

/// An array whose only frames were written and removed.
pub async fn cleared(file: &mut ArrayFile) {
    commits(file).await;
    file.resize("a", vec![0]).await.unwrap();
    merge(file, Scope::All, 0).await;
}
