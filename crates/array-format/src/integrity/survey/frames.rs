//! Frames, and what is stored once more as a sum over them.

use std::collections::BTreeSet;
use std::sync::Arc;

use array_format_core::wire::tables::{FrameKey, Frames, StatisticsRow};

use super::Survey;
use crate::error::Result;
use crate::integrity::compare::covers;
use crate::integrity::frames::{Batch, Job, Taken, frame_problem};
use crate::integrity::pages::{Hole, Step, Walk};
use crate::integrity::problem::{Affected, Problem};
use crate::integrity::source::{Source, detail};
use crate::integrity::tables::Catalog;
use crate::integrity::verify::Depth;

impl Survey<'_> {
    /// The index of frames, and the frames if they are wanted.
    pub(super) async fn frames(&mut self) -> Result<()> {
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
                    // Of a file that does not open, the list of layers may be lost.
                    if self.base.is_some() && !self.rows.contains_key(&row.sequence) {
                        report(format!(
                            "layer {} is not one of the snapshot's",
                            row.sequence
                        ));
                        continue;
                    }
                    let piece = match self.source.frame(&row) {
                        Ok(piece) => piece,
                        Err(error) => {
                            report(detail(&error));
                            continue;
                        }
                    };
                    if !taken.take(piece.holder, piece.range) {
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

    /// Whether what is stored once more as a sum is that sum.
    pub(super) fn sums(&mut self) {
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
                None if frame.has_other_sums => "the checksums of its parts differ".to_owned(),
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
