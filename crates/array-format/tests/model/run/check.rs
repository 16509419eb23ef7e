//! Comparing all that a file shows with the model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use array_format::{ArrayFile, AttributeValue, Error};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::{KEYS, NAMES, Outcome, World};
use crate::element::{Sample, attribute, typed};
use crate::model::{Array, Mark, State, indices};

/// Compares values with the codes that they should have.
pub(super) fn compare<'a, T: Sample>(
    array: &Array,
    what: &str,
    values: impl Iterator<Item = &'a T>,
    codes: &[u8],
) -> Outcome {
    let bytes = &array.kind.palette().bytes;
    let got: Vec<Vec<u8>> = values.map(T::bytes).collect();
    ensure_eq!(
        got.len(),
        codes.len(),
        "elements of {what} of {:?}",
        array.name
    );
    let wrong = got
        .iter()
        .zip(codes)
        .position(|(got, &code)| *got != bytes[usize::from(code)]);
    if let Some(i) = wrong {
        let short = |bytes: &[u8]| format!("{:?}", &bytes[..bytes.len().min(24)]);
        return Err(format!(
            "element {i} of {what} of {:?} ({:?}, shape {:?}) is {}, should be {}",
            array.name,
            array.kind,
            array.shape,
            short(&got[i]),
            short(&bytes[usize::from(codes[i])]),
        ));
    }
    Ok(())
}

pub(super) async fn check_region(
    file: &ArrayFile,
    array: &Array,
    start: Option<Vec<usize>>,
    shape: Option<Vec<usize>>,
) -> Outcome<Result<(), Error>> {
    let rank = array.shape.len();
    let first: Vec<usize> = (0..rank)
        .map(|a| start.as_ref().map_or(0, |s| s[a]).min(array.shape[a]))
        .collect();
    let extent: Vec<usize> = (0..rank)
        .map(|a| {
            let rest = array.shape[a] - first[a];
            shape.as_ref().map_or(rest, |s| s[a].min(rest))
        })
        .collect();
    let codes = array.region(&first, &extent);
    let (start, shape) = (start.unwrap_or_default(), shape.unwrap_or_default());
    typed!(array.kind, T => {
        match file.read_array::<T>(&array.name, start, shape).await {
            Ok(read) => {
                ensure_eq!(read.shape(), &extent[..], "shape read of {:?}", array.name);
                let values = read.as_slice().ok_or("a read is not in C order")?;
                compare::<T>(array, "a read", values.iter(), &codes)?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    })
}

/// All that a file says without reading data; `view` is `base` with what is pending.
pub(super) fn check_metadata(file: &ArrayFile, base: &State, view: &State) -> Outcome {
    let listed = file.list_arrays();
    let names: Vec<&str> = listed.iter().map(|a| a.name.as_str()).collect();
    let want: Vec<&str> = view.arrays.iter().map(|a| a.name.as_str()).collect();
    ensure_eq!(names, want, "names");
    let wide = |extents: &[usize]| extents.iter().map(|&n| n as u64).collect::<Vec<_>>();
    for (listed, array) in listed.iter().zip(&view.arrays) {
        let name = &array.name;
        let meta = file
            .get_array(name)
            .map_err(|e| format!("get_array({name:?}): {e}"))?;
        ensure_eq!(
            listed.dtype,
            array.kind.palette().dtype,
            "dtype of {name:?}"
        );
        ensure_eq!(listed.shape, wide(&array.shape), "shape of {name:?}");
        ensure_eq!(
            listed.chunk_shape,
            wide(&array.chunk),
            "chunk shape of {name:?}"
        );
        ensure_eq!(meta.tile_shape, wide(&array.tile), "tile shape of {name:?}");
        ensure_eq!(
            listed.dimension_names,
            array.dimensions,
            "dimensions of {name:?}"
        );
        ensure_eq!(
            listed.fill_value,
            array.fill_value(),
            "fill value of {name:?}"
        );
        ensure_eq!(
            *listed,
            array_format::MergedArrayMeta::from(meta),
            "listed {name:?}"
        );
        let attributes = file
            .attributes(name)
            .map_err(|e| format!("attributes: {e}"))?;
        check_attributes(&attributes, &array.attributes, name)?;
    }
    let attributes = file
        .file_attributes()
        .map_err(|e| format!("file attributes: {e}"))?;
    check_attributes(&attributes, &view.attributes, "the file")?;
    for key in KEYS {
        let index = file.attribute_index(key);
        let want: Vec<_> = view
            .arrays
            .iter()
            .map(|a| {
                (
                    a.name.clone(),
                    a.attributes.get(key).map(|&code| attribute(code)),
                )
            })
            .collect();
        let got: Vec<_> = index
            .into_iter()
            .map(|(name, value)| (name, value.cloned()))
            .collect();
        ensure_eq!(got, want, "index of {key:?}");
        for array in &view.arrays {
            let got = file
                .get_attribute(&array.name, key)
                .map_err(|e| e.to_string())?;
            let want = array.attributes.get(key).map(|&code| attribute(code));
            ensure_eq!(got, want.as_ref(), "attribute {key:?} of {:?}", array.name);
        }
        let got = file.file_attribute(key).map_err(|e| e.to_string())?;
        let want = view.attributes.get(key).map(|&code| attribute(code));
        ensure_eq!(got, want.as_ref(), "attribute {key:?} of the file");
    }
    let keys: BTreeSet<String> = file
        .attribute_keys()
        .map_err(|e| e.to_string())?
        .into_iter()
        .collect();
    // A key that is in use no more stays until the next flush.
    ensure_eq!(keys, &base.keys() | &view.keys(), "attribute keys");
    for name in NAMES.iter().filter(|name| view.named(name).is_none()) {
        let missing = |found: Option<Error>| match found {
            Some(Error::ArrayNotFound { .. }) => Ok(()),
            other => Err(format!("{name:?} should be missing: {other:?}")),
        };
        missing(file.get_array(name).err())?;
        missing(file.get_attribute(name, KEYS[0]).err())?;
    }
    Ok(())
}

pub(super) fn check_attributes(
    got: &[(String, &AttributeValue)],
    want: &BTreeMap<String, u8>,
    of: &str,
) -> Outcome {
    let got: Vec<_> = got
        .iter()
        .map(|(key, value)| (key.clone(), (*value).clone()))
        .collect();
    let want: Vec<_> = want
        .iter()
        .map(|(key, &code)| (key.clone(), attribute(code)))
        .collect();
    ensure_eq!(got, want, "attributes of {of:?}");
    Ok(())
}

/// The statistics of the committed state `base`, under the names of `view`.
pub(super) fn check_statistics(
    file: &ArrayFile,
    base: &State,
    view: &State,
    shown: bool,
) -> Outcome {
    let all = file.stats();
    ensure_eq!(all.is_some(), shown, "whether there are statistics");
    let mut names = Vec::new();
    for array in &view.arrays {
        let name = &array.name;
        let committed = base.by_uid(array.uid).filter(|_| shown);
        let one = file.array_stats(name);
        ensure_eq!(
            one,
            all.and_then(|all| all.get_array(name)),
            "entry and statistics of {name:?}"
        );
        ensure_eq!(
            one.is_some(),
            committed.is_some(),
            "whether {name:?} has statistics"
        );
        if let (Some(one), Some(committed)) = (one, committed) {
            ensure!(
                committed.agrees(name, one),
                "statistics {one:?} do not fit {committed:?}"
            );
            names.push(name.as_str());
        }
    }
    let entries = all.map(|all| all.entries()).unwrap_or_default();
    let entries: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    ensure_eq!(entries, names, "entries of the statistics");
    Ok(())
}

impl World {
    /// Compares all that a handle shows.
    pub(super) async fn check_handle(&self, h: usize) -> Outcome {
        let handle = &self.handles[h];
        let version = &self.versions[&handle.sequence];
        let (file, base, view) = (&handle.file, &version.state, &handle.view);
        ensure_eq!(file.num_layers(), version.layers, "layers");
        check_metadata(file, base, view)?;
        check_statistics(file, base, view, handle.shows_statistics)?;
        for array in &view.arrays {
            if let Err(error) = check_region(file, array, None, None).await? {
                self.excused(h, &error)?;
            }
        }
        if self.is_expired(h) {
            return Ok(());
        }
        let (mut frames, mut bytes) = (0, 0);
        for array in &view.arrays {
            let stored = match base.by_uid(array.uid) {
                Some(committed) => self.check_chunks(file, array, committed).await?,
                None => (0, 0),
            };
            frames += stored.0;
            bytes += stored.1;
        }
        let footer = file.footer();
        ensure_eq!(footer.sequence, handle.sequence, "sequence in the footer");
        ensure_eq!(footer.layers, version.layers as u64, "layers in the footer");
        ensure_eq!(
            footer.arrays,
            base.arrays.len() as u64,
            "arrays in the footer"
        );
        let attributes = base
            .arrays
            .iter()
            .map(|a| a.attributes.len())
            .sum::<usize>();
        let attributes = (attributes + base.attributes.len()) as u64;
        ensure_eq!(footer.attributes, attributes, "attributes in the footer");
        if handle.touched.is_empty() {
            ensure_eq!(
                (footer.frames, footer.frame_bytes),
                (frames, bytes),
                "frames in the footer"
            );
        }
        file.reclaimable_bytes().map_err(|e| e.to_string())?;
        Ok(())
    }

    /// Checks where an array is stored; gives its frames and their bytes.
    pub(super) async fn check_chunks(
        &self,
        file: &ArrayFile,
        array: &Array,
        committed: &Array,
    ) -> Outcome<(u64, u64)> {
        let name = &array.name;
        let chunks = file
            .chunks(name)
            .await
            .map_err(|e| format!("chunks of {name:?}: {e}"))?;
        let (mut frames, mut bytes, mut valid) = (0, 0, 0);
        let mut covered = BTreeSet::new();
        let mut origins = BTreeSet::new();
        for chunk in &chunks {
            valid += chunk.stats.valid;
            for frame in &chunk.frames {
                let object = self.store.head(&Path::from(frame.object.as_str())).await;
                let object = object.map_err(|e| format!("object of a frame of {name:?}: {e}"))?;
                let trailer = if frame.object.contains(".annex.") {
                    0
                } else {
                    64
                };
                ensure!(
                    frame.offset >= 64 && frame.offset + frame.length + trailer <= object.size,
                    "{frame:?} lies outside its object of {} bytes",
                    object.size
                );
                let narrow = |n: &[u64]| n.iter().map(|&n| n as usize).collect::<Vec<_>>();
                let (origin, extent) = (narrow(&frame.origin), narrow(&frame.extent));
                for axis in 0..origin.len() {
                    let chunk_at = chunk.coordinates[axis] as usize * committed.chunk[axis];
                    ensure!(
                        origin[axis] >= chunk_at
                            && (origin[axis] - chunk_at).is_multiple_of(committed.tile[axis])
                            && extent[axis] <= committed.tile[axis]
                            && origin[axis] + extent[axis] <= chunk_at + committed.chunk[axis],
                        "{frame:?} does not fit the grid of {name:?}"
                    );
                }
                ensure!(
                    origins.insert(origin.clone()),
                    "two frames of {name:?} at {origin:?}"
                );
                for at in indices(&extent) {
                    covered.insert(
                        at.iter()
                            .zip(&origin)
                            .map(|(a, b)| a + b)
                            .collect::<Vec<_>>(),
                    );
                }
                frames += 1;
                bytes += frame.length;
            }
        }
        for (at, cell) in indices(&committed.shape).zip(&committed.cells) {
            let stored = cell.mark != Mark::Written || covered.contains(&at);
            ensure!(
                stored,
                "no frame of {name:?} holds {at:?}, which was written"
            );
        }
        if let Some(stats) = file.array_stats(name) {
            ensure_eq!(
                valid,
                stats.row_count - stats.null_count,
                "valid elements in frames of {name:?}"
            );
        }
        let blocks = file
            .blocks(name)
            .await
            .map_err(|e| format!("blocks of {name:?}: {e}"))?;
        let sums = (
            blocks.iter().map(|b| b.frames).sum::<u64>(),
            blocks.iter().map(|b| b.length).sum::<u64>(),
        );
        ensure_eq!(sums, (frames, bytes), "frames in blocks of {name:?}");
        Ok((frames, bytes))
    }

    /// A handle opened now sees the newest version; the store holds its layers, and above the
    /// base's number nothing else.
    pub(super) async fn check_newest(&self) -> Outcome {
        let (&sequence, newest) = self.newest();
        let file = self.open().await?;
        ensure_eq!(file.sequence(), sequence, "newest layer");
        ensure_eq!(file.num_layers(), newest.layers, "layers");
        self.check_committed(&file).await?;
        let objects: Vec<_> = self
            .store
            .list(None)
            .try_collect()
            .await
            .map_err(|e| e.to_string())?;
        let names: Vec<_> = objects
            .iter()
            .map(|object| object.location.to_string())
            .collect();
        let number = |name: &String| -> Option<u64> {
            let digits = name.strip_prefix("folder/data.")?.strip_suffix(".af")?;
            digits.parse().ok()
        };
        let base = self.base();
        let (strays, live): (Vec<u64>, Vec<u64>) = names
            .iter()
            .filter_map(number)
            .partition(|number| *number <= base);
        ensure_eq!(live.len() + 1, newest.layers, "objects {names:?}");
        // A writer whose snapshot was compacted away may leave a layer that never counted.
        ensure!(
            strays.is_empty() || self.handles.len() > 1,
            "objects {names:?}: {strays:?} should be gone"
        );
        let annexes = names.iter().filter(|name| name.contains(".annex."));
        let annexes = annexes.count();
        let may_have = self.setup.largest_put.is_some();
        ensure!(
            annexes <= if may_have { newest.layers } else { 0 } || self.handles.len() > 1,
            "objects {names:?}: too many annexes"
        );
        ensure_eq!(
            strays.len() + live.len() + annexes + 1,
            names.len(),
            "objects {names:?}"
        );
        Ok(())
    }

    /// The number of the layer in the base object: the last that held everything.
    fn base(&self) -> u64 {
        let whole = self.versions.iter().rev().find(|(_, v)| v.layers == 1);
        whole.map_or(0, |(&sequence, _)| sequence)
    }

    /// A file that was just opened holds the newest version.
    pub(super) async fn check_committed(&self, file: &ArrayFile) -> Outcome {
        let state = &self.newest().1.state;
        check_metadata(file, state, state)?;
        check_statistics(file, state, state, true)?;
        for array in &state.arrays {
            let read = check_region(file, array, None, None).await?;
            read.map_err(|e| format!("newest {:?}: {e:?}", array.name))?;
        }
        Ok(())
    }

    /// A compacted base is a whole file, also elsewhere under another name.
    pub(super) async fn check_copied_base(&self) -> Outcome {
        if self.newest().1.layers > 1 {
            return Ok(());
        }
        let (elsewhere, copy) = (InMemory::new(), Path::from("copy"));
        let objects = self.store.list(None).try_collect::<Vec<_>>().await;
        for object in objects.map_err(|e| e.to_string())? {
            // A base with an annex goes with it.
            let path = match object.location.as_ref().split_once(".annex.") {
                Some((_, id)) => Path::from(format!("copy.annex.{id}")),
                None if object.location == self.path => copy.clone(),
                None => continue,
            };
            let read = self.store.get(&object.location).await;
            let bytes = read.map_err(|e| e.to_string())?.bytes().await;
            let bytes = bytes.map_err(|e| e.to_string())?;
            let put = elsewhere.put(&path, bytes.into()).await;
            put.map_err(|e| e.to_string())?;
        }
        let opened = ArrayFile::open(Arc::new(elsewhere), copy, self.config()).await;
        let file = opened.map_err(|e| format!("open a copied base: {e}"))?;
        self.check_committed(&file)
            .await
            .map_err(|why| format!("in a copied base: {why}"))
    }
}
