//! The commits of a script, and what they make of its history.

use array_format::history::Kind;
use array_format::object_store::path::Path;
use array_format::{ArrayFile, CompactOptions, FileConfig, NoCompression, Retention, Scope};

use crate::past::{Made, Merge, Past};
use crate::script::{Script, config};

impl Script {
    /// Before the first commit: the history is to be part of what the file shows.
    pub fn keep_past(&mut self) {
        if self.past.is_some() {
            return;
        }
        assert_eq!(self.newest(), 0);
        self.past = Some(Past::default());
        let message = self.name.clone();
        self.remember(message, Kind::Commit);
    }

    /// Opens the file anew, to keep older snapshots at each compaction.
    pub async fn retain(&mut self, retention: Retention) {
        let base = config(&self.name);
        self.reopen(FileConfig { retention, ..base }).await;
    }

    /// Opens the file anew, to have data of more bytes uploaded beside their layer.
    pub async fn put_at_most(&mut self, bytes: u64) {
        let largest_put = Some(bytes);
        let base = config(&self.name);
        self.reopen(FileConfig {
            largest_put,
            ..base
        })
        .await;
    }

    async fn reopen(&mut self, config: FileConfig<NoCompression>) {
        let path = Path::from(format!("{}.af", self.name));
        let file = ArrayFile::open(self.store.clone(), path, config).await;
        self.file = file.unwrap();
    }

    pub async fn flush(&mut self) {
        self.file.flush().await.unwrap();
        let message = self.name.clone();
        self.committed(message, Kind::Commit);
    }

    pub async fn commit(&mut self, message: &str) {
        self.file.commit(message).await.unwrap();
        self.committed(message.to_owned(), Kind::Commit);
    }

    fn committed(&mut self, message: String, kind: Kind) {
        self.model.layers.push(self.newest() + 1);
        self.check_layers();
        self.remember(message, kind);
    }

    pub async fn tag(&mut self, name: &str, at: u64) {
        self.file.tag(name, at).await.unwrap();
        self.past_mut().tags.insert(name.to_owned(), at);
    }

    pub fn untag(&mut self, name: &str) {
        assert!(self.file.untag(name).unwrap());
        self.past_mut().tags.remove(name).unwrap();
    }

    pub async fn restore(&mut self, of: u64) {
        self.file.restore(of).await.unwrap();
        let newest = self.newest();
        self.model = self.past_mut().states[&of].clone();
        self.model.layers.push(newest + 1);
        self.check_layers();
        self.remember(format!("restore of commit {of}"), Kind::Restore { of });
    }

    /// All layers into one.
    pub async fn compact(&mut self) {
        self.file.compact().await.unwrap();
        self.model.layers = vec![self.newest() + 1];
        self.check_layers();
    }

    /// The same where older snapshots are kept.
    pub async fn compact_keeping(&mut self, expected: Merge<'_>) {
        self.file.compact().await.unwrap();
        self.merged(expected);
    }

    pub async fn merge(&mut self, scope: Scope, retention: Retention, expected: Merge<'_>) {
        let mut options = CompactOptions::default();
        options.scope = scope;
        options.retention = Some(retention);
        let promoted = expected.base == self.newest() + 1;
        let done = self.file.compact_with(options).await.unwrap();
        assert_eq!(done.promoted, promoted);
        self.merged(expected);
    }

    fn merged(&mut self, expected: Merge<'_>) {
        let is_merged = |n: &&u64| !expected.layers.contains(n);
        let from = *self.model.layers.iter().find(is_merged).unwrap();
        self.model.layers = expected.layers.to_vec();
        self.check_layers();
        self.remember(String::new(), Kind::Merge { from });
        let past = self.past_mut();
        for (n, made) in &mut past.commits {
            made.given_up = expected.given_up.contains(n);
        }
        past.tombstones = expected.tombstones.iter().copied().collect();
        past.base = expected.base;
    }

    /// The newest commit, and the state after it.
    fn remember(&mut self, message: String, kind: Kind) {
        let newest = self.newest();
        let Some(past) = &mut self.past else { return };
        let made = Made {
            message,
            kind,
            given_up: false,
            layers: self.model.layers.clone(),
        };
        past.commits.insert(newest, made);
        past.states.insert(newest, self.model.clone());
    }

    fn past_mut(&mut self) -> &mut Past {
        self.past.as_mut().expect("`keep_past` comes first")
    }

    /// The number of the newest commit.
    pub fn newest(&self) -> u64 {
        self.model.layers[self.model.layers.len() - 1]
    }

    fn check_layers(&self) {
        let here = (self.file.sequence(), self.file.num_layers());
        assert_eq!(here, (self.newest(), self.model.layers.len()));
    }

    /// What the readers of this file must find.
    pub async fn dump(&self, file: &ArrayFile) -> String {
        let mut entries = self.model.entries(file).await;
        if let Some(past) = &self.past {
            entries.push(("history", past.dump(file).await));
        }
        crate::json::object(entries) + "\n"
    }
}
