//! Writing what is left of a damaged file into a new one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use array_format_core::commit::PlacedFrame;
use array_format_core::wire::sums::PartSums;
use array_format_core::wire::tables::{
    Arrays, AttributeRow, Attributes, FILE_ID, FrameKey, Frames, Layers, Statistics,
};
use futures::future::BoxFuture;
use object_store::ObjectStore;
use object_store::path::Path;

use super::frames::{Batch, Job, frame_problem};
use super::pages::{Hole, Step, Tally, Walk};
use super::problem::{Affected, Problem, damaged_arrays};
use super::source::{Source, detail};
use super::tables::{Catalog, each, hole_problem};
use super::wreck::Wreck;
use crate::ArrayFile;
use crate::array::ArrayMeta;
use crate::codec::CompressionCodec;
use crate::config::FileConfig;
use crate::error::Result;
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
    /// [`Error::FileNotFound`](crate::Error::FileNotFound);
    /// [`Error::Corrupt`](crate::Error::Corrupt) if no layer's end can be read;
    /// [`Error::FileAlreadyExists`](crate::Error::FileAlreadyExists) if there is a file at the target;
    /// what the stores say. Damage is not an error here.
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
        Rescue::new(wreck, target).run().await
    }
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
    fn run(mut self) -> BoxFuture<'static, Result<Salvaged>> {
        Box::pin(async move {
            self.names().await?;
            self.attributes().await?;
            self.frames().await?;
            self.target.flush().await?;
            Ok(self.out)
        })
    }

    fn new(mut wreck: Wreck, target: ArrayFile) -> Self {
        let out = Salvaged {
            commit: wreck.state.root.sequence,
            lost_commits: std::mem::take(&mut wreck.lost_commits),
            foreign: std::mem::take(&mut wreck.foreign),
            problems: std::mem::take(&mut wreck.problems),
            ..Salvaged::default()
        };
        Self {
            out,
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
        let mut metas: BTreeMap<u64, Arc<ArrayMeta>> = BTreeMap::new();
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
                let mut rows: Vec<Arc<ArrayMeta>> = Vec::new();
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
            Arc::make_mut(&mut meta).id = id;
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
        let source = self.wreck.source.clone();
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
                            let placed = source.frame(&job.row).map_err(|error| detail(&error));
                            match placed.and_then(|_| job.check()) {
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
                    None if frame.has_other_sums => {
                        (Some(frame), Some("the checksums of its parts were wrong"))
                    }
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
                offset: self
                    .target
                    .pending
                    .spool
                    .append(Cow::Borrowed(&frame.stored))?,
                stored: row.stored,
                raw: row.raw,
                crc: row.crc,
                sums: match frame.has_other_sums {
                    true => PartSums::default(),
                    false => row.sums.clone(),
                },
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
