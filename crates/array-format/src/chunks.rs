//! The written chunks of an array: where they are stored, and their statistics.

use array_format_core::frame::FrameDecoder;
use array_format_core::wire::tables::FrameRow;

use crate::ArrayFile;
use crate::address::ChunkAddress;
use crate::block::{BlockMeta, CodecId};
use crate::error::Result;
use crate::fetch::Piece;
use crate::frames::FrameWalk;
use crate::stats::FrameStats;

/// A chunk of which something was written.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Chunk {
    /// Its coordinates on the array's grid of chunks.
    pub coordinates: Vec<u64>,
    /// Its frames, one for each tile that was written.
    pub frames: Vec<ChunkAddress>,
    /// What they are compressed with.
    pub codec: CodecId,
    /// Over all its elements.
    pub stats: FrameStats,
}

impl ArrayFile {
    /// The committed chunks of an array of which something was written, by their coordinates.
    ///
    /// Costs the array's index pages, no data.
    ///
    /// # Errors
    /// [`Error::ArrayNotFound`](crate::Error::ArrayNotFound); what reading the index can say.
    pub async fn chunks(&self, name: &str) -> Result<Vec<Chunk>> {
        let meta = self.shared(name)?;
        let decoder = FrameDecoder::describing(meta);
        let mut chunks: Vec<Chunk> = Vec::new();
        let layers = self.layers();
        self.for_each_frame(meta.id, |row| {
            let (tile, extent) = decoder.extent(row)?;
            let (piece, _) = Piece::of_frame(&self.snapshot, row)?;
            let address = ChunkAddress {
                layer: row.sequence,
                object: layers.path_of(piece.holder).to_string(),
                offset: piece.range.start,
                length: row.stored,
                raw_length: row.raw,
                crc: row.crc,
                origin: tile.origin.to_vec(),
                extent: extent.to_vec(),
            };
            match chunks.last_mut() {
                Some(chunk) if chunk.coordinates == row.key.tile.chunk[..] => {
                    chunk.frames.push(address);
                    chunk.stats.merge(&row.stats);
                }
                _ => chunks.push(Chunk {
                    coordinates: row.key.tile.chunk.to_vec(),
                    frames: vec![address],
                    codec: meta.pipeline.codec_id(),
                    stats: row.stats.clone(),
                }),
            }
            Ok(())
        })
        .await?;
        Ok(chunks)
    }

    /// The runs of bytes in which the committed frames of an array lie, in the order of its chunks.
    ///
    /// # Errors
    /// As [`ArrayFile::chunks`].
    pub async fn blocks(&self, name: &str) -> Result<Vec<BlockMeta>> {
        let meta = self.shared(name)?;
        let mut blocks: Vec<BlockMeta> = Vec::new();
        let layers = self.layers();
        let mut last = None;
        self.for_each_frame(meta.id, |row| {
            let (piece, _) = Piece::of_frame(&self.snapshot, row)?;
            let follows = last.replace(piece.holder) == Some(piece.holder);
            match blocks.last_mut() {
                Some(block) if follows && block.offset + block.length == piece.range.start => {
                    block.length += row.stored;
                    block.raw_length += row.raw;
                    block.frames += 1;
                }
                _ => blocks.push(BlockMeta {
                    layer: row.sequence,
                    object: layers.path_of(piece.holder).to_string(),
                    offset: piece.range.start,
                    length: row.stored,
                    raw_length: row.raw,
                    frames: 1,
                    codec: meta.pipeline.codec_id(),
                }),
            }
            Ok(())
        })
        .await?;
        Ok(blocks)
    }

    /// Visits the committed frames of an array in order, an index page in memory at a time.
    pub(crate) async fn for_each_frame(
        &self,
        id: u64,
        mut visit: impl FnMut(&FrameRow) -> Result<()>,
    ) -> Result<()> {
        if !self.is_committed(id) {
            return Ok(());
        }
        let mut walk = FrameWalk::of_array(self, id).await?;
        while let Some(rows) = walk.next().await? {
            let own = rows.iter().filter(|row| row.key.array == id);
            own.into_iter().try_for_each(&mut visit)?;
        }
        Ok(())
    }
}
