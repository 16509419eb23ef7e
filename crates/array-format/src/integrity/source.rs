//! Bytes of layers, each of which may stand in more than one object, or in none.

use std::collections::HashMap;
use std::ops::Range;

use array_format_core::wire::{HEADER_BYTES, TRAILER_BYTES};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;

use crate::error::{Error, Result};
use crate::fetch::{self, Piece};
use crate::storage::{ObjectStoreBackend, Pin};

/// Bytes that are asked for together.
const REQUEST_BYTES: u64 = 4 << 20;

/// An object that holds a layer.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    pub(super) path: Path,
    pub(super) length: u64,
}

/// Where the bytes of layers are. Objects are read in whatever version is there: checksums tell.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) place: ObjectStoreBackend,
    pub(super) copies: HashMap<u64, Vec<Copy>>,
}

/// Whether an error says that bytes are damaged or gone, and not that the store failed.
pub(super) fn is_damage(error: &Error) -> bool {
    !matches!(
        error,
        Error::Store { .. } | Error::Io(_) | Error::Storage(_)
    )
}

/// An error about damage; any other ends the call.
pub(super) fn damage<V>(result: Result<V>) -> Result<std::result::Result<V, Error>> {
    match result {
        Err(error) if !is_damage(&error) => Err(error),
        other => Ok(other),
    }
}

/// What an error about damage says, without the place, which the problem has.
pub(super) fn detail(error: &Error) -> String {
    match error {
        Error::Corrupt { detail, .. } => detail.clone(),
        other => other.to_string(),
    }
}

impl Source {
    /// The path of a layer, for reports.
    pub(super) fn path(&self, sequence: u64) -> String {
        match self.copies.get(&sequence).and_then(|copies| copies.first()) {
            Some(copy) => copy.path.to_string(),
            None => self.place.sidecar(sequence).to_string(),
        }
    }

    /// Whether a range may hold pages or frames of a layer.
    fn holds(copy: &Copy, range: &Range<u64>) -> bool {
        range.start >= HEADER_BYTES as u64
            && range.start < range.end
            && range.end <= copy.length.saturating_sub(TRAILER_BYTES as u64)
    }

    /// Reads pieces, many at a time; a piece that fails its check is sought in the layer's other
    /// copies.
    pub(super) async fn read(
        &self,
        pieces: &[Piece],
        check: impl Fn(usize, &Bytes) -> Result<()>,
    ) -> Result<Vec<std::result::Result<Bytes, Error>>> {
        let mut out: Vec<std::result::Result<Bytes, Error>> = pieces
            .iter()
            .map(|piece| match self.copies.contains_key(&piece.sequence) {
                true => Err(Error::corrupt("it lies outside the data of its layer")),
                false => Err(Error::corrupt(format!(
                    "layer {}, which should hold it, is not there",
                    piece.sequence
                ))),
            })
            .collect();
        let most = self.copies.values().map(Vec::len).max().unwrap_or(0);
        for turn in 0..most {
            let copy_of = |sequence: u64| self.copies.get(&sequence)?.get(turn);
            let open: Vec<usize> = (0..pieces.len())
                .filter(|&i| out[i].is_err())
                .filter(|&i| {
                    copy_of(pieces[i].sequence)
                        .is_some_and(|copy| Self::holds(copy, &pieces[i].range))
                })
                .collect();
            let wanted: Vec<Piece> = open.iter().map(|&i| pieces[i].clone()).collect();
            let mut fetches = Vec::new();
            for (sequence, request) in fetch::requests(&wanted, REQUEST_BYTES) {
                let Some(copy) = copy_of(sequence) else {
                    continue;
                };
                fetches.push(async move {
                    let pin = Pin::default();
                    let bytes = self
                        .place
                        .range(&copy.path, request.range.clone(), &pin)
                        .await;
                    damage(bytes).map(|bytes| (request, bytes))
                });
            }
            let fetched: Vec<_> = fetch::in_flight(fetches).try_collect().await?;
            for (request, bytes) in fetched {
                for at in request.pieces {
                    let (i, range) = (open[at], &wanted[at].range);
                    out[i] = match &bytes {
                        Ok(bytes) => {
                            let from = (range.start - request.range.start) as usize;
                            let to = (range.end - request.range.start) as usize;
                            let piece = bytes.slice(from..to);
                            check(i, &piece).map(|()| piece)
                        }
                        Err(error) => Err(Error::corrupt(detail(error))),
                    };
                }
            }
        }
        Ok(out)
    }
}
