//! Every pipeline with every dtype and many lengths.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::dtype::DType;

/// One stage before the compressor at most twice, so that orders matter; a record may hold more
/// than a specification does.
fn records() -> Vec<PipelineRecord> {
    let stage = |name: &str, parameters: &[i64]| StageRecord {
        name: name.to_owned(),
        parameters: parameters.to_vec(),
    };
    let (s, d) = (stage("shuffle", &[]), stage("delta", &[]));
    let filters: [Vec<StageRecord>; 7] = [
        vec![],
        vec![s.clone()],
        vec![d.clone()],
        vec![d.clone(), s.clone()],
        vec![s.clone(), d.clone()],
        vec![d.clone(), d.clone()],
        vec![s.clone(), d, s.clone()],
    ];
    let compressors = [
        None,
        Some(stage("lz4", &[])),
        Some(stage("zstd", &[1])),
        Some(stage("pco", &[4])),
    ];
    let mut records = Vec::new();
    for filters in &filters {
        for compressor in &compressors {
            let stages = filters.iter().chain(compressor).cloned().collect();
            records.push(PipelineRecord { stages });
        }
    }
    records
}

fn dtypes() -> Vec<DType> {
    let mut dtypes: Vec<_> = (1..=18u8).map(|c| DType::decode(&[c]).unwrap()).collect();
    for child in [DType::Float32, DType::UInt8, DType::Complex128] {
        dtypes.push(DType::FixedSizeList {
            child: Box::new(child),
            size: 3,
        });
    }
    dtypes.push(DType::List {
        child: Box::new(DType::Int64),
    });
    dtypes
}

/// Runs all pipelines that a dtype allows over `raw`, and says how many they were.
fn check_all(dtype: &DType, raw: &[u8], damage: usize) -> usize {
    let codecs = Codecs::default();
    let mut ran = 0;
    for record in records() {
        let Ok(pipeline) = Pipeline::from_record(&record, dtype, &codecs) else {
            continue;
        };
        ran += 1;
        let stored = pipeline.encode(raw).unwrap().into_owned();
        let place = || format!("{record} of {dtype:?}, {} bytes", raw.len());
        let decoded = pipeline.decode(stored.clone().into(), raw.len()).unwrap();
        assert!(decoded == raw, "{}", place());
        // Whatever a buffer held before does not show.
        let mut buffer = vec![0x55; 3 * raw.len() + 100];
        let is_encoded = pipeline.encode_into(raw, &mut buffer).unwrap();
        assert!(!is_encoded || buffer == stored, "{}", place());
        assert!(is_encoded || raw == stored, "{}", place());
        // One byte in front: nothing may rest on the alignment of a buffer.
        let mut out = vec![0xAA; raw.len() + 1];
        pipeline.decode_into(&stored, &mut out[1..]).unwrap();
        assert!(out[1..] == *raw, "{}", place());

        let element = dtype.element_size().unwrap_or(1);
        let longer = raw.len() + element;
        assert!(pipeline.decode(stored.clone().into(), longer).is_err());
        if let Some(shorter) = raw.len().checked_sub(element) {
            assert!(pipeline.decode(stored.clone().into(), shorter).is_err());
        }
        // Damage is an error or other bytes of the same length; checksums tell them apart.
        let mut damaged = stored;
        if !damaged.is_empty() {
            let at = damage % damaged.len();
            damaged[at] ^= 1 << (damage % 8);
        }
        if let Ok(other) = pipeline.decode(Bytes::from(damaged), raw.len()) {
            assert_eq!(other.len(), raw.len(), "{}", place());
        }
    }
    ran
}

#[test]
fn every_chain_keeps_empty_and_single_elements() {
    for dtype in dtypes() {
        let element = dtype.element_size().unwrap_or(1);
        let all = check_all(&dtype, &[], 0);
        for count in [1, 2, 255, 256, 257] {
            let raw: Vec<u8> = (0..element * count).map(|i| (i * i / 7) as u8).collect();
            assert_eq!(check_all(&dtype, &raw, count), all);
        }
        let expected = match dtype {
            _ if dtype.is_variable_length() => 3,
            DType::Bool | DType::Int8 | DType::UInt8 | DType::BFloat16 => 21,
            DType::FixedSizeList { ref child, .. } if **child == DType::UInt8 => 21,
            _ => 22,
        };
        assert_eq!(all, expected, "{dtype:?}");
    }
}

#[test]
fn a_specification_and_its_record_agree() {
    let raw: Vec<u8> = (0..4096u32).flat_map(|i| (i / 3).to_le_bytes()).collect();
    let filters = [
        vec![],
        vec![Filter::Shuffle],
        vec![Filter::Delta, Filter::Shuffle],
    ];
    for filters in filters {
        for spec in [
            CodecSpec::none(),
            CodecSpec::lz4(),
            CodecSpec::zstd(5),
            CodecSpec::pco(),
        ] {
            let spec = filters.iter().fold(spec, |s, f| s.with_filter(*f));
            let Ok(written) = Pipeline::from_spec(&spec, &DType::UInt32) else {
                assert!(spec.check(&DType::UInt32).is_err());
                continue;
            };
            let read = Pipeline::from_record(written.record(), &DType::UInt32, &Codecs::default())
                .unwrap();
            assert_eq!(written.encode(&raw).unwrap(), read.encode(&raw).unwrap());
        }
    }
}

#[test]
fn a_users_codec_may_carry_a_name_of_ours() {
    struct Flip;
    impl CompressionCodec for Flip {
        fn id(&self) -> CodecId {
            CodecId::Named("zstd".into())
        }
        fn compress(&self, data: &[u8]) -> crate::Result<Vec<u8>> {
            Ok(data.iter().map(|b| !b).collect())
        }
        fn decompress(&self, data: &[u8], _: usize) -> crate::Result<Vec<u8>> {
            self.compress(data)
        }
    }
    let pipeline = Pipeline::from_spec(&CodecSpec::from(Flip), &DType::UInt8).unwrap();
    let stored: Bytes = pipeline.encode(b"abc").unwrap().into_owned().into();
    let record = pipeline.record();
    let own = Codecs::default().with(Arc::new(Flip)).unwrap();
    let read = Pipeline::from_record(record, &DType::UInt8, &own).unwrap();
    assert_eq!(read.decode(stored.clone(), 3).unwrap(), "abc");
    let other = Pipeline::from_record(record, &DType::UInt8, &Codecs::default()).unwrap();
    assert!(other.decode(stored, 3).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_chain_reads_back(
        which in 0..22usize,
        values in prop::collection::vec(prop_oneof![0u64..50, any::<u64>()], 0..200),
        extra in 0usize..3,
        damage in any::<u16>(),
    ) {
        let dtype = &dtypes()[which];
        let element = dtype.element_size().unwrap_or(1);
        let mut raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        raw.truncate(raw.len() / element * element);
        raw.truncate(raw.len().saturating_sub(extra * element));
        check_all(dtype, &raw, usize::from(damage));
    }
}
