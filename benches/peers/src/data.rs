//! The data: made once, kept as raw little-endian files, so that every peer gets the same.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    Uint8,
    Int16,
    Int32,
    Float32,
    /// Short texts: a line of the raw file each.
    Text,
}

impl Dtype {
    pub fn size(self) -> usize {
        match self {
            Self::Uint8 => 1,
            Self::Int16 => 2,
            Self::Int32 | Self::Float32 => 4,
            // About what they take.
            Self::Text => 16,
        }
    }
}

/// Runs `$body` with the type alias `$T` for the Rust type of `$dtype`; texts have none.
#[macro_export]
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::data::Dtype::Uint8 => {
                type $T = u8;
                $body
            }
            $crate::data::Dtype::Int16 => {
                type $T = i16;
                $body
            }
            $crate::data::Dtype::Int32 => {
                type $T = i32;
                $body
            }
            $crate::data::Dtype::Float32 => {
                type $T = f32;
                $body
            }
            $crate::data::Dtype::Text => return Err($crate::peers::Unsupported.into()),
        }
    };
}

/// Arrays of one shape and type, one after the other in a raw file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dataset {
    /// The raw file; none where the peer makes up its data.
    pub raw: PathBuf,
    pub dtype: Dtype,
    /// Of each array.
    pub shape: Vec<u64>,
    pub chunk: Vec<u64>,
    /// How many arrays.
    pub count: usize,
}

impl Dataset {
    /// Bytes of one array.
    pub fn array_bytes(&self) -> usize {
        self.shape.iter().product::<u64>() as usize * self.dtype.size()
    }

    pub fn chunk_bytes(&self) -> usize {
        self.chunk.iter().product::<u64>() as usize * self.dtype.size()
    }

    pub fn bytes(&self) -> usize {
        self.array_bytes() * self.count
    }

    pub fn usize_shape(&self) -> Vec<usize> {
        self.shape.iter().map(|&n| n as usize).collect()
    }

    pub fn usize_chunk(&self) -> Vec<usize> {
        self.chunk.iter().map(|&n| n as usize).collect()
    }

    pub fn name(i: usize) -> String {
        format!("array_{i:06}")
    }

    pub fn load(&self) -> Result<Vec<u8>> {
        fs::read(&self.raw).with_context(|| self.raw.display().to_string())
    }

    /// The elements of an array of texts.
    pub fn texts(&self) -> Result<Vec<String>> {
        let text = String::from_utf8(self.load()?)?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

/// How values look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// f32: a smooth field with noise, to two decimals, as instruments and models give them.
    Field,
    /// i16: the same, packed by scale and offset.
    Packed,
    /// i32: a random walk.
    Walk,
    /// u8: nothing a codec could use.
    Noise,
    /// Texts: names of stations, as profiles carry them.
    Names,
}

impl Look {
    pub fn dtype(self) -> Dtype {
        match self {
            Self::Field => Dtype::Float32,
            Self::Packed => Dtype::Int16,
            Self::Walk => Dtype::Int32,
            Self::Noise => Dtype::Uint8,
            Self::Names => Dtype::Text,
        }
    }
}

/// Makes the raw file in `folder`, unless it is there.
pub fn make(
    folder: &Path,
    look: Look,
    shape: &[u64],
    chunk: &[u64],
    count: usize,
) -> Result<Dataset> {
    let dims: Vec<String> = shape.iter().map(u64::to_string).collect();
    let name = format!("{look:?}-{}-{count}.raw", dims.join("x")).to_lowercase();
    let set = Dataset {
        raw: folder.join(name),
        dtype: look.dtype(),
        shape: shape.to_vec(),
        chunk: chunk.to_vec(),
        count,
    };
    if set.raw.exists() {
        return Ok(set);
    }
    fs::create_dir_all(folder)?;
    let begun = set.raw.with_extension("begun");
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(&begun)?);
    let width = shape.last().copied().unwrap_or(1).min(1440);
    let mut values = Values::new(width);
    for i in 0..set.bytes() / set.dtype.size() {
        match look {
            Look::Field => file.write_all(&(values.hundredths() as f32 / 100.0).to_le_bytes())?,
            Look::Packed => file.write_all(&(values.hundredths() as i16).to_le_bytes())?,
            Look::Walk => file.write_all(&values.walk().to_le_bytes())?,
            Look::Noise => file.write_all(&[(values.random() >> 56) as u8])?,
            Look::Names => writeln!(file, "{}", station(i as u64))?,
        }
    }
    file.flush()?;
    fs::rename(begun, &set.raw)?;
    Ok(set)
}

/// The name of the `i`th station of some cruises.
pub fn station(i: u64) -> String {
    const SHIPS: [&str; 5] = [
        "Meteor",
        "Polarstern",
        "Atlantis",
        "Discovery",
        "L'Atalante",
    ];
    let mixed = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let ship = SHIPS[(i / 500 % 5) as usize];
    format!("{ship}/{:02}-{:04}", mixed % 90, i % 10_000)
}

/// A stream of values in rows.
struct Values {
    along: Vec<f32>,
    i: usize,
    level: f32,
    walk: i32,
    state: u64,
}

impl Values {
    fn new(width: u64) -> Self {
        let wave = |x: u64| (x as f32 * std::f32::consts::TAU * 3.0 / width as f32).sin() * 800.0;
        Self {
            along: (0..width).map(wave).collect(),
            i: 0,
            level: 1500.0,
            walk: 0,
            state: 0x9E37_79B9_7F4A_7C15,
        }
    }

    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A field's value times 100: a wave along a row, a level that drifts from row to row, noise.
    fn hundredths(&mut self) -> i32 {
        let noise = (self.random() >> 60) as f32;
        let value = self.level + self.along[self.i] + noise;
        self.i += 1;
        if self.i == self.along.len() {
            self.i = 0;
            self.level = 1500.0 + (self.level - 1490.0) * 0.99;
        }
        value as i32
    }

    fn walk(&mut self) -> i32 {
        self.walk += (self.random() >> 57) as i32 - 64;
        self.walk
    }
}
