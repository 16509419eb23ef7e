//! Elements of variable width without items: text and bytes.

use super::{ArrayElement, check, from_fill, vlen};
use crate::dtype::DType;
use crate::error::Result;
use crate::value::FillValue;

impl ArrayElement for String {
    const DTYPE: DType = DType::String;

    fn encode_chunk(values: &[Self]) -> Vec<u8> {
        vlen::encode(values)
    }

    fn decode_chunk(bytes: &[u8]) -> Vec<Self> {
        vlen::lenient(bytes)
            .map(|text| Self::from_utf8_lossy(text).into_owned())
            .collect()
    }

    fn fill_element(fill: Option<&FillValue>) -> Self {
        from_fill(fill)
    }

    fn try_decode_chunk(bytes: &[u8]) -> Result<Vec<Self>> {
        vlen::decode(bytes, |text| check::utf8(text).map(str::to_owned))
    }
}

/// As dtype `Binary`; for `UInt8` items there is `List<u8>`.
impl ArrayElement for Vec<u8> {
    const DTYPE: DType = DType::Binary;

    fn encode_chunk(values: &[Self]) -> Vec<u8> {
        vlen::encode(values)
    }

    fn decode_chunk(bytes: &[u8]) -> Vec<Self> {
        vlen::lenient(bytes).map(<[u8]>::to_vec).collect()
    }

    fn fill_element(fill: Option<&FillValue>) -> Self {
        from_fill(fill)
    }

    fn try_decode_chunk(bytes: &[u8]) -> Result<Vec<Self>> {
        vlen::decode(bytes, |piece| Ok(piece.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn both_types_read_back() {
        let bytes = check(&["ä".to_owned(), String::new(), "bc".to_owned()]);
        assert_eq!(bytes[..10], [3, 0, 0, 0, 2, 0, 0, 0, 0xC3, 0xA4]);
        check(&[vec![0u8, 255], vec![], vec![7]]);
        check::<String>(&[]);
    }

    #[test]
    fn fill_values_apply() {
        let (text, bytes) = (FillValue::String("x".into()), FillValue::Binary(vec![255]));
        assert_eq!(String::fill_element(Some(&text)), "x");
        assert_eq!(String::fill_element(Some(&FillValue::Int(1))), "");
        assert_eq!(Vec::<u8>::fill_element(Some(&text)), b"");
        assert_eq!(Vec::fill_element(Some(&bytes)), [255]);
        assert_eq!(Vec::fill_element(None), b"");
    }

    #[test]
    fn what_is_not_utf8_is_refused() {
        let bytes = vlen::encode(&[&b"ok"[..], b"\xFF"]);
        assert!(String::try_decode_chunk(&bytes).is_err());
        assert_eq!(String::decode_chunk(&bytes), ["ok", "\u{FFFD}"]);
    }
}
