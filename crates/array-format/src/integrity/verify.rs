//! Verifying a snapshot: its structure, and the data if that is asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::root::Root;
use array_format_core::wire::tables::{
    Arrays, Attributes, FILE_ID, FrameKey, Frames, LayerRow, Layers, Log, Statistics,
    StatisticsRow, Table, Tags,
};
use array_format_core::wire::trailer::Trailer;
use array_format_core::wire::{HEADER_BYTES, TRAILER_BYTES};

use super::compare::covers;
use super::frames::{Batch, Job, Taken, frame_problem};
use super::pages::{Hole, Step, Tally, Walk};
use super::problem::{Affected, Part, Problem, damaged_arrays};
use super::source::{Copy, Source, damage, detail};
use super::tables::{Catalog, each, hole_problem};
use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::open;

/// How far a verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Pages that were read.
    pub pages: u64,
    /// Frames that were checked.
    pub frames: u64,
    /// Frames of the snapshot.
    pub all_frames: u64,
    /// Stored bytes that were read.
    pub bytes: u64,
}

/// What is called as a verification goes on.
pub type Progress = Arc<dyn Fn(Report) + Send + Sync>;

/// How much is verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// All metadata: costs about what the metadata take, and no data.
    #[default]
    Quick,
    /// Metadata and data: every frame is read and decoded.
    Full,
}

/// How to verify.
///
/// ```
/// use std::sync::Arc;
/// use array_format::integrity::{Depth, VerifyOptions};
///
/// let mut options = VerifyOptions::default();
/// options.depth = Depth::Full;
/// options.progress = Some(Arc::new(|at| println!("{} of {} frames", at.frames, at.all_frames)));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// How much is verified.
    pub depth: Depth,
    /// Called about once for each 16 MiB that are read.
    pub progress: Option<Progress>,
}

impl std::fmt::Debug for VerifyOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyOptions")
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl VerifyOptions {
    /// Metadata alone.
    pub fn quick() -> Self {
        Self::default()
    }

    /// Metadata and data.
    pub fn full() -> Self {
        Self {
            depth: Depth::Full,
            ..Self::default()
        }
    }
}

/// An array whose codec is not registered here: its frames have right checksums, but were not
/// decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownCodec {
    /// The array.
    pub array: String,
    /// The codec's recorded name.
    pub codec: String,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Metadata pages that were read, roots aside.
    pub checked_pages: u64,
    /// Frames whose rows were checked, and their bytes too if that was asked for.
    pub checked_frames: u64,
    /// Stored bytes of what was read: of pages, and of frames if that was asked for.
    pub checked_bytes: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Arrays that could not be decoded for lack of a codec, which is no damage.
    pub unknown_codecs: Vec<UnknownCodec>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }

    /// The arrays that are hit, by name.
    pub fn damaged_arrays(&self) -> BTreeSet<&str> {
        damaged_arrays(&self.problems)
    }
}

impl ArrayFile {
    /// Verifies this handle's snapshot, as it stands in the store: no cache and no page that is in
    /// memory is believed. Changes that are pending are not part of it.
    ///
    /// The structure: all layers are there, with their ids and lengths; every page has its checksum,
    /// decodes, and holds what its parent says; definitions are possible; every frame belongs to a
    /// tile of an array, lies within its layer, and overlaps no other; sizes and counts add up. With
    /// [`Depth::Full`] also the data: every frame has its checksum, decodes, and has the statistics
    /// that the index says; these of an array are those of its frames.
    ///
    /// `docs/format.md` (section 5) asks for exact bounds, but for texts, which may be bounded by
    /// something shorter. Bounds of an array that are wider than those of its frames do no harm, and
    /// are not reported; narrower ones are.
    ///
    /// It goes on after a problem. Memory: the definitions and statistics of all arrays, and a
    /// bounded number of pages and frames.
    ///
    /// # Errors
    /// [`Error::SnapshotExpired`] if layers were replaced since the handle last saw the file: refresh
    /// and verify again; what the store said. Damage is not an error here.
    pub async fn verify(&self, options: &VerifyOptions) -> Result<Verified> {
        let mut survey = Survey::new(self, options)?;
        survey.layers().await?;
        survey.names().await?;
        survey.attributes().await?;
        survey.statistics().await?;
        survey.frames().await?;
        survey.sums();
        survey.history().await?;
        survey.out.checked_pages = survey.tally.pages;
        survey.out.checked_bytes += survey.tally.bytes;
        Ok(survey.out)
    }
}

/// A verification on its way.
struct Survey<'a> {
    file: &'a ArrayFile,
    root: &'a Root,
    options: &'a VerifyOptions,
    source: Source,
    rows: BTreeMap<u64, LayerRow>,
    catalog: Catalog,
    /// Statistics as they are stored, and as the frames' rows add up to.
    stored: BTreeMap<u64, StatisticsRow>,
    computed: BTreeMap<u64, StatisticsRow>,
    /// Ids of arrays, first and last, of which not all is known.
    unsure: Vec<(u64, u64)>,
    /// Whether all frames' rows were read.
    all_frames: bool,
    tally: Tally,
    out: Verified,
}

impl<'a> Survey<'a> {
    fn new(file: &'a ArrayFile, options: &'a VerifyOptions) -> Result<Self> {
        let snapshot = &file.snapshot;
        let layers = file.layers();
        // The handle's own list of layers says where pages are; that of the store is read below.
        let mut copies = HashMap::new();
        let mut rows = BTreeMap::new();
        for row in snapshot.layers()? {
            let mut row = row.clone();
            if row.sequence == snapshot.root.sequence {
                row.length = snapshot.object_length;
            }
            let copy = Copy {
                path: layers.path(row.sequence),
                length: row.length,
            };
            copies.insert(row.sequence, vec![copy]);
            rows.insert(row.sequence, row);
        }
        Ok(Self {
            file,
            root: &snapshot.root,
            options,
            source: Source {
                place: file.place.clone(),
                copies,
            },
            rows,
            catalog: Catalog::default(),
            stored: BTreeMap::new(),
            computed: BTreeMap::new(),
            unsure: Vec::new(),
            all_frames: true,
            tally: Tally::default(),
            out: Verified::default(),
        })
    }

    fn hole<T: Table>(&mut self, hole: &Hole<T::Key>, affects: Vec<Affected>) {
        let problem = hole_problem::<T>(&self.source, hole, affects);
        self.out.problems.push(problem);
    }

    /// Something wrong with rows of a table as a whole, which the root leads to.
    fn row_problem(&mut self, table: &'static str, affects: Vec<Affected>, detail: String) {
        self.out.problems.push(Problem {
            object: self.source.path(self.root.sequence),
            layer: Some(self.root.sequence),
            bytes: None,
            part: Part::Page(table),
            affects,
            detail,
        });
    }

    /// The objects of all layers, and the table of layers.
    async fn layers(&mut self) -> Result<()> {
        for row in self.rows.clone().into_values() {
            self.layer(&row).await?;
        }
        let mut steps = Vec::new();
        let tree = &self.root.layers;
        each(&self.source, tree, &mut self.tally, |step| steps.push(step)).await?;
        for step in steps {
            if let Step::Hole(hole) = step {
                self.hole::<Layers>(&hole, vec![Affected::File]);
            }
        }
        let first = self.rows.keys().next().copied();
        let last = self.rows.keys().next_back().copied();
        if last != Some(self.root.sequence) || first.is_none() {
            let detail = "the newest layer does not list itself last".to_owned();
            self.row_problem("layers", vec![Affected::File], detail);
        }
        Ok(())
    }

    /// The ends of a layer's object.
    async fn layer(&mut self, row: &LayerRow) -> Result<()> {
        let sequence = row.sequence;
        let path = self.file.layers().path(sequence);
        // The newest layer and the base are needed to open the file, the others by history alone.
        let needed = sequence == self.root.sequence || sequence == self.file.base_sequence;
        let affects = vec![match needed {
            true => Affected::File,
            false => Affected::Commit(sequence),
        }];
        let mut found: Vec<(Part, Option<std::ops::Range<u64>>, String)> = Vec::new();
        let tail = self.file.place.tail(&path).await;
        let tail = match damage(tail)? {
            Ok(tail) => Some(tail),
            Err(error) => {
                self.expired(row).await?;
                found.push((Part::Layer, None, detail(&error)));
                self.source.copies.remove(&sequence);
                None
            }
        };
        if let Some(tail) = tail {
            let head = self.file.place.head(&path, HEADER_BYTES as u64).await;
            let header = damage(head)?.and_then(|head| Header::decode(&head));
            match header {
                Ok(header) if header.layer != row.id || header.sequence != sequence => {
                    self.expired(row).await?;
                    let text = format!("it holds layer {:?}, not {:?}", header.layer, row.id);
                    found.push((Part::Layer, None, text));
                }
                Ok(header) if header.file != self.root.file => {
                    let text = "it belongs to another file".to_owned();
                    found.push((Part::Header, Some(0..HEADER_BYTES as u64), text));
                }
                Ok(_) => {}
                Err(error) => {
                    let range = 0..HEADER_BYTES as u64;
                    found.push((Part::Header, Some(range), detail(&error)));
                }
            }
            // Of an object that was cut short, all that is there may be pages and frames.
            let whole = Trailer::is_complete(&tail.bytes);
            let kept = tail.object_length + if whole { 0 } else { TRAILER_BYTES as u64 };
            for copy in self.source.copies.entry(sequence).or_default() {
                copy.length = copy.length.min(kept);
            }
            if tail.object_length != row.length {
                let text = format!(
                    "it has {} bytes, and should have {}",
                    tail.object_length, row.length
                );
                found.push((Part::Layer, None, text));
            }
            let trailer = tail.object_length.saturating_sub(TRAILER_BYTES as u64);
            let trailer = trailer..tail.object_length;
            match Trailer::decode(&tail.bytes, tail.object_length) {
                Err(error) => found.push((Part::Trailer, Some(trailer), detail(&error))),
                Ok(end) => {
                    let range =
                        end.root_offset..end.root_offset.saturating_add(end.root_stored.into());
                    let root = open::end(&self.file.place, &path, tail).await;
                    let root = damage(root.map(|end| end.snapshot.root))?;
                    let wrong = match root {
                        Err(error) => Some(detail(&error)),
                        Ok(root) => {
                            let is = (root.file, root.layer, root.sequence);
                            (is != (self.root.file, row.id, sequence))
                                .then(|| "it is the root of another layer".to_owned())
                        }
                    };
                    found.extend(wrong.map(|text| (Part::Root, Some(range), text)));
                }
            }
        }
        for (part, bytes, detail) in found {
            self.out.problems.push(Problem {
                object: path.to_string(),
                layer: Some(sequence),
                bytes,
                part,
                affects: affects.clone(),
                detail,
            });
        }
        Ok(())
    }

    /// An error if a layer is not there any more because others have merged it.
    async fn expired(&self, row: &LayerRow) -> Result<()> {
        let newest = open::find(&self.file.place).await;
        let Ok(newest) = damage(newest)? else {
            return Ok(());
        };
        let moved_on = newest.snapshot.root.layer != self.root.layer;
        let listed = newest.snapshot.layer(row.sequence)?;
        if moved_on && listed.is_none_or(|listed| listed.id != row.id) {
            return Err(Error::SnapshotExpired {
                detail: format!("layer {} was merged", row.sequence),
            });
        }
        Ok(())
    }

    /// Definitions.
    async fn names(&mut self) -> Result<()> {
        let mut steps = Vec::new();
        let tree = &self.root.arrays;
        each(&self.source, tree, &mut self.tally, |step| steps.push(step)).await?;
        let codecs = &self.file.settings.codecs;
        let mut wrong = Vec::new();
        let mut holes = Vec::new();
        for step in steps {
            match step {
                Step::Hole(hole) => holes.push(hole),
                Step::Rows(rows) => {
                    for meta in rows {
                        // Rows of a page were validated when it was decoded.
                        if meta.id == 0 || meta.id >= self.root.next_array {
                            wrong.push((
                                meta.name.clone(),
                                format!("its id {} was never given", meta.id),
                            ));
                        } else if let Some(other) = self.catalog.get(meta.id) {
                            let text = format!("it has the id of {:?}", other.meta.name);
                            wrong.push((meta.name.clone(), text));
                        }
                        self.catalog.insert(meta, codecs);
                    }
                }
            }
        }
        for hole in holes {
            // What the store lost may still be in this handle's memory.
            let mut affects = Vec::new();
            let known = self.file.snapshot.visit_arrays(|meta| {
                let inside =
                    meta.name >= hole.from && hole.to.as_ref().is_none_or(|to| meta.name < *to);
                if inside {
                    affects.push(Affected::Array(meta.name.clone()));
                    self.catalog.insert(meta.clone(), codecs);
                }
            });
            if known.is_err() || affects.is_empty() {
                affects.push(Affected::Names {
                    from: hole.from.clone(),
                    to: hole.to.clone(),
                });
            }
            self.hole::<Arrays>(&hole, affects);
        }
        for (name, text) in wrong {
            self.row_problem("arrays", vec![Affected::Array(name)], text);
        }
        for known in self.catalog.iter() {
            match &known.decoder {
                Ok(_) => {}
                Err(Error::UnknownCodec { name }) => self.out.unknown_codecs.push(UnknownCodec {
                    array: known.meta.name.clone(),
                    codec: name.clone(),
                }),
                // `auto` is right as long as there are no frames; those would say so.
                Err(_) if known.meta.pipeline.is_auto() => {}
                Err(error) => self.out.problems.push(Problem {
                    object: self.source.path(self.root.sequence),
                    layer: Some(self.root.sequence),
                    bytes: None,
                    part: Part::Page("arrays"),
                    affects: vec![Affected::Array(known.meta.name.clone())],
                    detail: detail(error),
                }),
            }
        }
        Ok(())
    }

    /// Attributes.
    async fn attributes(&mut self) -> Result<()> {
        let mut holes = Vec::new();
        let mut orphans = BTreeMap::<u64, u64>::new();
        let tree = &self.root.attributes;
        let catalog = &self.catalog;
        each(&self.source, tree, &mut self.tally, |step| match step {
            Step::Hole(hole) => holes.push(hole),
            Step::Rows(rows) => {
                for row in rows {
                    let id = row.key.array;
                    if id != FILE_ID && catalog.get(id).is_none() {
                        *orphans.entry(id).or_default() += 1;
                    }
                }
            }
        })
        .await?;
        for hole in holes {
            let affects = vec![Affected::Attributes {
                from: self.catalog.attribute(&hole.from),
                to: hole.to.as_ref().map(|to| self.catalog.attribute(to)),
                count: hole.rows,
            }];
            self.hole::<Attributes>(&hole, affects);
        }
        for (id, count) in orphans {
            let text = format!("{count} attributes of array id {id}, which is not there");
            self.row_problem("attributes", Vec::new(), text);
        }
        Ok(())
    }

    /// Statistics of arrays, as they are stored.
    async fn statistics(&mut self) -> Result<()> {
        let mut holes = Vec::new();
        let tree = &self.root.statistics;
        let stored = &mut self.stored;
        each(&self.source, tree, &mut self.tally, |step| match step {
            Step::Hole(hole) => holes.push(hole),
            Step::Rows(rows) => stored.extend(rows.into_iter().map(|row| (row.array, row))),
        })
        .await?;
        for hole in holes {
            // What the store lost may still be in this handle's memory.
            let known = |id: u64| self.file.snapshot.statistics(id);
            let written = |id: u64| known(id).map_or(true, |row| row.is_some());
            let affects = self.catalog.between(hole.from, hole.to, written);
            self.unsure
                .push((hole.from, hole.to.map_or(u64::MAX, |to| to - 1)));
            self.hole::<Statistics>(&hole, affects);
        }
        Ok(())
    }

    /// The index of frames, and the frames if they are wanted.
    async fn frames(&mut self) -> Result<()> {
        let mut walk = Walk::new(&self.source, &self.root.frames);
        let mut taken = Taken::default();
        let mut batch = Batch::default();
        let mut found: Vec<Problem> = Vec::new();
        let mut holes: Vec<Hole<FrameKey>> = Vec::new();
        while let Some(steps) = walk.next(&mut self.tally).await? {
            for step in steps {
                let rows = match step {
                    Step::Rows(rows) => rows,
                    Step::Hole(hole) => {
                        holes.push(hole);
                        continue;
                    }
                };
                for row in rows {
                    self.out.checked_frames += 1;
                    let id = row.key.array;
                    let sum = self.computed.entry(id).or_insert_with(|| StatisticsRow {
                        array: id,
                        ..StatisticsRow::default()
                    });
                    sum.stats.merge(&row.stats);
                    sum.stored = sum.stored.saturating_add(row.stored);
                    sum.frames += 1;
                    let mut report = |text: String| {
                        found.push(frame_problem(&self.source, &self.catalog, &row, text));
                    };
                    let range = row.offset..row.end();
                    let Some(layer) = self.rows.get(&row.sequence) else {
                        report(format!(
                            "layer {} is not one of the snapshot's",
                            row.sequence
                        ));
                        continue;
                    };
                    if range.start < HEADER_BYTES as u64
                        || range.end > layer.length.saturating_sub(TRAILER_BYTES as u64)
                    {
                        report("it lies outside the data of its layer".to_owned());
                        continue;
                    }
                    if !taken.take(row.sequence, range) {
                        report("it overlaps another frame".to_owned());
                    }
                    let Some(array) = self.catalog.get(id) else {
                        report(format!("array id {id} is not there"));
                        continue;
                    };
                    let job = Job {
                        row: row.clone(),
                        array: Arc::clone(array),
                    };
                    match job.check() {
                        Err(text) => report(text),
                        Ok(()) => batch.push(job),
                    }
                }
                if self.options.depth == Depth::Quick {
                    batch = Batch::default();
                } else if batch.is_full() {
                    let read = examine(&mut batch, &self.source, &self.catalog, &mut found);
                    self.out.checked_bytes += read.await?;
                    self.report();
                }
            }
            if self.options.depth == Depth::Quick {
                self.report();
            }
        }
        let read = examine(&mut batch, &self.source, &self.catalog, &mut found);
        self.out.checked_bytes += read.await?;
        self.report();
        self.out.problems.extend(found);
        for hole in holes {
            // An array without frames has lost none.
            let written = |id: u64| self.stored.contains_key(&id) || self.is_unsure(id);
            let affects = self
                .catalog
                .chunks_between(&hole.from, hole.to.as_ref(), written);
            let last = hole.to.as_ref().map_or(u64::MAX, |to| to.array);
            self.unsure.push((hole.from.array, last));
            self.all_frames = false;
            self.hole::<Frames>(&hole, affects);
        }
        Ok(())
    }

    fn report(&self) {
        if let Some(progress) = &self.options.progress {
            progress(Report {
                pages: self.tally.pages,
                frames: self.out.checked_frames,
                all_frames: self.root.frames.rows(),
                bytes: self.tally.bytes + self.out.checked_bytes,
            });
        }
    }

    fn is_unsure(&self, id: u64) -> bool {
        self.unsure.iter().any(|&(from, to)| from <= id && id <= to)
    }

    /// Whether what is stored once more as a sum is that sum.
    fn sums(&mut self) {
        let ids: BTreeSet<u64> = self
            .stored
            .keys()
            .chain(self.computed.keys())
            .copied()
            .collect();
        for id in ids {
            if self.is_unsure(id) {
                continue;
            }
            let none = StatisticsRow::default();
            let stored = self.stored.get(&id).unwrap_or(&none);
            let computed = self.computed.get(&id).unwrap_or(&none);
            let text = if self.catalog.get(id).is_none() {
                "statistics of an array that is not there".to_owned()
            } else if (stored.frames, stored.stored) != (computed.frames, computed.stored) {
                format!(
                    "{} frames of {} bytes by its statistics, {} of {} by the index",
                    stored.frames, stored.stored, computed.frames, computed.stored
                )
            } else if !covers(&stored.stats, &computed.stats) {
                format!(
                    "its statistics are {:?}, those of its frames {:?}",
                    stored.stats, computed.stats
                )
            } else {
                continue;
            };
            let affects = vec![Affected::Array(self.catalog.name(id))];
            self.row_problem("statistics", affects, text);
        }
        let bytes: u64 = self.computed.values().map(|row| row.stored).sum();
        if self.all_frames && bytes != self.root.frame_bytes {
            let text = format!(
                "{bytes} bytes of frames in the index, {} by the root",
                self.root.frame_bytes
            );
            self.row_problem("frames", Vec::new(), text);
        }
    }

    /// Tags and the log.
    async fn history(&mut self) -> Result<()> {
        let mut holes = Vec::new();
        let mut named = Vec::new();
        let tags = &self.root.tags;
        each(&self.source, tags, &mut self.tally, |step| match step {
            Step::Hole(hole) => holes.push(hole),
            Step::Rows(rows) => named.extend(rows),
        })
        .await?;
        for hole in holes {
            let (from, to) = (hole.from.clone(), hole.to.clone());
            self.hole::<Tags>(&hole, vec![Affected::Tags { from, to }]);
        }
        // The root counts all live pages but those of the log.
        let mut live = std::mem::take(&mut self.tally.live);
        live.retain(|_, bytes| *bytes > 0);
        let said: HashMap<u64, u64> = self
            .root
            .pages
            .iter()
            .map(|p| (p.sequence, p.live))
            .collect();
        if self.tally.holes == 0 && live != said {
            let text = format!("{live:?} bytes of pages by layer, {said:?} by the root");
            self.row_problem("root", Vec::new(), text);
        }
        let mut holes = Vec::new();
        let mut past = HashMap::new();
        let log = &self.root.log;
        each(&self.source, log, &mut self.tally, |step| match step {
            Step::Hole(hole) => holes.push(hole),
            Step::Rows(rows) => past.extend(rows.iter().map(|row| (row.sequence, row.id))),
        })
        .await?;
        self.past(&past);
        past.extend(self.rows.values().map(|row| (row.sequence, row.id)));
        for tag in named {
            let known = past.get(&tag.sequence) == Some(&tag.layer);
            if !known && holes.is_empty() {
                let text = format!("tag {:?} is of a layer that never was", tag.name);
                self.row_problem("tags", Vec::new(), text);
            }
        }
        let log_bytes: u64 = self.tally.live.values().sum();
        if holes.is_empty() && log_bytes != self.root.log_bytes {
            let text = format!(
                "{log_bytes} bytes of pages, {} by the root",
                self.root.log_bytes
            );
            self.row_problem("log", Vec::new(), text);
        }
        for hole in holes {
            let (from, to) = (hole.from, hole.to);
            self.hole::<Log>(&hole, vec![Affected::History { from, to }]);
        }
        Ok(())
    }
}

impl Survey<'_> {
    /// The log is of layers before the newest that are not the snapshot's.
    fn past(&mut self, past: &HashMap<u64, Id>) {
        let wrong: BTreeSet<u64> = past
            .keys()
            .copied()
            .filter(|n| *n >= self.root.sequence || self.rows.contains_key(n))
            .collect();
        for number in wrong {
            let affects = vec![Affected::Commit(number)];
            let text = format!("it has layer {number}, which is not of the past");
            self.row_problem("log", affects, text);
        }
    }
}

/// Examines frames; returns how many bytes were read.
async fn examine(
    batch: &mut Batch,
    source: &Source,
    catalog: &Catalog,
    found: &mut Vec<Problem>,
) -> Result<u64> {
    let mut bytes = 0;
    for (job, frame) in batch.run(source).await? {
        bytes += job.row.stored;
        let text = match frame {
            Ok(frame) => match frame.corrected {
                None => continue,
                Some(stats) => format!(
                    "its statistics are {:?}, those of its elements {stats:?}",
                    job.row.stats
                ),
            },
            Err(text) => text,
        };
        found.push(frame_problem(source, catalog, &job.row, text));
    }
    Ok(bytes)
}
