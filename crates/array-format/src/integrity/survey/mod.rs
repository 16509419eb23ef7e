//! Going through all of a state: its structure, and the data if that is asked for.

mod frames;
mod layers;
mod tables;

use std::collections::{BTreeMap, HashMap};

use array_format_core::snapshot::Snapshot;
use array_format_core::wire::root::Root;
use array_format_core::wire::tables::{LayerRow, StatisticsRow, Table};
use futures::future::BoxFuture;

use super::pages::{Hole, Tally};
use super::problem::{Affected, Part, Problem};
use super::source::{Copy, Source};
use super::tables::{Catalog, hole_problem};
use super::verify::{Report, Verified, VerifyOptions};
use super::wreck::Wreck;
use crate::ArrayFile;
use crate::codec::Codecs;
use crate::error::Result;
use crate::fetch::Holder;

/// A verification on its way.
pub(super) struct Survey<'a> {
    root: &'a Root,
    /// What a handle has of the snapshot in memory, for reports of what the store has lost.
    resident: Option<&'a Snapshot>,
    /// The number of the layer in the base object, if the file opens.
    base: Option<u64>,
    codecs: Codecs,
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
    /// Of the snapshot of a handle.
    pub(super) fn of_file(file: &'a ArrayFile, options: &'a VerifyOptions) -> Result<Self> {
        let snapshot = &file.snapshot;
        let layers = file.layers();
        // The handle's own list of layers says where pages are; that of the store is read below.
        let mut source = Source::new(file.place.clone(), HashMap::new());
        for row in snapshot.whole_layers()? {
            let copy = Copy::new(layers.path(row.sequence), row.length, true);
            source
                .copies
                .insert(Holder::layer(row.sequence), vec![copy]);
        }
        let codecs = file.settings.codecs.clone();
        let mut survey = Self::new(source, snapshot, snapshot.whole_layers()?, codecs, options);
        survey.base = Some(file.base_sequence);
        survey.resident = Some(snapshot);
        survey.out.lost_commits = file.torn.clone();
        Ok(survey)
    }

    /// Of the newest state of a file that does not open. What is wrong with ends of layers is known.
    pub(super) fn of_wreck(wreck: &'a Wreck, codecs: Codecs, options: &'a VerifyOptions) -> Self {
        let source = wreck.source.clone();
        let rows = wreck.rows.clone();
        let mut survey = Self::new(source, &wreck.state, rows, codecs, options);
        survey.out.problems = wreck.problems.clone();
        survey.out.lost_commits = wreck.lost_commits.clone();
        survey
    }

    fn new(
        mut source: Source,
        snapshot: &'a Snapshot,
        rows: Vec<LayerRow>,
        codecs: Codecs,
        options: &'a VerifyOptions,
    ) -> Self {
        rows.iter().for_each(|row| source.know(row));
        let out = Verified {
            commit: snapshot.root.sequence,
            ..Verified::default()
        };
        Self {
            root: &snapshot.root,
            resident: None,
            base: None,
            codecs,
            options,
            source,
            rows: rows.into_iter().map(|row| (row.sequence, row)).collect(),
            catalog: Catalog::default(),
            stored: BTreeMap::new(),
            computed: BTreeMap::new(),
            unsure: Vec::new(),
            all_frames: true,
            tally: Tally::default(),
            out,
        }
    }

    /// Goes through all of it, and on after a problem.
    pub(super) fn run(mut self) -> BoxFuture<'a, Result<Verified>> {
        Box::pin(async move {
            self.layers().await?;
            self.names().await?;
            self.attributes().await?;
            self.statistics().await?;
            self.frames().await?;
            self.sums();
            self.history().await?;
            self.out.checked_pages = self.tally.pages;
            self.out.checked_bytes += self.tally.bytes;
            Ok(self.out)
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
}
