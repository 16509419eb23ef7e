//! Lists: `[T; N]` of always the same number of items, [`List<T>`] of any.

use std::borrow::Cow;
use std::hint::black_box;
use std::ops::{Deref, DerefMut};

use super::{ArrayElement, check, from_fill, vlen};
use crate::dtype::DType;
use crate::error::Result;
use crate::value::FillValue;

/// An element that is a list of any number of items.
///
/// ```
/// use array_format_core::element::{ArrayElement, List};
///
/// let lists = [List(vec![1i32, 2]), List::default()];
/// let bytes = List::encode_chunk(&lists);
/// assert_eq!(List::<i32>::try_decode_chunk(&bytes).unwrap(), lists);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: ArrayElement> ArrayElement for List<T> {
    const DTYPE: DType = panic!("the dtype of a list is not a constant: call `dtype()`");

    fn encode_chunk(values: &[Self]) -> Vec<u8> {
        let elements: Vec<_> = values.iter().map(|list| items(list)).collect();
        vlen::encode(&elements)
    }

    fn decode_chunk(bytes: &[u8]) -> Vec<Self> {
        vlen::lenient(bytes)
            .map(|items| Self(T::decode_chunk(items)))
            .collect()
    }

    fn fill_element(fill: Option<&FillValue>) -> Self {
        from_fill(fill)
    }

    fn dtype() -> DType {
        DType::List {
            child: Box::new(T::dtype()),
        }
    }

    fn try_decode_chunk(bytes: &[u8]) -> Result<Vec<Self>> {
        vlen::decode(bytes, |items| T::try_decode_chunk(items).map(Self))
    }
}

impl<T: ArrayElement, const N: usize> ArrayElement for [T; N] {
    const DTYPE: DType = panic!("the dtype of a list is not a constant: call `dtype()`");

    fn encode_chunk(values: &[Self]) -> Vec<u8> {
        if !T::dtype().is_variable_length() {
            return T::encode_chunk(values.as_flattened());
        }
        let elements: Vec<_> = values.iter().map(|list| items(list)).collect();
        vlen::encode(&elements)
    }

    fn decode_chunk(bytes: &[u8]) -> Vec<Self> {
        if T::dtype().is_variable_length() {
            return vlen::lenient(bytes)
                .map_while(|items| T::decode_chunk(items).try_into().ok())
                .collect();
        }
        grouped(&T::decode_chunk(bytes))
    }

    fn fill_element(fill: Option<&FillValue>) -> Self {
        std::array::from_fn(|_| T::fill_element(fill))
    }

    fn dtype() -> DType {
        DType::FixedSizeList {
            child: Box::new(T::dtype()),
            // More items than that are refused by their size.
            size: u32::try_from(N).unwrap_or(u32::MAX),
        }
    }

    fn try_decode_chunk(bytes: &[u8]) -> Result<Vec<Self>> {
        if T::dtype().is_variable_length() {
            return vlen::decode(bytes, |items| {
                let items = T::try_decode_chunk(items)?;
                let count = items.len();
                items
                    .try_into()
                    .map_err(|_| check::wrong_count(count as u64, N as u64))
            });
        }
        check::whole(bytes, Self::dtype().element_size().unwrap_or(0))?;
        Ok(grouped(&T::try_decode_chunk(bytes)?))
    }

    fn as_bytes(values: &[Self]) -> Option<&[u8]> {
        T::as_bytes(values.as_flattened())
    }

    fn as_bytes_mut(values: &mut [Self]) -> Option<&mut [u8]> {
        T::as_bytes_mut(values.as_flattened_mut())
    }

    fn zeroed(n: usize) -> Option<Vec<Self>> {
        let zero: Self = T::zeroed(N)?.try_into().ok()?;
        // `vec!` takes zeroed memory from the system for short lists of most types, and fills the
        // others. Where there is no memory it aborts, so try first.
        let mut trial = Vec::<Self>::new();
        trial.try_reserve_exact(n).ok()?;
        drop(black_box(trial));
        Some(vec![zero; n])
    }
}

/// The bytes of a list's items, in place where they can be.
fn items<T: ArrayElement>(items: &[T]) -> Cow<'_, [u8]> {
    match T::as_bytes(items) {
        Some(bytes) => Cow::Borrowed(bytes),
        None => Cow::Owned(T::encode_chunk(items)),
    }
}

/// Each `N` items as a list. Does not compile for lists of 0 items, which no dtype allows.
fn grouped<T: Clone, const N: usize>(items: &[T]) -> Vec<[T; N]> {
    items.as_chunks().0.to_vec()
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn lists_of_anything_read_back() {
        let bytes = check(&[List(vec![1u16, 2]), List::default(), List(vec![3])]);
        assert_eq!(bytes[..12], [3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 2, 0]);
        check(&[List(vec![true, false])]);
        check(&[List(vec![vec![1u8], vec![]]), List::default()]);
        check(&[List(vec![text("a"), text("")]), List::default()]);
        check(&[
            List(vec![List(vec![1.5f64]), List::default()]),
            List::default(),
        ]);
        check(&[List(vec![List(vec![text("x")]), List::default()])]);
        check(&[List(vec![[1i32, 2], [3, 4]]), List::default()]);
        check(&[List(vec![[text("a"), text("bc")]]), List::default()]);
        check::<List<u8>>(&[]);
    }

    #[test]
    fn fixed_size_lists_of_anything_read_back() {
        let bytes = check(&[[1u16, 2], [3, 4]]);
        assert_eq!(bytes, [1, 0, 2, 0, 3, 0, 4, 0]);
        check(&[[true, false, true]]);
        check(&[[[1i32, 2], [3, 4]], [[5, 6], [7, 8]]]);
        check(&[[text("a"), text(""), text("bc")]]);
        check(&[[List(vec![1u8]), List::default()]]);
        check(&[[[text("a")], [text("b")]]]);
    }

    #[test]
    fn a_fixed_size_list_has_its_number_of_items() {
        let two = <[String; 2]>::encode_chunk(&[[text("a"), text("b")]]);
        assert!(<[String; 3]>::try_decode_chunk(&two).is_err());
        assert!(<[String; 3]>::decode_chunk(&two).is_empty());
        assert!(<[u8; 3]>::try_decode_chunk(&[1, 2, 3, 4]).is_err());
        assert_eq!(<[u8; 3]>::decode_chunk(&[1, 2, 3, 4]), [[1, 2, 3]]);
    }

    #[test]
    fn damage_within_lists_is_refused() {
        let bytes = List::encode_chunk(&[List(vec![0u8, 2])]);
        assert!(List::<bool>::try_decode_chunk(&bytes).is_err());
        assert!(<[bool; 2]>::try_decode_chunk(&[0, 2]).is_err());
        assert_eq!(<[bool; 2]>::decode_chunk(&[0, 2]), [[false, true]]);
        assert!(List::<u16>::try_decode_chunk(&List::encode_chunk(&[List(vec![1u8])])).is_err());
    }

    #[test]
    fn fill_values_fill_items() {
        let fill = FillValue::Int(7);
        assert_eq!(<[i16; 3]>::fill_element(Some(&fill)), [7; 3]);
        let fill = FillValue::String(text("x"));
        assert_eq!(<[String; 2]>::fill_element(Some(&fill)), ["x", "x"]);
        assert!(List::<i16>::fill_element(Some(&fill)).is_empty());
        assert!(List::<String>::fill_element(None).is_empty());
    }

    #[test]
    fn lists_act_as_vectors() {
        let mut list: List<i32> = (0..3).collect();
        list.push(3);
        assert_eq!(list, List::from(vec![0, 1, 2, 3]));
        assert_eq!(list.iter().sum::<i32>(), 6);
    }
}
