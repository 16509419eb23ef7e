//! The choice of a pipeline from samples of the data.

use super::pco;
use super::pipeline::Pipeline;
use super::spec::{CodecSpec, Filter};
use super::zstd::DEFAULT_LEVEL;
use crate::dtype::DType;

/// Samples of fewer bytes in all say too little, and there is little to gain.
const MIN_SAMPLE: usize = 256;

/// Compression that saves less than one part in this many is not worth decoding.
const MIN_SAVING: usize = 20;

/// A choice that decodes faster may be larger than the smallest by this many parts in 100.
const TOLERANCE: usize = 3;
/// Or by one part in this many of the raw bytes: nobody misses them.
const NOTHING: usize = 1000;

/// Frames that a choice looks at.
pub const SAMPLES: usize = 4;

/// What a choice looks at of the `i`th of [`SAMPLES`] frames, of data of `total` bytes whose elements
/// have `width` bytes.
///
/// A 64th of the data in all, within 16 and 64 KiB of each: every candidate encodes it, and the
/// slowest is many times slower than the quickest. Each is taken from another part of its frame, as
/// frames often begin alike, with the rows of the poles.
#[must_use]
pub fn sample(raw: &[u8], i: usize, total: u64, width: usize) -> &[u8] {
    let width = width.max(1);
    let most = (total / 64 / SAMPLES as u64).clamp(16 << 10, 64 << 10) as usize / width * width;
    if raw.len() <= most || most == 0 {
        return raw;
    }
    let room = (raw.len() - most) / width;
    let at = room * (2 * i + 1) / (2 * SAMPLES) * width;
    raw.get(at..at + most).unwrap_or(raw)
}

/// Picks the pipeline for an array from raw frames of it.
///
/// The choice depends on the bytes alone. It is the smallest on the samples, unless one that
/// decodes faster is within 3 % (or 0.1 % of the raw bytes), and no compression where nothing saves
/// 5 %.
pub fn choose(dtype: &DType, samples: &[&[u8]]) -> CodecSpec {
    weigh(dtype, samples).spec
}

/// A pipeline that was chosen, and what it made of the samples.
#[derive(Debug)]
pub struct Choice {
    /// The pipeline.
    pub spec: CodecSpec,
    /// The stored form of each sample; none without compression.
    pub stored: Vec<Vec<u8>>,
}

/// As [`choose`], with the encoded samples: where they are all of the data, they need not be encoded
/// again.
pub fn weigh(dtype: &DType, samples: &[&[u8]]) -> Choice {
    let none = || Choice {
        spec: CodecSpec::none(),
        stored: Vec::new(),
    };
    let raw: usize = samples.iter().map(|sample| sample.len()).sum();
    if raw < MIN_SAMPLE {
        return none();
    }
    let tried: Vec<(usize, Choice)> = candidates(dtype)
        .into_iter()
        .filter_map(|spec| {
            let stored = encoded(&spec, dtype, samples)?;
            let size = stored.iter().map(Vec::len).sum();
            Some((size, Choice { spec, stored }))
        })
        .collect();
    let best = tried.iter().map(|(size, _)| *size).min().unwrap_or(raw);
    if best > raw - raw / MIN_SAVING {
        return none();
    }
    tried
        .into_iter()
        .find(|(size, _)| *size <= best + (best * TOLERANCE / 100).max(raw / NOTHING))
        .map_or_else(none, |(_, choice)| choice)
}

/// What is tried beside no compression, those that decode faster first.
fn candidates(dtype: &DType) -> Vec<CodecSpec> {
    let zstd = || CodecSpec::zstd(DEFAULT_LEVEL);
    // Of texts that begin alike level 1 finds more than level 3.
    let mut all = vec![CodecSpec::lz4(), CodecSpec::zstd(1), zstd()];
    if dtype.is_variable_length() {
        return all;
    }
    // Bytes of one-byte numbers are in order already.
    let shuffles = dtype.lane_size() > 1;
    if shuffles {
        all.push(zstd().with_filter(Filter::Shuffle));
    }
    if has_integers(dtype) {
        let delta = zstd().with_filter(Filter::Delta);
        all.push(if shuffles {
            delta.with_filter(Filter::Shuffle)
        } else {
            delta
        });
    }
    if pco::supports(dtype) {
        all.push(CodecSpec::pco());
    }
    all
}

/// Whether differences of the numbers mean something.
fn has_integers(dtype: &DType) -> bool {
    match dtype {
        DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => true,
        DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => true,
        DType::TimestampNs => true,
        DType::FixedSizeList { child, .. } => has_integers(child),
        _ => false,
    }
}

/// The stored form of all samples, or nothing where the pipeline cannot encode them.
fn encoded(spec: &CodecSpec, dtype: &DType, samples: &[&[u8]]) -> Option<Vec<Vec<u8>>> {
    let pipeline = Pipeline::from_spec(spec, dtype).ok()?;
    let encode = |sample: &&[u8]| Some(pipeline.encode(sample).ok()?.into_owned());
    samples.iter().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::super::PipelineRecord;
    use super::*;

    fn noise(count: usize) -> impl Iterator<Item = u64> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        (0..count).map(move |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
    }

    /// The name of the pick, after a check that none is much smaller.
    fn pick(dtype: &DType, samples: &[&[u8]]) -> String {
        let spec = choose(dtype, samples);
        spec.check(dtype).unwrap();
        let stored_size = |spec: &CodecSpec| -> usize {
            let stored = encoded(spec, dtype, samples).unwrap();
            stored.iter().map(Vec::len).sum()
        };
        let size = stored_size(&spec);
        let name = PipelineRecord::from(&spec).to_string();
        for other in candidates(dtype) {
            let less = stored_size(&other);
            let allowed = if name == "none" { 1.053 } else { 1.03 };
            let raw: usize = samples.iter().map(|sample| sample.len()).sum();
            assert!(
                size as f64 <= (less as f64 * allowed).max((less + raw / NOTHING) as f64),
                "{name} has {size} bytes, {} has {less}",
                PipelineRecord::from(&other)
            );
        }
        name
    }

    #[test]
    fn picks_near_the_smallest() {
        let field: Vec<u8> = (0..256 * 256)
            .map(|i| ((i % 256) as f32 / 40.0, (i / 256) as f32 / 30.0))
            .flat_map(|(x, y)| (((x.sin() + y.cos()) * 1000.0).round() / 100.0).to_le_bytes())
            .collect();
        let packed: Vec<u8> = noise(50_000)
            .enumerate()
            .map(|(i, n)| ((i as f64 / 300.0).sin() * 8000.0) as i16 + (n % 7) as i16)
            .flat_map(i16::to_le_bytes)
            .collect();
        let mut now = 1_700_000_000_000_000_000_i64;
        let times: Vec<u8> = noise(20_000)
            .flat_map(|n| {
                now += 1_000_000_000 + (n % 1000) as i64 * 1000;
                now.to_le_bytes()
            })
            .collect();
        let constant = vec![0u8; 100_000];
        let mut words = Vec::new();
        for n in noise(5_000) {
            let word = ["north", "south-west", "calm", "variable"][(n % 4) as usize];
            words.extend((word.len() as u32).to_le_bytes());
            words.extend(word.as_bytes());
        }
        assert_ne!(pick(&DType::Float32, &[&field]), "none");
        assert_ne!(
            pick(&DType::Float32, &[&field[..4000], &field[4000..]]),
            "none"
        );
        assert_ne!(pick(&DType::Int16, &[&packed]), "none");
        assert_ne!(pick(&DType::TimestampNs, &[&times]), "none");
        assert_ne!(pick(&DType::Int64, &[&times]), "none");
        assert_ne!(pick(&DType::String, &[&words]), "none");
        for dtype in [DType::UInt8, DType::Bool, DType::Float64, DType::BFloat16] {
            assert_ne!(pick(&dtype, &[&constant]), "none");
        }
    }

    #[test]
    fn noise_and_small_samples_stay_as_they_are() {
        let random: Vec<u8> = noise(20_000).flat_map(u64::to_le_bytes).collect();
        for dtype in [DType::UInt8, DType::Int64, DType::Binary] {
            assert_eq!(pick(&dtype, &[&random]), "none");
        }
        let few: &[u8] = &[0; 100];
        assert_eq!(
            PipelineRecord::from(&choose(&DType::Int32, &[few, few])).to_string(),
            "none"
        );
        assert_eq!(
            PipelineRecord::from(&choose(&DType::Int32, &[])).to_string(),
            "none"
        );
    }

    #[test]
    fn samples_are_whole_elements_from_all_parts() {
        let raw: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
        let starts: Vec<u32> = (0..SAMPLES)
            .map(|i| {
                let part = sample(&raw, i, raw.len() as u64, 4);
                assert_eq!(part.len(), 16 << 10);
                u32::from_le_bytes(part[..4].try_into().unwrap())
            })
            .collect();
        assert_eq!(starts, [36_988, 110_964, 184_940, 258_916]);
        assert_eq!(sample(&raw[..1000], 3, 1000, 4), &raw[..1000]);
        assert_eq!(sample(&raw, 0, u64::MAX, 1 << 20), &raw[..]);
        assert_eq!(sample(&raw, 9, 0, 0).len(), raw.len());
    }

    #[test]
    fn the_pick_does_not_depend_on_time() {
        let data: Vec<u8> = (0..9000u32).flat_map(|i| (i * i).to_le_bytes()).collect();
        let picks = [(); 3].map(|()| PipelineRecord::from(&choose(&DType::UInt32, &[&data])));
        assert!(picks.iter().all(|pick| *pick == picks[0]));
    }
}
