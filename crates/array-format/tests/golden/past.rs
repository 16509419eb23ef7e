//! What a file's history must hold: the rules of `docs/format.md` once more, without the library.

use std::collections::BTreeMap;

use array_format::ArrayFile;
use array_format::history::Kind;

use crate::json;
use crate::model::{Model, integers};

/// A commit.
#[derive(Debug, Clone)]
pub struct Made {
    pub message: String,
    pub kind: Kind,
    pub given_up: bool,
    /// What its snapshot stood on, base first.
    pub layers: Vec<u64>,
}

/// What a merge must have done, written down by its builder.
#[derive(Debug, Clone, Copy)]
pub struct Merge<'a> {
    /// The merged layer, and those beneath it.
    pub layers: &'a [u64],
    /// All layers that are given up by now.
    pub given_up: &'a [u64],
    /// All that stand above the base's number, and where they lead.
    pub tombstones: &'a [(u64, u64)],
    /// The number of the layer in the base object.
    pub base: u64,
}

/// A whole history.
#[derive(Debug, Clone, Default)]
pub struct Past {
    pub commits: BTreeMap<u64, Made>,
    pub tags: BTreeMap<String, u64>,
    /// The state after each commit, also where it is not kept.
    pub states: BTreeMap<u64, Model>,
    pub tombstones: BTreeMap<u64, u64>,
    /// The number of the layer in the base object.
    pub base: u64,
}

impl Past {
    /// Whether the snapshot itself is kept.
    pub fn is_kept(&self, sequence: u64) -> bool {
        let layers = &self.commits[&sequence].layers;
        layers.iter().all(|layer| !self.commits[layer].given_up)
    }

    /// The kept commit that shows this one's state: itself, or a merge that came right after it.
    pub fn shown_by(&self, sequence: u64) -> Option<u64> {
        let is_merge = |n: &u64| matches!(self.commits[n].kind, Kind::Merge { .. });
        let merges = self.commits.range(sequence + 1..).map(|(&n, _)| n);
        std::iter::once(sequence)
            .chain(merges.take_while(is_merge))
            .find(|&n| self.is_kept(n))
    }

    /// The part of the dump that tells the history. `file` is asked as [`Model::dump`] does.
    pub async fn dump(&self, file: &ArrayFile) -> String {
        let mut states = BTreeMap::new();
        for (&sequence, state) in &self.states {
            if self.is_kept(sequence) {
                let file = file.at(sequence).await.unwrap();
                states.insert(sequence.to_string(), state.dump(&file).await);
            }
        }
        let commits = self.commits.iter().map(|(sequence, made)| {
            let (kind, of) = match made.kind {
                Kind::Commit => ("changes", 0),
                Kind::Merge { from } => ("merge", from),
                Kind::Restore { of } => ("restore", of),
                other => panic!("{other:?} has no place in a dump yet"),
            };
            json::object([
                ("sequence", sequence.to_string()),
                ("message", json::string(&made.message)),
                ("kind", json::string(kind)),
                ("of", of.to_string()),
                ("given_up", made.given_up.to_string()),
                ("layers", integers(&made.layers)),
            ])
        });
        let numbers = |(name, n): (&String, &u64)| (name.clone(), n.to_string());
        let tombstones = self.tombstones.iter();
        let tombstones = tombstones.map(|(n, leads_to)| (n.to_string(), leads_to.to_string()));
        json::object([
            ("commits", json::list(commits)),
            ("tags", owned(self.tags.iter().map(numbers))),
            ("snapshots", owned(states)),
            ("tombstones", owned(tombstones)),
        ])
    }
}

fn owned(entries: impl IntoIterator<Item = (String, String)>) -> String {
    let entries: Vec<(String, String)> = entries.into_iter().collect();
    json::object(entries.iter().map(|(k, v)| (k.as_str(), v.clone())))
}
