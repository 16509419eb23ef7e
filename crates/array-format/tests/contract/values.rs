//! The types that values, fills, attributes and statistics have.

use array_format::{
    ArrayElement, ArrayStats, AttributeValue, DType, FillValue, StatValue, StatsFile, TimestampNs,
};

use crate::support::*;

#[test]
fn element_sizes() {
    let fixed = |size| DType::FixedSizeList {
        child: Box::new(DType::Float32),
        size,
    };
    for (dtype, size) in [
        (DType::Bool, Some(1)),
        (DType::Int8, Some(1)),
        (DType::Int16, Some(2)),
        (DType::Int32, Some(4)),
        (DType::Int64, Some(8)),
        (DType::UInt8, Some(1)),
        (DType::UInt16, Some(2)),
        (DType::UInt32, Some(4)),
        (DType::UInt64, Some(8)),
        (DType::Float32, Some(4)),
        (DType::Float64, Some(8)),
        (DType::TimestampNs, Some(8)),
        (fixed(3), Some(12)),
        (DType::String, None),
        (DType::Binary, None),
        (
            DType::List {
                child: Box::new(DType::Int8),
            },
            None,
        ),
    ] {
        assert_eq!(dtype.element_size(), size, "{dtype:?}");
        assert_eq!(dtype.is_variable_length(), size.is_none(), "{dtype:?}");
        assert_eq!(dtype.clone(), dtype);
    }
    assert_ne!(fixed(2), fixed(3));
}

#[test]
fn fixed_width_values_are_little_endian_and_come_back() {
    macro_rules! each {
        ($($t:ty, $dtype:ident, $values:expr;)*) => {$(
            let values: Vec<$t> = $values.to_vec();
            let bytes = <$t>::encode_chunk(&values);
            let expected: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            assert_eq!(bytes, expected);
            assert_eq!(<$t>::decode_chunk(&bytes), values);
            assert_eq!(<$t>::DTYPE, DType::$dtype);
            assert!(<$t>::decode_chunk(&<$t>::encode_chunk(&[])).is_empty());
        )*};
    }
    each! {
        u8, UInt8, [0, 1, u8::MAX];
        u16, UInt16, [0x1234, u16::MAX];
        u32, UInt32, [0x1234_5678];
        u64, UInt64, [u64::MAX, 1];
        i8, Int8, [i8::MIN, -1, 0];
        i16, Int16, [i16::MIN, 2];
        i32, Int32, [i32::MIN, 3];
        i64, Int64, [i64::MIN, i64::MAX];
        f32, Float32, [1.5, -0.0, f32::MIN_POSITIVE];
        f64, Float64, [1.5, f64::INFINITY];
    }
}

#[test]
fn other_values_come_back() {
    let times = [TimestampNs::new(1), TimestampNs::new(i64::MIN)];
    let bytes = TimestampNs::encode_chunk(&times);
    assert_eq!(bytes.len(), 16);
    assert_eq!(TimestampNs::decode_chunk(&bytes), times);
    assert_eq!(TimestampNs::DTYPE, DType::TimestampNs);

    let text = ["", "a", "四\0", "long"].map(str::to_owned);
    assert_eq!(String::decode_chunk(&String::encode_chunk(&text)), text);
    assert_eq!(String::DTYPE, DType::String);
    let binary = [vec![], vec![0xFFu8, 0], vec![1; 1000]];
    let bytes = Vec::<u8>::encode_chunk(&binary);
    assert_eq!(Vec::<u8>::decode_chunk(&bytes), binary);
    assert_eq!(Vec::<u8>::DTYPE, DType::Binary);
}

#[test]
fn no_fill_or_a_fill_of_another_kind_is_zero_or_empty() {
    let odd = FillValue::String("x".into());
    for fill in [None, Some(&odd)] {
        assert_eq!(i32::fill_element(fill), 0);
        assert_eq!(u64::fill_element(fill), 0);
        assert_eq!(f64::fill_element(fill), 0.0);
        assert_eq!(TimestampNs::fill_element(fill), TimestampNs(0));
        assert!(Vec::<u8>::fill_element(fill).is_empty());
    }
    assert_eq!(String::fill_element(None), "");
    assert_eq!(String::fill_element(Some(&FillValue::Int(1))), "");
    let time = FillValue::TimestampNs(5);
    assert_eq!(f32::fill_element(Some(&time)), 0.0);
}

#[test]
fn fills_are_cast() {
    use FillValue::*;
    for fill in [Int(7), UInt(7), Float(7.0)] {
        assert_eq!(i8::fill_element(Some(&fill)), 7);
        assert_eq!(i64::fill_element(Some(&fill)), 7);
        assert_eq!(u8::fill_element(Some(&fill)), 7);
        assert_eq!(u64::fill_element(Some(&fill)), 7);
        assert_eq!(f32::fill_element(Some(&fill)), 7.0);
        assert_eq!(f64::fill_element(Some(&fill)), 7.0);
    }
    assert_eq!(u16::fill_element(Some(&Bool(true))), 1);
    assert_eq!(f32::fill_element(Some(&Float(-999.9))), -999.9);
    assert!(f32::fill_element(Some(&Float(f64::NAN))).is_nan());
    for fill in [Int(7), FillValue::TimestampNs(7)] {
        let time = array_format::TimestampNs::fill_element(Some(&fill));
        assert_eq!(time.nanos(), 7);
    }
}

#[test]
fn trap_strings_honour_a_string_fill() {
    let fill = FillValue::String("n/a".into());
    assert_eq!(std::string::String::fill_element(Some(&fill)), "n/a");
}

#[test]
fn timestamps_are_plain_integers() {
    const T: TimestampNs = TimestampNs::new(3);
    const N: i64 = T.nanos();
    assert_eq!(N, 3);
    assert_eq!(T, TimestampNs(3));
    assert_eq!(TimestampNs::from(3), T);
    assert_eq!(i64::from(T), 3);
    assert_eq!(TimestampNs::default().nanos(), 0);
    assert!(T > TimestampNs(-3));
    assert_eq!(size_of::<TimestampNs>(), 8);
    assert_eq!(align_of::<TimestampNs>(), align_of::<i64>());
    let set = std::collections::HashSet::from([T, T]);
    assert_eq!(set.len(), 1);
    let copy = T;
    assert_eq!(format!("{copy:?}"), format!("{T:?}"));
}

#[test]
fn floats_in_fills_and_attributes_are_compared_by_bits() {
    let nan = f64::NAN;
    assert_eq!(FillValue::Float(nan), FillValue::Float(nan));
    assert_ne!(FillValue::Float(0.0), FillValue::Float(-0.0));
    assert_ne!(FillValue::Int(1), FillValue::UInt(1));
    assert_eq!(AttributeValue::Float64(nan), AttributeValue::Float64(nan));
    assert_ne!(AttributeValue::Float32(0.0), AttributeValue::Float32(-0.0));
    let list = || AttributeValue::Float32List(vec![f32::NAN]);
    assert_eq!(list(), list());
    let zeros = |z| AttributeValue::Float64List(vec![z]);
    assert_ne!(zeros(0.0), zeros(-0.0));
}

#[test]
fn statistics_are_built_by_literal() {
    let stats = ArrayStats {
        name: "a".into(),
        min: Some(StatValue::Int(1)),
        max: Some(StatValue::Float(2.0)),
        null_count: 3,
        row_count: 4,
    };
    let values = [
        StatValue::UInt(1),
        StatValue::Bytes(vec![1]),
        StatValue::TimestampNs(1),
    ];
    assert!(values.iter().all(|v| Some(v) != stats.min.as_ref()));
    let empty = StatsFile::default();
    assert!(empty.arrays.is_empty());
    assert!(empty.entries().is_empty());
    assert!(empty.get_array(&stats.name).is_none());
}

/// Trap: a name is looked up, not searched for.
#[tokio::test]
async fn trap_statistics_of_one_of_many_arrays_are_no_linear_scan() {
    let place = Place::new();
    let mut file = place.create().await;
    for n in 0..20_000 {
        define::<u8>(&mut file, &format!("a{n}"), &[], &[], None);
    }
    file.flush().await.unwrap();
    let stats = file.stats().unwrap();
    // 400 million comparisons of names would be felt.
    for n in 0..20_000 {
        let name = format!("a{n}");
        assert_eq!(stats.get_array(&name).unwrap().name, name);
    }
    assert_eq!(stats.entries().len(), 20_000);
}

#[tokio::test]
async fn every_dtype_comes_back_with_its_extremes() {
    let place = Place::new();
    let mut file = place.create().await;
    macro_rules! ints {
        ($($t:ident)*) => {
            $(
                define::<$t>(&mut file, stringify!($t), &[3], &[2], None);
                write(&mut file, stringify!($t), &[0], &[3], [$t::MIN, 1 as $t, $t::MAX]).await;
            )*
            place.through_life(file, async |file, stage| {
                $(
                    let read = all::<$t>(file, stringify!($t)).await;
                    assert_eq!(read, [$t::MIN, 1 as $t, $t::MAX], "{stage}");
                )*
            }).await;
        };
    }
    ints!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);
}

#[tokio::test]
async fn timestamps_and_variable_length_values_come_back() {
    let place = Place::new();
    let mut file = place.create().await;
    let times = [i64::MIN, 0, i64::MAX].map(TimestampNs);
    let text = ["", "四 🌊", "nul\0inside"].map(str::to_owned);
    let binary = [vec![], vec![0xFFu8, 0xFE], vec![7; 5000]];
    define::<TimestampNs>(
        &mut file,
        "times",
        &[3],
        &[2],
        Some(FillValue::TimestampNs(1)),
    );
    define::<String>(&mut file, "text", &[3], &[2], None);
    define::<Vec<u8>>(&mut file, "binary", &[3], &[2], None);
    write(&mut file, "times", &[0], &[3], times).await;
    write(&mut file, "text", &[0], &[3], text.clone()).await;
    write(&mut file, "binary", &[0], &[3], binary.clone()).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<TimestampNs>(file, "times").await, times, "{stage}");
            assert_eq!(all::<String>(file, "text").await, text, "{stage}");
            assert_eq!(all::<Vec<u8>>(file, "binary").await, binary, "{stage}");
        })
        .await;
}
