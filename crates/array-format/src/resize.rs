//! Changing the shape of an array: growing costs nothing, shrinking what lies on the new edge.

use std::sync::Arc;

use array_format_core::elements::Elements;
use array_format_core::frame;
use array_format_core::geometry::{Region, Tile, TileKey};
use futures::future::BoxFuture;
use ndarray::{ArrayView, IxDyn};

use crate::ArrayFile;
use crate::array::ArrayMeta;
use crate::element::ArrayElement;
use crate::error::{Error, Result};
use crate::pending::PendingTile;
use crate::read::check_dtype;
use crate::write::{BATCH_BYTES, Writer};

impl ArrayFile {
    /// Changes the shape of an array; its rank stays.
    ///
    /// Elements within both shapes keep their values; new ones read as the fill value, also where
    /// the array was larger before. Growing changes metadata alone. Shrinking drops the chunks
    /// outside and rewrites those on the new edge.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`]; [`Error::InvalidArgument`] for another rank or an impossible shape;
    /// what reading can say. Nothing is changed then.
    pub async fn resize(&mut self, name: &str, shape: Vec<usize>) -> Result<()> {
        self.check_unfrozen()?;
        let meta = Arc::clone(self.shared(name)?);
        let shape: Vec<u64> = shape.into_iter().map(|n| n as u64).collect();
        if shape.len() != meta.shape.len() {
            return Err(Error::invalid(format!(
                "shape {shape:?} has rank {}, array {name:?} has rank {}",
                shape.len(),
                meta.shape.len()
            )));
        }
        meta.check_shape(&shape)?;
        if shape == meta.shape {
            return Ok(());
        }
        self.reshape(meta, shape).await
    }

    fn reshape(&mut self, meta: Arc<ArrayMeta>, shape: Vec<u64>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let shrinks = shape.iter().zip(&meta.shape).any(|(new, old)| new < old);
            let new = ArrayMeta::clone(&meta).with_shape(shape);
            let mut writer = Writer::new(self, Arc::new(new))?;
            if shrinks {
                self.cut(&meta, &mut writer).await?;
            }
            writer.finish(self).await
        })
    }

    /// Appends `data` to an array along `axis`: the array grows by the extent of `data` there, and
    /// `data` becomes its new end. Costs what `data` costs, whatever the array's size.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`], [`Error::DTypeMismatch`]; [`Error::InvalidArgument`] if there is no
    /// such axis, or `data` differs from the array on another; what writing can say. Nothing is
    /// changed then.
    pub async fn append<T: ArrayElement>(
        &mut self,
        name: &str,
        axis: usize,
        data: ArrayView<'_, T, IxDyn>,
    ) -> Result<()> {
        self.check_unfrozen()?;
        let meta = self.get_array(name)?.clone();
        check_dtype::<T>(&meta)?;
        let fits = data.ndim() == meta.shape.len()
            && axis < meta.shape.len()
            && (0..data.ndim()).all(|a| a == axis || data.shape()[a] as u64 == meta.shape[a]);
        if !fits {
            return Err(Error::invalid(format!(
                "data of shape {:?} cannot be appended on axis {axis} of array {name:?} of shape {:?}",
                data.shape(),
                meta.shape
            )));
        }
        let mut shape = meta.shape.clone();
        shape[axis] = shape[axis]
            .checked_add(data.shape()[axis] as u64)
            .ok_or_else(|| Error::invalid(format!("axis {axis} would overflow")))?;
        meta.check_shape(&shape)?;
        let mut region = Region::whole(&meta.shape);
        region.start[axis] = meta.shape[axis];
        region.shape[axis] = data.shape()[axis] as u64;
        let grown = meta.with_shape(shape);
        self.write_region(Arc::new(grown), region, &data).await
    }

    /// Drops the tiles outside a smaller shape, and puts the fill value into the part outside of
    /// those on its edge, so that growing again cannot bring old values back.
    async fn cut(&mut self, meta: &Arc<ArrayMeta>, writer: &mut Writer<'_>) -> Result<()> {
        let grid = meta.grid()?;
        let shape = writer.meta.shape.clone();
        for key in self.written_tiles(meta).await? {
            let tile = grid.tile(&key)?;
            let outside = tile
                .origin
                .iter()
                .zip(&shape)
                .any(|(origin, n)| origin >= n);
            let cut = (0..shape.len()).any(|axis| {
                let end = tile.origin[axis].saturating_add(tile.extent[axis]);
                end.min(meta.shape[axis]) > shape[axis]
            });
            if outside {
                writer.remove(key);
            } else if cut {
                let elements = writer.kept(self, &tile, &meta.shape).await?;
                writer.encode(tile, elements.into());
                writer.drain(self, BATCH_BYTES).await?;
            }
        }
        Ok(())
    }

    /// The tiles of an array that were written, in pending or in the snapshot, rising.
    pub(crate) async fn written_tiles(&self, meta: &ArrayMeta) -> Result<Vec<TileKey>> {
        let mut keys = std::collections::BTreeSet::new();
        self.for_each_frame(meta.id, |row| {
            keys.insert(row.key.tile.clone());
            Ok(())
        })
        .await?;
        if let Some(pending) = self.pending.array(&meta.name) {
            for (key, tile) in &pending.tiles {
                match tile {
                    PendingTile::Removed => keys.remove(key),
                    _ => keys.insert(key.clone()),
                };
            }
        }
        Ok(keys.into_iter().collect())
    }
}

impl Writer<'_> {
    /// What a tile holds within both the old and the new shape, and the fill value beyond.
    async fn kept(&self, file: &ArrayFile, tile: &Tile, old: &[u64]) -> Result<Elements> {
        let mut inside = frame::inside(&self.meta, tile);
        for ((inside, origin), old) in inside.iter_mut().zip(&tile.origin).zip(old) {
            *inside = (*inside).min(old.saturating_sub(*origin));
        }
        let part = Region {
            start: tile.origin.clone(),
            shape: inside.clone(),
        };
        let held = Tile {
            extent: inside,
            ..tile.clone()
        };
        let held = self.present(file, &held).await?;
        self.over_fill(tile, (&part, held.borrowed()))
    }
}
