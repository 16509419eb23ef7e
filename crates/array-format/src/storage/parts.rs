//! Objects that are too large for one put.

use bytes::Bytes;
use futures::stream::{FuturesUnordered, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Error as StoreError, MultipartUpload, ObjectStoreExt, PutPayload, Result as StoreResult,
};

use super::place::{ObjectStoreBackend, failed};
use crate::error::Result;

/// Bytes of a part, where the store allows as many parts as that takes. S3 wants at least 5 MiB.
const PART_BYTES: u64 = 16 << 20;
/// Parts of an object: S3 allows 10,000.
const MOST_PARTS: u64 = 9_000;
/// Parts that are on their way together.
const IN_FLIGHT: usize = 8;

/// Bytes of the parts of an object of this length. All but the last are alike, as some stores ask.
fn part_bytes(length: u64) -> u64 {
    length.div_ceil(MOST_PARTS).max(PART_BYTES)
}

/// A list of bytes that is taken off from its front.
struct Rest(std::collections::VecDeque<Bytes>);

impl Rest {
    /// The next `length` bytes, or all that are left; none at the end. Nothing is copied.
    fn take(&mut self, mut length: u64) -> Option<PutPayload> {
        let mut taken = Vec::new();
        while length > 0 {
            let Some(mut front) = self.0.pop_front() else {
                break;
            };
            if front.len() as u64 > length {
                self.0.push_front(front.split_off(length as usize));
            }
            length -= front.len() as u64;
            if !front.is_empty() {
                taken.push(front);
            }
        }
        (!taken.is_empty()).then(|| taken.into_iter().collect())
    }
}

async fn send(upload: &mut dyn MultipartUpload, mut rest: Rest, part: u64) -> StoreResult<()> {
    let mut sent = FuturesUnordered::new();
    while let Some(payload) = rest.take(part) {
        sent.push(upload.put_part(payload));
        if sent.len() >= IN_FLIGHT {
            sent.try_next().await?;
        }
    }
    while sent.try_next().await?.is_some() {}
    drop(sent);
    upload.complete().await.map(drop)
}

impl ObjectStoreBackend {
    /// Puts an object in parts, many at a time. It is there, whole, once this is done; nothing is if
    /// it fails. The name must be new, as stores put no condition on this.
    pub(crate) async fn put_in_parts(&self, path: &Path, bytes: Vec<Bytes>) -> Result<()> {
        let length = bytes.iter().map(|part| part.len() as u64).sum();
        let rest = Rest(bytes.into());
        let failed = |source| failed("write", path, source);
        let mut upload = self.store().put_multipart(path).await.map_err(failed)?;
        let sent = send(&mut *upload, rest, part_bytes(length)).await;
        if sent.is_err() {
            // What a store keeps of an upload that was given up costs its owner money.
            match upload.abort().await {
                Ok(()) | Err(StoreError::NotFound { .. } | StoreError::NotSupported { .. }) => {}
                Err(error) => tracing::warn!(%path, %error, "parts of an upload were left behind"),
            }
        }
        sent.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_whatever_the_bytes_come_in() {
        let whole: Vec<u8> = (0..100).collect();
        for (cut, part) in [(1, 7), (7, 1), (10, 10), (33, 100), (100, 33), (3, 1000)] {
            let pieces = whole.chunks(cut).map(Bytes::copy_from_slice);
            let mut rest = Rest(pieces.collect());
            let mut parts: Vec<Vec<u8>> = Vec::new();
            while let Some(payload) = rest.take(part) {
                parts.push(payload.iter().flatten().copied().collect());
            }
            assert!(parts.iter().rev().skip(1).all(|p| p.len() as u64 == part));
            assert_eq!(parts.concat(), whole);
        }
    }

    #[test]
    fn no_object_has_more_parts_than_stores_take() {
        for length in [0, 1, PART_BYTES, 1 << 30, 5 << 40] {
            assert!(length.div_ceil(part_bytes(length)) <= MOST_PARTS);
        }
    }
}
