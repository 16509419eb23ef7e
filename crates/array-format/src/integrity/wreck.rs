//! A damaged file: which objects hold what, and the newest state that can be reached.

use std::collections::{HashMap, HashSet};

use array_format_core::snapshot::Snapshot;
use array_format_core::wire::header::Id;
use array_format_core::wire::tables::{LayerRow, Layers, Log};
use futures::future::BoxFuture;

use super::candidates::{self, Candidate};
use super::pages::{Step, Tally};
use super::problem::{Part, Problem};
use super::source::{Copy, Source};
use super::tables::each;
use crate::error::{Error, Result};
use crate::fetch::Holder;
use crate::storage::ObjectStoreBackend;

/// A damaged file: the state that is to be saved, and older ones.
pub(super) struct Wreck {
    pub(super) source: Source,
    /// The newest state whose root is whole.
    pub(super) state: Snapshot,
    /// Its layers, as far as they can be read.
    pub(super) rows: Vec<LayerRow>,
    /// Older states of the same history, newest first.
    pub(super) older: Vec<Snapshot>,
    /// Numbers above the state's whose objects cannot be read.
    pub(super) lost_commits: Vec<u64>,
    /// Objects with names of this file's sidecars that belong to other files.
    pub(super) foreign: Vec<String>,
    /// What is wrong with the ends of layers.
    pub(super) problems: Vec<Problem>,
}

impl Wreck {
    pub(super) fn find(place: ObjectStoreBackend) -> BoxFuture<'static, Result<Self>> {
        Box::pin(async move {
            let mut candidates = candidates::look(&place).await?;
            let Some(file) = whose(&candidates) else {
                return Err(match candidates.is_empty() {
                    true => Error::FileNotFound {
                        path: place.path().to_string(),
                    },
                    false => {
                        Error::corrupt(format!("{}: no layer's end can be read", place.path()))
                    }
                });
            };
            let (mut foreign, mut problems) = (Vec::new(), Vec::new());
            candidates.retain(|candidate| {
                let ours = candidate.file().is_none_or(|other| other == file);
                if !ours {
                    foreign.push(candidate.path.to_string());
                }
                ours
            });
            let base = candidates.iter().find(|c| c.number.is_none());
            let base = base.and_then(|base| Some((base.sequence()?, base.layer()?)));
            let mut copies: HashMap<Holder, Vec<Copy>> = HashMap::new();
            for candidate in &candidates {
                problems.extend(candidate.problems());
                let Some(sequence) = candidate.sequence() else {
                    continue;
                };
                copies
                    .entry(Holder::layer(sequence))
                    .or_default()
                    .push(candidate.copy());
            }
            let nameless = candidates
                .iter()
                .find(|c| c.number.is_none() && c.sequence().is_none())
                .map(Candidate::copy);
            let mut source = Source::new(place, copies);
            let mut states: Vec<(Option<u64>, Snapshot)> = Vec::new();
            let mut broken = Vec::new();
            for candidate in candidates {
                match candidate.snapshot {
                    Some(snapshot) => states.push((candidate.number, snapshot)),
                    None => broken.extend(candidate.sequence()),
                }
            }
            states.sort_by_key(|(number, s)| (std::cmp::Reverse(s.root.sequence), *number));
            states.dedup_by_key(|(_, s)| s.root.layer);
            let mut tally = Tally::default();
            let mut at = None;
            for (i, (number, snapshot)) in states.iter().enumerate() {
                let counts = match (base, number) {
                    (Some((sequence, layer)), Some(number)) => {
                        let rows = layer_rows(&source, snapshot, &mut tally).await?;
                        let first = rows.iter().map(|row| row.sequence).min();
                        *number > sequence
                            && match first {
                                Some(first) if first <= sequence => {
                                    let log = log_rows(&source, snapshot, &mut tally).await?;
                                    let mut history = rows.iter().chain(&log);
                                    history.any(|row| (row.sequence, row.id) == (sequence, layer))
                                }
                                _ => true,
                            }
                    }
                    _ => true,
                };
                if counts {
                    at = Some(i);
                    break;
                }
            }
            // A base without a root, and sidecars that only lead up to it: the newest of these.
            let (_, state) = states.remove(at.unwrap_or(0));
            broken.retain(|&number| number > state.root.sequence);
            broken.sort_unstable();
            broken.dedup();
            let rows = layer_rows(&source, &state, &mut tally).await?;
            if let (Some(copy), Some(first)) = (nameless, rows.iter().map(|row| row.sequence).min())
            {
                let holder = Holder::layer(first);
                source.copies.entry(holder).or_default().push(copy);
            }
            for row in &rows {
                source.know(row);
                if !source.copies.contains_key(&Holder::layer(row.sequence)) {
                    problems.push(Problem {
                        object: source.path(row.sequence),
                        layer: Some(row.sequence),
                        bytes: None,
                        part: Part::Layer,
                        affects: Vec::new(),
                        detail: "it is not there".to_owned(),
                    });
                }
            }
            let older = ancestors(&source, &state, &rows, states, &mut tally).await?;
            // What the state's own list of layers has lost may stand in an older one.
            for snapshot in &older {
                for row in layer_rows(&source, snapshot, &mut tally).await? {
                    if !source.knows(&row) {
                        source.know(&row);
                    }
                }
            }
            Ok(Self {
                source,
                state,
                rows,
                older,
                lost_commits: broken,
                foreign,
                problems,
            })
        })
    }
}

/// The file that the base says it is, or else the sidecar with the greatest number whose end is
/// whole: files that replace another begin above all numbers of the old one.
fn whose(candidates: &[Candidate]) -> Option<Id> {
    let whole = |c: &&Candidate| c.snapshot.is_some();
    let newest = candidates.iter().filter(whole).max_by_key(|c| c.sequence());
    let base = candidates.iter().find(|c| c.number.is_none());
    let ours = base.and_then(Candidate::file).or(newest?.file())?;
    let has_state = |c: &Candidate| c.snapshot.is_some() && c.file() == Some(ours);
    candidates.iter().any(has_state).then_some(ours)
}

/// The rows of a snapshot's layers table that can be read.
async fn layer_rows(
    source: &Source,
    snapshot: &Snapshot,
    tally: &mut Tally,
) -> Result<Vec<LayerRow>> {
    let mut found = Vec::new();
    each::<Layers>(source, &snapshot.root.layers, tally, |step| {
        if let Step::Rows(rows) = step {
            found.extend(rows);
        }
    })
    .await?;
    Ok(found)
}

/// The rows of a snapshot's log that can be read.
async fn log_rows(
    source: &Source,
    snapshot: &Snapshot,
    tally: &mut Tally,
) -> Result<Vec<LayerRow>> {
    let mut found = Vec::new();
    each::<Log>(source, &snapshot.root.log, tally, |step| {
        if let Step::Rows(rows) = step {
            found.extend(rows);
        }
    })
    .await?;
    Ok(found)
}

/// The states that a state came from, newest first: layers that it lists or that its log lists, and
/// its parents.
async fn ancestors(
    source: &Source,
    state: &Snapshot,
    rows: &[LayerRow],
    states: Vec<(Option<u64>, Snapshot)>,
    tally: &mut Tally,
) -> Result<Vec<Snapshot>> {
    let mut known: HashSet<Id> = rows.iter().map(|row| row.id).collect();
    let log = log_rows(source, state, tally).await?;
    known.extend(log.into_iter().map(|row| row.id));
    known.extend(state.root.parent);
    let mut older = Vec::new();
    for (_, snapshot) in states {
        if snapshot.root.sequence < state.root.sequence && known.contains(&snapshot.root.layer) {
            known.extend(snapshot.root.parent);
            older.push(snapshot);
        }
    }
    Ok(older)
}
