//! Attributes of arrays and of the file: what is pending, on top of the snapshot.

use std::collections::BTreeMap;

use array_format_core::limits;
use array_format_core::wire::tables::FILE_ID;

use crate::ArrayFile;
use crate::error::Result;
use crate::value::AttributeValue;

/// Refuses a key or value that is too long to be stored.
pub(crate) fn check(key: &str, value: Option<&AttributeValue>) -> Result<()> {
    limits::check(
        "bytes of an attribute key",
        key.len() as u64,
        limits::NAME_BYTES,
    )?;
    let length = value.map_or(0, |value| value.encoded_len() as u64);
    limits::check(
        "bytes of an attribute value",
        length,
        limits::ATTRIBUTE_BYTES,
    )
}

impl ArrayFile {
    /// An attribute by array id.
    pub(crate) fn attribute(&self, id: u64, key: &str) -> Result<Option<&AttributeValue>> {
        if let Some(value) = self.pending.attributes.get(&id).and_then(|a| a.get(key)) {
            return Ok(value.as_ref());
        }
        if self.is_committed(id) {
            self.snapshot.attribute(id, key)
        } else {
            Ok(None)
        }
    }

    /// Whether an id is one of the snapshot's.
    pub(crate) fn is_committed(&self, id: u64) -> bool {
        id == FILE_ID || id < self.snapshot.root.next_array
    }

    pub(crate) fn put_attribute(
        &mut self,
        id: u64,
        key: &str,
        value: Option<AttributeValue>,
    ) -> Result<()> {
        self.check_unfrozen()?;
        check(key, value.as_ref())?;
        self.pending.put_attribute(id, key, value);
        Ok(())
    }

    pub(crate) fn attributes_of(&self, id: u64) -> Result<Vec<(String, &AttributeValue)>> {
        let mut out: BTreeMap<String, &AttributeValue> = BTreeMap::new();
        if self.is_committed(id) {
            for (key, value) in self.snapshot.attributes_of(id)? {
                out.insert(key.to_string(), value);
            }
        }
        for (key, value) in self.pending.attributes.get(&id).into_iter().flatten() {
            match value {
                Some(value) => out.insert(key.to_string(), value),
                None => out.remove(&**key),
            };
        }
        Ok(out.into_iter().collect())
    }

    /// The distinct attribute keys of the file and its arrays, rising. A key whose last attribute
    /// was removed stays until the next flush.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) if a page is damaged.
    pub fn attribute_keys(&self) -> Result<Vec<String>> {
        let mut keys: std::collections::BTreeSet<String> = self
            .snapshot
            .attribute_keys()?
            .into_iter()
            .map(|key| key.to_string())
            .collect();
        for values in self.pending.attributes.values() {
            let set = values.iter().filter(|(_, value)| value.is_some());
            keys.extend(set.map(|(key, _)| key.to_string()));
        }
        Ok(keys.into_iter().collect())
    }
}
