//! Encoded frames that wait for a commit: in memory up to a budget, then in a file.
//!
//! The spool is the data region of the layer to come: a frame's offset here is its offset there. What
//! of it was uploaded as the layer's annex is not in the layer's own object. On a local disk the file
//! becomes the layer; elsewhere it is a temporary one, to be uploaded.

mod backing;
mod memory;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use array_format_core::wire::tables::Annex;
use array_format_core::wire::{BLOCK_ALIGNMENT, HEADER_BYTES};
use bytes::Bytes;
use object_store::PutMode;
use object_store::path::Path;

use crate::config::Settings;
use crate::error::{Error, Result};
use crate::storage::{ObjectStoreBackend, PutOutcome, Staging};
use backing::Backing;
use memory::Memory;

/// Bytes that are gathered before they are written to the file that becomes the layer.
const WRITTEN_AT_ONCE: u64 = 1 << 20;
/// So many bytes of frames are written to it from where they are. Fewer are gathered first: a call for
/// each 40 kB costs half as much again as one for a megabyte, and copying them a tenth.
const WRITTEN_FROM_PLACE: usize = 256 << 10;

/// Where frames are put one after another.
#[derive(Debug)]
pub(crate) struct Spool {
    /// Where the layer is to be made.
    place: ObjectStoreBackend,
    /// Whether the file may become the layer.
    stages: bool,
    /// Bytes that are not in the file yet.
    memory: Memory,
    /// What has the bytes before `memory`, and where these end in it. It begins with room for a header.
    file: Option<(Backing, u64)>,
    /// Bytes that may stay in memory.
    budget: u64,
    block_target: u64,
    /// Where the current block begins.
    block: u64,
    /// Bytes of frames that were replaced before they were committed.
    dead: u64,
    /// What holds the first of these bytes already, and since when.
    annex: Option<(Annex, Instant)>,
}

/// Where the data of a layer begin.
const START: u64 = HEADER_BYTES as u64;

fn lost() -> Error {
    Error::Storage("a pending frame is not in its spool".into())
}

impl Spool {
    /// An empty spool for a layer of this file.
    pub(crate) fn new(place: &ObjectStoreBackend, settings: &Settings) -> Self {
        Self {
            place: place.clone(),
            // Data that may have to go into an annex are not where they are to end.
            stages: place.local().is_some() && settings.largest_put.is_none(),
            memory: Memory::default(),
            file: None,
            budget: settings.spool_capacity as u64,
            block_target: settings.block_target_size as u64,
            block: START,
            dead: 0,
            annex: None,
        }
    }

    /// One whose file is never the layer.
    pub(crate) fn temporary(place: &ObjectStoreBackend, settings: &Settings) -> Self {
        Self {
            stages: false,
            ..Self::new(place, settings)
        }
    }

    /// The offset after the last byte that is in the file.
    fn filed(&self) -> u64 {
        self.file.as_ref().map_or(START, |(_, end)| *end)
    }

    /// The offset after the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.filed() + self.memory.len()
    }

    /// Whether more than a third of the bytes were replaced.
    pub(crate) fn is_wasteful(&self) -> bool {
        self.dead * 3 > self.end() - START
    }

    /// Notes that a frame of this length is not wanted any more.
    pub(crate) fn discard(&mut self, length: u64) {
        self.dead += length;
    }

    /// Appends a frame and returns its offset. A full block is closed: the next begins aligned.
    pub(crate) fn append(&mut self, frame: Cow<'_, [u8]>) -> Result<u64> {
        let mut block = self.block;
        if let Some(padding) = self.padding(self.end(), &mut block) {
            self.memory.push(Cow::Borrowed(padding));
        }
        self.block = block;
        let offset = self.end();
        self.append_raw(frame)?;
        Ok(offset)
    }

    /// The same for several frames, which are written together where there is much of them. What comes
    /// with a frame is handed on with its offset.
    pub(crate) fn append_all<T>(
        &mut self,
        frames: Vec<(T, Cow<'_, [u8]>)>,
        mut put: impl FnMut(T, u64),
    ) -> Result<()> {
        let total: usize = frames.iter().map(|(_, frame)| frame.len()).sum();
        if frames.len() == 1 || total < WRITTEN_FROM_PLACE || !self.is_staged() {
            for (with, frame) in frames {
                put(with, self.append(frame)?);
            }
            return Ok(());
        }
        let (mut end, mut block) = (self.end(), self.block);
        let mut offsets = Vec::with_capacity(frames.len());
        let mut pieces = Vec::with_capacity(frames.len() + 1);
        for (_, frame) in &frames {
            if let Some(padding) = self.padding(end, &mut block) {
                end += padding.len() as u64;
                pieces.push(padding);
            }
            offsets.push(end);
            end += frame.len() as u64;
            pieces.push(frame);
        }
        self.spill(&pieces)?;
        self.block = block;
        for ((with, _), offset) in frames.into_iter().zip(offsets) {
            put(with, offset);
        }
        Ok(())
    }

    /// What goes before a frame that would begin at `end`: it is aligned where a block begins with it.
    fn padding(&self, end: u64, block: &mut u64) -> Option<&'static [u8]> {
        const ZEROS: [u8; BLOCK_ALIGNMENT as usize] = [0; BLOCK_ALIGNMENT as usize];
        if end - *block < self.block_target {
            return None;
        }
        *block = end.next_multiple_of(BLOCK_ALIGNMENT);
        Some(&ZEROS[..(*block - end) as usize]).filter(|padding| !padding.is_empty())
    }

    /// Whether what has outgrown memory is in the layer to come.
    fn is_staged(&self) -> bool {
        match &self.file {
            Some((file, _)) => matches!(file, Backing::Staging(_)),
            None => self.stages,
        }
    }

    /// Appends bytes as they are.
    pub(crate) fn append_raw(&mut self, bytes: Cow<'_, [u8]>) -> Result<()> {
        let stages = self.is_staged();
        let most = match stages {
            true => self.budget.min(WRITTEN_AT_ONCE),
            false => self.budget,
        };
        let in_place = bytes.len() >= WRITTEN_FROM_PLACE;
        if self.memory.len() + bytes.len() as u64 <= most && !(stages && in_place) {
            self.memory.push(bytes);
            return Ok(());
        }
        match in_place {
            true => self.spill(&[&bytes]),
            false => {
                self.spill(&[])?;
                self.memory.push(bytes);
                Ok(())
            }
        }
    }

    /// Moves what is in memory into the file, and writes these pieces after it.
    fn spill(&mut self, more: &[&[u8]]) -> Result<()> {
        let memory = std::mem::take(&mut self.memory);
        let pieces: Vec<&[u8]> = memory.pieces().chain(more.iter().copied()).collect();
        let written = self.write(&pieces);
        self.memory = memory;
        if written.is_ok() {
            self.memory.clear();
        }
        written
    }

    /// Writes bytes at the end of the file. Nothing counts that was not written whole.
    fn write(&mut self, pieces: &[&[u8]]) -> Result<()> {
        let (file, end) = match &mut self.file {
            Some(file) => file,
            none => none.insert((Backing::new(&self.place, self.stages)?, START)),
        };
        let length: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        // A file that has become a layer is copied before it is written to, and not for nothing.
        if length > 0 {
            file.write_at(*end, pieces)?;
        }
        *end += length;
        Ok(())
    }

    /// The bytes of a frame.
    pub(crate) fn read(&self, offset: u64, length: u64) -> Result<Bytes> {
        if offset >= self.filed() {
            let bytes = self.memory.get(offset - self.filed(), length as usize);
            return bytes.ok_or_else(lost);
        }
        let (file, _) = self.file.as_ref().ok_or_else(lost)?;
        let mut bytes = vec![0; length as usize];
        file.read_at(offset, &mut bytes)?;
        Ok(bytes.into())
    }

    /// All bytes, to be uploaded.
    pub(crate) fn contents(&self) -> Result<Vec<Bytes>> {
        self.contents_from(START)
    }

    fn contents_from(&self, offset: u64) -> Result<Vec<Bytes>> {
        let mut out = Vec::new();
        if let Some((file, end)) = self.file.as_ref().filter(|(_, end)| offset < *end) {
            out.push(file.bytes(offset, *end)?);
        }
        out.extend(self.memory.bytes_from(offset.saturating_sub(self.filed())));
        Ok(out)
    }

    /// What holds the first of the bytes.
    pub(crate) fn annex(&self) -> Option<Annex> {
        self.annex.map(|(annex, _)| annex)
    }

    /// What holds the first of the bytes, if it is there for less than `age`.
    pub(crate) fn annex_within(&self, age: Duration) -> Option<Annex> {
        let young = self.annex.filter(|(_, since)| since.elapsed() < age);
        young.map(|(annex, _)| annex)
    }

    /// Notes what holds the first of the bytes.
    pub(crate) fn set_annex(&mut self, annex: Option<Annex>) {
        self.annex = annex.map(|annex| (annex, Instant::now()));
    }

    /// Where the bytes begin that no annex holds.
    fn annexed(&self) -> u64 {
        self.annex().map_or(START, |annex| annex.length)
    }

    /// The bytes of the layer's own object.
    pub(crate) fn own_contents(&self) -> Result<Vec<Bytes>> {
        self.contents_from(self.annexed())
    }

    /// Where they end in it.
    pub(crate) fn own_end(&self) -> u64 {
        self.end() - self.annexed() + START
    }

    /// The file that may become the layer.
    fn staging(&self) -> Option<&Staging> {
        match &self.file {
            Some((Backing::Staging(file), _)) => Some(file),
            _ => None,
        }
    }

    /// Puts the layer's own object: a header, these bytes, a tail. They stay here, whatever comes of it.
    pub(crate) async fn put(
        &mut self,
        path: &Path,
        header: Bytes,
        tail: Vec<Bytes>,
        mode: PutMode,
    ) -> Result<PutOutcome> {
        if self.staging().is_some() {
            self.spill(&[])?;
        }
        if let Some(staging) = self.staging() {
            let end = self.end();
            let put = self.place.publish(path, staging, header, end, tail, mode);
            return Ok(put.await);
        }
        let mut parts = vec![header];
        parts.extend(self.own_contents()?);
        parts.extend(tail);
        Ok(self.place.put(path, parts, mode).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileConfig, NoCompression};
    use std::sync::Arc;

    /// Empty spools of a file in memory and of one in this folder.
    fn spools(folder: &tempfile::TempDir, budget: usize) -> [Spool; 2] {
        let config = FileConfig {
            spool_capacity: budget,
            block_target_size: 20,
            ..FileConfig::new(NoCompression)
        };
        let settings = Settings::new(config).unwrap();
        let stores: [Arc<dyn object_store::ObjectStore>; 2] = [
            Arc::new(object_store::memory::InMemory::new()),
            Arc::new(crate::storage::LocalStore::new(folder.path()).unwrap()),
        ];
        stores.map(|store| {
            let place = ObjectStoreBackend::new(store, Path::from("x.af")).unwrap();
            Spool::new(&place, &settings)
        })
    }

    #[test]
    fn frames_read_back_from_memory_and_file() {
        let folder = tempfile::tempdir().unwrap();
        for budget in [0, 10, 1000, 100_000] {
            for mut spool in spools(&folder, budget) {
                let sizes = [1, 4, 7, 10, 20_000, 13, 50_000, 1, 16, 30_000];
                let frames: Vec<Vec<u8>> = (0..).zip(sizes).map(|(i, n)| vec![i; n]).collect();
                let append = |frame: &Vec<u8>| spool.append(Cow::Borrowed(frame)).unwrap();
                let offsets: Vec<u64> = frames.iter().map(append).collect();
                assert_eq!(offsets[0], 64);
                for (frame, &offset) in frames.iter().zip(&offsets) {
                    assert_eq!(spool.read(offset, frame.len() as u64).unwrap(), frame);
                }
                let all = spool.contents().unwrap().concat();
                assert_eq!(all.len() as u64, spool.end() - 64);
                for (frame, &offset) in frames.iter().zip(&offsets) {
                    let at = (offset - 64) as usize;
                    assert_eq!(&all[at..at + frame.len()], frame);
                }
            }
        }
        // What became no layer is gone.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn frames_that_come_together_lie_as_those_that_come_alone() {
        let folder = tempfile::tempdir().unwrap();
        let large = WRITTEN_FROM_PLACE;
        let sizes = [1, 4, large / 2, 13, 9, large / 2 + 1, 20, large + 1, 1];
        let frames: Vec<Vec<u8>> = (0..).zip(sizes).map(|(i, n)| vec![i; n]).collect();
        let cow = |i: usize| Cow::Borrowed(&frames[i][..]);
        for budget in [0, 1000, 10 << 20] {
            for (mut alone, mut together) in spools(&folder, budget)
                .into_iter()
                .zip(spools(&folder, budget))
            {
                let mut offsets = Vec::new();
                for range in [0..2, 2..7, 7..8, 8..9] {
                    let some = range.map(|i| (i, cow(i))).collect();
                    let put = |i, offset| offsets.push((i, offset));
                    together.append_all(some, put).unwrap();
                }
                for (i, offset) in offsets {
                    assert_eq!(alone.append(cow(i)).unwrap(), offset, "{i}, {budget}");
                }
                assert_eq!(together.block, alone.block);
                let [alone, together] = [alone, together].map(|s| s.contents().unwrap().concat());
                assert!(alone == together, "{budget}");
            }
        }
    }

    #[test]
    fn nothing_counts_of_what_could_not_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let [mut spool, _] = spools(&folder, 10);
        spool.append(Cow::Borrowed(&[1; 7])).unwrap();
        let path = folder.path().join("read only");
        std::fs::write(&path, []).unwrap();
        let read_only = std::fs::File::open(&path).unwrap();
        spool.file = Some((Backing::Temporary(read_only), START));
        let frames = || {
            vec![
                ((), Cow::Borrowed(&[2u8; 5][..])),
                ((), Cow::Borrowed(&[3; 6])),
            ]
        };
        let mut offsets = Vec::new();
        let put = |(), offset| offsets.push(offset);
        assert!(spool.append_all(frames(), put).is_err());
        assert_eq!((spool.end(), spool.filed(), offsets.len()), (64 + 7, 64, 0));
        spool.file = Some((Backing::Temporary(tempfile::tempfile().unwrap()), START));
        spool
            .append_all(frames(), |(), offset| offsets.push(offset))
            .unwrap();
        assert_eq!(offsets, [64 + 7, 64 + 12]);
        let all = [&[1; 7][..], &[2; 5], &[3; 6]].concat();
        assert_eq!(spool.contents().unwrap().concat(), all);
    }

    /// What became a layer is copied before it is written to, which may take long.
    #[tokio::test]
    async fn a_spool_without_new_bytes_leaves_its_layer_alone() {
        let folder = tempfile::tempdir().unwrap();
        let [_, mut spool] = spools(&folder, 1000);
        let frames = vec![((), Cow::Borrowed(&[7u8; WRITTEN_FROM_PLACE][..])); 2];
        spool.append_all(frames, |(), _| {}).unwrap();
        let header = Bytes::from_static(&[1; HEADER_BYTES]);
        let path = Path::from("x.1.af");
        let put = spool.put(&path, header, vec![], PutMode::Create).await;
        drop(put.unwrap());
        let files = || std::fs::read_dir(folder.path()).unwrap().count();
        spool.spill(&[]).unwrap();
        spool.spill(&[&[], &[]]).unwrap();
        assert_eq!(files(), 1);
        spool.spill(&[&[8]]).unwrap();
        assert_eq!(files(), 2);
        let layer = std::fs::read(folder.path().join("x.1.af")).unwrap();
        assert_eq!(layer.len(), HEADER_BYTES + 2 * WRITTEN_FROM_PLACE);
    }

    #[test]
    fn what_an_annex_holds_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for budget in [0, 50, 1000] {
            let [mut spool, _] = spools(&folder, budget);
            spool.block_target = 1000;
            spool.append(Cow::Borrowed(&[1; 100])).unwrap();
            for length in [64, 65, 90, 164] {
                let id = Default::default();
                spool.set_annex(Some(Annex { id, length }));
                let own = spool.own_contents().unwrap().concat();
                assert_eq!(own.len() as u64, 164 - length);
                assert_eq!(spool.own_end(), 64 + own.len() as u64);
            }
            spool.append(Cow::Borrowed(&[2; 3])).unwrap();
            assert_eq!(spool.own_contents().unwrap().concat(), [2; 3]);
        }
    }
}
