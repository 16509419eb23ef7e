//! Codecs by name: those of one handle, those of the process, and our own.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::compression::{CodecId, CompressionCodec, name_of};
use super::{Lz4Codec, ZstdCodec, lz4, pco, zstd};
use crate::error::{Error, Result};

/// Names that stand for something else than a user's compressor.
const RESERVED: [&str; 5] = ["none", "auto", "shuffle", "delta", pco::NAME];

/// The most bytes of a name; its length is stored in one byte.
const NAME_BYTES: usize = 255;

type ByName = HashMap<String, Arc<dyn CompressionCodec>>;

/// The codecs of the process; made by the first `register`.
static PROCESS: RwLock<Option<ByName>> = RwLock::new(None);

/// The codecs that a handle brings along.
///
/// A recorded name is looked for here first, then among those that were [`register`]ed, then
/// among the codecs of this library.
#[derive(Clone, Default)]
pub struct Codecs(ByName);

impl Codecs {
    /// With one more codec, which takes the place of one with the same name.
    ///
    /// A codec whose id is [`CodecId::None`] needs no entry and changes nothing.
    pub fn with(mut self, codec: Arc<dyn CompressionCodec>) -> Result<Self> {
        let id = codec.id();
        if id != CodecId::None {
            check_name(&id)?;
            self.0.insert(name_of(&id), codec);
        }
        Ok(self)
    }

    /// The compressor of this name, if it is known to this handle, the process, or the library.
    pub fn get(&self, name: &str) -> Option<Arc<dyn CompressionCodec>> {
        if let Some(codec) = self.0.get(name) {
            return Some(Arc::clone(codec));
        }
        // Nothing that holds the lock can leave the map half changed.
        let process = PROCESS.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(codec) = process.as_ref().and_then(|codecs| codecs.get(name)) {
            return Some(Arc::clone(codec));
        }
        match name {
            lz4::NAME => Some(Arc::new(Lz4Codec)),
            zstd::NAME => Some(Arc::new(ZstdCodec::default())),
            _ => None,
        }
    }
}

impl fmt::Debug for Codecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.0.keys().collect();
        names.sort();
        f.debug_tuple("Codecs").field(&names).finish()
    }
}

/// Makes a codec known to all files of this process, in place of one with the same name.
pub fn register(codec: Arc<dyn CompressionCodec>) -> Result<()> {
    let id = codec.id();
    check_name(&id)?;
    PROCESS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_default()
        .insert(name_of(&id), codec);
    Ok(())
}

/// Refuses names that a file cannot record, or that it records for something else.
pub(super) fn check_name(id: &CodecId) -> Result<()> {
    let name = name_of(id);
    if name.is_empty() || name.len() > NAME_BYTES {
        return Err(Error::invalid(format!(
            "the name of a codec has 1 to {NAME_BYTES} bytes, not {}",
            name.len()
        )));
    }
    if RESERVED.contains(&name.as_str()) {
        return Err(Error::invalid(format!(
            "a codec cannot be named {name:?}, which the format uses itself"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::NoCompression;
    use super::*;

    struct Own(&'static str, i32);

    impl CompressionCodec for Own {
        fn id(&self) -> CodecId {
            CodecId::Named(self.0.to_owned())
        }
        fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
            Ok(data.to_vec())
        }
        fn decompress(&self, data: &[u8], _: usize) -> Result<Vec<u8>> {
            Ok(data.to_vec())
        }
        fn level(&self) -> Option<i32> {
            Some(self.1)
        }
    }

    #[test]
    fn the_handle_comes_before_the_process_and_the_library() {
        let level = |codecs: &Codecs, name: &str| codecs.get(name).and_then(|c| c.level());
        let plain = Codecs::default();
        assert_eq!(level(&plain, "zstd"), Some(3));
        assert!(plain.get("lz4").is_some());
        assert!(plain.get("registry-test").is_none());
        register(Arc::new(Own("registry-test", 1))).unwrap();
        assert_eq!(level(&plain, "registry-test"), Some(1));
        let own = plain
            .clone()
            .with(Arc::new(Own("registry-test", 2)))
            .unwrap()
            .with(Arc::new(Own("zstd", 77)))
            .unwrap();
        assert_eq!(level(&own, "registry-test"), Some(2));
        assert_eq!(level(&own, "zstd"), Some(77));
        assert_eq!(level(&plain, "zstd"), Some(3));
        assert_eq!(format!("{own:?}"), r#"Codecs(["registry-test", "zstd"])"#);
    }

    #[test]
    fn reserved_names_are_refused() {
        for name in ["", "none", "auto", "shuffle", "delta", "pco"] {
            assert!(register(Arc::new(Own(name, 0))).is_err(), "{name:?}");
            assert!(Codecs::default().with(Arc::new(Own(name, 0))).is_err());
        }
        assert!(register(Arc::new(NoCompression)).is_err());
        assert!(Codecs::default().with(Arc::new(NoCompression)).is_ok());
    }
}
