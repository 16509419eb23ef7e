//! Writing: a region is cut into tiles; whole tiles are encoded at once, partial ones are merged.
//!
//! Nothing of a call is applied before all of it has succeeded: new tiles are gathered aside and
//! put into pending together at the end, without a point at which the call could be cancelled.

mod encode;
mod source;

use std::sync::Arc;

use array_format_core::commit::PlacedFrame;
use array_format_core::elements::{Elements, ElementsRef};
use array_format_core::frame;
use array_format_core::geometry::{Coords, Region, Tile, TileKey};
use futures::future::BoxFuture;
use ndarray::{ArrayView, IxDyn};

use crate::ArrayFile;
use crate::array::ArrayMeta;
use crate::element::ArrayElement;
use crate::error::Result;
use crate::pending::PendingTile;
use crate::read::{ElementsSink, check_dtype, copy_elements, gather, widened};
use encode::{Encoder, Job};
pub(crate) use source::{Source, Supply};

/// Dirty tiles that are kept decoded, in the hope that the next write meets them again.
const DIRTY_BYTES: u64 = 32 << 20;
/// Decoded bytes that are encoded together.
pub(crate) const BATCH_BYTES: u64 = 16 << 20;

/// New states of tiles, until the call that makes them has succeeded.
pub(crate) type Staged = Vec<(TileKey, PendingTile)>;

impl ArrayFile {
    /// Writes `data` into an array, from `start` on. It is visible on this handle at once, and
    /// durable after [`ArrayFile::flush`].
    ///
    /// The region may lie anywhere within the array, in chunks that were written before or not, and
    /// the view may have any memory order. Tiles that are covered in part are read first, if they
    /// were ever written.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`](crate::Error::ArrayNotFound), then
    /// [`Error::DTypeMismatch`](crate::Error::DTypeMismatch), then
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a wrong rank or any overhang;
    /// what reading and encoding can say. Nothing of the call is applied then.
    pub async fn write_array<T: ArrayElement>(
        &mut self,
        name: &str,
        start: Vec<usize>,
        data: ArrayView<'_, T, IxDyn>,
    ) -> Result<()> {
        self.check_unfrozen()?;
        let meta = Arc::clone(self.shared(name)?);
        check_dtype::<T>(&meta)?;
        let shape = data.shape().to_vec();
        let region = Region::for_write(&meta.shape, &widened(start), &widened(shape))?;
        self.write_region(meta, region, &data).await
    }

    /// As [`ArrayFile::write_array`], of elements without a Rust type, in C order over a region of
    /// `shape`: what [`ArrayFile::read_elements`] gives can be written to an array of the same dtype.
    ///
    /// # Errors
    /// As [`ArrayFile::write_array`]; [`Error::InvalidArgument`](crate::Error::InvalidArgument) for
    /// elements that do not fill the region or are no values of the array's dtype.
    ///
    /// # Example
    /// ```
    /// use array_format::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> array_format::Result<()> {
    /// let mut file = ArrayFile::create_memory(FileConfig::new(NoCompression)).await?;
    /// file.create_array("a", ArraySpec::new(DType::Int16, [3]))?;
    /// file.create_array("b", ArraySpec::new(DType::Int16, [2]))?;
    /// let numbers = ndarray::arr1(&[1i16, 2, 3]).into_dyn();
    /// file.write_array("a", vec![0], numbers.view()).await?;
    ///
    /// let (_, elements) = file.read_elements("a", vec![1], vec![]).await?;
    /// file.write_elements("b", vec![0], vec![2], &elements).await?;
    /// assert_eq!(file.read_array::<i16>("b", vec![], vec![]).await?.as_slice(), Some(&[2, 3][..]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_elements(
        &mut self,
        name: &str,
        start: Vec<usize>,
        shape: Vec<usize>,
        elements: &Elements,
    ) -> Result<()> {
        self.check_unfrozen()?;
        let meta = Arc::clone(self.shared(name)?);
        let region = Region::for_write(&meta.shape, &widened(start), &widened(shape))?;
        elements.check(&meta.dtype, region.shape.iter().product())?;
        self.write_region(meta, region, &elements.borrowed()).await
    }

    /// Writes a region of an array whose definition becomes `meta` with it.
    pub(crate) fn write_region<'a>(
        &'a mut self,
        meta: Arc<ArrayMeta>,
        region: Region,
        data: &'a (dyn Supply + Sync),
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut writer = Writer::new(self, meta)?;
            let grid = writer.meta.grid()?;
            for tile in grid.tiles(&region) {
                let Some(part) = region.intersect(&tile.origin, &tile.extent) else {
                    continue;
                };
                let elements = data.part(&region, &part, &writer.meta)?;
                let inside = frame::inside(&writer.meta, &tile);
                if part.start == tile.origin && part.shape == inside {
                    let elements = if inside == tile.extent {
                        elements
                    } else {
                        let part = (&part, elements.borrowed());
                        writer.over_fill(&tile, part)?.into()
                    };
                    writer.encode(tile, elements);
                } else {
                    let part = (&part, elements.borrowed());
                    let whole = writer.over_present(self, &tile, part).await?;
                    writer.keep(self, tile, whole);
                }
                writer.drain(self, BATCH_BYTES).await?;
            }
            writer.finish(self).await
        })
    }

    /// Encodes dirty tiles into the spool.
    pub(crate) async fn spool_dirty(&mut self) -> Result<()> {
        let names: Vec<String> = self
            .pending
            .arrays
            .iter()
            .filter(|(_, array)| {
                array
                    .as_ref()
                    .is_some_and(|a| a.tiles.values().any(|t| matches!(t, PendingTile::Dirty(_))))
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            let meta = Arc::clone(self.shared(&name)?);
            let grid = meta.grid()?;
            let mut writer = Writer::new(self, meta)?;
            let dirty: Vec<(Tile, Arc<Elements>)> = self
                .pending
                .array(&name)
                .into_iter()
                .flat_map(|array| &array.tiles)
                .filter_map(|(key, tile)| match tile {
                    PendingTile::Dirty(elements) => {
                        Some(grid.tile(key).map(|tile| (tile, Arc::clone(elements))))
                    }
                    _ => None,
                })
                .collect::<Result<_>>()?;
            for (tile, elements) in dirty {
                writer.encode(tile, Source::Shared(elements));
                writer.drain(self, BATCH_BYTES).await?;
            }
            writer.finish(self).await?;
        }
        Ok(())
    }
}

/// One call that writes to one array.
pub(crate) struct Writer<'a> {
    pub(crate) meta: Arc<ArrayMeta>,
    encoder: Encoder<'a>,
    staged: Staged,
    dirty: u64,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(file: &ArrayFile, meta: Arc<ArrayMeta>) -> Result<Self> {
        Ok(Self {
            encoder: Encoder::new(&meta, &file.settings)?,
            meta,
            staged: Vec::new(),
            dirty: 0,
        })
    }

    /// A part of a tile, and the fill value around it.
    pub(crate) fn over_fill(
        &self,
        tile: &Tile,
        (part, elements): (&Region, ElementsRef<'_>),
    ) -> Result<Elements> {
        let n = tile.extent.iter().product();
        let mut whole = Elements::filled(&self.meta.dtype, self.meta.fill_value.as_ref(), n)?;
        overlay(&mut whole, tile, part, elements)?;
        Ok(whole)
    }

    /// A part of a tile over what the tile holds now.
    async fn over_present(
        &self,
        file: &ArrayFile,
        tile: &Tile,
        (part, elements): (&Region, ElementsRef<'_>),
    ) -> Result<Elements> {
        let mut whole = self.present(file, tile).await?;
        overlay(&mut whole, tile, part, elements)?;
        Ok(whole)
    }

    /// What a tile holds now, with the fill value where it was never written.
    pub(crate) async fn present(&self, file: &ArrayFile, tile: &Tile) -> Result<Elements> {
        let n = tile.extent.iter().product();
        let mut whole = Elements::filled(&self.meta.dtype, self.meta.fill_value.as_ref(), n)?;
        let region = Region {
            start: tile.origin.clone(),
            shape: tile.extent.clone(),
        };
        let mut sink = ElementsSink::new(&mut whole, &self.meta, &region);
        gather(file, &mut [sink.target()]).await?;
        Ok(whole)
    }

    /// Encodes a whole tile.
    pub(crate) fn encode(&mut self, tile: Tile, elements: Source<'a>) {
        self.encoder.push(Job::new(tile, elements));
    }

    /// Keeps a merged tile decoded while there is room for it.
    fn keep(&mut self, file: &ArrayFile, tile: Tile, elements: Elements) {
        let bytes = elements.raw_len();
        if file.pending.dirty + self.dirty + bytes > DIRTY_BYTES {
            return self.encode(tile, elements.into());
        }
        self.dirty += bytes;
        let state = PendingTile::Dirty(Arc::new(elements));
        self.staged.push((tile.key, state));
    }

    /// Marks a tile as cut off.
    pub(crate) fn remove(&mut self, key: TileKey) {
        self.staged.push((key, PendingTile::Removed));
    }

    /// Encodes what has gathered, if it is this much.
    pub(crate) async fn drain(&mut self, file: &mut ArrayFile, bytes: u64) -> Result<()> {
        if self.encoder.waiting() < bytes {
            return Ok(());
        }
        let (spool, staged) = (&mut file.pending.spool, &mut self.staged);
        let frames = self.encoder.run(|frames| {
            let place = frames.into_iter().map(|(key, frame)| {
                let placed = Box::new(PlacedFrame::new(&frame, 0));
                ((key, placed), frame.stored)
            });
            spool.append_all(place.collect(), |(key, mut placed), offset| {
                placed.offset = offset;
                staged.push((key, PendingTile::Spooled(placed)));
            })
        });
        frames.await
    }

    /// Encodes the last tiles, then applies the call: from there on nothing can fail or be cancelled.
    pub(crate) async fn finish(mut self, file: &mut ArrayFile) -> Result<()> {
        self.drain(file, 1).await?;
        let name = self.meta.name.clone();
        let array = file.touch(&name)?;
        // The first data of an array decide what `auto` stands for.
        let pipeline = self.encoder.record();
        if (&array.meta.shape, &array.meta.pipeline) != (&self.meta.shape, pipeline) {
            let meta = Arc::make_mut(&mut array.meta);
            meta.shape.clone_from(&self.meta.shape);
            meta.pipeline = pipeline.clone();
        }
        for (key, tile) in self.staged {
            file.pending.put_tile(&name, key, tile);
        }
        Ok(())
    }
}

/// Puts a part into the elements of a whole tile.
fn overlay(
    whole: &mut Elements,
    tile: &Tile,
    part: &Region,
    elements: ElementsRef<'_>,
) -> Result<()> {
    let zero: Coords = part.shape.iter().map(|_| 0).collect();
    let at: Coords = part
        .start
        .iter()
        .zip(&tile.origin)
        .map(|(a, b)| a - b)
        .collect();
    copy_elements(
        elements,
        (&part.shape, &zero),
        whole,
        (&tile.extent, &at),
        &part.shape,
    )
}
