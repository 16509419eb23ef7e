//! Every object that may hold a layer of a damaged file, and what can be told of each.

use array_format_core::snapshot::Snapshot;
use array_format_core::wire::HEADER_BYTES;
use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tombstone::TOMBSTONE_BYTES;
use array_format_core::wire::trailer::Trailer;
use object_store::path::Path;

use super::problem::{Affected, Part, Problem};
use super::source::{Copy, damage, detail};
use crate::error::Result;
use crate::open;
use crate::storage::{Held, ObjectStoreBackend};

/// Numbers that are asked for at once where a store cannot list.
const PROBE_WINDOW: u64 = 16;

/// An object with the name of the base or of a sidecar.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) path: Path,
    /// Its number by its name; none for the base.
    pub(super) number: Option<u64>,
    pub(super) length: u64,
    pub(super) header: Option<Header>,
    /// Its root, if its end is whole.
    pub(super) snapshot: Option<Snapshot>,
    wrong: Vec<(Part, String)>,
}

impl Candidate {
    async fn read(
        place: &ObjectStoreBackend,
        path: Path,
        number: Option<u64>,
    ) -> Result<Option<Self>> {
        if let Some(number) = number
            && matches!(place.look(number).await?, Held::Tombstone(_))
        {
            return Ok(None);
        }
        let tail = match damage(place.tail(&path).await)? {
            Ok(tail) => tail,
            Err(_) => return Ok(None),
        };
        let mut wrong = Vec::new();
        let head = damage(place.head(&path, HEADER_BYTES as u64).await)?;
        let header = match head.and_then(|head| Header::decode(&head)) {
            Ok(header) => Some(header),
            Err(error) => {
                wrong.push((Part::Header, detail(&error)));
                None
            }
        };
        let length = tail.object_length;
        let part = match Trailer::decode(&tail.bytes, length) {
            Ok(_) => Part::Root,
            Err(_) => Part::Trailer,
        };
        let snapshot = match damage(open::end(place, &path, tail).await)? {
            Ok(end) => Some(end.snapshot),
            Err(error) => {
                wrong.push((part, detail(&error)));
                None
            }
        };
        Ok(Some(Self {
            path,
            number,
            length,
            header,
            snapshot,
            wrong,
        }))
    }

    /// Where its pages and frames may be.
    pub(super) fn copy(&self) -> Copy {
        Copy::new(self.path.clone(), self.length, self.snapshot.is_some())
    }

    /// The file that it says it belongs to.
    pub(super) fn file(&self) -> Option<Id> {
        let root = self.snapshot.as_ref().map(|snapshot| snapshot.root.file);
        root.or(self.header.map(|header| header.file))
    }

    /// The layer that it says it is.
    pub(super) fn layer(&self) -> Option<Id> {
        let root = self.snapshot.as_ref().map(|snapshot| snapshot.root.layer);
        root.or(self.header.map(|header| header.layer))
    }

    /// The number of its layer, as far as it is known.
    pub(super) fn sequence(&self) -> Option<u64> {
        let root = self.snapshot.as_ref().map(|s| s.root.sequence);
        root.or(self.header.map(|header| header.sequence))
            .or(self.number)
    }

    /// What is wrong with its ends.
    pub(super) fn problems(&self) -> impl Iterator<Item = Problem> {
        self.wrong.iter().map(|(part, detail)| Problem {
            object: self.path.to_string(),
            layer: self.sequence(),
            bytes: match part {
                Part::Header => Some(0..self.length.min(HEADER_BYTES as u64)),
                _ => None,
            },
            part: *part,
            affects: vec![match self.number {
                None => Affected::File,
                Some(number) => Affected::Commit(number),
            }],
            detail: detail.clone(),
        })
    }
}

/// The base, if it is there, and all objects with names of sidecars, by their numbers.
pub(super) async fn look(place: &ObjectStoreBackend) -> Result<Vec<Candidate>> {
    let mut out = Vec::new();
    out.extend(Candidate::read(place, place.path().clone(), None).await?);
    let numbers = match place.numbers().await? {
        Some(numbers) => numbers,
        None => {
            let mut from = out.first().and_then(|base| base.sequence()).unwrap_or(0);
            let mut numbers = Vec::new();
            loop {
                let more = place.probe(from..from.saturating_add(PROBE_WINDOW)).await?;
                let Some(last) = more.last() else {
                    break numbers;
                };
                from = last.number + 1;
                for sidecar in &more {
                    if sidecar.length == TOMBSTONE_BYTES as u64
                        && let Held::Tombstone(stone) = place.look(sidecar.number).await?
                    {
                        from = from.max(stone.next);
                    }
                    numbers.push(sidecar.number);
                }
            }
        }
    };
    for number in numbers {
        let path = place.sidecar(number);
        out.extend(Candidate::read(place, path, Some(number)).await?);
    }
    Ok(out)
}
