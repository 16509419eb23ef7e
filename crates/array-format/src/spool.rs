//! Encoded frames that wait for a commit: in memory up to a budget, then in a temporary file.
//!
//! The spool is the data region of the layer to come: a frame's offset here is its offset there. What
//! of it was uploaded as the layer's annex is not in the layer's own object.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use crate::error::{Error, Result};
use crate::{mapped, positional};
use array_format_core::wire::BLOCK_ALIGNMENT;
use array_format_core::wire::tables::Annex;

/// Where frames are put one after another.
#[derive(Debug)]
pub(crate) struct Spool {
    /// The offset of the first byte in the layer.
    start: u64,
    /// Bytes that are not in the file yet.
    memory: BytesMut,
    /// Bytes before `memory`.
    file: Option<(File, u64)>,
    /// Bytes that may stay in memory.
    budget: usize,
    block_target: u64,
    /// Where the current block begins.
    block: u64,
    /// Bytes of frames that were replaced before they were committed.
    dead: u64,
    /// What holds the first of these bytes already, and since when.
    annex: Option<(Annex, Instant)>,
}

impl Spool {
    /// An empty spool for a data region that begins at `start`.
    pub(crate) fn new(start: u64, budget: usize, block_target: usize) -> Self {
        Self {
            start,
            memory: BytesMut::new(),
            file: None,
            budget,
            block_target: block_target as u64,
            block: start,
            dead: 0,
            annex: None,
        }
    }

    /// The offset after the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.file.as_ref().map_or(0, |f| f.1) + self.memory.len() as u64
    }

    /// Whether more than a third of the bytes were replaced.
    pub(crate) fn is_wasteful(&self) -> bool {
        self.dead * 3 > self.end() - self.start
    }

    /// Notes that a frame of this length is not wanted any more.
    pub(crate) fn discard(&mut self, length: u64) {
        self.dead += length;
    }

    /// Appends a frame and returns its offset. A full block is closed: the next begins aligned.
    pub(crate) fn append(&mut self, frame: &[u8]) -> Result<u64> {
        if self.end() - self.block >= self.block_target {
            let padding = self.end().next_multiple_of(BLOCK_ALIGNMENT) - self.end();
            self.memory.resize(self.memory.len() + padding as usize, 0);
            self.block = self.end();
        }
        let offset = self.end();
        self.memory.extend_from_slice(frame);
        if self.memory.len() > self.budget {
            self.spill()?;
        }
        Ok(offset)
    }

    /// Appends bytes as they are.
    pub(crate) fn append_raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > self.budget {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        let (file, length) = match &mut self.file {
            Some(file) => file,
            none => none.insert((tempfile::tempfile()?, 0)),
        };
        // A write that failed half-way may have left the position behind what counts.
        file.seek(SeekFrom::Start(*length))?;
        file.write_all(&self.memory)?;
        *length += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    /// The bytes of a frame.
    pub(crate) fn read(&self, offset: u64, length: u64) -> Result<Bytes> {
        let at = offset - self.start;
        let spilled = self.file.as_ref().map_or(0, |f| f.1);
        if at >= spilled {
            let from = (at - spilled) as usize;
            let bytes = self
                .memory
                .get(from..from + length as usize)
                .ok_or_else(|| Error::Storage("a pending frame is not in its spool".into()))?;
            return Ok(Bytes::copy_from_slice(bytes));
        }
        let (file, _) = self
            .file
            .as_ref()
            .ok_or_else(|| Error::Storage("a pending frame is not in its spool".into()))?;
        let mut bytes = vec![0; length as usize];
        positional::read_exact_at(file, &mut bytes, at)?;
        Ok(bytes.into())
    }

    /// All bytes, to be uploaded: what was spilled is mapped, not read.
    pub(crate) fn contents(&self) -> Result<Vec<Bytes>> {
        self.contents_from(self.start)
    }

    fn contents_from(&self, offset: u64) -> Result<Vec<Bytes>> {
        let skipped = offset - self.start;
        let mut out = Vec::new();
        let spilled = self.file.as_ref().map_or(0, |f| f.1);
        if let Some((file, length)) = self.file.as_ref().filter(|_| skipped < spilled) {
            out.push(mapped::map(file, *length)?.slice(skipped as usize..));
        }
        let rest = &self.memory[skipped.saturating_sub(spilled) as usize..];
        if !rest.is_empty() {
            out.push(Bytes::copy_from_slice(rest));
        }
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
        self.annex().map_or(self.start, |annex| annex.length)
    }

    /// The bytes of the layer's own object.
    pub(crate) fn own_contents(&self) -> Result<Vec<Bytes>> {
        self.contents_from(self.annexed())
    }

    /// Where they end in it.
    pub(crate) fn own_end(&self) -> u64 {
        self.end() - self.annexed() + self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_from_memory_and_file() {
        for budget in [0, 10, 1000] {
            let mut spool = Spool::new(64, budget, 20);
            let frames: Vec<Vec<u8>> = (0..9u8).map(|i| vec![i; usize::from(i) * 3 + 1]).collect();
            let offsets: Vec<u64> = frames.iter().map(|f| spool.append(f).unwrap()).collect();
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

    #[test]
    fn what_an_annex_holds_is_left_out() {
        for budget in [0, 50, 1000] {
            let mut spool = Spool::new(64, budget, 1000);
            spool.append(&[1; 100]).unwrap();
            for length in [64, 65, 90, 164] {
                let id = Default::default();
                spool.set_annex(Some(Annex { id, length }));
                let own = spool.own_contents().unwrap().concat();
                assert_eq!(own.len() as u64, 164 - length);
                assert_eq!(spool.own_end(), 64 + own.len() as u64);
            }
            spool.append(&[2; 3]).unwrap();
            assert_eq!(spool.own_contents().unwrap().concat(), [2; 3]);
        }
    }
}
