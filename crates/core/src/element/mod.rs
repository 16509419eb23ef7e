//! Rust types as elements of arrays (`docs/format.md`, section 6, "Decoded bytes").

pub(crate) mod check;
mod list;
mod primitive;
mod variable;
pub(crate) mod vlen;

pub use list::List;

use crate::dtype::DType;
use crate::error::Result;
use crate::value::{FillValue, fill_bytes};

/// A Rust type whose values are elements of an array.
///
/// Implemented for integers, floats, complex numbers, `bool`, [`TimestampNs`](crate::TimestampNs),
/// `String`, `Vec<u8>`, and of all of these for `[T; N]` and [`List<T>`].
///
/// A type of one's own needs [`DTYPE`](Self::DTYPE) and the three methods without a default; the
/// others make it faster, or stricter about damage.
pub trait ArrayElement: Clone + Send + Sync + 'static {
    /// The type of the elements. For lists it cannot be a constant; [`dtype`](Self::dtype) serves
    /// all types.
    const DTYPE: DType;

    /// The stored bytes of these values.
    fn encode_chunk(values: &[Self]) -> Vec<u8>;

    /// The values of stored bytes; of damaged ones, what can be decoded.
    fn decode_chunk(bytes: &[u8]) -> Vec<Self>;

    /// The value of elements that were never written: by default 0, false, or empty.
    fn fill_element(fill: Option<&FillValue>) -> Self;

    /// The type of the elements.
    fn dtype() -> DType {
        Self::DTYPE
    }

    /// As [`decode_chunk`](Self::decode_chunk), but damage is an error. Types that do not
    /// implement it are not checked.
    fn try_decode_chunk(bytes: &[u8]) -> Result<Vec<Self>> {
        Ok(Self::decode_chunk(bytes))
    }

    /// The stored bytes in place, where memory holds values as files do.
    fn as_bytes(_values: &[Self]) -> Option<&[u8]> {
        None
    }

    /// The stored bytes in place, for types of which any bits are a value.
    fn as_bytes_mut(_values: &mut [Self]) -> Option<&mut [u8]> {
        None
    }

    /// This many values of zero bits, without touching their memory where that is possible;
    /// `None` for types that lack such a value, and where memory is short.
    fn zeroed(_n: usize) -> Option<Vec<Self>> {
        None
    }
}

/// The fill element from the one rule for fill values, which is on bytes.
fn from_fill<T: ArrayElement + Default>(fill: Option<&FillValue>) -> T {
    let dtype = T::dtype();
    let bytes = fill_bytes(&dtype, fill);
    let chunk = if dtype.is_variable_length() {
        vlen::encode(&[bytes])
    } else {
        bytes
    };
    T::decode_chunk(&chunk)
        .into_iter()
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::Elements;

    /// What holds for every type: it reads back, cuts are noticed, and the bytes are the dtype's.
    pub(super) fn check<T: ArrayElement + PartialEq + std::fmt::Debug>(values: &[T]) -> Vec<u8> {
        let bytes = T::encode_chunk(values);
        assert_eq!(T::decode_chunk(&bytes), values);
        assert_eq!(T::try_decode_chunk(&bytes).unwrap(), values);
        let n = values.len() as u64;
        let elements = Elements::decode(&T::dtype(), bytes.clone().into(), n).unwrap();
        assert_eq!(elements.encode().unwrap(), bytes);
        assert_eq!(
            T::encode_chunk(&[]).len(),
            usize::from(T::dtype().is_variable_length()) * 4
        );
        for cut in 0..bytes.len() {
            let short = &bytes[..cut];
            assert!(T::decode_chunk(short).len() < values.len().max(1));
            assert!(Elements::decode(&T::dtype(), short.to_vec().into(), n).is_err());
            match T::dtype().element_size() {
                Some(size) if cut % size == 0 => {
                    assert_eq!(T::try_decode_chunk(short).unwrap(), values[..cut / size]);
                }
                _ => assert!(T::try_decode_chunk(short).is_err(), "cut at {cut}"),
            }
        }
        for at in 0..bytes.len() {
            for other in [0, 1, 2, 255] {
                let mut damaged = bytes.clone();
                damaged[at] = other;
                T::decode_chunk(&damaged);
                // Both paths find the same damage.
                assert_eq!(
                    T::try_decode_chunk(&damaged).is_ok(),
                    Elements::decode(&T::dtype(), damaged.into(), n).is_ok()
                );
            }
        }
        if let Some(size) = T::dtype().element_size() {
            assert_eq!(bytes.len(), size * values.len());
            assert_eq!(T::as_bytes(values).unwrap(), bytes);
        }
        let filled = Elements::filled(&T::dtype(), None, 3).unwrap();
        let fill = T::fill_element(None);
        assert_eq!(
            filled.encode().unwrap(),
            T::encode_chunk(&[fill.clone(), fill.clone(), fill.clone()])
        );
        if let Some(zeroed) = T::zeroed(2) {
            assert_eq!(zeroed, [fill.clone(), fill]);
            assert!(T::zeroed(usize::MAX).is_none());
        }
        bytes
    }

    /// Written to the published trait, without our methods.
    #[derive(Debug, Clone, PartialEq)]
    struct Celsius(f32);

    impl ArrayElement for Celsius {
        const DTYPE: DType = DType::Float32;
        fn encode_chunk(values: &[Self]) -> Vec<u8> {
            values.iter().flat_map(|v| v.0.to_le_bytes()).collect()
        }
        fn decode_chunk(bytes: &[u8]) -> Vec<Self> {
            f32::decode_chunk(bytes).into_iter().map(Self).collect()
        }
        fn fill_element(fill: Option<&FillValue>) -> Self {
            Self(f32::fill_element(fill))
        }
    }

    #[test]
    fn types_of_others_work_alone_and_in_lists() {
        let values = vec![Celsius(1.5), Celsius(-2.0)];
        assert_eq!(Celsius::dtype(), DType::Float32);
        let bytes = Celsius::encode_chunk(&values);
        assert_eq!(Celsius::try_decode_chunk(&bytes).unwrap(), values);
        assert!(Celsius::as_bytes(&values).is_none() && Celsius::zeroed(1).is_none());

        let pairs = [[Celsius(1.5), Celsius(-2.0)]];
        assert_eq!(<[Celsius; 2]>::encode_chunk(&pairs), bytes);
        assert_eq!(<[Celsius; 2]>::try_decode_chunk(&bytes).unwrap(), pairs);
        let lists = [List(values), List::default()];
        let bytes = List::encode_chunk(&lists);
        assert_eq!(List::<Celsius>::try_decode_chunk(&bytes).unwrap(), lists);
    }
}
