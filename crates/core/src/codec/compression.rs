//! The extension point: what a compressor is.

use std::fmt;
use std::sync::Arc;

use super::spec::Compressor;
use crate::error::{Error, Result};
use crate::limits;

/// The name under which a compressor is recorded in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CodecId {
    /// Bytes are stored as they are.
    None,
    /// A compressor of this name.
    Named(String),
}

/// Turns the bytes of a frame into fewer bytes and back.
///
/// A codec of one's own is registered with [`register`](super::register) or handed to the file
/// that uses it; its name is stored in the file, its code is not.
pub trait CompressionCodec: Send + Sync {
    /// The recorded name.
    fn id(&self) -> CodecId;

    /// The stored form of `data`.
    fn compress(&self, data: &[u8]) -> Result<Vec<u8>>;

    /// As [`compress`](Self::compress), in place of what `out` holds: one buffer serves many frames.
    fn compress_into(&self, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
        *out = self.compress(data)?;
        Ok(())
    }

    /// Reads back what [`compress`](Self::compress) made of `uncompressed_size` bytes.
    ///
    /// Stored bytes come from outside: anything that is not exactly that is an error.
    fn decompress(&self, data: &[u8], uncompressed_size: usize) -> Result<Vec<u8>>;

    /// The level to record beside the name, for those who look at the file later.
    fn level(&self) -> Option<i32> {
        None
    }

    /// As [`decompress`](Self::decompress), into a buffer of exactly the decoded length, all of which is
    /// written.
    fn decompress_into(&self, data: &[u8], out: &mut [u8]) -> Result<()> {
        let raw = self.decompress(data, out.len())?;
        if raw.len() != out.len() {
            return Err(wrong_length(&name_of(&self.id()), raw.len(), out.len()));
        }
        out.copy_from_slice(&raw);
        Ok(())
    }

    /// As [`decompress_into`](Self::decompress_into), where only the first `wanted` bytes of `out` need be
    /// written. Codecs that cannot stop early write all.
    fn decompress_start(&self, data: &[u8], out: &mut [u8], wanted: usize) -> Result<()> {
        let _ = wanted;
        self.decompress_into(data, out)
    }

    /// Which codec of this library this is, if it is one. A user's codec may carry the name of
    /// one of ours and other bytes, so the name alone does not tell. Not for implementors.
    #[doc(hidden)]
    fn builtin(&self) -> Option<Compressor> {
        None
    }
}

impl fmt::Debug for dyn CompressionCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "codec {:?}", name_of(&self.id()))
    }
}

// A shared or boxed codec is a codec, so that one chosen at run time fits wherever a type is asked for.
macro_rules! forward {
    ($pointer:ty) => {
        impl CompressionCodec for $pointer {
            fn id(&self) -> CodecId {
                (**self).id()
            }
            fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
                (**self).compress(data)
            }
            fn compress_into(&self, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
                (**self).compress_into(data, out)
            }
            fn decompress(&self, data: &[u8], uncompressed_size: usize) -> Result<Vec<u8>> {
                (**self).decompress(data, uncompressed_size)
            }
            fn level(&self) -> Option<i32> {
                (**self).level()
            }
            fn decompress_into(&self, data: &[u8], out: &mut [u8]) -> Result<()> {
                (**self).decompress_into(data, out)
            }
            fn decompress_start(&self, data: &[u8], out: &mut [u8], wanted: usize) -> Result<()> {
                (**self).decompress_start(data, out, wanted)
            }
            fn builtin(&self) -> Option<Compressor> {
                (**self).builtin()
            }
        }
    };
}

forward!(Arc<dyn CompressionCodec>);
forward!(Box<dyn CompressionCodec>);

/// The name of an id, `none` included.
pub(super) fn name_of(id: &CodecId) -> String {
    match id {
        CodecId::None => "none".to_owned(),
        CodecId::Named(name) => name.clone(),
    }
}

/// Refuses frames that the format does not allow, before anything is allocated for them.
pub(super) fn check_frame(codec: &str, bytes: usize) -> Result<()> {
    if bytes as u64 > limits::FRAME_BYTES {
        return Err(Error::limit(
            format!("size of a {codec} frame"),
            bytes as u64,
            limits::FRAME_BYTES,
        ));
    }
    Ok(())
}

/// The error for stored bytes that stand for another number of bytes than was asked for.
pub(super) fn wrong_length(codec: &str, actual: usize, expected: usize) -> Error {
    Error::Codec(format!(
        "{codec}: the frame decodes to {actual} bytes, but {expected} are expected"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{Lz4Codec, ZstdCodec};
    use super::*;

    struct Liar;

    impl CompressionCodec for Liar {
        fn id(&self) -> CodecId {
            CodecId::Named("liar".into())
        }
        fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
            Ok(data.to_vec())
        }
        fn decompress(&self, _: &[u8], _: usize) -> Result<Vec<u8>> {
            Ok(vec![0; 3])
        }
    }

    #[test]
    fn pointers_to_codecs_are_codecs() {
        let shared: Arc<dyn CompressionCodec> = Arc::new(ZstdCodec::new(7));
        let boxed: Box<dyn CompressionCodec> = Box::new(Lz4Codec);
        fn level(codec: impl CompressionCodec) -> (CodecId, Option<i32>, bool) {
            (codec.id(), codec.level(), codec.builtin().is_some())
        }
        assert_eq!(
            level(shared),
            (CodecId::Named("zstd".into()), Some(7), true)
        );
        assert_eq!(level(boxed), (CodecId::Named("lz4".into()), None, true));
    }

    #[test]
    fn a_codec_of_the_wrong_length_is_an_error_and_not_a_panic() {
        let error = Liar.decompress_into(b"", &mut [0; 4]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "codec error: liar: the frame decodes to 3 bytes, but 4 are expected"
        );
        assert_eq!(
            format!("{:?}", &Liar as &dyn CompressionCodec),
            "codec \"liar\""
        );
    }
}
