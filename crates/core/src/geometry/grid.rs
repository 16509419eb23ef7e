//! The grid of chunks, and the grid of tiles within each (`docs/format.md`, section 6).

use smallvec::SmallVec;

use super::{Region, strides};
use crate::error::{Error, Result};

/// Coordinates or extents, one number an axis.
pub type Coords = SmallVec<[u64; 4]>;

/// Names one tile of an array.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileKey {
    /// The chunk's coordinates on the chunk grid.
    pub chunk: Coords,
    /// The C-order index of the tile within the chunk.
    pub tile: u64,
}

impl Clone for TileKey {
    fn clone(&self) -> Self {
        Self {
            // One copy, where `clone` would go number by number; reads do this for each tile.
            chunk: Coords::from_slice(&self.chunk),
            tile: self.tile,
        }
    }
}

/// A tile and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its name.
    pub key: TileKey,
    /// Its first element within the array.
    pub origin: Coords,
    /// Its extent, cut at the chunk's end but not at the array's.
    pub extent: Coords,
}

/// How an array is divided: chunks from coordinate 0, tiles from each chunk's first element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    chunk: Coords,
    tile: Coords,
    /// Tiles in a chunk along each axis.
    tiles: Coords,
}

impl Grid {
    /// A grid of these chunk and tile shapes.
    ///
    /// # Errors
    /// Ranks that differ, an extent of 0, a tile larger than its chunk, too many tiles in a chunk.
    pub fn new(chunk: &[u64], tile: &[u64]) -> Result<Self> {
        if chunk.len() != tile.len() {
            return Err(Error::invalid(format!(
                "chunk shape {chunk:?} and tile shape {tile:?} differ in rank"
            )));
        }
        let mut tiles = Coords::new();
        let mut count = 1u64;
        for (&c, &t) in chunk.iter().zip(tile) {
            if t == 0 || t > c {
                return Err(Error::invalid(format!(
                    "tile shape {tile:?} does not fit chunk shape {chunk:?}"
                )));
            }
            let n = c.div_ceil(t);
            count = count.checked_mul(n).ok_or_else(|| {
                Error::invalid(format!("chunk shape {chunk:?} has too many tiles"))
            })?;
            tiles.push(n);
        }
        Ok(Self {
            chunk: chunk.into(),
            tile: tile.into(),
            tiles,
        })
    }

    /// Tiles in a chunk.
    pub fn tiles_per_chunk(&self) -> u64 {
        self.tiles.iter().product()
    }

    /// Whether an array of this shape has more than one tile.
    pub fn is_divided(&self, shape: &[u64]) -> bool {
        shape.iter().zip(&self.tile).any(|(&s, &t)| s > t)
    }

    /// The tile with this name.
    ///
    /// # Errors
    /// A rank or tile number that is not on this grid, or a place beyond 2^64.
    pub fn tile(&self, key: &TileKey) -> Result<Tile> {
        if key.chunk.len() != self.chunk.len() || key.tile >= self.tiles_per_chunk() {
            return Err(Error::corrupt(format!(
                "tile {} of chunk {:?} is not on the array's grid",
                key.tile, key.chunk
            )));
        }
        let mut origin = Coords::new();
        let mut extent = Coords::new();
        let mut rest = key.tile;
        let strides = strides(&self.tiles);
        for axis in 0..self.chunk.len() {
            let within = (rest / strides[axis]) * self.tile[axis];
            rest %= strides[axis];
            let first = key.chunk[axis]
                .checked_mul(self.chunk[axis])
                .and_then(|first| first.checked_add(within))
                .ok_or_else(|| Error::corrupt(format!("chunk {:?} lies beyond 2^64", key.chunk)))?;
            origin.push(first);
            extent.push(self.tile[axis].min(self.chunk[axis] - within));
        }
        Ok(Tile {
            key: key.clone(),
            origin,
            extent,
        })
    }

    /// Every tile that shares an element with the region, in the order in which frames are sorted:
    /// chunk by chunk, tile by tile.
    pub fn tiles(&self, region: &Region) -> Tiles {
        let rank = self.chunk.len();
        let chunks = if region.is_empty() {
            SmallVec::new()
        } else {
            (0..rank)
                .map(|a| {
                    let last = region.start[a] + region.shape[a] - 1;
                    (region.start[a] / self.chunk[a], last / self.chunk[a])
                })
                .collect()
        };
        let mut tiles = Tiles {
            grid: self.clone(),
            strides: strides(&self.tiles),
            chunk: chunks.iter().map(|b: &(u64, u64)| b.0).collect(),
            chunks,
            region: region.clone(),
            within: SmallVec::new(),
            at: Coords::new(),
            done: region.is_empty(),
        };
        tiles.enter_chunk();
        tiles
    }
}

/// See [`Grid::tiles`].
#[derive(Debug)]
pub struct Tiles {
    grid: Grid,
    strides: Coords,
    region: Region,
    /// First and last chunk along each axis.
    chunks: SmallVec<[(u64, u64); 4]>,
    chunk: Coords,
    /// First and last tile of the region within this chunk along each axis.
    within: SmallVec<[(u64, u64); 4]>,
    at: Coords,
    done: bool,
}

impl Tiles {
    fn enter_chunk(&mut self) {
        if self.done {
            return;
        }
        let Self { grid, region, .. } = self;
        self.within = (0..grid.chunk.len())
            .map(|a| {
                let origin = self.chunk[a] * grid.chunk[a];
                let lo = region.start[a].max(origin) - origin;
                let last = region.start[a] + region.shape[a] - 1 - origin;
                let hi = last.min(grid.chunk[a] - 1);
                (lo / grid.tile[a], hi / grid.tile[a])
            })
            .collect();
        self.at = self.within.iter().map(|b| b.0).collect();
    }
}

impl Iterator for Tiles {
    type Item = Tile;

    fn next(&mut self) -> Option<Tile> {
        if self.done {
            return None;
        }
        let grid = &self.grid;
        let mut origin = Coords::new();
        let mut extent = Coords::new();
        let mut tile = 0;
        for a in 0..grid.chunk.len() {
            let within = self.at[a] * grid.tile[a];
            origin.push(self.chunk[a] * grid.chunk[a] + within);
            extent.push(grid.tile[a].min(grid.chunk[a] - within));
            tile += self.at[a] * self.strides[a];
        }
        let key = TileKey {
            chunk: Coords::from_slice(&self.chunk),
            tile,
        };
        if !advance(&mut self.at, &self.within) {
            if advance(&mut self.chunk, &self.chunks) {
                self.enter_chunk();
            } else {
                self.done = true;
            }
        }
        Some(Tile {
            key,
            origin,
            extent,
        })
    }
}

/// Moves to the next coordinates in C order within inclusive bounds; false after the last.
fn advance(at: &mut Coords, bounds: &[(u64, u64)]) -> bool {
    for axis in (0..at.len()).rev() {
        let (lo, hi) = bounds[axis];
        if at[axis] < hi {
            at[axis] += 1;
            return true;
        }
        at[axis] = lo;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiles(grid: &Grid, region: &Region) -> Vec<Tile> {
        grid.tiles(region).collect()
    }

    #[test]
    fn visits_in_key_order_and_covers_the_region_once() {
        let grid = Grid::new(&[4, 6], &[3, 2]).unwrap();
        let region = Region {
            start: [1, 3].as_slice().into(),
            shape: [9, 11].as_slice().into(),
        };
        let tiles = tiles(&grid, &region);
        assert!(tiles.windows(2).all(|w| w[0].key < w[1].key));
        let mut seen = std::collections::HashSet::new();
        for tile in &tiles {
            assert_eq!(*tile, grid.tile(&tile.key).unwrap());
            let part = region.intersect(&tile.origin, &tile.extent).unwrap();
            for r in 0..part.shape[0] {
                for c in 0..part.shape[1] {
                    assert!(seen.insert((part.start[0] + r, part.start[1] + c)));
                }
            }
        }
        assert_eq!(seen.len(), 99);
    }

    #[test]
    fn a_scalar_has_one_tile() {
        let grid = Grid::new(&[], &[]).unwrap();
        let tiles = tiles(&grid, &Region::whole(&[]));
        assert_eq!(tiles.len(), 1);
        assert_eq!(tiles[0].key.tile, 0);
    }

    #[test]
    fn refuses_what_is_not_on_the_grid() {
        assert!(Grid::new(&[4], &[5]).is_err());
        assert!(Grid::new(&[4], &[0]).is_err());
        let grid = Grid::new(&[4], &[2]).unwrap();
        let key = |chunk: &[u64], tile| TileKey {
            chunk: chunk.into(),
            tile,
        };
        assert!(grid.tile(&key(&[0], 2)).is_err());
        assert!(grid.tile(&key(&[0, 0], 0)).is_err());
        assert!(grid.tile(&key(&[u64::MAX], 0)).is_err());
    }
}
