//! Definitions, attributes, statistics, tags and the log.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use array_format_core::wire::header::Id;
use array_format_core::wire::tables::{Arrays, Attributes, FILE_ID, Log, Statistics, Tags};

use super::Survey;
use crate::error::{Error, Result};
use crate::integrity::pages::Step;
use crate::integrity::problem::{Affected, Part, Problem};
use crate::integrity::source::detail;
use crate::integrity::tables::each;
use crate::integrity::verify::UnknownCodec;

impl Survey<'_> {
    /// Definitions.
    pub(super) async fn names(&mut self) -> Result<()> {
        let mut steps = Vec::new();
        let tree = &self.root.arrays;
        each(&self.source, tree, &mut self.tally, |step| steps.push(step)).await?;
        let codecs = self.codecs.clone();
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
                        self.catalog.insert(meta, &codecs);
                    }
                }
            }
        }
        for hole in holes {
            // What the store lost may still be in this handle's memory.
            let mut affects = Vec::new();
            let catalog = &mut self.catalog;
            let known = self.resident.map_or(Ok(()), |resident| {
                resident.visit_arrays(|meta| {
                    let inside =
                        meta.name >= hole.from && hole.to.as_ref().is_none_or(|to| meta.name < *to);
                    if inside {
                        affects.push(Affected::Array(meta.name.clone()));
                        catalog.insert(meta.clone(), &codecs);
                    }
                })
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
    pub(super) async fn attributes(&mut self) -> Result<()> {
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
    pub(super) async fn statistics(&mut self) -> Result<()> {
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
            let written = |id: u64| {
                self.resident.is_none_or(|resident| {
                    let known = resident.statistics(id);
                    known.map_or(true, |row| row.is_some())
                })
            };
            let affects = self.catalog.between(hole.from, hole.to, written);
            self.unsure
                .push((hole.from, hole.to.map_or(u64::MAX, |to| to - 1)));
            self.hole::<Statistics>(&hole, affects);
        }
        Ok(())
    }

    /// Tags and the log.
    pub(super) async fn history(&mut self) -> Result<()> {
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
            if !known && holes.is_empty() && self.base.is_some() {
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
