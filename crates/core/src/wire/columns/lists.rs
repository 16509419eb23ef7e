//! Columns with a list for each row: of integers, or of bytes.

use std::ops::Range;

use bytes::Bytes;

use super::Ints;
use crate::error::{Error, Result};
use crate::wire::cursor;

/// Where the lists of a column are, back to back.
#[derive(Debug)]
enum Ends {
    /// All have this length.
    Every { length: usize, count: usize },
    /// List `i` ends here.
    Each(Vec<u32>),
}

impl Default for Ends {
    fn default() -> Self {
        Self::Each(Vec::new())
    }
}

impl Ends {
    /// Lists of these lengths, which must use up `total` items.
    fn new(lengths: &Ints, total: usize) -> Result<Self> {
        let long = || Error::corrupt("lists reach past their column");
        let (ends, end) = match lengths.constant() {
            Some(length) => {
                let length = usize::try_from(length).map_err(|_| long())?;
                let count = lengths.len();
                let end = length.checked_mul(count).ok_or_else(long)?;
                (Self::Every { length, count }, end)
            }
            None => {
                let mut end = 0usize;
                let mut ends = Vec::with_capacity(lengths.len());
                for length in lengths.iter() {
                    end = usize::try_from(length)
                        .ok()
                        .and_then(|length| end.checked_add(length))
                        .filter(|&end| end <= total)
                        .ok_or_else(long)?;
                    ends.push(u32::try_from(end).map_err(|_| long())?);
                }
                (Self::Each(ends), end)
            }
        };
        if end != total {
            return Err(Error::corrupt(format!(
                "the lists of a column have {end} items, it has {total}"
            )));
        }
        Ok(ends)
    }

    fn len(&self) -> usize {
        match self {
            Self::Every { count, .. } => *count,
            Self::Each(ends) => ends.len(),
        }
    }

    fn range(&self, i: usize) -> Range<usize> {
        match self {
            Self::Every { length, .. } => i * length..(i + 1) * length,
            Self::Each(ends) => {
                let from = i.checked_sub(1).map_or(0, |before| ends[before]);
                from as usize..ends[i] as usize
            }
        }
    }
}

/// A list of integers for each row.
#[derive(Debug)]
pub struct Lists {
    items: Ints,
    ends: Ends,
}

impl Lists {
    /// Lists of these lengths, which must use up the items.
    pub fn new(items: Ints, lengths: &Ints) -> Result<Self> {
        let ends = Ends::new(lengths, items.len())?;
        Ok(Self { items, ends })
    }

    /// How many items all lists have.
    pub fn items(&self) -> usize {
        self.items.len()
    }

    /// Where the items of list `i` are among those of all, which the caller knows to be there.
    pub fn range(&self, i: usize) -> Range<usize> {
        self.ends.range(i)
    }

    /// The items of list `i`, which the caller knows to be there.
    pub fn get(&self, i: usize) -> impl Iterator<Item = u64> + '_ {
        self.range(i).map(|item| self.items.get(item))
    }
}

/// A decoded column of byte strings.
#[derive(Debug, Default)]
pub struct Strings {
    data: Bytes,
    ends: Ends,
}

impl Strings {
    /// Reads `count` strings, which must use up the bytes.
    pub(super) fn decode(mut src: &[u8], count: usize) -> Result<Self> {
        if count == 0 {
            return if src.is_empty() {
                Ok(Self::default())
            } else {
                Err(Error::corrupt("an empty column has bytes"))
            };
        }
        let src = &mut src;
        let n = cursor::u32(src)? as usize;
        let lengths = Ints::decode(cursor::take(src, n)?, count)?;
        let ends = Ends::new(&lengths, src.len())?;
        let common = match lengths.len() {
            1 => None,
            // Lengths that are equal need not be stored as a constant.
            _ => Some(lengths.get(0)).filter(|&first| lengths.all(|length| length == first)),
        };
        let data = match common {
            Some(length) if length > 1 => {
                let length = length as usize;
                let mut data = vec![0; src.len()];
                for (byte, plane) in src.chunks_exact(count).enumerate() {
                    for (string, &value) in data.chunks_exact_mut(length).zip(plane) {
                        string[byte] = value;
                    }
                }
                data
            }
            _ => src.to_vec(),
        };
        let data = Bytes::from(data);
        Ok(Self { data, ends })
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// String `i`, which the caller knows to be there.
    pub fn get(&self, i: usize) -> &[u8] {
        &self.data[self.ends.range(i)]
    }

    /// The same, sharing the column's memory.
    pub fn share(&self, i: usize) -> Bytes {
        self.data.slice(self.ends.range(i))
    }

    /// Refuses strings that are not text.
    pub fn check_text(&self) -> Result<()> {
        let all = std::str::from_utf8(&self.data).ok();
        let whole =
            |text: &str| (0..self.len()).all(|i| text.is_char_boundary(self.ends.range(i).end));
        match all.is_some_and(whole) {
            true => Ok(()),
            false => Err(not_text()),
        }
    }

    /// String `i` as text.
    pub fn text(&self, i: usize) -> Result<&str> {
        std::str::from_utf8(self.get(i)).map_err(|_| not_text())
    }
}

fn not_text() -> Error {
    Error::corrupt("text that is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(values: &[u64]) -> Ints {
        Ints::Each(values.to_vec())
    }

    #[test]
    fn lists_use_up_their_items() {
        let lists = Lists::new(ints(&[7, 8, 9]), &ints(&[1, 0, 2])).unwrap();
        assert_eq!(lists.get(0).collect::<Vec<_>>(), [7]);
        assert_eq!(lists.get(1).count(), 0);
        assert_eq!(lists.get(2).collect::<Vec<_>>(), [8, 9]);
        let every = |length| Ints::Regular {
            first: length,
            step: 0,
            count: 3,
        };
        assert_eq!(
            Lists::new(ints(&[7, 8, 9]), &every(1)).unwrap().range(2),
            2..3
        );
        for lengths in [
            ints(&[1, 1]),
            ints(&[2, 2]),
            ints(&[u64::MAX, 4]),
            every(2),
            every(u64::MAX),
        ] {
            assert!(
                Lists::new(ints(&[7, 8, 9]), &lengths).is_err(),
                "{lengths:?}"
            );
        }
    }

    #[test]
    fn text_is_not_cut_within_a_character() {
        let strings = |lengths: &[u64]| Strings {
            data: "aé".into(),
            ends: Ends::new(&ints(lengths), 3).unwrap(),
        };
        assert!(strings(&[1, 2]).check_text().is_ok());
        assert!(strings(&[2, 1]).check_text().is_err());
        assert_eq!(strings(&[1, 2]).text(1).unwrap(), "é");
        assert!(strings(&[2, 1]).text(0).is_err());
    }
}
