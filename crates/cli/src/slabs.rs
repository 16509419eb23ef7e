//! Arrays in parts that are read and written at a time.

/// A box within an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slab {
    pub start: Vec<u64>,
    pub shape: Vec<u64>,
}

impl Slab {
    pub fn len(&self) -> u64 {
        self.shape.iter().product()
    }

    /// As the library wants them.
    pub fn as_usize(&self) -> (Vec<usize>, Vec<usize>) {
        let usizes = |numbers: &[u64]| numbers.iter().map(|&n| n as usize).collect();
        (usizes(&self.start), usizes(&self.shape))
    }
}

/// Elements that are read and written at a time.
pub const SLAB: u64 = 4 << 20;

/// An array in boxes of at most [`SLAB`] elements, whose edges are those of chunks as far as possible,
/// in C order. Nothing for an array without elements.
pub fn slabs(shape: &[u64], chunk: &[u64]) -> Vec<Slab> {
    slabs_of(shape, chunk, SLAB)
}

fn slabs_of(shape: &[u64], chunk: &[u64], elements: u64) -> Vec<Slab> {
    if shape.contains(&0) {
        return Vec::new();
    }
    let mut slabs = vec![Slab {
        start: vec![0; shape.len()],
        shape: shape.to_vec(),
    }];
    for axis in 0..shape.len() {
        let mut finer = Vec::with_capacity(slabs.len());
        for slab in slabs {
            if slab.len() <= elements {
                finer.push(slab);
                continue;
            }
            let row = slab.len() / slab.shape[axis];
            let rows = (elements / row).max(1);
            let chunk = chunk.get(axis).copied().unwrap_or(1).max(1);
            let rows = if rows > chunk {
                rows / chunk * chunk
            } else {
                rows.min(chunk)
            };
            let end = slab.start[axis] + slab.shape[axis];
            let mut at = slab.start[axis];
            while at < end {
                // Up to the edge of a chunk, where one lies within.
                let edge = (at / chunk + 1).saturating_mul(chunk);
                let next = match rows >= chunk {
                    true => at.saturating_add(rows),
                    false => at.saturating_add(rows).min(edge),
                };
                let mut part = slab.clone();
                part.start[axis] = at;
                part.shape[axis] = next.min(end) - at;
                at = next;
                finer.push(part);
            }
        }
        slabs = finer;
    }
    slabs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slabs_cover_an_array_once() {
        for (shape, chunk) in [
            (&[7u64, 5, 9][..], &[2u64, 5, 4][..]),
            (&[1000], &[64]),
            (&[3, 100], &[1, 10]),
            (&[], &[]),
            (&[1, 1, 50], &[1, 1, 7]),
        ] {
            for elements in [1, 4, 10, 64, 100, 10_000] {
                let slabs = slabs_of(shape, chunk, elements);
                let mut seen = std::collections::HashSet::new();
                for slab in &slabs {
                    assert!(slab.len() <= elements, "{shape:?} {elements} {slab:?}");
                    let mut at = slab.start.clone();
                    'all: loop {
                        assert!(seen.insert(at.clone()));
                        for axis in (0..at.len()).rev() {
                            at[axis] += 1;
                            if at[axis] < slab.start[axis] + slab.shape[axis] {
                                continue 'all;
                            }
                            at[axis] = slab.start[axis];
                        }
                        break;
                    }
                }
                assert_eq!(seen.len() as u64, shape.iter().product::<u64>());
            }
        }
        assert!(slabs(&[0, 3], &[1, 3]).is_empty());
    }
}
