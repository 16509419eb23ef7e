//! Writing what is left of a damaged file into a new one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use array_format_core::commit::PlacedFrame;
use array_format_core::snapshot::Snapshot;
use array_format_core::wire::TRAILER_BYTES;
use array_format_core::wire::header::Id;
use array_format_core::wire::tables::{
    Arrays, AttributeRow, Attributes, FILE_ID, FrameKey, Frames, LayerRow, Layers, Log, Statistics,
};
use object_store::ObjectStore;
use object_store::path::Path;

use super::candidates::{self, Candidate};
use super::frames::{Batch, Job, frame_problem};
use super::pages::{Hole, Step, Tally, Walk};
use super::problem::{Affected, Part, Problem, damaged_arrays};
use super::source::{Copy, Source};
use super::tables::{Catalog, each, hole_problem};
use crate::ArrayFile;
use crate::array::ArrayMeta;
use crate::codec::CompressionCodec;
use crate::config::FileConfig;
use crate::error::{Error, Result};
use crate::pending::{PendingArray, PendingTile};
use crate::storage::ObjectStoreBackend;

/// An array whose definition is from an older commit than the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OlderDefinition {
    /// The array, by the name of that time.
    pub array: String,
    /// The commit.
    pub commit: u64,
}

/// What was saved of a damaged file, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// The commit whose state was saved.
    pub commit: u64,
    /// Later commits, of which there are objects that cannot be read, rising. A commit whose end is
    /// missing may never have been completed.
    pub lost_commits: Vec<u64>,
    /// Arrays that were saved, damaged ones included.
    pub arrays: u64,
    /// Attributes that were saved.
    pub attributes: u64,
    /// Frames that were saved.
    pub frames: u64,
    /// Stored bytes of these frames.
    pub bytes: u64,
    /// Arrays whose definition of that commit is lost, and an older one was taken.
    pub older: Vec<OlderDefinition>,
    /// Objects with names of this file's sidecars that belong to other files.
    pub foreign: Vec<String>,
    /// What is wrong, and what of the state is lost because of it. Chunks that are hit read as the
    /// fill value in the new file, statistics were computed anew, attributes that are hit are left
    /// out, and so are arrays in a range of names that is hit, but those in `older`.
    pub problems: Vec<Problem>,
}

impl Salvaged {
    /// Whether everything of the file's newest state was saved.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty() && self.lost_commits.is_empty()
    }

    /// The arrays that are hit, by name.
    pub fn damaged_arrays(&self) -> BTreeSet<&str> {
        damaged_arrays(&self.problems)
    }
}

impl ArrayFile {
    /// Writes what can be read of a damaged file into a new one, and reports the rest.
    ///
    /// The state is that of the newest commit whose end is whole; ends of older layers are not
    /// needed for it. The base may be gone. Frames are copied as they are stored, after they were
    /// checked, and what is damaged is left out: nothing is made up. The new file has one commit; the
    /// history and tags of the old one are not carried over. The old file is only read. If a store
    /// fails on the way, an empty file stays at the target.
    ///
    /// # Errors
    /// [`Error::FileNotFound`]; [`Error::Corrupt`] if no layer's end can be read;
    /// [`Error::FileAlreadyExists`] if there is a file at the target; what the stores say. Damage is
    /// not an error here.
    pub async fn salvage<C: CompressionCodec + 'static>(
        store: Arc<dyn ObjectStore>,
        path: Path,
        target_store: Arc<dyn ObjectStore>,
        target_path: Path,
        config: FileConfig<C>,
    ) -> Result<Salvaged> {
        let place = ObjectStoreBackend::new(store, path)?;
        let wreck = Wreck::find(place).await?;
        let mut target = Self::create_new(target_store, target_path, config).await?;
        if target.settings.message.is_empty() {
            target.settings.message = format!("salvaged from {}", wreck.source.place.path());
        }
        let mut rescue = Rescue::new(wreck, target);
        rescue.names().await?;
        rescue.attributes().await?;
        rescue.frames().await?;
        rescue.target.flush().await?;
        Ok(rescue.out)
    }
}

/// A damaged file: the state that is to be saved, and older ones.
struct Wreck {
    source: Source,
    state: Snapshot,
    /// Older states of the same history, newest first.
    older: Vec<Snapshot>,
    out: Salvaged,
}

impl Wreck {
    async fn find(place: ObjectStoreBackend) -> Result<Self> {
        let mut candidates = candidates::look(&place).await?;
        let Some(file) = whose(&candidates) else {
            return Err(match candidates.is_empty() {
                true => Error::FileNotFound {
                    path: place.path().to_string(),
                },
                false => Error::corrupt(format!("{}: no layer's end can be read", place.path())),
            });
        };
        let mut out = Salvaged::default();
        candidates.retain(|candidate| {
            let ours = candidate.file().is_none_or(|other| other == file);
            if !ours {
                out.foreign.push(candidate.path.to_string());
            }
            ours
        });
        let base = candidates.iter().find(|c| c.number.is_none());
        let base = base.and_then(|base| Some((base.sequence()?, base.layer()?)));
        let mut copies: HashMap<u64, Vec<Copy>> = HashMap::new();
        for candidate in &candidates {
            out.problems.extend(candidate.problems());
            let Some(sequence) = candidate.sequence() else {
                continue;
            };
            // Of an object without an end, all that is there may be pages and frames.
            let end = match candidate.snapshot {
                Some(_) => 0,
                None => TRAILER_BYTES as u64,
            };
            copies.entry(sequence).or_default().push(Copy {
                path: candidate.path.clone(),
                length: candidate.length + end,
            });
        }
        let nameless = candidates
            .iter()
            .find(|c| c.number.is_none() && c.sequence().is_none())
            .map(|base| Copy {
                path: base.path.clone(),
                length: base.length + TRAILER_BYTES as u64,
            });
        let mut source = Source { place, copies };
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
                    let first = rows.iter().map(|row| (row.sequence, row.id)).min();
                    *number > sequence
                        && first.is_none_or(|(first, id)| {
                            first > sequence || first == sequence && id == layer
                        })
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
        out.commit = state.root.sequence;
        broken.retain(|&number| number > out.commit);
        broken.sort_unstable();
        broken.dedup();
        out.lost_commits = broken;
        let rows = layer_rows(&source, &state, &mut tally).await?;
        if let (Some(copy), Some(first)) = (nameless, rows.iter().map(|row| row.sequence).min()) {
            source.copies.entry(first).or_default().push(copy);
        }
        for row in &rows {
            if !source.copies.contains_key(&row.sequence) {
                out.problems.push(Problem {
                    object: source.path(row.sequence),
                    layer: Some(row.sequence),
                    bytes: None,
                    part: Part::Layer,
                    affects: Vec::new(),
                    detail: "it is not there".to_owned(),
                });
            }
        }
        let older = ancestors(&source, &state, rows, states, &mut tally).await?;
        Ok(Self {
            source,
            state,
            older,
            out,
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

/// The states that a state came from, newest first: layers that it lists or that its log lists, and
/// its parents.
async fn ancestors(
    source: &Source,
    state: &Snapshot,
    rows: Vec<LayerRow>,
    states: Vec<(Option<u64>, Snapshot)>,
    tally: &mut Tally,
) -> Result<Vec<Snapshot>> {
    let mut known: HashSet<Id> = rows.into_iter().map(|row| row.id).collect();
    each::<Log>(source, &state.root.log, tally, |step| {
        if let Step::Rows(rows) = step {
            known.extend(rows.into_iter().map(|row| row.id));
        }
    })
    .await?;
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

/// A salvage on its way.
struct Rescue {
    wreck: Wreck,
    target: ArrayFile,
    catalog: Catalog,
    /// Names in the new file by old ids, and ids there.
    names: HashMap<u64, (String, u64)>,
    /// Ids of arrays whose definitions are older than their frames.
    doubtful: HashSet<u64>,
    tally: Tally,
    out: Salvaged,
}

impl Rescue {
    fn new(mut wreck: Wreck, target: ArrayFile) -> Self {
        Self {
            out: std::mem::take(&mut wreck.out),
            wreck,
            target,
            catalog: Catalog::default(),
            names: HashMap::new(),
            doubtful: HashSet::new(),
            tally: Tally::default(),
        }
    }

    /// Definitions, and what older states have of those that are lost.
    async fn names(&mut self) -> Result<()> {
        let mut metas: BTreeMap<u64, ArrayMeta> = BTreeMap::new();
        let mut taken: HashSet<String> = HashSet::new();
        let mut holes: Vec<Hole<String>> = Vec::new();
        let source = &self.wreck.source;
        let tree = &self.wreck.state.root.arrays;
        each::<Arrays>(source, tree, &mut self.tally, |step| match step {
            Step::Hole(hole) => holes.push(hole),
            Step::Rows(rows) => {
                for meta in rows {
                    taken.insert(meta.name.clone());
                    metas.insert(meta.id, meta);
                }
            }
        })
        .await?;
        if !holes.is_empty() {
            let alive = self.alive().await?;
            let source = &self.wreck.source;
            for older in &self.wreck.older {
                let mut rows: Vec<ArrayMeta> = Vec::new();
                each::<Arrays>(source, &older.root.arrays, &mut self.tally, |step| {
                    if let Step::Rows(found) = step {
                        rows.extend(found);
                    }
                })
                .await?;
                for meta in rows {
                    let lost = alive.contains(&meta.id) && !metas.contains_key(&meta.id);
                    if lost && taken.insert(meta.name.clone()) {
                        self.out.older.push(OlderDefinition {
                            array: meta.name.clone(),
                            commit: older.root.sequence,
                        });
                        self.doubtful.insert(meta.id);
                        metas.insert(meta.id, meta);
                    }
                }
            }
            for hole in &holes {
                let affects = vec![Affected::Names {
                    from: hole.from.clone(),
                    to: hole.to.clone(),
                }];
                let problem = hole_problem::<Arrays>(source, hole, affects);
                self.out.problems.push(problem);
            }
        }
        let codecs = self.target.settings.codecs.clone();
        for (old, meta) in metas {
            self.catalog.insert(meta.clone(), &codecs);
            let id = self.target.pending.next_array;
            let name = meta.name.clone();
            let mut meta = meta;
            meta.id = id;
            let array = PendingArray {
                meta,
                committed: None,
                tiles: BTreeMap::new(),
            };
            let pending = &mut self.target.pending;
            pending.next_array += 1;
            pending.version += 1;
            pending.arrays.insert(name.clone(), Some(array));
            self.names.insert(old, (name, id));
            self.out.arrays += 1;
        }
        Ok(())
    }

    /// Ids of arrays that have statistics or attributes: these are there, whether their
    /// definitions can be read or not. Others may have been deleted since an older state.
    async fn alive(&mut self) -> Result<HashSet<u64>> {
        let mut alive = HashSet::new();
        let (source, root) = (&self.wreck.source, &self.wreck.state.root);
        each::<Statistics>(source, &root.statistics, &mut self.tally, |step| {
            if let Step::Rows(rows) = step {
                alive.extend(rows.iter().map(|row| row.array));
            }
        })
        .await?;
        each::<Attributes>(source, &root.attributes, &mut self.tally, |step| {
            if let Step::Rows(rows) = step {
                alive.extend(rows.iter().map(|row| row.key.array));
            }
        })
        .await?;
        Ok(alive)
    }

    /// Attributes, and the damage of tables that are made anew.
    async fn attributes(&mut self) -> Result<()> {
        let (source, root) = (&self.wreck.source, &self.wreck.state.root);
        let mut walk = Walk::<Attributes>::new(source, &root.attributes);
        while let Some(steps) = walk.next(&mut self.tally).await? {
            for step in steps {
                match step {
                    Step::Rows(rows) => {
                        for AttributeRow { key, value } in rows {
                            let id = match key.array {
                                FILE_ID => FILE_ID,
                                old => match self.names.get(&old) {
                                    Some((_, id)) => *id,
                                    None => continue,
                                },
                            };
                            self.target.put_attribute(id, &key.key, Some(value))?;
                            self.out.attributes += 1;
                        }
                    }
                    Step::Hole(hole) => {
                        let affects = vec![Affected::Attributes {
                            from: self.catalog.attribute(&hole.from),
                            to: hole.to.as_ref().map(|to| self.catalog.attribute(to)),
                            count: hole.rows,
                        }];
                        let problem = hole_problem::<Attributes>(source, &hole, affects);
                        self.out.problems.push(problem);
                    }
                }
            }
        }
        let (out, catalog) = (&mut self.out, &self.catalog);
        each::<Statistics>(source, &root.statistics, &mut self.tally, |step| {
            if let Step::Hole(hole) = step {
                let affects = catalog.between(hole.from, hole.to, |_| true);
                let problem = hole_problem::<Statistics>(source, &hole, affects);
                out.problems.push(problem);
            }
        })
        .await?;
        each::<Layers>(source, &root.layers, &mut self.tally, |step| {
            if let Step::Hole(hole) = step {
                let (from, to) = (hole.from, hole.to);
                let affects = vec![Affected::History { from, to }];
                out.problems
                    .push(hole_problem::<Layers>(source, &hole, affects));
            }
        })
        .await
    }

    /// Frames.
    async fn frames(&mut self) -> Result<()> {
        let tree = self.wreck.state.root.frames.clone();
        let mut batch = Batch::default();
        let mut tally = Tally::default();
        // The walk borrows what the rescue of a batch changes beside.
        let source = Source {
            place: self.wreck.source.place.clone(),
            copies: self.wreck.source.copies.clone(),
        };
        let mut walk = Walk::<Frames>::new(&source, &tree);
        while let Some(steps) = walk.next(&mut tally).await? {
            for step in steps {
                match step {
                    Step::Hole(hole) => self.lost(&source, &hole),
                    Step::Rows(rows) => {
                        for row in rows {
                            let Some(array) = self.catalog.get(row.key.array) else {
                                let text = "its array is lost".to_owned();
                                let problem = frame_problem(&source, &self.catalog, &row, text);
                                self.out.problems.push(problem);
                                continue;
                            };
                            let array = Arc::clone(array);
                            let job = Job { row, array };
                            match job.check() {
                                Ok(()) => batch.push(job),
                                Err(text) => {
                                    let row = &job.row;
                                    let problem = frame_problem(&source, &self.catalog, row, text);
                                    self.out.problems.push(problem);
                                }
                            }
                        }
                    }
                }
                if batch.is_full() {
                    self.save(&source, &mut batch).await?;
                }
            }
        }
        self.save(&source, &mut batch).await
    }

    fn lost(&mut self, source: &Source, hole: &Hole<FrameKey>) {
        let affects = self
            .catalog
            .chunks_between(&hole.from, hole.to.as_ref(), |_| true);
        let problem = hole_problem::<Frames>(source, hole, affects);
        self.out.problems.push(problem);
    }

    /// Puts the frames of a batch that are whole into the new file.
    async fn save(&mut self, source: &Source, batch: &mut Batch) -> Result<()> {
        for (job, frame) in batch.run(source).await? {
            let row = &job.row;
            let (frame, text) = match frame {
                Ok(frame) => match &frame.corrected {
                    None => (Some(frame), None),
                    // Under an older definition they may be another array's elements.
                    Some(_) if self.doubtful.contains(&row.key.array) => {
                        (None, Some("it does not fit the older definition"))
                    }
                    Some(_) => (Some(frame), Some("its statistics were wrong")),
                },
                Err(text) => {
                    let problem = frame_problem(source, &self.catalog, row, text);
                    self.out.problems.push(problem);
                    continue;
                }
            };
            if let Some(text) = text {
                let problem = frame_problem(source, &self.catalog, row, text.to_owned());
                self.out.problems.push(problem);
            }
            let (Some(frame), Some((name, _))) = (frame, self.names.get(&row.key.array)) else {
                continue;
            };
            let placed = PlacedFrame {
                offset: self.target.pending.spool.append(&frame.stored)?,
                stored: row.stored,
                raw: row.raw,
                crc: row.crc,
                extent: row.extent.clone(),
                stats: frame.corrected.unwrap_or_else(|| row.stats.clone()),
            };
            let tile = PendingTile::Spooled(Box::new(placed));
            self.target
                .pending
                .put_tile(name, row.key.tile.clone(), tile);
            self.out.frames += 1;
            self.out.bytes += row.stored;
        }
        Ok(())
    }
}
