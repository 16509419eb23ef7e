//! What a user wants an array to be.

use std::sync::Arc;

use array_format_core::array::ArrayMeta;
use array_format_core::codec::PipelineRecord;
use array_format_core::geometry::choose_tile;

use crate::ArrayFile;
use crate::attributes;
use crate::codec::CodecSpec;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::pending::PendingArray;
use crate::value::{AttributeValue, FillValue};

/// A wish for an array; what becomes of it is an [`ArrayMeta`].
///
/// ```
/// use array_format::codec::{CodecSpec, Filter};
/// use array_format::{ArraySpec, DType, FillValue};
///
/// let spec = ArraySpec::new(DType::Float32, [365, 720, 1440])
///     .chunks([16, 180, 360])
///     .dimensions(["time", "lat", "lon"])
///     .fill(FillValue::Float(f64::NAN))
///     .codec(CodecSpec::zstd(3).with_filter(Filter::Shuffle))
///     .attribute("units", "degC");
/// # let _ = spec;
/// ```
#[derive(Debug, Clone)]
pub struct ArraySpec {
    dtype: DType,
    shape: Vec<u64>,
    chunks: Option<Vec<u64>>,
    tile: Option<Vec<u64>>,
    dimensions: Vec<String>,
    fill: Option<FillValue>,
    codec: Option<CodecSpec>,
    attributes: Vec<(String, AttributeValue)>,
}

impl ArraySpec {
    /// An array of this type and shape, in one chunk, with the handle's codec.
    pub fn new(dtype: DType, shape: impl IntoIterator<Item = u64>) -> Self {
        Self {
            dtype,
            shape: shape.into_iter().collect(),
            chunks: None,
            tile: None,
            dimensions: Vec::new(),
            fill: None,
            codec: None,
            attributes: Vec::new(),
        }
    }

    /// The extent of a chunk along each axis.
    #[must_use]
    pub fn chunks(mut self, shape: impl IntoIterator<Item = u64>) -> Self {
        self.chunks = Some(shape.into_iter().collect());
        self
    }

    /// The extent of a tile, the unit of compression, along each axis. Without it tiles of some
    /// hundred kB are chosen.
    #[must_use]
    pub fn tile(mut self, shape: impl IntoIterator<Item = u64>) -> Self {
        self.tile = Some(shape.into_iter().collect());
        self
    }

    /// A name for each axis.
    #[must_use]
    pub fn dimensions<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.dimensions = names.into_iter().map(Into::into).collect();
        self
    }

    /// What unwritten elements read as, and what statistics count as null.
    #[must_use]
    pub fn fill(mut self, value: FillValue) -> Self {
        self.fill = Some(value);
        self
    }

    /// How frames are encoded.
    #[must_use]
    pub fn codec(mut self, codec: impl Into<CodecSpec>) -> Self {
        self.codec = Some(codec.into());
        self
    }

    /// An attribute to set with the definition.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<AttributeValue>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }
}

impl ArrayFile {
    /// Defines an array.
    ///
    /// # Errors
    /// [`Error::ArrayAlreadyExists`]; [`Error::InvalidArgument`] or [`Error::Limit`] for a spec that
    /// is not possible. Nothing is defined then.
    pub fn create_array(&mut self, name: impl Into<String>, spec: ArraySpec) -> Result<()> {
        self.check_unfrozen()?;
        let name = name.into();
        if self.find(&name)?.is_some() {
            return Err(Error::ArrayAlreadyExists { name });
        }
        let rank = spec.shape.len();
        let chunk_shape = match spec.chunks {
            Some(chunks) => fitted(&chunks, &spec.shape)?,
            None => spec.shape.iter().map(|&n| n.max(1)).collect(),
        };
        let tile_shape = match spec.tile {
            Some(tile) => tile,
            None => choose_tile(spec.dtype.element_size(), &chunk_shape).to_vec(),
        };
        let dimension_names = if spec.dimensions.len() == rank {
            spec.dimensions
        } else {
            (0..rank).map(|axis| format!("dim{axis}")).collect()
        };
        let codec = match spec.codec {
            Some(codec) => codec,
            None => self.settings.pipeline.clone(),
        };
        codec.check(&spec.dtype)?;
        let meta = ArrayMeta::new(
            name.clone(),
            self.pending.next_array,
            spec.dtype,
            spec.shape,
            chunk_shape,
            tile_shape,
            dimension_names,
            spec.fill,
            PipelineRecord::from(&codec),
        );
        meta.validate()?;
        for (key, value) in &spec.attributes {
            attributes::check(key, Some(value))?;
        }
        // A codec of the user's own must be found again when frames are encoded.
        if let Some(crate::codec::Compressor::Custom(custom)) = codec.compressor() {
            self.settings.codecs = self.settings.codecs.clone().with(custom.clone())?;
        }
        let id = meta.id;
        let array = PendingArray {
            meta: Arc::new(meta),
            committed: None,
            tiles: Default::default(),
        };
        self.pending.version += 1;
        self.pending.next_array += 1;
        self.pending.arrays.insert(name, Some(array));
        for (key, value) in spec.attributes {
            self.put_attribute(id, &key, Some(value))?;
        }
        Ok(())
    }

    /// Deletes an array: it is gone at once for this handle, and for others after the flush. Its name
    /// is free again.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`].
    pub fn delete(&mut self, name: &str) -> Result<()> {
        self.check_unfrozen()?;
        let meta = self.get_array(name)?;
        let (id, committed) = (meta.id, self.snapshot.array(name)?.is_some());
        // A layer that may have reached the store may hold the array.
        let committed = committed || !self.in_doubt.is_empty();
        let removes = self.is_committed(id) || !self.in_doubt.is_empty();
        self.pending.version += 1;
        if let Some(Some(array)) = self.pending.arrays.remove(name) {
            self.pending.discard(&array);
        } else {
            self.pending.attributes.remove(&id);
        }
        if committed {
            self.pending.arrays.insert(name.to_owned(), None);
        }
        if removes {
            self.pending.removed.push(id);
        }
        self.forget_statistics();
        Ok(())
    }

    /// Gives an array another name. Its data, attributes and statistics stay as they are.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`]; [`Error::ArrayAlreadyExists`] if `to` is taken;
    /// [`Error::InvalidArgument`] if it cannot be a name.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        self.check_unfrozen()?;
        let meta = self.get_array(from)?;
        if from == to {
            return Ok(());
        }
        if self.find(to)?.is_some() {
            return Err(Error::ArrayAlreadyExists {
                name: to.to_owned(),
            });
        }
        let mut renamed = meta.clone();
        renamed.name = to.to_owned();
        renamed.validate()?;
        let from_committed = self.snapshot.array(from)?.is_some() || !self.in_doubt.is_empty();
        let mut array = self.take_pending(from)?;
        self.pending.version += 1;
        array.meta = Arc::new(renamed);
        if from_committed {
            self.pending.arrays.insert(from.to_owned(), None);
        }
        self.pending.arrays.insert(to.to_owned(), Some(array));
        self.forget_statistics();
        Ok(())
    }

    /// Takes an array out of pending, or makes it pending without a change.
    fn take_pending(&mut self, name: &str) -> Result<PendingArray> {
        if let Some(Some(array)) = self.pending.arrays.remove(name) {
            return Ok(array);
        }
        let meta = Arc::clone(self.shared(name)?);
        Ok(PendingArray {
            committed: Some(Arc::clone(&meta)),
            meta,
            tiles: Default::default(),
        })
    }

    /// The pending state of an array, made without a change if there is none.
    pub(crate) fn touch(&mut self, name: &str) -> Result<&mut PendingArray> {
        let array = self.take_pending(name)?;
        self.pending.version += 1;
        let entry = self.pending.arrays.entry(name.to_owned()).or_default();
        Ok(entry.insert(array))
    }
}

/// A chunk shape as given, where an extent of 0 is right on an axis of 0 and means 1.
fn fitted(chunks: &[u64], shape: &[u64]) -> Result<Vec<u64>> {
    if chunks.len() != shape.len() {
        return Err(Error::invalid(format!(
            "chunk shape {chunks:?} has rank {}, the shape {shape:?} has rank {}",
            chunks.len(),
            shape.len()
        )));
    }
    chunks
        .iter()
        .zip(shape)
        .enumerate()
        .map(|(axis, (&chunk, &extent))| match (chunk, extent) {
            (0, 0) => Ok(1),
            (0, _) => Err(Error::invalid(format!(
                "chunk shape {chunks:?} is 0 on axis {axis}, where the array has {extent}"
            ))),
            _ => Ok(chunk),
        })
        .collect()
}
