//! Statistics of every dtype, against a plain count.

use ::bytes::Bytes;

use super::*;

fn flat(dtype: &DType, bytes: &[u8], fill: Option<FillValue>) -> FrameStats {
    let width = dtype.element_size().unwrap();
    let shape = [(bytes.len() / width) as u64];
    let elements = ElementsRef::Fixed { width, bytes };
    compute(dtype, elements, &shape, &shape, fill.as_ref())
}

fn texts(dtype: &DType, items: &[&[u8]], fill: Option<FillValue>) -> FrameStats {
    let items: Vec<Bytes> = items.iter().map(|b| Bytes::copy_from_slice(b)).collect();
    let shape = [items.len() as u64];
    let elements = ElementsRef::Variable(&items);
    compute(dtype, elements, &shape, &shape, fill.as_ref())
}

fn stats(valid: u64, nan: u64, min: StatValue, max: StatValue) -> FrameStats {
    FrameStats {
        valid,
        nan,
        min: Some(min),
        max: Some(max),
    }
}

fn noise(count: usize) -> impl Iterator<Item = u64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

#[test]
fn integers_agree_with_a_plain_count() {
    macro_rules! check {
        ($($t:ident $dtype:ident $kind:ident;)*) => {$(
            for count in [0, 1, 31, 32, 33, 255 * 32 + 40, 70_000] {
                // Few values, so that the fill value is among them.
                let values: Vec<$t> = noise(count).map(|n| (n >> 40) as $t % 100).collect();
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                for fill in [None, Some(7 as $t)] {
                    let valid = || values.iter().filter(|v| Some(**v) != fill).copied();
                    let want = FrameStats {
                        valid: valid().count() as u64,
                        nan: 0,
                        min: valid().min().map(|v| StatValue::$kind(v.into())),
                        max: valid().max().map(|v| StatValue::$kind(v.into())),
                    };
                    let fill = fill.map(|v| FillValue::Float(v as f64));
                    assert_eq!(flat(&DType::$dtype, &bytes, fill), want);
                }
            }
            // The ends of the range, and nothing but the fill value.
            let ends: Vec<u8> = [$t::MAX, $t::MIN].iter().flat_map(|v| v.to_le_bytes()).collect();
            let (min, max) = (StatValue::$kind($t::MIN.into()), StatValue::$kind($t::MAX.into()));
            assert_eq!(flat(&DType::$dtype, &ends, None), stats(2, 0, min, max));
            let zeros = [0; size_of::<$t>() * 50];
            let fill = Some(FillValue::Int(0));
            assert_eq!(flat(&DType::$dtype, &zeros, fill), FrameStats::default());
        )*};
    }
    check! {
        i8 Int8 Int; i16 Int16 Int; i32 Int32 Int; i64 Int64 Int;
        u8 UInt8 UInt; u16 UInt16 UInt; u32 UInt32 UInt; u64 UInt64 UInt;
    }
}

#[test]
fn floats_agree_with_a_plain_count() {
    type Encode = fn(f64) -> Vec<u8>;
    let encode: [(DType, Encode, f64); 4] = [
        (
            DType::Float16,
            |v| half::f16::from_f64(v).to_le_bytes().into(),
            65_504.0,
        ),
        (
            DType::BFloat16,
            |v| half::bf16::from_f64(v).to_le_bytes().into(),
            half::bf16::MAX.into(),
        ),
        (
            DType::Float32,
            |v| (v as f32).to_le_bytes().into(),
            f32::MAX.into(),
        ),
        (DType::Float64, |v| v.to_le_bytes().into(), f64::MAX),
    ];
    for (dtype, encode, max) in encode {
        let bytes =
            |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|v| encode(*v)).collect() };
        for count in [0, 1, 32, 100, 20_000] {
            let values: Vec<f64> = noise(count)
                .map(|n| match n >> 32 & 15 {
                    0 => f64::NAN,
                    1 => -f64::NAN,
                    2 => -0.0,
                    3 => 0.0,
                    _ => (n % 200) as f64 - 100.0,
                })
                .collect();
            for fill in [None, Some(f64::NAN), Some(0.0), Some(-0.0), Some(-3.0)] {
                let valid: Vec<f64> = values
                    .iter()
                    .copied()
                    .filter(|v| fill.is_none_or(|f| !(*v == f || v.is_nan() && f.is_nan())))
                    .collect();
                let ordered = || valid.iter().copied().filter(|v| !v.is_nan());
                let want = FrameStats {
                    valid: valid.len() as u64,
                    nan: valid.iter().filter(|v| v.is_nan()).count() as u64,
                    min: ordered()
                        .reduce(f64::min)
                        .map(|v| StatValue::Float(v + 0.0)),
                    max: ordered()
                        .reduce(f64::max)
                        .map(|v| StatValue::Float(v + 0.0)),
                };
                let got = flat(&dtype, &bytes(&values), fill.map(FillValue::Float));
                assert_eq!(got, want, "{dtype:?}, fill {fill:?}");
            }
        }
        let float = StatValue::Float;
        let got = flat(&dtype, &bytes(&[f64::INFINITY; 40]), None);
        assert_eq!(
            got,
            stats(40, 0, float(f64::INFINITY), float(f64::INFINITY))
        );
        let got = flat(
            &dtype,
            &bytes(&[-max, f64::NAN, f64::NEG_INFINITY, max]),
            None,
        );
        assert_eq!(got, stats(4, 1, float(f64::NEG_INFINITY), float(max)));
        let got = flat(&dtype, &bytes(&[-0.0]), None);
        assert_eq!(got, stats(1, 0, float(0.0), float(0.0)));
        let got = flat(&dtype, &bytes(&[f64::NAN; 70]), None);
        assert_eq!((got.valid, got.nan, got.min, got.max), (70, 70, None, None));
    }
}

#[test]
fn every_16_bit_float_has_its_own_value_as_bound() {
    for bits in 0..=u16::MAX {
        for (dtype, value) in [
            (DType::Float16, half::f16::from_bits(bits).to_f64()),
            (DType::BFloat16, half::bf16::from_bits(bits).to_f64()),
        ] {
            let got = flat(&dtype, &bits.to_le_bytes(), None);
            let want = (!value.is_nan()).then_some(StatValue::Float(value + 0.0));
            assert_eq!(
                (got.min, got.max),
                (want.clone(), want),
                "{dtype:?} {bits:x}"
            );
        }
    }
}

#[test]
fn only_elements_inside_count() {
    let shape = [5, 7, 6];
    let values: Vec<u32> = (0..210).map(|i| (i * 37) % 211).collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let elements = ElementsRef::Fixed {
        width: 4,
        bytes: &bytes,
    };
    for inside in [
        [5, 7, 6],
        [5, 7, 3],
        [2, 7, 6],
        [4, 6, 5],
        [1, 1, 1],
        [5, 0, 6],
    ] {
        let fill = 37;
        let mut want = FrameStats::default();
        let (mut min, mut max) = (u64::MAX, 0);
        for (i, &value) in values.iter().enumerate() {
            let at = [i / 42, i / 6 % 7, i % 6];
            if (0..3).all(|axis| (at[axis] as u64) < inside[axis]) && value != fill {
                want.valid += 1;
                (min, max) = (min.min(value.into()), max.max(value.into()));
            }
        }
        want.min = (want.valid > 0).then_some(StatValue::UInt(min));
        want.max = (want.valid > 0).then_some(StatValue::UInt(max));
        let fill = FillValue::UInt(fill.into());
        let got = compute(&DType::UInt32, elements, &shape, &inside, Some(&fill));
        assert_eq!(got, want, "{inside:?}");
    }
    let one = ElementsRef::Fixed {
        width: 4,
        bytes: &bytes[4..8],
    };
    let got = compute(&DType::UInt32, one, &[], &[], None);
    assert_eq!(got, stats(1, 0, StatValue::UInt(37), StatValue::UInt(37)));
}

#[test]
fn timestamps_and_bools_have_their_kind() {
    let times: Vec<u8> = [5i64, -3, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let got = flat(&DType::TimestampNs, &times, Some(FillValue::TimestampNs(0)));
    let time = StatValue::TimestampNs;
    assert_eq!(got, stats(2, 0, time(-3), time(5)));
    let got = flat(&DType::Bool, &[0, 1, 1], Some(FillValue::Bool(true)));
    assert_eq!(got, stats(1, 0, StatValue::UInt(0), StatValue::UInt(0)));
    // A fill value of another kind fills nothing.
    let got = flat(&DType::Int8, &[0, 0], Some(FillValue::String("0".into())));
    assert_eq!(got.valid, 2);
}

#[test]
fn complex_numbers_and_lists_are_only_counted() {
    let nan = f32::NAN;
    let parts = [1.0, 2.0, 1.0, nan, nan, nan, 0.0, -0.0, 1.0, 0.0];
    let bytes: Vec<u8> = parts.iter().flat_map(|v: &f32| v.to_le_bytes()).collect();
    let complex = |re, im| Some(FillValue::Complex { re, im });
    let nans = f64::NAN;
    for (fill, valid, nan) in [
        (None, 5, 2),
        (complex(nans, nans), 4, 1),
        (complex(1.0, nans), 4, 1),
        (Some(FillValue::Int(1)), 4, 2),
        (Some(FillValue::Float(-0.0)), 4, 2),
    ] {
        let got = flat(&DType::Complex64, &bytes, fill);
        assert_eq!(
            (got.valid, got.nan, got.min, got.max),
            (valid, nan, None, None)
        );
    }
    let pair = DType::FixedSizeList {
        child: Box::new(DType::Int16),
        size: 2,
    };
    let bytes = [1, 0, 1, 0, 1, 0, 2, 0];
    assert_eq!(flat(&pair, &bytes, Some(FillValue::Int(1))).valid, 1);
    assert_eq!(flat(&pair, &bytes, None).valid, 2);
    let list = DType::List {
        child: Box::new(DType::Int8),
    };
    let got = texts(&list, &[b"", b"\x01"], Some(FillValue::Int(1)));
    assert_eq!(
        got,
        FrameStats {
            valid: 2,
            ..FrameStats::default()
        }
    );
}

#[test]
fn texts_have_bounds_that_are_short() {
    let bytes = |v: &[u8]| StatValue::Bytes(v.to_vec());
    let got = texts(
        &DType::String,
        &[b"b", b"", b"ab"],
        Some(FillValue::String("".into())),
    );
    assert_eq!(got, stats(2, 0, bytes(b"ab"), bytes(b"b")));
    assert_eq!(
        texts(&DType::Binary, &[b"", b"\xFF"], None).min,
        Some(bytes(b""))
    );
    assert_eq!(texts(&DType::String, &[], None), FrameStats::default());

    let short = vec![255; 4096];
    let got = texts(&DType::Binary, &[&short], None);
    assert_eq!(got.max, Some(bytes(&short)));
    let mut long = vec![255; 4097];
    let got = texts(&DType::Binary, &[&long], None);
    assert_eq!((got.min, got.max), (Some(bytes(&short)), None));
    long[2] = 7;
    let got = texts(&DType::Binary, &[&long, b"a"], None);
    assert_eq!(got, stats(2, 0, bytes(b"a"), bytes(&[255, 255, 8])));
}

#[test]
fn merged_bounds_hold_for_both_parts() {
    let int = StatValue::Int;
    let mut all = FrameStats::default();
    all.merge(&stats(3, 0, int(2), int(5)));
    all.merge(&stats(2, 1, int(-1), int(3)));
    all.merge(&FrameStats {
        valid: 4,
        nan: 4,
        min: None,
        max: None,
    });
    all.merge(&FrameStats::default());
    assert_eq!(all, stats(9, 5, int(-1), int(5)));
    // One part has no upper bound.
    let open = FrameStats {
        max: None,
        ..stats(1, 0, int(0), int(0))
    };
    let mut merged = open.clone();
    merged.merge(&all);
    all.merge(&open);
    assert_eq!((all.max, all.min), (None, Some(int(-1))));
    assert_eq!((merged.max, merged.min), (None, Some(int(-1))));
    let mut full = FrameStats {
        valid: u64::MAX,
        ..FrameStats::default()
    };
    full.merge(&FrameStats {
        valid: 1,
        ..FrameStats::default()
    });
    assert_eq!(full.valid, u64::MAX);
}
