//! What a file should hold: arrays of codes, in the order in which they were defined.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use array_format::{ArrayStats, FillValue};

use crate::element::{Kind, bounds};

/// How an element came to its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing of its tile was ever written.
    Never,
    /// The array grew over it after something of its tile was written. Whether the frame counts it
    /// depends on when it was encoded.
    Grown,
    /// Something else of its tile was written: the frame holds it.
    Beside,
    Written,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub code: u8,
    pub mark: Mark,
}

/// An array. `uid` tells arrays of one name apart; the file knows nothing of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub uid: u64,
    pub name: String,
    pub kind: Kind,
    pub shape: Vec<usize>,
    pub chunk: Vec<usize>,
    pub tile: Vec<usize>,
    pub dimensions: Vec<String>,
    /// Its code; an array has none where its kind has no such fill value.
    pub fill: Option<u8>,
    pub cells: Vec<Cell>,
    pub attributes: BTreeMap<String, u8>,
}

/// All indices within a shape, in C order.
pub fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    let n: usize = shape.iter().product();
    (0..n).map(|mut i| {
        let mut at = vec![0; shape.len()];
        for axis in (0..shape.len()).rev() {
            at[axis] = i % shape[axis];
            i /= shape[axis];
        }
        at
    })
}

pub fn offset(shape: &[usize], at: &[usize]) -> usize {
    at.iter()
        .zip(shape)
        .fold(0, |n, (i, extent)| n * extent + i)
}

fn within(at: &[usize], start: &[usize], shape: &[usize]) -> bool {
    (0..at.len()).all(|a| (start[a]..start[a] + shape[a]).contains(&at[a]))
}

impl Array {
    pub fn fill_value(&self) -> Option<FillValue> {
        self.kind.palette().fills[usize::from(self.fill?)].clone()
    }

    fn empty_cell(&self) -> Cell {
        Cell {
            code: self.fill.unwrap_or(0),
            mark: Mark::Never,
        }
    }

    /// An array without values gets them: none was written.
    pub fn cleared(mut self) -> Self {
        self.cells = vec![self.empty_cell(); self.shape.iter().product()];
        self
    }

    /// The tile of a position on one axis: its number, and where it ends.
    fn tile_on(&self, axis: usize, i: usize) -> ((usize, usize), usize) {
        let (chunk, within) = (i / self.chunk[axis], i % self.chunk[axis]);
        let tile = within / self.tile[axis];
        let end = ((tile + 1) * self.tile[axis]).min(self.chunk[axis]);
        ((chunk, tile), chunk * self.chunk[axis] + end)
    }

    fn tile(&self, at: &[usize]) -> Vec<(usize, usize)> {
        (0..at.len()).map(|a| self.tile_on(a, at[a]).0).collect()
    }

    /// The codes of a region, in C order.
    pub fn region(&self, start: &[usize], shape: &[usize]) -> Vec<u8> {
        indices(shape)
            .map(|at| {
                let at: Vec<usize> = at.iter().zip(start).map(|(a, b)| a + b).collect();
                self.cells[offset(&self.shape, &at)].code
            })
            .collect()
    }

    fn write(&mut self, start: &[usize], shape: &[usize], codes: &[u8]) {
        let mut tiles = BTreeSet::new();
        for (at, &code) in indices(shape).zip(codes) {
            let at: Vec<usize> = at.iter().zip(start).map(|(a, b)| a + b).collect();
            tiles.insert(self.tile(&at));
            let mark = Mark::Written;
            self.cells[offset(&self.shape, &at)] = Cell { code, mark };
        }
        for at in indices(&self.shape.clone()) {
            let inside = tiles.contains(&self.tile(&at));
            let cell = &mut self.cells[offset(&self.shape, &at)];
            if inside && cell.mark != Mark::Written {
                cell.mark = Mark::Beside;
            }
        }
    }

    fn resize(&mut self, shape: &[usize]) {
        let old = std::mem::replace(&mut self.shape, shape.to_vec());
        let cells = std::mem::take(&mut self.cells);
        let zeros = vec![0; shape.len()];
        let touched: BTreeSet<_> = indices(&old)
            .filter(|at| within(at, &zeros, shape))
            .filter(|at| cells[offset(&old, at)].mark != Mark::Never)
            .map(|at| self.tile(&at))
            .collect();
        self.cells = indices(shape)
            .map(|at| {
                let mut cell = if within(&at, &zeros, &old) {
                    cells[offset(&old, &at)]
                } else {
                    self.empty_cell()
                };
                if touched.contains(&self.tile(&at)) {
                    // Tiles on the new edge are encoded anew, and count all that they hold then.
                    let cut =
                        (0..at.len()).any(|a| self.tile_on(a, at[a]).1.min(old[a]) > shape[a]);
                    cell.mark = match cell.mark {
                        Mark::Never | Mark::Grown if cut => Mark::Beside,
                        Mark::Never => Mark::Grown,
                        mark => mark,
                    };
                }
                cell
            })
            .collect();
    }

    /// The statistics that it may have under this name. There are several only where it has no fill
    /// value and grew over tiles that were written.
    pub fn agrees(&self, name: &str, stats: &ArrayStats) -> bool {
        let palette = self.kind.palette();
        let valid = |marks: &[Mark]| -> Vec<u8> {
            let cells = self.cells.iter();
            cells
                .filter(|cell| match self.fill {
                    Some(fill) => !palette.same[usize::from(fill)][usize::from(cell.code)],
                    None => marks.contains(&cell.mark),
                })
                .map(|cell| cell.code)
                .collect()
        };
        let least = valid(&[Mark::Written, Mark::Beside]);
        let most = valid(&[Mark::Written, Mark::Beside, Mark::Grown]);
        let rows = self.cells.len();
        let nulls = (rows - most.len()) as u64..=(rows - least.len()) as u64;
        let (min, max) = bounds(palette, least.into_iter());
        let (grown_min, grown_max) = bounds(palette, most.into_iter());
        stats.name == name
            && stats.row_count == rows as u64
            && nulls.contains(&stats.null_count)
            && (stats.min == min || stats.min == grown_min)
            && (stats.max == max || stats.max == grown_max)
    }
}

/// Where an attribute is: at the file, or at an array.
pub type Owner = Option<u64>;

/// A change that succeeded.
#[derive(Debug, Clone)]
pub enum Effect {
    Define(Array),
    Write {
        uid: u64,
        start: Vec<usize>,
        shape: Vec<usize>,
        codes: Vec<u8>,
    },
    Resize {
        uid: u64,
        shape: Vec<usize>,
    },
    Delete {
        uid: u64,
    },
    Rename {
        uid: u64,
        to: String,
    },
    Attribute {
        owner: Owner,
        key: String,
        value: Option<u8>,
    },
}

/// What a change meets others on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touch {
    Name(String),
    Array(u64),
    FileAttribute(String),
}

/// The state of a file.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// In the order in which they were defined.
    pub arrays: Vec<Rc<Array>>,
    pub attributes: BTreeMap<String, u8>,
}

impl State {
    pub fn named(&self, name: &str) -> Option<&Array> {
        self.arrays.iter().find(|a| a.name == name).map(Rc::as_ref)
    }

    pub fn by_uid(&self, uid: u64) -> Option<&Array> {
        self.arrays.iter().find(|a| a.uid == uid).map(Rc::as_ref)
    }

    fn at(&mut self, uid: u64) -> Result<&mut Array, String> {
        let array = self.arrays.iter_mut().find(|a| a.uid == uid);
        array
            .map(Rc::make_mut)
            .ok_or_else(|| format!("there is no array {uid}"))
    }

    /// Applies a change, and says what it touches.
    pub fn apply(&mut self, effect: &Effect) -> Result<Vec<Touch>, String> {
        Ok(match effect {
            Effect::Define(array) => {
                self.arrays.push(Rc::new(array.clone()));
                vec![Touch::Name(array.name.clone())]
            }
            Effect::Write {
                uid,
                start,
                shape,
                codes,
            } => {
                self.at(*uid)?.write(start, shape, codes);
                vec![Touch::Array(*uid)]
            }
            Effect::Resize { uid, shape } => {
                self.at(*uid)?.resize(shape);
                vec![Touch::Array(*uid)]
            }
            Effect::Delete { uid } => {
                let name = self.at(*uid)?.name.clone();
                self.arrays.retain(|array| array.uid != *uid);
                vec![Touch::Array(*uid), Touch::Name(name)]
            }
            Effect::Rename { uid, to } => {
                let from = std::mem::replace(&mut self.at(*uid)?.name, to.clone());
                vec![
                    Touch::Array(*uid),
                    Touch::Name(from),
                    Touch::Name(to.clone()),
                ]
            }
            Effect::Attribute { owner, key, value } => {
                let (attributes, touch) = match owner {
                    Some(uid) => (&mut self.at(*uid)?.attributes, Touch::Array(*uid)),
                    None => (&mut self.attributes, Touch::FileAttribute(key.clone())),
                };
                match value {
                    Some(value) => attributes.insert(key.clone(), *value),
                    None => attributes.remove(key),
                };
                vec![touch]
            }
        })
    }

    /// Its keys of attributes.
    pub fn keys(&self) -> BTreeSet<String> {
        let of_arrays = self.arrays.iter().flat_map(|a| a.attributes.keys());
        of_arrays.chain(self.attributes.keys()).cloned().collect()
    }

    /// What `base` becomes by `ours` and `theirs` together. An error means that they exclude each
    /// other.
    pub fn merged(base: &Self, ours: &Self, theirs: &Self) -> Result<Self, String> {
        let mut merged = Self {
            arrays: Vec::new(),
            attributes: merged_map(&base.attributes, &ours.attributes, &theirs.attributes),
        };
        let all = theirs.arrays.iter().chain(&ours.arrays);
        let mut seen = BTreeSet::new();
        for array in all.filter(|array| seen.insert(array.uid)) {
            let uid = array.uid;
            match (base.by_uid(uid), ours.by_uid(uid), theirs.by_uid(uid)) {
                (None, _, _) => merged.arrays.push(Rc::clone(array)),
                (Some(_), None, _) => {}
                (Some(base), Some(ours), None) if base == ours => {}
                (Some(_), Some(_), None) => return Err(format!("array {uid} is gone")),
                (Some(base), Some(ours), Some(theirs)) => {
                    let array = Array::merged(base, ours, theirs)?;
                    merged.arrays.push(Rc::new(array));
                }
            }
        }
        let mut names = BTreeSet::new();
        match merged.arrays.iter().find(|a| !names.insert(&a.name)) {
            Some(array) => Err(format!("there are two arrays {:?}", array.name)),
            None => Ok(merged),
        }
    }
}

/// The value that was changed.
fn merged<T: PartialEq + Clone>(base: &T, ours: &T, theirs: &T) -> T {
    if ours == base { theirs } else { ours }.clone()
}

type Attributes = BTreeMap<String, u8>;

fn merged_map(base: &Attributes, ours: &Attributes, theirs: &Attributes) -> Attributes {
    let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let value = merged(&base.get(key), &ours.get(key), &theirs.get(key));
            Some((key.clone(), *value?))
        })
        .collect()
}

impl Array {
    fn merged(base: &Self, ours: &Self, theirs: &Self) -> Result<Self, String> {
        if base == ours {
            return Ok(theirs.clone());
        }
        if base.shape != ours.shape && base.shape != theirs.shape {
            return Err(format!("array {} has two new shapes", base.uid));
        }
        let shape = merged(&base.shape, &ours.shape, &theirs.shape);
        let cell = |array: &Self, at: &[usize]| {
            let inside = at.iter().zip(&array.shape).all(|(i, n)| i < n);
            inside.then(|| array.cells[offset(&array.shape, at)])
        };
        let cells = indices(&shape).map(|at| {
            let cell = |array| cell(array, &at);
            merged(&cell(base), &cell(ours), &cell(theirs))
        });
        Ok(Self {
            name: merged(&base.name, &ours.name, &theirs.name),
            attributes: merged_map(&base.attributes, &ours.attributes, &theirs.attributes),
            cells: cells
                .collect::<Option<_>>()
                .expect("one of them has this shape"),
            shape: shape.clone(),
            ..theirs.clone()
        })
    }
}
