//! The objects that layers are in.

use array_format_core::wire::header::Header;
use array_format_core::wire::tables::{Annex, LayerRow, Layers};
use array_format_core::wire::trailer::Trailer;
use array_format_core::wire::{HEADER_BYTES, TRAILER_BYTES};

use super::Survey;
use crate::error::{Error, Result};
use crate::fetch::Holder;
use crate::integrity::pages::Step;
use crate::integrity::problem::{Affected, Part, Problem};
use crate::integrity::source::{Copy, damage, detail};
use crate::integrity::tables::each;
use crate::open;

impl Survey<'_> {
    /// The objects of all layers, and the table of layers.
    pub(super) async fn layers(&mut self) -> Result<()> {
        for row in self.rows.clone().into_values() {
            if let Some(base) = self.base {
                self.layer(&row, base).await?;
            }
            if let Some(annex) = row.annex {
                self.annex(&row, annex).await?;
            }
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
    async fn layer(&mut self, row: &LayerRow, base: u64) -> Result<()> {
        let sequence = row.sequence;
        let place = self.source.place.clone();
        let path = match sequence == base {
            true => place.path().clone(),
            false => place.sidecar(sequence),
        };
        // The newest layer and the base are needed to open the file, the others by history alone.
        let needed = sequence == self.root.sequence || sequence == base;
        let affects = vec![match needed {
            true => Affected::File,
            false => Affected::Commit(sequence),
        }];
        let mut found: Vec<(Part, Option<std::ops::Range<u64>>, String)> = Vec::new();
        let tail = place.tail(&path).await;
        let tail = match damage(tail)? {
            Ok(tail) => Some(tail),
            Err(error) => {
                self.expired(row).await?;
                found.push((Part::Layer, None, detail(&error)));
                self.source.copies.remove(&Holder::layer(sequence));
                None
            }
        };
        if let Some(tail) = tail {
            let head = place.head(&path, HEADER_BYTES as u64).await;
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
            let whole = Trailer::is_complete(&tail.bytes);
            let kept = Copy::new(path.clone(), tail.object_length, whole);
            let holder = Holder::layer(sequence);
            for copy in self.source.copies.entry(holder).or_default() {
                copy.end = copy.end.min(kept.end);
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
                    let root = open::end(&place, &path, tail).await;
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

    /// The annex of a layer: whether it is there. Its frames say what of it is damaged.
    async fn annex(&mut self, row: &LayerRow, annex: Annex) -> Result<()> {
        let path = self.source.place.annex(annex.id);
        let length = damage(self.source.place.tail(&path).await)?.map(|tail| tail.object_length);
        let head = self.source.place.head(&path, HEADER_BYTES as u64).await;
        let header = damage(head)?.and_then(|head| Header::decode(&head));
        let text = match (length, header) {
            (Err(error), _) | (_, Err(error)) => {
                self.expired(row).await?;
                detail(&error)
            }
            (Ok(length), _) if length != annex.length => {
                format!("it has {length} bytes, and should have {}", annex.length)
            }
            (_, Ok(header)) if (header.file, header.layer) != (self.root.file, annex.id) => {
                "it belongs to another layer".to_owned()
            }
            _ => return Ok(()),
        };
        self.out.problems.push(Problem {
            object: path.to_string(),
            layer: Some(row.sequence),
            bytes: None,
            part: Part::Annex,
            affects: Vec::new(),
            detail: text,
        });
        Ok(())
    }

    /// An error if a layer is not there any more because others have merged it.
    async fn expired(&self, row: &LayerRow) -> Result<()> {
        let newest = open::find(&self.source.place).await;
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
}
