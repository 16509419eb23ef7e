//! Which objects of a file there are.

use std::ops::Range;

use array_format_core::wire::header::Id;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStoreExt};

use super::{ObjectStoreBackend, Tail, failed, says_that_it_cannot};
use crate::error::Result;
use crate::storage::trust::PROBE;

/// Objects that stores list in one answer.
const LIST_PAGE: usize = 1000;

/// An object with the name of a sidecar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sidecar {
    pub(crate) number: u64,
    pub(crate) length: u64,
}

/// What the folder of a file shows.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    /// Objects with the names of sidecars, by rising number.
    pub(crate) sidecars: Vec<Sidecar>,
    /// Probes of writers (see `trust.rs`).
    pub(crate) probes: Vec<ObjectMeta>,
    /// Objects with the names of annexes, by their ids.
    pub(crate) annexes: Vec<(Id, ObjectMeta)>,
    base_e_tag: Option<String>,
    base_length: u64,
}

impl Listing {
    /// Whether the base was, when it was listed, the one whose end was read.
    pub(crate) fn agrees(&self, base: &Tail) -> bool {
        let read = base.pin.version.as_ref().and_then(|v| v.e_tag.as_ref());
        let same_tag = match (&self.base_e_tag, read) {
            // Azure's lists leave the quotes out.
            (Some(listed), Some(read)) => listed.trim_matches('"') == read.trim_matches('"'),
            _ => true,
        };
        same_tag && self.base_length == base.object_length
    }
}

impl ObjectStoreBackend {
    /// The objects in the file's own folder; `None` if the store cannot list.
    async fn folder(&self) -> Result<Option<Vec<ObjectMeta>>> {
        let folder = self
            .base
            .as_ref()
            .rsplit_once('/')
            .and_then(|(folder, _)| Path::parse(folder).ok());
        match self.store.list_with_delimiter(folder.as_ref()).await {
            Ok(listed) => Ok(Some(listed.objects)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(source) if says_that_it_cannot(&source) => Ok(None),
            Err(source) => Err(failed("list", &self.base, source)),
        }
    }

    /// The numbers of all sidecars, rising, whether the base is there or not; `None` if the store
    /// cannot list.
    pub(crate) async fn numbers(&self) -> Result<Option<Vec<u64>>> {
        let listed = self.folder().await?;
        Ok(listed.map(|objects| {
            let numbers = objects.iter().filter_map(|o| self.number(&o.location));
            let mut numbers: Vec<u64> = numbers.collect();
            numbers.sort_unstable();
            numbers
        }))
    }

    /// The sidecars of this name; `None` if the store cannot list.
    ///
    /// Lists the file's own folder and nothing above or beneath it.
    pub(crate) async fn sidecars(&self) -> Result<Option<Listing>> {
        let Some(listed) = self.folder().await? else {
            return Ok(None);
        };
        // A listing that lacks the base itself says nothing (some HTTP servers answer so).
        let Some(base) = listed.iter().find(|o| o.location == self.base) else {
            return Ok(None);
        };
        let mut base = base.clone();
        if self.walks() || listed.len() >= LIST_PAGE {
            // Numbers are vacated after the base was replaced: if it is the same after the list as
            // in it, no number was vacated meanwhile.
            match self.store.head(&self.base).await {
                Ok(now) => base = now,
                Err(source) => return Err(failed("head", &self.base, source)),
            }
        }
        let sidecar = |object: &ObjectMeta| {
            let number = self.number(&object.location)?;
            let length = object.size;
            Some(Sidecar { number, length })
        };
        let mut sidecars: Vec<Sidecar> = listed.iter().filter_map(sidecar).collect();
        sidecars.sort_unstable_by_key(|sidecar| sidecar.number);
        let probe = format!("{}{PROBE}", self.stem());
        let is_probe = |object: &&ObjectMeta| object.location.as_ref().starts_with(&probe);
        Ok(Some(Listing {
            sidecars,
            probes: listed.iter().filter(is_probe).cloned().collect(),
            annexes: self.annexes_in(&listed),
            base_e_tag: base.e_tag.clone(),
            base_length: base.size,
        }))
    }

    fn annexes_in(&self, listed: &[ObjectMeta]) -> Vec<(Id, ObjectMeta)> {
        let annex = |object: &ObjectMeta| Some((self.annex_id(&object.location)?, object.clone()));
        listed.iter().filter_map(annex).collect()
    }

    /// Which of these sidecars exist, asked one by one but all at once.
    pub(crate) async fn probe(&self, numbers: Range<u64>) -> Result<Vec<Sidecar>> {
        let mut probes = Vec::new();
        for number in numbers {
            probes.push(async move {
                let path = self.sidecar(number);
                match self.store.head(&path).await {
                    Ok(meta) => Ok(Some(Sidecar {
                        number,
                        length: meta.size,
                    })),
                    Err(StoreError::NotFound { .. }) => Ok(None),
                    Err(source) => Err(failed("head", &path, source)),
                }
            });
        }
        let found: Vec<Option<Sidecar>> = futures::future::try_join_all(probes).await?;
        Ok(found.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use object_store::UpdateVersion;

    use super::*;
    use crate::storage::Pin;

    /// Azure's lists tell ETags without their quotes.
    #[test]
    fn a_listed_base_is_the_one_that_was_read_quotes_or_not() {
        let agrees = |listed: Option<&str>, read: Option<&str>, length: u64| {
            let listing = Listing {
                sidecars: Vec::new(),
                probes: Vec::new(),
                annexes: Vec::new(),
                base_e_tag: listed.map(str::to_owned),
                base_length: length,
            };
            let version = UpdateVersion {
                e_tag: read.map(str::to_owned),
                version: None,
            };
            listing.agrees(&Tail {
                bytes: Bytes::new(),
                object_length: 10,
                pin: Pin {
                    version: Some(version),
                },
            })
        };
        for listed in [Some("0x1"), Some("\"0x1\""), None] {
            assert!(agrees(listed, Some("\"0x1\""), 10), "{listed:?}");
            assert!(!agrees(listed, Some("\"0x1\""), 11), "{listed:?}");
        }
        assert!(!agrees(Some("0x2"), Some("\"0x1\""), 10));
        assert!(agrees(Some("0x2"), None, 10));
    }
}
