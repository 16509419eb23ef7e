//! The layout of elements of variable width: a count, then for each its length and its bytes.

use crate::error::{Error, Result};

/// The bytes of a count or a length.
pub(crate) const PREFIX: usize = size_of::<u32>();

/// Reads pieces one after another, and ends with an error where the bytes do not fit.
pub(crate) struct Pieces<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> Pieces<'a> {
    /// Reads the count.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self> {
        let (count, rest) = bytes.split_first_chunk::<PREFIX>().ok_or_else(|| {
            Error::Serialization(format!("a count of elements has {} bytes", bytes.len()))
        })?;
        Ok(Self {
            rest,
            left: u32::from_le_bytes(*count),
        })
    }

    /// What the count says, less what was read.
    pub(crate) fn claimed(&self) -> u32 {
        self.left
    }

    fn take(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk::<PREFIX>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (piece, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(piece)
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            // Reported once: it ends here either way.
            let rest = std::mem::take(&mut self.rest);
            return (!rest.is_empty()).then(|| {
                Err(Error::Serialization(format!(
                    "{} bytes after the last element",
                    rest.len()
                )))
            });
        }
        self.left -= 1;
        let piece = self.take();
        Some(piece.ok_or_else(|| {
            let left = self.left + 1;
            (self.rest, self.left) = (&[], 0);
            Error::Serialization(format!("the last {left} elements are cut short"))
        }))
    }
}

/// The pieces up to the first that is damaged.
pub(crate) fn lenient(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    Pieces::new(bytes)
        .into_iter()
        .flatten()
        .map_while(Result::ok)
}

/// Decodes all pieces. Memory grows with what was decoded, not with what the count claims.
pub(crate) fn decode<T>(bytes: &[u8], one: impl Fn(&[u8]) -> Result<T>) -> Result<Vec<T>> {
    Pieces::new(bytes)?.map(|piece| one(piece?)).collect()
}

/// The bytes that [`encode`] makes.
pub(crate) fn encoded_len<P: AsRef<[u8]>>(pieces: &[P]) -> u64 {
    let lengths = pieces.iter().map(|piece| piece.as_ref().len() as u64);
    (PREFIX + PREFIX * pieces.len()) as u64 + lengths.sum::<u64>()
}

/// Count, lengths and bytes.
pub(crate) fn encode<P: AsRef<[u8]>>(pieces: &[P]) -> Vec<u8> {
    let mut out = Vec::with_capacity(encoded_len(pieces) as usize);
    encode_to(pieces, &mut out);
    out
}

/// Appends what [`encode`] makes.
pub(crate) fn encode_to<P: AsRef<[u8]>>(pieces: &[P], out: &mut Vec<u8>) {
    out.extend_from_slice(&prefix(pieces.len()));
    for piece in pieces {
        let piece = piece.as_ref();
        out.extend_from_slice(&prefix(piece.len()));
        out.extend_from_slice(piece);
    }
}

/// A size over `u32` makes more bytes than a frame may have, so that what is cut here is refused.
fn prefix(size: usize) -> [u8; PREFIX] {
    u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_read_back_and_every_cut_is_noticed() {
        let pieces = ["a", "", "bcd"];
        let bytes = encode(&pieces);
        assert_eq!(bytes.len() as u64, encoded_len(&pieces));
        assert_eq!(
            lenient(&bytes).collect::<Vec<_>>(),
            [&b"a"[..], b"", b"bcd"]
        );
        assert_eq!(decode(&bytes, |p| Ok(p.len())).unwrap(), [1, 0, 3]);
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut], |_| Ok(())).is_err(), "cut at {cut}");
            assert!(lenient(&bytes[..cut]).count() < 3);
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(decode(&longer, |_| Ok(())).is_err());
        assert_eq!(lenient(&longer).count(), 3);
        // A count and a length that nothing follows ask for no memory.
        assert_eq!(lenient(&[255; 12]).count(), 0);
        assert!(decode(&[255; 12], |_| Ok(())).is_err());
    }
}
