//! Decoded elements without a Rust type.

use std::borrow::Cow;

use bytes::Bytes;

use crate::dtype::DType;
use crate::element::check;
use crate::element::vlen::{self, Pieces};
use crate::error::{Error, Result};
use crate::limits;
use crate::value::{FillValue, fill_bytes};

/// A fill value is repeated to about this many bytes, which are then copied in one go.
const FILL_BLOCK: usize = 4096;

/// Decoded elements of a frame or a region, in C order.
#[derive(Debug, Clone, PartialEq)]
pub enum Elements {
    /// Elements of the same width, little-endian, back to back.
    Fixed {
        /// The bytes of one element.
        width: usize,
        /// The bytes of all.
        bytes: Vec<u8>,
    },
    /// Elements that differ in length, each with its bytes.
    Variable(Vec<Bytes>),
}

impl Elements {
    /// `n` elements that were never written.
    pub fn filled(dtype: &DType, fill: Option<&FillValue>, n: u64) -> Result<Self> {
        let fill = fill_bytes(dtype, fill);
        if let Some(width) = dtype.element_size() {
            // There is no fill element of types that are too wide for any frame.
            if fill.len() != width {
                return Err(too_wide(width as u64));
            }
            return Ok(Self::Fixed {
                width,
                bytes: repeated(&fill, n)?,
            });
        }
        if matches!(dtype, DType::FixedSizeList { .. }) && fill.is_empty() {
            return Err(too_wide(u64::MAX));
        }
        let n = byte_size(n, size_of::<Bytes>())? / size_of::<Bytes>();
        let mut elements = reserved(n)?;
        elements.resize(n, Bytes::from(fill));
        Ok(Self::Variable(elements))
    }

    /// The `n` elements of a frame's raw bytes, which they must fill.
    ///
    /// Elements of variable width share the memory of `raw`; those of fixed width take it over if
    /// no one else holds it.
    pub fn decode(dtype: &DType, raw: Bytes, n: u64) -> Result<Self> {
        let Some(width) = dtype.element_size() else {
            return decode_variable(dtype, &raw, n).map(Self::Variable);
        };
        if n.checked_mul(width as u64) != Some(raw.len() as u64) {
            return Err(Error::Serialization(format!(
                "{n} elements of {width} bytes are stored in {} bytes",
                raw.len()
            )));
        }
        check::fixed(dtype, &raw)?;
        Ok(Self::Fixed {
            width,
            bytes: raw.into(),
        })
    }

    /// These elements, borrowed.
    pub fn borrowed(&self) -> ElementsRef<'_> {
        match self {
            Self::Fixed { width, bytes } => ElementsRef::Fixed {
                width: *width,
                bytes,
            },
            Self::Variable(elements) => ElementsRef::Variable(elements),
        }
    }

    /// The raw bytes of a frame of these elements.
    pub fn encode(&self) -> Result<Cow<'_, [u8]>> {
        self.borrowed().encode()
    }

    /// Refuses elements that are not `n` values of `dtype`.
    pub fn check(&self, dtype: &DType, n: u64) -> Result<()> {
        if self.len() as u64 != n {
            return Err(Error::invalid(format!(
                "{} elements where {n} are expected",
                self.len()
            )));
        }
        let checked = match self {
            Self::Fixed { width, bytes } if dtype.element_size() == Some(*width) => {
                check::fixed(dtype, bytes)
            }
            Self::Variable(elements) if dtype.is_variable_length() => elements
                .iter()
                .try_for_each(|element| check::variable(dtype, element)),
            _ => Err(Error::Serialization(format!(
                "elements that are not of the width of {dtype:?}"
            ))),
        };
        checked.map_err(|e| match e {
            Error::Serialization(detail) => Error::invalid(detail),
            other => other,
        })
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Fixed { width, bytes } => bytes.len().checked_div(*width).unwrap_or(0),
            Self::Variable(elements) => elements.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of bytes that [`encode`](Self::encode) makes.
    pub fn raw_len(&self) -> u64 {
        self.borrowed().raw_len()
    }
}

/// Decoded elements that are somebody else's, in C order.
#[derive(Debug, Clone, Copy)]
pub enum ElementsRef<'a> {
    /// As [`Elements::Fixed`].
    Fixed {
        /// The bytes of one element.
        width: usize,
        /// The bytes of all.
        bytes: &'a [u8],
    },
    /// As [`Elements::Variable`].
    Variable(&'a [Bytes]),
}

impl From<ElementsRef<'_>> for Elements {
    fn from(elements: ElementsRef<'_>) -> Self {
        match elements {
            ElementsRef::Fixed { width, bytes } => Self::Fixed {
                width,
                bytes: bytes.to_vec(),
            },
            ElementsRef::Variable(elements) => Self::Variable(elements.to_vec()),
        }
    }
}

impl<'a> ElementsRef<'a> {
    /// The raw bytes of a frame of these elements.
    pub fn encode(self) -> Result<Cow<'a, [u8]>> {
        let elements = match self {
            Self::Fixed { bytes, .. } => return Ok(Cow::Borrowed(bytes)),
            Self::Variable(elements) => elements,
        };
        fits_u32("elements of a frame", elements.len())?;
        for element in elements {
            fits_u32("bytes of an element", element.len())?;
        }
        let mut out = reserved(byte_size(self.raw_len(), 1)?)?;
        vlen::encode_to(elements, &mut out);
        Ok(Cow::Owned(out))
    }

    /// The number of bytes that [`encode`](Self::encode) makes.
    pub fn raw_len(self) -> u64 {
        match self {
            Self::Fixed { bytes, .. } => bytes.len() as u64,
            Self::Variable(elements) => vlen::encoded_len(elements),
        }
    }
}

fn decode_variable(dtype: &DType, raw: &Bytes, n: u64) -> Result<Vec<Bytes>> {
    let pieces = Pieces::new(raw)?;
    if u64::from(pieces.claimed()) != n {
        return Err(Error::Serialization(format!(
            "{n} elements are stored as {}",
            pieces.claimed()
        )));
    }
    // Each takes a length at least: reserve nothing for elements that cannot be there.
    let mut elements = reserved((raw.len() / vlen::PREFIX).min(pieces.claimed() as usize))?;
    for piece in pieces {
        let piece = piece?;
        check::variable(dtype, piece)?;
        elements.push(raw.slice_ref(piece));
    }
    Ok(elements)
}

/// `n` times these bytes.
fn repeated(fill: &[u8], n: u64) -> Result<Vec<u8>> {
    let size = byte_size(n, fill.len())?;
    if size == 0 || fill.iter().all(|byte| *byte == 0) {
        // Zeroed memory comes from the system as it is, without a pass over it.
        return bytemuck::try_zeroed_vec(size).map_err(|()| no_memory(size));
    }
    let mut bytes = reserved(size)?;
    let block = fill.repeat((FILL_BLOCK / fill.len()).clamp(1, size / fill.len()));
    while bytes.len() + block.len() <= size {
        bytes.extend_from_slice(&block);
    }
    bytes.extend_from_slice(&block[..size - bytes.len()]);
    Ok(bytes)
}

/// The bytes of `n` items of this size, if that many can be addressed.
fn byte_size(n: u64, item: usize) -> Result<usize> {
    let limit = isize::MAX as u64;
    let size = n.saturating_mul(item as u64);
    limits::check("bytes of elements in memory", size, limit)?;
    // Not more than `isize::MAX`.
    Ok(size as usize)
}

/// An empty vector with room for `n` items.
fn reserved<T>(n: usize) -> Result<Vec<T>> {
    let mut items = Vec::new();
    items
        .try_reserve_exact(n)
        .map_err(|_| no_memory(n.saturating_mul(size_of::<T>())))?;
    Ok(items)
}

/// The allocator does not say how much it has, only that it has less than this.
fn no_memory(bytes: usize) -> Error {
    let bytes = bytes as u64;
    Error::limit(
        "bytes of elements in memory",
        bytes,
        bytes.saturating_sub(1),
    )
}

fn too_wide(width: u64) -> Error {
    Error::limit("bytes of one element", width, limits::FRAME_BYTES)
}

fn fits_u32(what: &str, size: usize) -> Result<()> {
    limits::check(what, size as u64, u32::MAX.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{ArrayElement, List};

    fn list(child: DType) -> DType {
        DType::List {
            child: Box::new(child),
        }
    }

    fn fixed_list(child: DType, size: u32) -> DType {
        DType::FixedSizeList {
            child: Box::new(child),
            size,
        }
    }

    fn bad(dtype: &DType, raw: &[u8], n: u64) -> String {
        let error = Elements::decode(dtype, Bytes::copy_from_slice(raw), n).unwrap_err();
        assert!(matches!(error, Error::Serialization(_)), "{error}");
        error.to_string()
    }

    #[test]
    fn fixed_elements_take_over_their_memory() {
        let raw = Bytes::from(vec![1, 0, 2, 0]);
        let at = raw.as_ptr();
        let elements = Elements::decode(&DType::UInt16, raw, 2).unwrap();
        assert_eq!((elements.len(), elements.raw_len()), (2, 4));
        let encoded = elements.encode().unwrap();
        assert!(matches!(encoded, Cow::Borrowed(_)));
        assert_eq!(encoded.as_ptr(), at);
        for n in [0, 1, 3, u64::MAX] {
            bad(&DType::UInt16, &[1, 0, 2, 0], n);
        }
    }

    #[test]
    fn variable_elements_share_their_memory() {
        let raw = Bytes::from(String::encode_chunk(&["ab".into(), String::new()]));
        let elements = Elements::decode(&DType::String, raw.clone(), 2).unwrap();
        let Elements::Variable(items) = &elements else {
            panic!("strings vary in length");
        };
        assert_eq!(items[0].as_ptr(), raw[8..].as_ptr());
        assert_eq!(elements.encode().unwrap(), raw.as_ref());
        assert_eq!((elements.len(), elements.raw_len()), (2, raw.len() as u64));
        assert!(bad(&DType::String, &raw, 1).contains("1 elements are stored as 2"));
        bad(&DType::String, &[&raw[..], &[0]].concat(), 2);
        // A count that nothing follows asks for no memory.
        bad(&DType::Binary, &[255; 4], u32::MAX.into());
    }

    #[test]
    fn no_elements_are_empty() {
        for (dtype, raw) in [(DType::Bool, vec![]), (DType::String, vec![0; 4])] {
            let filled = Elements::filled(&dtype, None, 0).unwrap();
            assert!(filled.is_empty());
            assert_eq!(filled.encode().unwrap(), raw);
            assert_eq!(Elements::decode(&dtype, raw.into(), 0).unwrap(), filled);
        }
        bad(&DType::String, &[], 0);
    }

    #[test]
    fn what_is_no_value_is_refused_at_any_depth() {
        assert!(bad(&DType::Bool, &[0, 2], 2).contains("bool"));
        bad(&fixed_list(DType::Bool, 2), &[0, 2], 1);
        let bools = List::encode_chunk(&[List(vec![0u8, 2])]);
        bad(&list(DType::Bool), &bools, 1);
        bad(&list(fixed_list(DType::Bool, 2)), &bools, 1);
        assert!(bad(&list(DType::Int32), &bools, 1).contains("whole"));

        let text = vlen::encode(&[b"\xFF"]);
        assert!(bad(&DType::String, &text, 1).contains("UTF-8"));
        assert!(Elements::decode(&DType::Binary, text.clone().into(), 1).is_ok());
        let texts = vlen::encode(&[text]);
        bad(&list(DType::String), &texts, 1);
        bad(&fixed_list(DType::String, 1), &texts, 1);
        assert!(Elements::decode(&list(DType::Binary), texts.clone().into(), 1).is_ok());
        let two = bad(&fixed_list(DType::Binary, 2), &texts, 1);
        assert!(two.contains("of 2 items has 1"), "{two}");
    }

    #[test]
    fn fill_values_are_repeated() {
        for n in [0, 1, 5, 4096, 10_001] {
            let fill = FillValue::Int(-2);
            let elements = Elements::filled(&DType::Int16, Some(&fill), n).unwrap();
            let expected = i16::encode_chunk(&vec![-2; n as usize]);
            assert_eq!(elements.encode().unwrap(), expected);
        }
        let fill = FillValue::Int(3);
        let wide = fixed_list(DType::UInt8, 5000);
        let elements = Elements::filled(&wide, Some(&fill), 2).unwrap();
        assert_eq!(elements.encode().unwrap(), vec![3; 10_000]);
        let fill = FillValue::String("x".into());
        let elements = Elements::filled(&DType::String, Some(&fill), 2).unwrap();
        assert_eq!(elements, Elements::Variable(vec!["x".into(), "x".into()]));
    }

    #[test]
    fn what_memory_cannot_hold_is_an_error() {
        let one = FillValue::Int(1);
        for n in [u64::MAX, 1 << 62, 1 << 59] {
            for dtype in [DType::Float64, DType::String] {
                for fill in [None, Some(&one)] {
                    let error = Elements::filled(&dtype, fill, n).unwrap_err();
                    assert!(matches!(error, Error::Limit { .. }), "{error}");
                }
            }
        }
        let wide = fixed_list(DType::Float64, 1 << 28);
        assert!(Elements::filled(&wide, None, 1).is_err());
    }
}
