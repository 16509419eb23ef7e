//! The definition of an array.

use crate::codec::PipelineRecord;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::geometry::{Grid, elements};
use crate::limits;
use crate::value::FillValue;

/// What is known of an array without reading its data.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ArrayMeta {
    /// Its name, unique among visible arrays.
    pub name: String,
    /// Its id, which stays when it is renamed and is never used again.
    pub id: u64,
    /// The type of its elements.
    pub dtype: DType,
    /// Its extent along each axis; empty for a scalar.
    pub shape: Vec<u64>,
    /// The extent of a chunk along each axis.
    pub chunk_shape: Vec<u64>,
    /// The extent of a tile, the unit of compression, along each axis.
    pub tile_shape: Vec<u64>,
    /// A name for each axis.
    pub dimension_names: Vec<String>,
    /// What unwritten elements read as.
    pub fill_value: Option<FillValue>,
    /// How its frames are encoded.
    pub pipeline: PipelineRecord,
}

impl ArrayMeta {
    /// A definition; [`ArrayMeta::validate`] says whether it is possible.
    #[expect(clippy::too_many_arguments, reason = "one argument a stored field")]
    pub fn new(
        name: String,
        id: u64,
        dtype: DType,
        shape: Vec<u64>,
        chunk_shape: Vec<u64>,
        tile_shape: Vec<u64>,
        dimension_names: Vec<String>,
        fill_value: Option<FillValue>,
        pipeline: PipelineRecord,
    ) -> Self {
        Self {
            name,
            id,
            dtype,
            shape,
            chunk_shape,
            tile_shape,
            dimension_names,
            fill_value,
            pipeline,
        }
    }

    /// The same array with another shape.
    #[must_use]
    pub fn with_shape(mut self, shape: Vec<u64>) -> Self {
        self.shape = shape;
        self
    }

    /// Refuses what the format does not allow.
    pub fn validate(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::invalid("an array name must not be empty"));
        }
        limits::check(
            "bytes of an array name",
            self.name.len() as u64,
            limits::NAME_BYTES,
        )?;
        let rank = self.shape.len();
        limits::check("rank", rank as u64, limits::RANK)?;
        if self.chunk_shape.len() != rank {
            return Err(Error::invalid(format!(
                "chunk shape {:?} has rank {}, the shape {:?} has rank {rank}",
                self.chunk_shape,
                self.chunk_shape.len(),
                self.shape
            )));
        }
        if self.dimension_names.len() != rank {
            return Err(Error::invalid(format!(
                "{} dimension names for rank {rank}",
                self.dimension_names.len()
            )));
        }
        for name in &self.dimension_names {
            limits::check(
                "bytes of a dimension name",
                name.len() as u64,
                limits::NAME_BYTES,
            )?;
        }
        self.dtype.validate()?;
        self.check_shape(&self.shape)?;
        let tile_bytes = self
            .tile_shape
            .iter()
            .fold(self.dtype.element_size().unwrap_or(1) as u64, |n, &t| {
                n.saturating_mul(t)
            });
        limits::check("bytes of a tile", tile_bytes, limits::FRAME_BYTES)?;
        self.grid()?;
        match &self.fill_value {
            Some(fill) => fill.check(&self.dtype),
            None => Ok(()),
        }
    }

    /// Refuses a shape whose elements cannot be counted or addressed.
    pub fn check_shape(&self, shape: &[u64]) -> Result<()> {
        let width = self.dtype.element_size().unwrap_or(1) as u64;
        elements(shape)?
            .checked_mul(width)
            .filter(|&bytes| bytes <= limits::ARRAY_BYTES)
            .map(|_| ())
            .ok_or_else(|| {
                Error::invalid(format!(
                    "shape {shape:?} of {width}-byte elements needs more than {} bytes",
                    limits::ARRAY_BYTES
                ))
            })
    }

    /// How it is divided into chunks and tiles.
    pub fn grid(&self) -> Result<Grid> {
        Grid::new(&self.chunk_shape, &self.tile_shape)
    }

    /// Its elements.
    pub fn elements(&self) -> u64 {
        elements(&self.shape).unwrap_or(u64::MAX)
    }

    /// Whether frames of this array are stored as full tiles (`docs/format.md`, section 6).
    pub fn pads(&self) -> bool {
        self.pipeline.pads()
            && self
                .shape
                .iter()
                .zip(&self.tile_shape)
                .any(|(&extent, &tile)| extent > tile)
    }
}
