//! Bytes of layers, each of which may stand in more than one object, or in none.

use std::collections::HashMap;
use std::ops::Range;

use array_format_core::wire::tables::{FrameRow, LayerRow};
use array_format_core::wire::{HEADER_BYTES, TRAILER_BYTES};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;

use crate::error::{Error, Result};
use crate::fetch::{self, Holder, Piece};
use crate::storage::{ObjectStoreBackend, Pin};

/// Bytes that are asked for together.
const REQUEST_BYTES: u64 = 4 << 20;

/// An object that holds a layer, or an annex.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    pub(super) path: Path,
    /// Where its pages and frames end.
    pub(super) end: u64,
}

impl Copy {
    /// An object of this length, with a trailer or with none: then all that is there may be pages
    /// and frames.
    pub(super) fn new(path: Path, length: u64, has_trailer: bool) -> Self {
        let trailer = if has_trailer { TRAILER_BYTES } else { 0 };
        let end = length.saturating_sub(trailer as u64);
        Self { path, end }
    }
}

/// Where the bytes of layers are. Objects are read in whatever version is there: checksums tell.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) place: ObjectStoreBackend,
    pub(super) copies: HashMap<Holder, Vec<Copy>>,
    /// Layers of which it is known whether they have an annex.
    layers: HashMap<u64, LayerRow>,
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
    pub(super) fn new(place: ObjectStoreBackend, copies: HashMap<Holder, Vec<Copy>>) -> Self {
        Self {
            place,
            copies,
            layers: HashMap::new(),
        }
    }

    /// Takes note of a layer, and of its annex.
    pub(super) fn know(&mut self, layer: &LayerRow) {
        if let Some(annex) = layer.annex {
            let holder = Holder {
                sequence: layer.sequence,
                annex: Some(annex.id),
            };
            let path = self.place.annex(annex.id);
            let copy = Copy::new(path, annex.length, false);
            self.copies.insert(holder, vec![copy]);
        }
        self.layers.insert(layer.sequence, layer.clone());
    }

    /// Whether it is known of this layer whether it has an annex.
    pub(super) fn knows(&self, layer: &LayerRow) -> bool {
        self.layers.contains_key(&layer.sequence)
    }

    /// The path of a layer, for reports.
    pub(super) fn path(&self, sequence: u64) -> String {
        self.path_of(Holder::layer(sequence))
    }

    pub(super) fn path_of(&self, holder: Holder) -> String {
        let copies = self.copies.get(&holder);
        match (copies.and_then(|copies| copies.first()), holder.annex) {
            (Some(copy), _) => copy.path.to_string(),
            (None, Some(annex)) => self.place.annex(annex).to_string(),
            (None, None) => self.place.sidecar(holder.sequence).to_string(),
        }
    }

    /// Where a frame is. Of a layer that is not known it is taken that it has no annex.
    pub(super) fn frame(&self, row: &FrameRow) -> Result<Piece> {
        match self.layers.get(&row.sequence) {
            Some(layer) => Piece::in_layer(layer, row),
            None => Ok(Piece {
                holder: Holder::layer(row.sequence),
                range: row.offset..row.end(),
            }),
        }
    }

    /// Whether a range may hold pages or frames of a layer.
    fn holds(copy: &Copy, range: &Range<u64>) -> bool {
        range.start >= HEADER_BYTES as u64 && range.start < range.end && range.end <= copy.end
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
            .map(|piece| match self.copies.contains_key(&piece.holder) {
                true => Err(Error::corrupt("it lies outside the data of its layer")),
                false => Err(Error::corrupt(format!(
                    "layer {}, which should hold it, is not there",
                    piece.holder.sequence
                ))),
            })
            .collect();
        let most = self.copies.values().map(Vec::len).max().unwrap_or(0);
        for turn in 0..most {
            let copy_of = |holder: Holder| self.copies.get(&holder)?.get(turn);
            let open: Vec<usize> = (0..pieces.len())
                .filter(|&i| out[i].is_err())
                .filter(|&i| {
                    copy_of(pieces[i].holder)
                        .is_some_and(|copy| Self::holds(copy, &pieces[i].range))
                })
                .collect();
            let wanted: Vec<Piece> = open.iter().map(|&i| pieces[i].clone()).collect();
            let mut fetches = Vec::new();
            for (holder, request) in fetch::requests(&wanted, REQUEST_BYTES) {
                let Some(copy) = copy_of(holder) else {
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
