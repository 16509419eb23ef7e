//! Bytes as a base object: open it, list it, read all of it.

use std::sync::Arc;

use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStoreExt, PutPayload};
use array_format::{ArrayFile, FileConfig, NoCompression, Result};
use array_format_core::wire::{TRAILER_BYTES, crc};
use futures::executor::block_on;

/// Arrays of more bytes are listed and not read: a few bytes can describe what no memory holds.
const MOST_BYTES: u64 = 1 << 18;
/// Nor are arrays of more tiles, each of which is looked up: an execution is to be short.
const MOST_TILES: u64 = 1 << 11;

/// Reads the bytes as they are, and once more with right checksums at their end, so that what lies
/// behind those is reached.
pub fn run(data: &[u8]) {
    let _ = block_on(read(data.to_vec()));
    if let Some(mended) = mend(data.to_vec()) {
        let _ = block_on(read(mended));
    }
}

/// Corrects the trailer's length and checksums.
fn mend(mut data: Vec<u8>) -> Option<Vec<u8>> {
    let length = data.len() as u64;
    let start = data.len().checked_sub(TRAILER_BYTES)?;
    let (body, trailer) = data.split_at_mut(start);
    let offset = usize::try_from(u64::from_le_bytes(trailer[..8].try_into().ok()?)).ok()?;
    let stored = u32::from_le_bytes(trailer[8..12].try_into().ok()?) as usize;
    let root = body.get(offset..offset.checked_add(stored)?)?;
    trailer[16..20].copy_from_slice(&crc(root).to_le_bytes());
    trailer[40..48].copy_from_slice(&length.to_le_bytes());
    let sum = crc(&trailer[..52]);
    trailer[52..56].copy_from_slice(&sum.to_le_bytes());
    Some(data)
}

async fn read(data: Vec<u8>) -> Result<()> {
    let store = Arc::new(InMemory::new());
    let path = Path::from("fuzz.af");
    let put = store.put(&path, PutPayload::from(data)).await;
    put.expect("memory takes all");
    let config = FileConfig {
        cache_capacity: 0,
        io_cache_capacity: 0,
        ..FileConfig::new(NoCompression)
    };
    let file = ArrayFile::open(store, path, config).await?;
    let _ = (file.footer(), file.stats(), file.file_attributes());
    let _ = (file.attribute_keys(), file.tags(), file.log().await);
    for meta in file.arrays()? {
        let _ = file.attributes(&meta.name);
        let _ = file.chunks(&meta.name).await;
        // Elements of variable width take memory beside their bytes.
        let width = meta.dtype.element_size().unwrap_or(64) as u64;
        let tile = meta
            .tile_shape
            .iter()
            .fold(1u64, |n, &t| n.saturating_mul(t));
        let fits = meta.elements().saturating_mul(width) <= MOST_BYTES;
        if fits && meta.elements() / tile <= MOST_TILES {
            let _ = file.read_elements(&meta.name, vec![], vec![]).await;
        }
    }
    Ok(())
}
