//! Bytes in memory, gathered so that large pieces that are handed over are not moved.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

/// Pieces from this size on stay where they are.
const LARGE: usize = 16 << 10;
/// Small pieces are gathered up to this size.
const GATHERED: usize = 1 << 20;

/// Bytes, one after another.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Where each part begins, and its bytes.
    parts: Vec<(u64, Bytes)>,
    /// Small pieces that come after them.
    last: BytesMut,
    /// The length of the parts.
    before: u64,
}

impl Memory {
    pub(super) fn len(&self) -> u64 {
        self.before + self.last.len() as u64
    }

    pub(super) fn push(&mut self, piece: Cow<'_, [u8]>) {
        match piece {
            Cow::Owned(mut piece) if piece.len() >= LARGE => {
                self.close();
                // Compressors ask for more than they need.
                piece.shrink_to_fit();
                self.push_part(piece.into());
            }
            piece => {
                if self.last.len() + piece.len() > GATHERED {
                    self.close();
                }
                // After the first of them it is known that there is much.
                if self.last.capacity() == 0 && !self.parts.is_empty() {
                    self.last.reserve(GATHERED);
                }
                self.last.extend_from_slice(&piece);
            }
        }
    }

    fn close(&mut self) {
        if !self.last.is_empty() {
            let part = self.last.split().freeze();
            self.push_part(part);
        }
    }

    fn push_part(&mut self, part: Bytes) {
        let length = part.len() as u64;
        self.parts.push((self.before, part));
        self.before += length;
    }

    /// A piece that was pushed, by where it begins.
    pub(super) fn get(&self, at: u64, length: usize) -> Option<Bytes> {
        if at >= self.before {
            let at = (at - self.before) as usize;
            let piece = self.last.get(at..at.checked_add(length)?)?;
            return Some(Bytes::copy_from_slice(piece));
        }
        let i = self.parts.partition_point(|(start, _)| *start <= at);
        let (start, part) = self.parts.get(i.checked_sub(1)?)?;
        let at = (at - start) as usize;
        let end = at.checked_add(length)?;
        (end <= part.len()).then(|| part.slice(at..end))
    }

    /// All pieces, in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let parts = self.parts.iter().map(|(_, part)| &part[..]);
        parts.chain((!self.last.is_empty()).then_some(&self.last[..]))
    }

    /// All bytes from the one at `from` on, as they lie.
    pub(super) fn bytes_from(&self, from: u64) -> Vec<Bytes> {
        let mut out = Vec::new();
        for (start, part) in &self.parts {
            let skipped = from.saturating_sub(*start).min(part.len() as u64);
            out.push(part.slice(skipped as usize..));
        }
        let skipped = from.saturating_sub(self.before) as usize;
        out.push(Bytes::copy_from_slice(
            self.last.get(skipped..).unwrap_or_default(),
        ));
        out.retain(|part| !part.is_empty());
        out
    }

    /// Forgets all, and keeps the memory for small pieces.
    pub(super) fn clear(&mut self) {
        self.parts.clear();
        self.last.clear();
        self.before = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_found_where_they_were_put() {
        let mut memory = Memory::default();
        let mut all = Vec::new();
        let sizes = [
            1,
            0,
            5,
            LARGE,
            7,
            LARGE - 1,
            LARGE + 1,
            GATHERED,
            3,
            2 * GATHERED,
            9,
        ];
        let mut pieces = Vec::new();
        for round in 0..2 {
            for (i, &size) in sizes.iter().enumerate() {
                let piece = vec![(i + 1) as u8 * 3; size];
                pieces.push((memory.len(), size));
                all.extend_from_slice(&piece);
                memory.push(match (i + round) % 2 {
                    0 => Cow::Borrowed(&piece[..]),
                    _ => Cow::Owned(piece),
                });
            }
        }
        assert_eq!(memory.len(), all.len() as u64);
        for (at, size) in pieces {
            let expected = &all[at as usize..at as usize + size];
            assert!(memory.get(at, size).unwrap() == expected, "{at} {size}");
            assert!(memory.bytes_from(at).concat() == all[at as usize..]);
        }
        assert!(memory.pieces().collect::<Vec<_>>().concat() == all);
        assert_eq!(memory.get(all.len() as u64, 1), None);
        assert_eq!(memory.get(0, all.len() + 1), None);
        memory.clear();
        assert_eq!((memory.len(), memory.pieces().count()), (0, 0));
    }
}
