//! Making a file, and finding the newest state of one.
//!
//! Opening asks for the end of the base and the list of sidecars together, then for the end of the
//! newest sidecar if there is one, then for the metadata that these ends did not hold.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use array_format_core::commit::{self, CommitInfo};
use array_format_core::snapshot::{self, Snapshot};
use array_format_core::tree::PageSet;
use array_format_core::wire::HEADER_BYTES;
use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tables::Frames;
use array_format_core::wire::tombstone::TOMBSTONE_BYTES;
use array_format_core::wire::trailer::Trailer;
use array_format_core::{Place, limits};
use bytes::Bytes;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, PutMode, UpdateVersion};

use crate::ArrayFile;
use crate::codec::CompressionCodec;
use crate::commit::Turns;
use crate::config::{FileConfig, Settings};
use crate::error::{Error, Result};
use crate::fetch::{self, Buffers, Layers};
use crate::history;
use crate::pending::Pending;
use crate::storage::{Held, Listing, ObjectStoreBackend, Pin, PutOutcome, Sidecar, Tail};

/// How many numbers are asked for at once where a store cannot list.
const PROBE_WINDOW: u64 = 16;
/// Compactions by others that one look at the file follows.
const ATTEMPTS: usize = 8;

/// A random id.
pub(crate) fn random_id() -> Result<Id> {
    let mut id = Id::default();
    getrandom::fill(&mut id.0)
        .map_err(|error| Error::Storage(format!("no random numbers to be had: {error}")))?;
    Ok(id)
}

/// Nanoseconds since 1970-01-01 UTC.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    })
}

/// A snapshot and how its layers are reached.
pub(crate) struct Found {
    pub(crate) snapshot: Snapshot,
    pub(crate) frame_pages: PageSet<Frames>,
    pub(crate) layers: Layers,
    pub(crate) torn: Vec<u64>,
    pub(crate) trailer: Trailer,
}

/// The root of one layer, read off its end.
pub(crate) struct End {
    pub(crate) trailer: Trailer,
    pub(crate) snapshot: Snapshot,
    tail: Tail,
}

impl End {
    fn buffer(&self, buffers: &mut Buffers) {
        let offset = self.tail.object_length - self.tail.bytes.len() as u64;
        let sequence = self.snapshot.root.sequence;
        buffers.add(sequence, offset, self.tail.bytes.clone());
    }
}

fn place_of(path: &Path) -> Place {
    Place {
        layer: Some(path.to_string()),
        ..Place::default()
    }
}

/// Names the object in errors about the end of a layer.
fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::InvalidFooter(detail) => Error::InvalidFooter(format!("{path}: {detail}")),
        Error::Unsupported(detail) => Error::Unsupported(format!("{path}: {detail}")),
        other => other.within(place_of(path)),
    }
}

/// Reads the root off the end of a layer.
pub(crate) async fn end(place: &ObjectStoreBackend, path: &Path, tail: Tail) -> Result<End> {
    let trailer =
        Trailer::decode(&tail.bytes, tail.object_length).map_err(|error| named(path, error))?;
    let root = snapshot::read_root(&tail.bytes, &trailer).map_err(|error| named(path, error))?;
    let (tail, root) = match root {
        Some(root) => (tail, root),
        None => {
            let range = trailer.root_offset..tail.object_length;
            let bytes = place.range(path, range, &tail.pin).await;
            let bytes = bytes.map_err(|error| named(path, error))?;
            let tail = Tail { bytes, ..tail };
            let root = snapshot::read_root(&tail.bytes, &trailer);
            let root = root.map_err(|error| named(path, error))?;
            let root = root.ok_or_else(|| {
                Error::corrupt("the root cannot be reached").within(place_of(path))
            })?;
            (tail, root)
        }
    };
    let snapshot = Snapshot::new(root, trailer.object_length);
    Ok(End {
        trailer,
        snapshot,
        tail,
    })
}

/// The sidecars above the base's number.
async fn candidates(
    place: &ObjectStoreBackend,
    listed: Option<Listing>,
    base: u64,
) -> Result<Vec<Sidecar>> {
    if let Some(listed) = listed {
        let mut sidecars = listed.sidecars;
        sidecars.retain(|s| s.number > base && s.number <= limits::SEQUENCE);
        return Ok(sidecars);
    }
    let mut found = Vec::new();
    let mut from = base + 1;
    loop {
        let more = place.probe(from..from + PROBE_WINDOW).await?;
        let Some(&last) = more.last() else {
            return Ok(found);
        };
        from = last.number + 1;
        // Behind a tombstone there may be many numbers without an object.
        for sidecar in more.iter().filter(|s| s.length == TOMBSTONE_BYTES as u64) {
            if let Held::Tombstone(stone) = place.look(sidecar.number).await? {
                from = from.max(stone.next);
            }
        }
        found.extend(more);
    }
}

/// Finds the newest snapshot of a file.
pub(crate) fn find(place: &ObjectStoreBackend) -> BoxFuture<'_, Result<Found>> {
    Box::pin(async move {
        for _ in 0..ATTEMPTS {
            match find_once(place).await {
                Ok(Some(found)) => return Ok(found),
                // A compaction replaces what is being looked at: look again.
                Ok(None) | Err(Error::SnapshotExpired { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::SnapshotExpired {
            detail: format!("{} is replaced faster than it can be read", place.path()),
        })
    })
}

/// Finds the newest snapshot, unless the base is replaced meanwhile.
async fn find_once(place: &ObjectStoreBackend) -> Result<Option<Found>> {
    let path = place.path();
    let (tail, listed) = futures::join!(place.tail(path), place.sidecars());
    let (tail, listed) = (tail?, listed?);
    // Sidecars are removed only after the base was replaced, so a listing with the same base as was
    // read shows all of them.
    let agrees = listed.as_ref().is_none_or(|listed| listed.agrees(&tail));
    // Some stores spell a version differently in lists: then the base is read once more.
    if !agrees && place.tail(path).await?.bytes != tail.bytes {
        return Ok(None);
    }
    let base = end(place, path, tail).await?;
    let root = &base.snapshot.root;
    let (file, base_layer, base_sequence) = (root.file, root.layer, root.sequence);
    let probed = listed.is_none();
    let sidecars = candidates(place, listed, base_sequence).await?;

    let layers = Layers {
        place: place.clone(),
        base_sequence,
        base_layer,
        pins: Arc::default(),
    };
    layers.set_pin(base_sequence, base.tail.pin.clone());
    let mut buffers = Buffers::default();
    base.buffer(&mut buffers);
    let mut torn = Vec::new();
    for sidecar in sidecars.iter().rev() {
        let number = sidecar.number;
        if sidecar.length == TOMBSTONE_BYTES as u64
            && let Held::Tombstone(stone) = place.look(number).await?
        {
            // A layer that the list does not show yet has taken its place: look again.
            if stone.header.file == file && !sidecars.iter().any(|s| s.number == stone.next) {
                return Ok(None);
            }
            continue;
        }
        let newer = match sidecar_end(place, *sidecar, file, &mut torn).await {
            Ok(Some(newer)) => newer,
            Ok(None) => continue,
            // Removed or replaced since it was listed: a compaction is under way.
            Err(Error::FileNotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        newer.buffer(&mut buffers);
        layers.set_pin(number, newer.tail.pin.clone());
        let mut snapshot = newer.snapshot;
        // A number that a compaction made vacant may have been taken by an old writer.
        let (completed, same) = futures::join!(
            fetch::complete(&layers, &mut snapshot, &mut buffers),
            has_base(place, base_layer)
        );
        if !same? {
            return Ok(None);
        }
        completed?;
        if !follows(&layers, &snapshot).await? {
            tracing::warn!(
                layer = number,
                "a layer stands on a base that was replaced before it could count; it is passed over"
            );
            continue;
        }
        let frame_pages = fetch::frame_pages(&snapshot, &buffers)?;
        return Ok(Some(Found {
            snapshot,
            frame_pages,
            layers,
            torn,
            trailer: newer.trailer,
        }));
    }
    // Numbers that were vacated while they were asked for one by one do not show.
    if probed && !has_base(place, base_layer).await? {
        return Ok(None);
    }
    let mut snapshot = base.snapshot;
    fetch::complete(&layers, &mut snapshot, &mut buffers).await?;
    if snapshot.base()?.id != base_layer {
        return Err(Error::corrupt("the base does not list itself").within(place_of(path)));
    }
    let frame_pages = fetch::frame_pages(&snapshot, &buffers)?;
    Ok(Some(Found {
        snapshot,
        frame_pages,
        layers,
        torn,
        trailer: base.trailer,
    }))
}

/// Whether a snapshot was made after the layer that is in the base: it stands on a merged layer that
/// is not there yet, or has the base's in its history. Only a restored snapshot may stand on older
/// sidecars, and then has it in the log.
async fn follows(layers: &Layers, snapshot: &Snapshot) -> Result<bool> {
    if snapshot.base()?.sequence > layers.base_sequence {
        return Ok(true);
    }
    let row = history::layer_row(layers, snapshot, layers.base_sequence).await?;
    Ok(row.is_some_and(|row| row.id == layers.base_layer))
}

/// Whether the base still holds this layer.
async fn has_base(place: &ObjectStoreBackend, layer: Id) -> Result<bool> {
    match place.head(place.path(), HEADER_BYTES as u64).await {
        Ok(head) => {
            let header = Header::decode(&head).map_err(|error| named(place.path(), error))?;
            Ok(header.layer == layer)
        }
        Err(Error::SnapshotExpired { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The snapshot whose newest layer has this number and id.
pub(crate) async fn find_layer(
    place: &ObjectStoreBackend,
    layers: Layers,
    sequence: u64,
    layer: Id,
) -> Result<Found> {
    let path = layers.path(sequence);
    let tail = place.tail(&path).await?;
    let gone = || Error::SnapshotExpired {
        detail: format!("{path} is another layer now"),
    };
    if !Trailer::is_complete(&tail.bytes) {
        return Err(gone());
    }
    let end = end(place, &path, tail).await?;
    if end.snapshot.root.layer != layer {
        return Err(gone());
    }
    let layers = Layers {
        pins: Arc::default(),
        ..layers
    };
    layers.set_pin(sequence, end.tail.pin.clone());
    let mut buffers = Buffers::default();
    end.buffer(&mut buffers);
    let mut snapshot = end.snapshot;
    fetch::complete(&layers, &mut snapshot, &mut buffers).await?;
    // Its layers must all be there, or its data could not be read.
    for row in snapshot.layers()? {
        if row.sequence != sequence {
            let path = layers.path(row.sequence);
            let head = place.head(&path, HEADER_BYTES as u64).await?;
            if Header::decode(&head)?.layer != row.id {
                return Err(gone());
            }
        }
        if let Some(annex) = row.annex {
            place
                .head(&place.annex(annex.id), HEADER_BYTES as u64)
                .await?;
        }
    }
    let frame_pages = fetch::frame_pages(&snapshot, &buffers)?;
    Ok(Found {
        snapshot,
        frame_pages,
        layers,
        torn: Vec::new(),
        trailer: end.trailer,
    })
}

/// The end of a sidecar, if it is a complete layer of this file.
async fn sidecar_end(
    place: &ObjectStoreBackend,
    Sidecar { number, length }: Sidecar,
    file: Id,
    torn: &mut Vec<u64>,
) -> Result<Option<End>> {
    let path = place.sidecar(number);
    let tail = place.tail(&path).await?;
    if tail.object_length != length {
        // A tombstone by now.
        return Err(Error::FileNotFound {
            path: path.to_string(),
        });
    }
    if !Trailer::is_complete(&tail.bytes) {
        if is_ours(place, &path, file).await {
            tracing::warn!(%path, "a layer was never completely written; it is passed over");
            torn.push(number);
        }
        return Ok(None);
    }
    let end = match end(place, &path, tail).await {
        Ok(end) => end,
        // What is wrong with another file's layer is not our error; what the store says is.
        Err(
            error @ (Error::Corrupt { .. }
            | Error::InvalidFooter(_)
            | Error::Unsupported(_)
            | Error::Serialization(_)
            | Error::Limit { .. }),
        ) => {
            let head = match place.head(&path, HEADER_BYTES as u64).await {
                Err(Error::Corrupt { .. }) => return Ok(None),
                head => head?,
            };
            if Header::decode(&head).is_ok_and(|header| header.file == file) {
                return Err(error);
            }
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let root = &end.snapshot.root;
    if root.file != file {
        return Ok(None);
    }
    if root.sequence != number {
        return Err(
            Error::corrupt(format!("it says that it is layer {}", root.sequence))
                .within(place_of(&path)),
        );
    }
    Ok(Some(end))
}

/// Whether the header of an object names our file.
async fn is_ours(place: &ObjectStoreBackend, path: &Path, file: Id) -> bool {
    let head = place.head(path, HEADER_BYTES as u64).await;
    head.and_then(|bytes| Header::decode(&bytes))
        .is_ok_and(|header| header.file == file)
}

impl ArrayFile {
    /// Opens the newest state of a file.
    ///
    /// Costs one or two rounds of requests, one more with sidecars, whatever the number of arrays.
    ///
    /// # Errors
    /// [`Error::FileNotFound`]; [`Error::InvalidFooter`] if it is not one of our files;
    /// [`Error::Corrupt`], [`Error::Unsupported`], or what the store said.
    pub async fn open<C: CompressionCodec + 'static>(
        store: Arc<dyn ObjectStore>,
        path: Path,
        config: FileConfig<C>,
    ) -> Result<Self> {
        let place = ObjectStoreBackend::with_sync(store, path, config.sync)?;
        let found = find(&place).await?;
        Self::assemble(place, Settings::new(config)?, found, true)
    }

    /// Makes an empty file at once. A file that is there already is replaced as a whole.
    ///
    /// # Errors
    /// What the store said.
    pub async fn create<C: CompressionCodec + 'static>(
        store: Arc<dyn ObjectStore>,
        path: Path,
        config: FileConfig<C>,
    ) -> Result<Self> {
        let place = ObjectStoreBackend::with_sync(store, path, config.sync)?;
        Self::replace(place, Settings::new(config)?).await
    }

    /// Makes an empty file, and refuses if there is one.
    ///
    /// # Errors
    /// [`Error::FileAlreadyExists`], or what the store said.
    pub async fn create_new<C: CompressionCodec + 'static>(
        store: Arc<dyn ObjectStore>,
        path: Path,
        config: FileConfig<C>,
    ) -> Result<Self> {
        let place = ObjectStoreBackend::with_sync(store, path, config.sync)?;
        Self::found(place, Settings::new(config)?, PutMode::Create, 0).await
    }

    /// Makes a file in memory that goes with its handle.
    ///
    /// # Errors
    /// The configuration names a codec that cannot be recorded.
    pub async fn create_memory<C: CompressionCodec + 'static>(
        config: FileConfig<C>,
    ) -> Result<Self> {
        let store = Arc::new(object_store::memory::InMemory::new());
        Self::create(store, Path::from("memory.af"), config).await
    }

    /// Writes the base of a new file in the place of what is there.
    fn replace(place: ObjectStoreBackend, settings: Settings) -> BoxFuture<'static, Result<Self>> {
        Box::pin(async move {
            for _ in 0..ATTEMPTS {
                let old = previous(&place).await?;
                // Above all numbers of the old file: nobody of the new one ever asks for one of them, so
                // that they can be removed at any time.
                let first = old.last.map_or(0, |last| last + 1);
                let mode = match old.version {
                    _ if settings.commits.is_single() => PutMode::Overwrite,
                    None => PutMode::Create,
                    Some(version) if place.can_swap(settings.commits).await? => {
                        PutMode::Update(version)
                    }
                    Some(_) => PutMode::Overwrite,
                };
                match Self::found(place.clone(), settings.clone(), mode, first).await {
                    Ok(file) => {
                        for number in old.sidecars {
                            file.place.remove(&file.place.sidecar(number)).await?;
                        }
                        for id in old.annexes {
                            file.place.remove(&file.place.annex(id)).await?;
                        }
                        return Ok(file);
                    }
                    // Another `create`, or a compaction, was there first.
                    Err(Error::FileAlreadyExists { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Err(Error::FileAlreadyExists {
                path: place.path().to_string(),
            })
        })
    }

    /// Writes the base of a new file.
    async fn found(
        place: ObjectStoreBackend,
        settings: Settings,
        mode: PutMode,
        sequence: u64,
    ) -> Result<Self> {
        let (file, layer, writer) = (random_id()?, random_id()?, random_id()?);
        let info = CommitInfo {
            layer,
            sequence,
            time: now(),
            writer,
            message: settings.message.clone(),
            annex: None,
        };
        let committed = commit::create(file, &info, HEADER_BYTES as u64)?;
        let header = Header {
            file,
            layer,
            sequence,
        };
        let mut parts = vec![Bytes::copy_from_slice(&header.encode())];
        parts.extend(committed.tail);
        let path = place.path().clone();
        let pin = match place.put(&path, parts, mode).await {
            PutOutcome::Done(pin) => pin,
            // A client that tried again on its own has met itself.
            PutOutcome::Taken if has_base(&place, layer).await? => Pin::default(),
            PutOutcome::Taken => {
                return Err(Error::FileAlreadyExists {
                    path: path.to_string(),
                });
            }
            PutOutcome::Unsupported => {
                return Err(Error::ReadOnly(format!(
                    "the store of {path} cannot create objects atomically"
                )));
            }
            PutOutcome::Unknown(error) => return Err(error),
        };
        let layers = Layers {
            place: place.clone(),
            base_sequence: sequence,
            base_layer: layer,
            pins: Arc::default(),
        };
        layers.set_pin(sequence, pin);
        let found = Found {
            snapshot: committed.snapshot,
            frame_pages: PageSet::default(),
            layers,
            torn: Vec::new(),
            trailer: committed.trailer,
        };
        Self::assemble(place, settings, found, false)
    }

    pub(crate) fn assemble(
        place: ObjectStoreBackend,
        settings: Settings,
        found: Found,
        shows_statistics: bool,
    ) -> Result<Self> {
        Ok(Self {
            writer: random_id()?,
            pending: Pending::new(found.snapshot.root.next_array, &place, &settings),
            place,
            settings,
            snapshot: found.snapshot,
            frame_pages: found.frame_pages,
            pins: found.layers.pins,
            base_sequence: found.layers.base_sequence,
            base_layer: found.layers.base_layer,
            in_doubt: Vec::new(),
            turns: Turns::default(),
            frozen: false,
            torn: found.torn,
            trailer: found.trailer,
            shows_statistics,
            array_statistics: Default::default(),
            all_statistics: Default::default(),
        })
    }

    /// How the layers of this handle's snapshot are reached.
    pub(crate) fn layers(&self) -> Layers {
        Layers {
            place: self.place.clone(),
            base_sequence: self.base_sequence,
            base_layer: self.base_layer,
            pins: Arc::clone(&self.pins),
        }
    }
}

/// What is at a place before a file is made there.
struct Previous {
    /// The version of the base, if there is one.
    version: Option<UpdateVersion>,
    /// The greatest number that the old file has taken.
    last: Option<u64>,
    /// The numbers of its sidecars.
    sidecars: Vec<u64>,
    /// The ids of its annexes.
    annexes: Vec<Id>,
}

async fn previous(place: &ObjectStoreBackend) -> Result<Previous> {
    let mut old = Previous {
        version: None,
        last: None,
        sidecars: Vec::new(),
        annexes: Vec::new(),
    };
    let Some((pin, _)) = place.version(place.path()).await? else {
        return Ok(old);
    };
    let head = place
        .range(place.path(), 0..HEADER_BYTES as u64, &pin)
        .await;
    old.version = pin.version;
    let Ok(header) = head.and_then(|head| Header::decode(&head)) else {
        // Something that is not ours: nothing belongs to it.
        return Ok(old);
    };
    let listed = place.sidecars().await?;
    if let Some(listed) = listed {
        for sidecar in listed.sidecars {
            if is_ours(place, &place.sidecar(sidecar.number), header.file).await {
                old.sidecars.push(sidecar.number);
            }
        }
        for (id, annex) in listed.annexes {
            if is_ours(place, &annex.location, header.file).await {
                old.annexes.push(id);
            }
        }
    }
    let sidecars = old.sidecars.iter().copied();
    old.last = sidecars.chain([header.sequence]).max();
    Ok(old)
}
