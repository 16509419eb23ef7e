//! What a file must hold: plain values that builders put in, never read back through the library.

use std::collections::{BTreeMap, BTreeSet};

use array_format::{ArrayFile, AttributeValue, DType, FillValue, StatValue};

use crate::json;
use crate::value::Cell;

/// Longer minima and maxima are stored as bounds.
const BOUND: usize = 4096;

pub type Attributes = BTreeMap<String, AttributeValue>;

/// A whole file.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Sequence numbers, base first.
    pub layers: Vec<u64>,
    pub attributes: Attributes,
    pub arrays: BTreeMap<String, Array>,
}

/// An array.
#[derive(Debug, Clone)]
pub struct Array {
    pub dtype: String,
    pub element: DType,
    pub shape: Vec<u64>,
    pub chunk: Vec<u64>,
    pub tile: Vec<u64>,
    pub dimensions: Vec<String>,
    pub fill: Option<FillValue>,
    /// What unwritten elements read as.
    pub unwritten: Cell,
    /// `None` where the library chooses.
    pub pipeline: Option<String>,
    /// Whether readers that have only the format's own codecs can decode it.
    pub readable: bool,
    pub attributes: Attributes,
    pub cells: Vec<Cell>,
    pub written: bool,
}

/// Valid elements, NaN among them, minimum, maximum.
pub type Stats = (u64, u64, Option<StatValue>, Option<StatValue>);

impl Array {
    /// Coordinates of all elements of a shape, in C order.
    pub fn coordinates(shape: &[u64]) -> Vec<Vec<u64>> {
        let mut out = vec![vec![]];
        for &extent in shape {
            let longer = |c: &Vec<u64>| -> Vec<Vec<u64>> {
                (0..extent).map(|i| [&c[..], &[i]].concat()).collect()
            };
            out = out.iter().flat_map(longer).collect();
        }
        out
    }

    fn index(&self, at: &[u64]) -> usize {
        let c_order = |i, (&c, &n): (&u64, &u64)| i * n + c;
        at.iter().zip(&self.shape).fold(0, c_order) as usize
    }

    /// Which tile a coordinate of one axis lies in.
    fn tile_of(&self, axis: usize, at: u64) -> (u64, u64) {
        let (chunk, tile) = (self.chunk[axis], self.tile[axis]);
        (at / chunk, at % chunk / tile)
    }

    pub fn write(&mut self, start: &[u64], shape: &[u64], cells: Vec<Cell>) {
        let region = Self::coordinates(shape);
        assert_eq!(region.len(), cells.len());
        if cells.is_empty() {
            return;
        }
        self.written = true;
        for (at, cell) in region.into_iter().zip(cells) {
            let at: Vec<u64> = at.iter().zip(start).map(|(a, s)| a + s).collect();
            let i = self.index(&at);
            self.cells[i] = cell;
        }
        for at in Self::coordinates(&self.shape) {
            let touched = (0..at.len()).all(|axis| {
                let first = self.tile_of(axis, start[axis]);
                let last = self.tile_of(axis, start[axis] + shape[axis] - 1);
                (first..=last).contains(&self.tile_of(axis, at[axis]))
            });
            let i = self.index(&at);
            self.cells[i].covered |= touched;
        }
    }

    fn tile(&self, at: &[u64]) -> Vec<(u64, u64)> {
        let axes = at.iter().enumerate();
        axes.map(|(axis, &at)| self.tile_of(axis, at)).collect()
    }

    /// Without a fill value, all elements within a tile that is written anew count as written: also
    /// those on the new edge of an array that shrinks.
    pub fn resize(&mut self, shape: &[u64]) {
        let (mut held, mut cut) = (BTreeSet::new(), BTreeSet::new());
        for at in Self::coordinates(&self.shape) {
            if self.cells[self.index(&at)].covered {
                held.insert(self.tile(&at));
            }
            if at.iter().zip(shape).any(|(at, n)| at >= n) {
                cut.insert(self.tile(&at));
            }
        }
        let mut new = self.clone();
        new.shape = shape.to_vec();
        new.cells = Self::coordinates(shape)
            .iter()
            .map(|at| {
                let kept = at.iter().zip(&self.shape).all(|(a, n)| a < n);
                let old = kept.then(|| self.cells[self.index(at)].clone());
                let mut cell = old.unwrap_or_else(|| self.unwritten.clone());
                let tile = self.tile(at);
                cell.covered |= cut.contains(&tile) && held.contains(&tile);
                cell
            })
            .collect();
        *self = new;
    }

    pub fn stats(&self) -> Stats {
        let is_fill = |c: &Cell| self.fill.is_some() && c.is(&self.unwritten);
        let valid: Vec<&Cell> = self
            .cells
            .iter()
            .filter(|c| c.covered && !is_fill(c))
            .collect();
        let nan = valid.iter().filter(|c| c.nan).count() as u64;
        let mut min: Option<StatValue> = None;
        let mut max: Option<StatValue> = None;
        for value in valid.iter().filter_map(|c| c.stat.as_ref()) {
            if min.as_ref().is_none_or(|min| value.less(min)) {
                min = Some(value.clone());
            }
            if max.as_ref().is_none_or(|max| max.less(value)) {
                max = Some(value.clone());
            }
        }
        (
            valid.len() as u64,
            nan,
            min.map(cut_below),
            max.and_then(cut_above),
        )
    }

    /// Elements as the dump has them: one string where their width is fixed, else one each.
    pub fn values(&self) -> String {
        match self.element.element_size() {
            Some(_) => {
                let all: Vec<&[u8]> = self.cells.iter().map(|c| &c.bytes[..]).collect();
                json::hex(&all.concat())
            }
            None => json::list(self.cells.iter().map(|c| json::hex(&c.bytes))),
        }
    }
}

fn cut_below(value: StatValue) -> StatValue {
    match value {
        StatValue::Bytes(mut bytes) => {
            bytes.truncate(BOUND);
            StatValue::Bytes(bytes)
        }
        other => other,
    }
}

fn cut_above(value: StatValue) -> Option<StatValue> {
    let StatValue::Bytes(mut bytes) = value else {
        return Some(value);
    };
    if bytes.len() > BOUND {
        bytes.truncate(BOUND);
        while bytes.last() == Some(&255) {
            bytes.pop();
        }
        *bytes.last_mut()? += 1;
    }
    Some(StatValue::Bytes(bytes))
}

pub fn integers(values: &[u64]) -> String {
    json::list(values.iter().map(u64::to_string))
}

fn attributes(all: &Attributes) -> String {
    json::object(all.iter().map(|(k, v)| (k.as_str(), json::attribute(v))))
}

impl Model {
    /// As the dump has it. `file` says what only the library knows: tile shapes, chosen codecs, and
    /// how many bytes frames take.
    pub async fn dump(&self, file: &ArrayFile) -> String {
        json::object(self.entries(file).await)
    }

    /// The same, for a dump that has more.
    pub async fn entries(&self, file: &ArrayFile) -> Vec<(&'static str, String)> {
        let mut arrays = Vec::new();
        for (name, array) in &self.arrays {
            let meta = file.get_array(name).unwrap();
            let chunks = file.chunks(name).await.unwrap();
            let frames = || chunks.iter().flat_map(|c| &c.frames);
            let stats = array.written.then(|| {
                let (valid, nan, min, max) = array.stats();
                json::object([
                    ("valid", valid.to_string()),
                    ("nan", nan.to_string()),
                    ("min", json::option(min.as_ref(), json::stat)),
                    ("max", json::option(max.as_ref(), json::stat)),
                    (
                        "stored_bytes",
                        frames().map(|f| f.length).sum::<u64>().to_string(),
                    ),
                    ("frames", frames().count().to_string()),
                ])
            });
            let pipeline = array.pipeline.clone();
            let pipeline = pipeline.unwrap_or_else(|| meta.pipeline.to_string());
            let values = array.readable.then(|| array.values());
            let mut entries = vec![
                ("dtype", json::string(&array.dtype)),
                ("shape", integers(&array.shape)),
                ("chunk_shape", integers(&array.chunk)),
                ("tile_shape", integers(&meta.tile_shape)),
                (
                    "dimension_names",
                    json::list(array.dimensions.iter().map(|d| json::string(d))),
                ),
                ("fill", json::option(array.fill.as_ref(), json::fill)),
                ("pipeline", json::string(&pipeline)),
                ("values", json::option(values, |v| v)),
                ("attributes", attributes(&array.attributes)),
                ("stats", json::option(stats, |s| s)),
            ];
            if !array.readable {
                // The codec that a reader lacks is the last stage.
                let codec = pipeline.rsplit('+').next().unwrap();
                entries.push(("error", json::string(codec)));
            }
            arrays.push((name.as_str(), json::object(entries)));
        }
        vec![
            ("sequence", self.layers[self.layers.len() - 1].to_string()),
            ("layers", integers(&self.layers)),
            ("file_attributes", attributes(&self.attributes)),
            ("arrays", json::object(arrays)),
        ]
    }
}
