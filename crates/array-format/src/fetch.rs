//! Bytes of layers: which object holds a layer, in which version, and ranges of it in few requests.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use array_format_core::plan::{Request, coalesce};
use array_format_core::tree::{LoadedPage, Miss, PageSet, PageSource};
use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::page::{self, PageAddress};
use array_format_core::wire::tables::{FrameRow, Frames, LayerRow, Table};
use array_format_core::wire::{HEADER_BYTES, TRAILER_BYTES};
use array_format_core::{Place, snapshot::Snapshot};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::UpdateVersion;
use object_store::path::Path;

use crate::blocking;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::late::Files;
use crate::storage::{Held, ObjectStoreBackend, OpenFile, Pin};

/// What a handle knows of the objects that its snapshot stands on.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    /// Their versions, by the number of the layer.
    versions: HashMap<u64, Pin>,
    /// Those that are files and stay open.
    files: HashMap<Holder, Arc<OpenFile>>,
}

/// Bytes of a file from which on another thread is worth its start to read them.
const INLINE_BYTES: usize = 256 << 10;
/// Requests in flight together.
const CONCURRENCY: usize = 16;
/// Bytes that are rather read than skipped: about what a store sends while another request would
/// still wait for its first byte.
const GAP_BYTES: u64 = 64 << 10;
/// Index pages of one look-up are fetched together up to this size.
const PAGE_REQUEST_BYTES: u64 = 8 << 20;

/// What is needed to read the layers of a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    pub(crate) place: ObjectStoreBackend,
    pub(crate) base_sequence: u64,
    /// The layer that the base object holds.
    pub(crate) base_layer: Id,
    pub(crate) pins: Arc<Mutex<Pins>>,
}

impl Layers {
    /// The object that holds a layer.
    pub(crate) fn path(&self, sequence: u64) -> Path {
        if sequence == self.base_sequence {
            self.place.path().clone()
        } else {
            self.place.sidecar(sequence)
        }
    }

    fn pins(&self) -> MutexGuard<'_, Pins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pin(&self, sequence: u64) -> Pin {
        self.pins()
            .versions
            .get(&sequence)
            .cloned()
            .unwrap_or_default()
    }

    /// The version of a layer's object, as far as it is known.
    pub(crate) fn version(&self, sequence: u64) -> Option<UpdateVersion> {
        self.pin(sequence).version
    }

    pub(crate) fn set_pin(&self, sequence: u64, pin: Pin) {
        let mut pins = self.pins();
        pins.files.remove(&Holder::layer(sequence));
        pins.versions.insert(sequence, pin);
    }

    /// An object of a layer as a file, if it is one.
    pub(crate) fn open_file(&self, holder: Holder) -> Result<Option<Arc<OpenFile>>> {
        if let Some(file) = self.pins().files.get(&holder) {
            return Ok(Some(Arc::clone(file)));
        }
        let opened = self
            .place
            .open_file(&self.path_of(holder), &self.pin_of(holder))?;
        let Some(file) = opened.map(Arc::new) else {
            return Ok(None);
        };
        if file.may_stay() {
            self.pins().files.insert(holder, Arc::clone(&file));
        }
        Ok(Some(file))
    }

    fn pin_of(&self, holder: Holder) -> Pin {
        match holder.annex {
            // An annex is never replaced: its name is as unique as its id.
            Some(_) => Pin::default(),
            None => self.pin(holder.sequence),
        }
    }

    /// The object that a part of a layer is in.
    pub(crate) fn path_of(&self, holder: Holder) -> Path {
        match holder.annex {
            Some(id) => self.place.annex(id),
            None => self.path(holder.sequence),
        }
    }

    /// A range of an object of a layer.
    pub(crate) async fn range(&self, holder: Holder, range: Range<u64>) -> Result<Bytes> {
        let sequence = holder.sequence;
        if range.start < HEADER_BYTES as u64 || range.start > range.end {
            return Err(Error::corrupt(format!("a reference to bytes {range:?}"))
                .within(Place::layer(sequence)));
        }
        let path = self.path_of(holder);
        let end = range.end;
        let read = match self.open_file(holder)? {
            Some(file) => read_file(file, range, &path).await,
            None => self.place.range(&path, range, &self.pin_of(holder)).await,
        };
        match read {
            // Stores refuse a range past the end of a tombstone in ways of their own.
            Err(Error::Store { .. } | Error::Corrupt { .. }) if self.is_vacated(sequence).await => {
                Err(Error::SnapshotExpired {
                    detail: format!("{path} was merged into a later layer"),
                })
            }
            Err(error @ Error::Store { .. }) => match self.place.version(&path).await {
                Ok(Some((_, length))) if length < end => Err(Error::corrupt(format!(
                    "{path} has {length} bytes, byte {end} is needed: it was cut short"
                ))
                .within(Place::layer(sequence))),
                _ => Err(error),
            },
            bytes => bytes.map_err(|e| e.within(Place::layer(sequence))),
        }
    }

    async fn is_vacated(&self, sequence: u64) -> bool {
        sequence != self.base_sequence
            && matches!(
                self.place.look(sequence).await,
                Ok(Held::Vacant | Held::Tombstone(_))
            )
    }

    /// The verdict on bytes with a wrong checksum: the layer was replaced, or it is damaged.
    pub(crate) async fn blame(&self, sequence: u64, layer: Option<Id>, error: Error) -> Error {
        if !matches!(error, Error::Corrupt { .. }) {
            return error;
        }
        // An older snapshot's pages are read before it is known which layers it stands on.
        let layer = layer.or((sequence == self.base_sequence).then_some(self.base_layer));
        let path = self.path(sequence);
        let head = self.place.head(&path, HEADER_BYTES as u64).await;
        match head.and_then(|bytes| Header::decode(&bytes)) {
            Ok(header) if layer.is_some_and(|layer| layer != header.layer) => {
                Error::SnapshotExpired {
                    detail: format!("{path} is another layer now"),
                }
            }
            Err(expired @ Error::SnapshotExpired { .. }) => expired,
            _ => error,
        }
    }
}

/// A range of a file, which is not touched if the range is not in it.
async fn read_file(file: Arc<OpenFile>, range: Range<u64>, path: &Path) -> Result<Bytes> {
    if range.end > file.length() {
        return Err(Error::corrupt(format!(
            "bytes {} to {} of {path} are not there: the object was cut short",
            range.start, range.end
        )));
    }
    let length = (range.end - range.start) as usize;
    let read = move || {
        let mut bytes = vec![0; length];
        file.read_at(&mut bytes, range.start)?;
        Ok(Bytes::from(bytes))
    };
    match length < INLINE_BYTES {
        true => read(),
        false => blocking::run(read).await?,
    }
}

/// An object that holds a part of a layer: the layer's own, or its annex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Holder {
    /// The layer's number.
    pub(crate) sequence: u64,
    pub(crate) annex: Option<Id>,
}

impl Holder {
    /// A layer's own object, which holds its pages.
    pub(crate) fn layer(sequence: u64) -> Self {
        Self {
            sequence,
            annex: None,
        }
    }
}

/// A place in an object of a layer.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) holder: Holder,
    pub(crate) range: Range<u64>,
}

impl Piece {
    /// Where a frame of a snapshot is, and the layer that it is of.
    pub(crate) fn of_frame<'s>(
        snapshot: &'s Snapshot,
        frame: &FrameRow,
    ) -> Result<(Self, &'s LayerRow)> {
        let layer = layer(snapshot, frame.sequence)?;
        Ok((Self::of_layer(snapshot, layer, frame)?, layer))
    }

    /// The same, where the frame's layer is at hand.
    pub(crate) fn of_layer(
        snapshot: &Snapshot,
        layer: &LayerRow,
        frame: &FrameRow,
    ) -> Result<Self> {
        let piece = Self::in_layer(layer, frame)?;
        // Of the newest layer the table of layers does not say how long its object is.
        if piece.holder.annex.is_none() && frame.sequence == snapshot.root.sequence {
            check_range(snapshot, layer, &piece.range)?;
        }
        Ok(piece)
    }

    /// Where a frame of a layer is.
    pub(crate) fn in_layer(layer: &LayerRow, frame: &FrameRow) -> Result<Self> {
        let (annex, range) = layer.locate(frame.offset..frame.end())?;
        Ok(Self {
            holder: Holder {
                sequence: layer.sequence,
                annex,
            },
            range,
        })
    }
}

/// Requests for pieces of several objects, each with the places of its pieces in the list.
pub(crate) fn requests(pieces: &[Piece], most: u64) -> Vec<(Holder, Request)> {
    let mut by_holder: HashMap<Holder, Vec<usize>> = HashMap::new();
    for (i, piece) in pieces.iter().enumerate() {
        by_holder.entry(piece.holder).or_default().push(i);
    }
    let mut out = Vec::new();
    for (holder, places) in by_holder {
        let ranges: Vec<Range<u64>> = places.iter().map(|&i| pieces[i].range.clone()).collect();
        for mut request in coalesce(&ranges, GAP_BYTES, most) {
            request.pieces.iter_mut().for_each(|i| *i = places[*i]);
            out.push((holder, request));
        }
    }
    // In the order in which the pieces were asked for, as near as objects allow.
    out.sort_by_key(|(_, request)| request.pieces.iter().copied().min());
    out
}

/// Runs requests, a bounded number of them together; results come as they are ready.
pub(crate) fn in_flight<F: Future>(
    requests: Vec<F>,
) -> futures::stream::BufferUnordered<futures::stream::Iter<std::vec::IntoIter<F>>> {
    futures::stream::iter(requests).buffer_unordered(CONCURRENCY)
}

/// Fetches pieces, several requests at a time; what a request brings comes together, as it is ready.
pub(crate) fn each<'a>(
    layers: &'a Layers,
    pieces: &'a [Piece],
    most: u64,
) -> impl Stream<Item = Result<Vec<(usize, Bytes)>>> + Send + Unpin + 'a {
    let mut fetches = Vec::new();
    for (holder, request) in requests(pieces, most) {
        fetches.push(async move {
            let bytes = layers.range(holder, request.range.clone()).await?;
            let piece = |i: usize| {
                let from = (pieces[i].range.start - request.range.start) as usize;
                let to = (pieces[i].range.end - request.range.start) as usize;
                (i, bytes.slice(from..to))
            };
            Ok(request.pieces.iter().copied().map(piece).collect())
        });
    }
    in_flight(fetches).boxed()
}

/// Fetches pieces, several requests at a time; results come in the order of `pieces`.
pub(crate) async fn pieces(layers: &Layers, pieces: &[Piece], most: u64) -> Result<Vec<Bytes>> {
    let mut out = vec![Bytes::new(); pieces.len()];
    let mut stream = each(layers, pieces, most);
    while let Some(brought) = stream.try_next().await? {
        for (i, bytes) in brought {
            out[i] = bytes;
        }
    }
    Ok(out)
}

fn page_piece(address: &PageAddress) -> Result<Piece> {
    let end = address
        .offset
        .checked_add(u64::from(address.stored))
        .ok_or_else(|| {
            Error::corrupt("a page beyond 2^64").within(Place::layer(address.sequence))
        })?;
    Ok(Piece {
        holder: Holder::layer(address.sequence),
        range: address.offset..end,
    })
}

/// Ranges of layers that are in memory already.
#[derive(Debug, Default)]
pub(crate) struct Buffers(Vec<(u64, u64, Bytes)>);

impl Buffers {
    /// Adds bytes that begin at `offset` of a layer.
    pub(crate) fn add(&mut self, sequence: u64, offset: u64, bytes: Bytes) {
        self.0.push((sequence, offset, bytes));
    }

    fn get(&self, piece: &Piece) -> Option<Bytes> {
        self.0.iter().find_map(|(sequence, offset, bytes)| {
            let from = piece.range.start.checked_sub(*offset)? as usize;
            let to = piece.range.end.checked_sub(*offset)? as usize;
            let same = Holder::layer(*sequence) == piece.holder;
            (same && to <= bytes.len()).then(|| bytes.slice(from..to))
        })
    }
}

/// Supplies a snapshot with the pages that it needs in memory.
///
/// Costs one round of requests beyond what `buffers` hold, if the root's hints are right.
pub(crate) async fn complete(
    layers: &Layers,
    snapshot: &mut Snapshot,
    buffers: &mut Buffers,
) -> Result<()> {
    let mut hinted = false;
    let mut late: Option<Arc<Files>> = None;
    // From each layer, the range in which the pages stand.
    let mut used: HashMap<u64, Range<u64>> = HashMap::new();
    loop {
        let wanted = snapshot.missing()?;
        if wanted.is_empty() {
            // What `layers` says is known only now.
            for (sequence, range) in used {
                layer_of(snapshot, sequence, &range)?;
            }
            if let Some(late) = late {
                late.check(snapshot)?;
            }
            return check_newest(snapshot);
        }
        let mut absent = Vec::new();
        for want in wanted {
            let piece = page_piece(&want.address)?;
            let Range { start, end } = piece.range;
            let range = used.entry(piece.holder.sequence).or_insert(start..end);
            *range = range.start.min(start)..range.end.max(end);
            match buffers.get(&piece) {
                Some(bytes) => supply(layers, snapshot, want, bytes).await?,
                None => absent.push((want, piece)),
            }
        }
        if absent.is_empty() {
            continue;
        }
        if !hinted {
            hinted = true;
            if let Some(files) = Files::open(layers, snapshot)? {
                let files = late.insert(Arc::new(files));
                let source: Arc<dyn PageSource> = Arc::clone(files) as _;
                snapshot.read_late(&source);
                continue;
            }
            if read_ahead(layers, snapshot, buffers).await? {
                continue;
            }
        }
        let wanted: Vec<Piece> = absent.iter().map(|(_, piece)| piece.clone()).collect();
        let fetched = pieces(layers, &wanted, PAGE_REQUEST_BYTES).await?;
        for ((want, _), bytes) in absent.into_iter().zip(fetched) {
            supply(layers, snapshot, want, bytes).await?;
        }
    }
}

/// The last layer of a snapshot is the one that carries its root.
fn check_newest(snapshot: &Snapshot) -> Result<()> {
    let root = &snapshot.root;
    let newest = snapshot.newest()?;
    if newest.is_some_and(|row| (row.sequence, row.id) == (root.sequence, root.layer)) {
        return Ok(());
    }
    Err(Error::corrupt("the newest layer does not list itself last")
        .within(Place::layer(root.sequence)))
}

async fn supply(
    layers: &Layers,
    snapshot: &mut Snapshot,
    wanted: array_format_core::snapshot::Wanted,
    bytes: Bytes,
) -> Result<()> {
    match snapshot.supply(wanted, bytes) {
        Ok(()) => Ok(()),
        Err(error) => Err(layers.blame(wanted.address.sequence, None, error).await),
    }
}

/// Reads, from each layer, the range in which the root says that its pages stand. The root may be
/// wrong: what it says costs a bounded read, and is checked like anything else.
async fn read_ahead(layers: &Layers, snapshot: &Snapshot, buffers: &mut Buffers) -> Result<bool> {
    const SLACK: u64 = 256 << 10;
    let length =
        |sequence: u64| (sequence == snapshot.root.sequence).then_some(snapshot.object_length);
    let wanted: Vec<Piece> = snapshot
        .root
        .pages
        .iter()
        .filter(|pages| {
            let range = &pages.resident;
            let end = length(pages.sequence).map_or(u64::MAX, |length| {
                length.saturating_sub(TRAILER_BYTES as u64)
            });
            range.start >= HEADER_BYTES as u64
                && range.end <= end
                && range.start < range.end
                && range.end - range.start <= pages.live.saturating_mul(4).saturating_add(SLACK)
        })
        .map(|pages| Piece {
            holder: Holder::layer(pages.sequence),
            range: pages.resident.clone(),
        })
        .filter(|piece| buffers.get(piece).is_none())
        .collect();
    let mut fetches = Vec::new();
    for piece in wanted {
        fetches.push(async move {
            let bytes = layers.range(piece.holder, piece.range.clone()).await;
            (piece, bytes)
        });
    }
    let fetched: Vec<_> = in_flight(fetches).collect().await;
    let mut any = false;
    for (piece, bytes) in fetched {
        match bytes {
            Ok(bytes) => {
                any = true;
                buffers.add(piece.holder.sequence, piece.range.start, bytes);
            }
            // A wrong hint is not an error: the pages themselves will be asked for.
            Err(Error::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(any)
}

/// The pages of the frames table that `buffers` hold.
pub(crate) fn frame_pages(snapshot: &Snapshot, buffers: &Buffers) -> Result<PageSet<Frames>> {
    let mut pages = PageSet::default();
    loop {
        let (all, _) = snapshot.root.frames.addresses(&pages)?;
        let mut grew = false;
        for address in all {
            if pages.get(&address).is_some() {
                continue;
            }
            let piece = page_piece(&address)?;
            if let Some(stored) = buffers.get(&piece) {
                layer_of(snapshot, piece.holder.sequence, &piece.range)?;
                page::verify(&address, &stored)?;
                pages.insert(address, LoadedPage::new(stored).into());
                grew = true;
            }
        }
        if !grew {
            return Ok(pages);
        }
    }
}

/// Asks a question of the frames table, and fetches the index pages that the answer needs.
pub(crate) async fn ask<V>(
    layers: &Layers,
    settings: &Settings,
    snapshot: &Snapshot,
    pages: &mut PageSet<Frames>,
    mut question: impl FnMut(&PageSet<Frames>) -> std::result::Result<V, Miss>,
) -> Result<V> {
    let mut asked = std::collections::HashSet::new();
    loop {
        let missing = match question(pages) {
            Ok(value) => return Ok(value),
            Err(Miss::Error(error)) => return Err(error),
            Err(Miss::Pages(missing)) => missing,
        };
        if !missing.iter().any(|address| asked.insert(*address)) {
            return Err(Error::corrupt("an index page leads back to itself"));
        }
        load(layers, settings, snapshot, pages, missing).await?;
    }
}

/// Asks a question of a table that is seldom read until its pages are in `pages`.
pub(crate) async fn load_until<T: Table>(
    layers: &Layers,
    snapshot: &Snapshot,
    pages: &mut PageSet<T>,
    question: impl Fn(&PageSet<T>) -> std::result::Result<(), Miss>,
) -> Result<()> {
    let mut asked = std::collections::HashSet::new();
    loop {
        let missing = match question(pages) {
            Ok(()) => return Ok(()),
            Err(Miss::Error(error)) => return Err(error),
            Err(Miss::Pages(missing)) => missing,
        };
        if !missing.iter().any(|address| asked.insert(*address)) {
            return Err(Error::corrupt("a metadata page leads back to itself"));
        }
        let wanted = missing.iter().map(page_piece).collect::<Result<Vec<_>>>()?;
        let holders = wanted
            .iter()
            .map(|piece| layer_of(snapshot, piece.holder.sequence, &piece.range))
            .collect::<Result<Vec<_>>>()?;
        let fetched = self::pieces(layers, &wanted, PAGE_REQUEST_BYTES).await?;
        for ((address, layer), stored) in missing.into_iter().zip(holders).zip(fetched) {
            if let Err(error) = page::verify(&address, &stored) {
                return Err(layers.blame(address.sequence, Some(layer), error).await);
            }
            pages.insert(address, Arc::new(LoadedPage::new(stored)));
        }
    }
}

/// Brings index pages into `pages`, out of the cache or the store.
pub(crate) async fn load(
    layers: &Layers,
    settings: &Settings,
    snapshot: &Snapshot,
    pages: &mut PageSet<Frames>,
    mut missing: Vec<PageAddress>,
) -> Result<()> {
    missing.sort_unstable_by_key(|a| (a.sequence, a.offset));
    missing.dedup();
    let mut absent = Vec::new();
    for address in missing {
        let piece = page_piece(&address)?;
        let layer = layer_of(snapshot, address.sequence, &piece.range)?;
        match settings.cache.page(layer, address.offset) {
            Some(page) => pages.insert(address, page),
            None => absent.push((address, layer, piece)),
        }
    }
    let wanted: Vec<Piece> = absent.iter().map(|(_, _, piece)| piece.clone()).collect();
    let fetched = self::pieces(layers, &wanted, PAGE_REQUEST_BYTES).await?;
    for ((address, layer, _), stored) in absent.into_iter().zip(fetched) {
        if let Err(error) = page::verify(&address, &stored) {
            return Err(layers.blame(address.sequence, Some(layer), error).await);
        }
        let page = Arc::new(LoadedPage::new(stored));
        settings.cache.keep_page(layer, address.offset, &page);
        pages.insert(address, page);
    }
    Ok(())
}

/// The layer that a snapshot refers to.
pub(crate) fn layer(snapshot: &Snapshot, sequence: u64) -> Result<&LayerRow> {
    snapshot.layer(sequence)?.ok_or_else(|| {
        Error::corrupt(format!(
            "a reference to layer {sequence}, which is not one of the snapshot's"
        ))
        .within(Place::layer(sequence))
    })
}

/// The id of a layer that a snapshot refers to, if pages may stand in this range of its object.
pub(crate) fn layer_of(snapshot: &Snapshot, sequence: u64, range: &Range<u64>) -> Result<Id> {
    let row = layer(snapshot, sequence)?;
    check_range(snapshot, row, range)?;
    Ok(row.id)
}

/// Refuses a range of a layer's object that does not hold data alone.
fn check_range(snapshot: &Snapshot, row: &LayerRow, range: &Range<u64>) -> Result<()> {
    let length = match row.length {
        _ if row.sequence == snapshot.root.sequence => snapshot.object_length,
        length => length,
    };
    let fits = range.start >= HEADER_BYTES as u64
        && range.end <= length.saturating_sub(TRAILER_BYTES as u64);
    if !fits {
        return Err(Error::corrupt(format!(
            "a reference to bytes {range:?}, which are not all data"
        ))
        .within(Place::layer(row.sequence)));
    }
    Ok(())
}
