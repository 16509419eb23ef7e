//! Every pipeline: two bytes choose dtype and pipeline, two give the raw length, the rest is a frame.

use array_format_core::DType;
use array_format_core::codec::{CodecSpec, Filter, Pipeline};

use crate::cursor::Cursor;

pub const DTYPES: [DType; 9] = [
    DType::UInt8,
    DType::Int16,
    DType::UInt32,
    DType::Int64,
    DType::Float16,
    DType::Float32,
    DType::Float64,
    DType::Complex64,
    DType::String,
];

pub fn pipelines() -> Vec<CodecSpec> {
    use Filter::{Delta, Shuffle};
    vec![
        CodecSpec::none(),
        CodecSpec::lz4(),
        CodecSpec::lz4_fast(9),
        CodecSpec::zstd(3),
        CodecSpec::pco(),
        CodecSpec::none().with_filter(Shuffle),
        CodecSpec::none().with_filter(Delta),
        CodecSpec::lz4().with_filter(Delta),
        CodecSpec::zstd(1).with_filter(Shuffle),
        CodecSpec::zstd(1).with_filter(Delta).with_filter(Shuffle),
        CodecSpec::zstd(1).with_filter(Shuffle).with_filter(Delta),
    ]
}

pub fn run(data: &[u8]) {
    let mut cursor = Cursor(data);
    let dtype = &DTYPES[cursor.below(DTYPES.len())];
    let pipelines = pipelines();
    let spec = &pipelines[cursor.below(pipelines.len())];
    let raw_length = cursor.short();
    let stored = cursor.0;
    let Ok(pipeline) = Pipeline::from_spec(spec, dtype) else {
        return;
    };
    // Both ways to decode agree.
    let mut out = vec![0; raw_length];
    let into = pipeline.decode_into(stored, &mut out);
    match pipeline.decode(stored.to_vec().into(), raw_length) {
        Ok(raw) => {
            assert_eq!(raw.len(), raw_length);
            into.expect("as the other way");
            assert_eq!(raw, out);
        }
        Err(_) => assert!(into.is_err()),
    }
    // The same bytes as elements come back.
    if let Ok(encoded) = pipeline.encode(stored) {
        let decoded = pipeline.decode(encoded.into_owned().into(), stored.len());
        assert_eq!(decoded.expect("what was encoded"), stored);
    }
}
