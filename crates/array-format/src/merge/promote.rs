//! Putting a merged layer in the base's place.

use std::borrow::Cow;

use array_format_core::wire::HEADER_BYTES;
use array_format_core::wire::header::Header;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{PutMode, UpdateVersion};

use super::Merge;
use crate::ArrayFile;
use crate::error::{Error, Result};
use crate::spool::Spool;
use crate::storage::{Pin, PutOutcome};

/// Bytes of a layer that are read together when it is put in another place.
const COPY_BYTES: u64 = 16 << 20;

/// What is to be in the base's place.
enum New {
    /// The bytes of an object on the same disk.
    Object(Path),
    Bytes(Vec<Bytes>),
}

impl ArrayFile {
    /// Whether the newest snapshot is one layer that is not in the base's place, and the base was
    /// given up.
    pub(super) async fn may_promote(&self) -> Result<bool> {
        if self.num_layers() != 1 || self.sequence() == self.base_sequence {
            return Ok(false);
        }
        let chain = self.chain().await?;
        Ok(chain.row(self.base_sequence).is_none_or(|row| row.gone))
    }

    /// Puts the only layer of the newest snapshot in the base's place, if the base is still the one
    /// that this handle knows and the store can make sure of that.
    pub(super) async fn promote(&mut self, merge: Option<&Merge>) -> Result<bool> {
        let root = &self.snapshot.root;
        let (sequence, layer) = (root.sequence, root.layer);
        if self.place.local().is_some() && !self.settings.commits.is_single() {
            let by = self.place.sidecar(sequence);
            return self.promoted(self.swap_base(New::Object(by)).await?);
        }
        let parts = match merge.map(Merge::last).transpose()?.flatten() {
            Some((info, parts)) if info.layer == layer => {
                let header = Header {
                    file: root.file,
                    layer,
                    sequence,
                };
                let header = Bytes::copy_from_slice(&header.encode());
                std::iter::once(header).chain(parts).collect()
            }
            _ => self.whole_layer(sequence).await?,
        };
        self.promoted(self.swap_base(New::Bytes(parts)).await?)
    }

    /// Notes that the newest layer is in the base's place.
    fn promoted(&mut self, pin: Option<Pin>) -> Result<bool> {
        let Some(pin) = pin else {
            // It stays where it is, which is as good; or another base is there, which holds it.
            return Ok(false);
        };
        let root = &self.snapshot.root;
        let (sequence, layer) = (root.sequence, root.layer);
        self.base_sequence = sequence;
        self.base_layer = layer;
        self.layers().set_pin(sequence, pin);
        Ok(true)
    }

    /// The bytes of a layer.
    async fn whole_layer(&self, sequence: u64) -> Result<Vec<Bytes>> {
        let path = self.layers().path(sequence);
        let pin = self.layers().pin(sequence);
        let length = self.snapshot.object_length;
        let mut copy = Spool::temporary(&self.place, &self.settings);
        let mut at = 0;
        while at < length {
            let to = length.min(at + COPY_BYTES);
            let bytes = self.place.range(&path, at..to, &pin).await?;
            copy.append_raw(Cow::Borrowed(&bytes))?;
            at = to;
        }
        copy.contents()
    }

    /// Replaces the base, if it is still the one that this handle knows.
    async fn swap_base(&self, new: New) -> Result<Option<Pin>> {
        let base = self.place.path();
        let layers = self.layers();
        if self.settings.commits.is_single() {
            let head = self.place.head(base, HEADER_BYTES as u64).await?;
            if Header::decode(&head)?.layer != self.base_layer {
                return Ok(None);
            }
            return match self.put_base(new, None).await {
                PutOutcome::Done(pin) => Ok(Some(pin)),
                PutOutcome::Taken | PutOutcome::Unsupported => Ok(None),
                PutOutcome::Unknown(error) => Err(error),
            };
        }
        if !self.can_swap().await? {
            return Ok(None);
        }
        // The version of the base that was read, or the one that is there if it holds that layer.
        let version = match layers.version(self.base_sequence) {
            Some(version) => version,
            None => {
                let Some((pin, _)) = self.place.version(base).await? else {
                    return Ok(None);
                };
                let head = self.place.range(base, 0..HEADER_BYTES as u64, &pin).await?;
                if Header::decode(&head)?.layer != self.base_layer {
                    return Ok(None);
                }
                match pin.version {
                    Some(version) => version,
                    None => return Ok(None),
                }
            }
        };
        match self.put_base(new, Some(version)).await {
            PutOutcome::Done(pin) => Ok(Some(pin)),
            PutOutcome::Unsupported => Ok(None),
            // A client that tried again on its own may have met itself.
            PutOutcome::Taken => self.is_base_ours().await,
            PutOutcome::Unknown(error) => match self.is_base_ours().await? {
                Some(pin) => Ok(Some(pin)),
                None => Err(error),
            },
        }
    }

    /// Puts a base: over this version, or over whatever is there.
    async fn put_base(&self, new: New, over: Option<UpdateVersion>) -> PutOutcome {
        match (new, over) {
            (New::Object(by), Some(version)) => self.place.replace_base(version, &by).await,
            (New::Object(_), None) => PutOutcome::Unsupported,
            (New::Bytes(parts), over) => {
                let mode = over.map_or(PutMode::Overwrite, PutMode::Update);
                self.place.put(self.place.path(), parts, mode).await
            }
        }
    }

    async fn is_base_ours(&self) -> Result<Option<Pin>> {
        let head = self.place.head(self.place.path(), HEADER_BYTES as u64);
        match head.await {
            Ok(head) => {
                let ours = Header::decode(&head)?.layer == self.snapshot.root.layer;
                Ok(ours.then(Pin::default))
            }
            Err(Error::SnapshotExpired { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the store replaces objects only under the condition that it is given.
    async fn can_swap(&self) -> Result<bool> {
        self.place.can_swap(self.settings.commits).await
    }
}
