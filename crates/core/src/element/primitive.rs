//! Elements of fixed width: numbers, `bool`, timestamps.

use bytemuck::Pod;
use half::{bf16, f16};
use num_complex::Complex;

use super::{ArrayElement, check, from_fill};
use crate::dtype::DType;
use crate::error::Result;
use crate::timestamp::TimestampNs;
use crate::value::FillValue;

/// Whether memory holds numbers as files do.
const AS_STORED: bool = cfg!(target_endian = "little");

macro_rules! primitive {
    ($($type:ty => $dtype:ident),+ $(,)?) => {$(
        impl ArrayElement for $type {
            const DTYPE: DType = DType::$dtype;

            fn encode_chunk(values: &[Self]) -> Vec<u8> {
                encode(values, &Self::DTYPE)
            }

            fn decode_chunk(bytes: &[u8]) -> Vec<Self> {
                decode(bytes, &Self::DTYPE)
            }

            fn fill_element(fill: Option<&FillValue>) -> Self {
                from_fill(fill)
            }

            fn try_decode_chunk(bytes: &[u8]) -> Result<Vec<Self>> {
                check::whole(bytes, size_of::<Self>())?;
                Ok(Self::decode_chunk(bytes))
            }

            fn as_bytes(values: &[Self]) -> Option<&[u8]> {
                AS_STORED.then(|| bytemuck::cast_slice(values))
            }

            fn as_bytes_mut(values: &mut [Self]) -> Option<&mut [u8]> {
                AS_STORED.then(|| bytemuck::cast_slice_mut(values))
            }

            fn zeroed(n: usize) -> Option<Vec<Self>> {
                bytemuck::try_zeroed_vec(n).ok()
            }
        }
    )+};
}

primitive! {
    i8 => Int8,
    i16 => Int16,
    i32 => Int32,
    i64 => Int64,
    u8 => UInt8,
    u16 => UInt16,
    u32 => UInt32,
    u64 => UInt64,
    f16 => Float16,
    bf16 => BFloat16,
    f32 => Float32,
    f64 => Float64,
    Complex<f32> => Complex64,
    Complex<f64> => Complex128,
    TimestampNs => TimestampNs,
}

impl ArrayElement for bool {
    const DTYPE: DType = DType::Bool;

    fn encode_chunk(values: &[Self]) -> Vec<u8> {
        bytemuck::cast_slice(values).to_vec()
    }

    fn decode_chunk(bytes: &[u8]) -> Vec<Self> {
        bytes.iter().map(|byte| *byte != 0).collect()
    }

    fn fill_element(fill: Option<&FillValue>) -> Self {
        from_fill(fill)
    }

    fn try_decode_chunk(bytes: &[u8]) -> Result<Vec<Self>> {
        check::bools(bytes)?;
        Ok(Self::decode_chunk(bytes))
    }

    fn as_bytes(values: &[Self]) -> Option<&[u8]> {
        Some(bytemuck::cast_slice(values))
    }

    fn zeroed(n: usize) -> Option<Vec<Self>> {
        bytemuck::try_zeroed_vec(n).ok()
    }
}

fn encode<T: Pod>(values: &[T], dtype: &DType) -> Vec<u8> {
    let mut bytes = bytemuck::cast_slice(values).to_vec();
    swap_lanes(&mut bytes, dtype);
    bytes
}

fn decode<T: Pod>(bytes: &[u8], dtype: &DType) -> Vec<T> {
    let whole = bytes.len() - bytes.len() % size_of::<T>();
    let mut values = bytemuck::pod_collect_to_vec(&bytes[..whole]);
    swap_lanes(bytemuck::cast_slice_mut(&mut values), dtype);
    values
}

/// Between the machine's order of bytes and little-endian.
fn swap_lanes(bytes: &mut [u8], dtype: &DType) {
    if !AS_STORED {
        for lane in bytes.chunks_exact_mut(dtype.lane_size()) {
            lane.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn every_type_reads_back() {
        check(&[i8::MIN, 0, 1]);
        check(&[i16::MIN, 0, 1]);
        check(&[i32::MIN, 0, 1]);
        check(&[i64::MIN, 0, 1]);
        check(&[u8::MAX, 0, 1]);
        check(&[u16::MAX, 0, 1]);
        check(&[u32::MAX, 0, 1]);
        check(&[u64::MAX, 0, 1]);
        check(&[f16::from_f32(1.5), f16::MIN]);
        check(&[bf16::from_f32(1.5), bf16::MIN]);
        check(&[1.5f32, f32::NEG_INFINITY]);
        check(&[1.5f64, f64::NEG_INFINITY]);
        check(&[Complex::new(1.5f32, -2.0)]);
        check(&[Complex::new(1.5f64, -2.0)]);
        check(&[TimestampNs(i64::MIN), TimestampNs(1)]);
        check(&[true, false, true]);
    }

    #[test]
    fn bytes_are_little_endian() {
        assert_eq!(u32::encode_chunk(&[0x0403_0201]), [1, 2, 3, 4]);
        assert_eq!(
            Complex::encode_chunk(&[Complex::new(1f32, 2.0)]),
            [0, 0, 128, 63, 0, 0, 0, 64]
        );
        assert_eq!(TimestampNs::encode_chunk(&[TimestampNs(1)])[0], 1);
    }

    #[test]
    fn fill_values_apply_by_cast() {
        let (int, uint) = (FillValue::Int(-1), FillValue::UInt(300));
        let (float, text) = (FillValue::Float(2.5), FillValue::String("x".into()));
        assert_eq!(i16::fill_element(Some(&int)), -1);
        assert_eq!(u8::fill_element(Some(&uint)), 44);
        assert_eq!(i32::fill_element(Some(&float)), 2);
        assert_eq!(u8::fill_element(Some(&FillValue::Bool(true))), 1);
        assert_eq!(i64::fill_element(Some(&text)), 0);
        assert_eq!(f32::fill_element(Some(&float)), 2.5);
        assert_eq!(f16::fill_element(Some(&float)), f16::from_f32(2.5));
        assert_eq!(f64::fill_element(Some(&int)), -1.0);
        assert_eq!(f64::fill_element(Some(&text)), 0.0);
        assert!(f64::fill_element(Some(&FillValue::Float(f64::NAN))).is_nan());
        assert_eq!(TimestampNs::fill_element(Some(&int)), TimestampNs(-1));
        assert_eq!(TimestampNs::fill_element(Some(&float)), TimestampNs(0));
        assert_eq!(
            Complex::<f32>::fill_element(Some(&FillValue::Complex { re: 1.0, im: 2.0 })),
            Complex::new(1.0, 2.0)
        );
        for fill in [FillValue::Bool(true), FillValue::Int(1), FillValue::UInt(1)] {
            assert!(bool::fill_element(Some(&fill)));
        }
        assert!(!bool::fill_element(Some(&text)));
    }

    #[test]
    fn bytes_that_are_no_bool_are_refused() {
        assert!(bool::try_decode_chunk(&[0, 2, 1]).is_err());
        assert_eq!(bool::decode_chunk(&[0, 2, 1]), [false, true, true]);
        assert!(bool::as_bytes_mut(&mut [true]).is_none());
    }

    #[test]
    fn values_are_written_in_place() {
        let mut values = u16::zeroed(2).unwrap();
        u16::as_bytes_mut(&mut values).unwrap()[2] = 7;
        assert_eq!(values, [0, 7]);
        assert!(u64::zeroed(usize::MAX / 8).is_none());
    }
}
