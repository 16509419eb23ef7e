//! Pipelines, and frames that their codecs cannot decode.

use array_format::{ArrayElement, CompressionCodec, ZstdCodec};
use array_format_core::codec::{CodecSpec, Pipeline};
use array_format_core::wire::crc;

use super::Case;
use super::Edit::{Any, Leaf};
use crate::forge::{ARRAYS, FRAMES, Forge, Page};

/// 512 MiB of zeros in 128 KiB blocks of one byte, cut into few bytes: the header alone says so.
const BOMB: &[u8] = b"\x28\xB5\x2F\xFD\xA0\0\0\0\x20\x03\0\x10\0";

/// The pipeline of `a`.
fn set(p: &mut Page, pipeline: &[u8]) {
    p.bytes(24)[0] = pipeline.to_vec();
}

/// A pipeline of one stage.
fn with(p: &mut Page, name: &str, parameters: &[i64]) {
    let mut pipeline = vec![1, name.len() as u8];
    pipeline.extend_from_slice(name.as_bytes());
    pipeline.push(parameters.len() as u8);
    pipeline.extend(parameters.iter().flat_map(|p| p.to_le_bytes()));
    set(p, &pipeline);
}

/// Lets the first frame of `a`, of 16 raw bytes, be these bytes of a codec.
fn frame(f: &mut Forge, codec: &str, stored: &[u8]) {
    with(f.leaf(ARRAYS), codec, &[]);
    let offset = f.head.len() as u64;
    f.head.extend_from_slice(stored);
    let p = f.leaf(FRAMES);
    let (old, length) = (p.ints(17)[0], p.ints(18)[0]);
    p.ints(17)[0] = offset;
    // The one after it stays where it is.
    let moved = (old + length).wrapping_sub(offset + stored.len() as u64);
    let gap = p.ints(17)[1];
    p.ints(17)[1] = gap.wrapping_add(moved);
    p.ints(18)[0] = stored.len() as u64;
    p.ints(20)[0] = crc(stored).into();
}

fn zstd(n: usize) -> Vec<u8> {
    ZstdCodec::default().compress(&vec![7; n]).unwrap()
}

fn pco<T: ArrayElement>(n: usize) -> Vec<u8> {
    let pipeline = Pipeline::from_spec(&CodecSpec::pco(), &T::dtype()).unwrap();
    let raw = vec![1; n * T::dtype().element_size().unwrap()];
    pipeline.encode(&raw).unwrap().into_owned()
}

pub const CASES: &[Case] = &[
    (
        "pipeline cut short",
        Leaf(ARRAYS, |p| p.bytes(24)[0] = vec![1]),
    ),
    (
        "pipeline of nine stages",
        Leaf(ARRAYS, |p| {
            p.bytes(24)[0] = [vec![9], b"\x07shuffle\0".repeat(9)].concat();
        }),
    ),
    (
        "codec unknown",
        Leaf(ARRAYS, |p| p.bytes(24)[0] = b"\x01\x03new\0".to_vec()),
    ),
    (
        "filter of strings",
        Leaf(ARRAYS, |p| p.bytes(24)[1] = b"\x01\x07shuffle\0".to_vec()),
    ),
    (
        "codec auto with frames",
        Leaf(ARRAYS, |p| p.bytes(24)[0] = b"\x01\x04auto\0".to_vec()),
    ),
    (
        "pipeline of no bytes",
        Leaf(ARRAYS, |p| p.bytes(24)[0].clear()),
    ),
    (
        "pipeline with bytes after it",
        Leaf(ARRAYS, |p| p.bytes(24)[0].push(0)),
    ),
    (
        "stage without a name",
        Leaf(ARRAYS, |p| set(p, b"\x01\0\0")),
    ),
    (
        "stage whose name is not UTF-8",
        Leaf(ARRAYS, |p| set(p, b"\x01\x01\xFF\0")),
    ),
    (
        "stage whose name is cut short",
        Leaf(ARRAYS, |p| set(p, b"\x01\xFFlz4\0")),
    ),
    (
        "stage that is none",
        Leaf(ARRAYS, |p| set(p, b"\x01\x04none\0")),
    ),
    (
        "compressor before a filter",
        Leaf(ARRAYS, |p| set(p, b"\x02\x03lz4\0\x07shuffle\0")),
    ),
    (
        "two compressors",
        Leaf(ARRAYS, |p| set(p, b"\x02\x03lz4\0\x03lz4\0")),
    ),
    (
        "codec unknown behind a filter",
        Leaf(ARRAYS, |p| set(p, b"\x02\x05delta\0\x03new\0")),
    ),
    (
        "filter unknown",
        Leaf(ARRAYS, |p| set(p, b"\x02\x03new\0\x03lz4\0")),
    ),
    (
        "codec auto behind a filter",
        Leaf(ARRAYS, |p| set(p, b"\x02\x05delta\0\x04auto\0")),
    ),
    (
        "codec auto with a parameter",
        Leaf(ARRAYS, |p| with(p, "auto", &[1])),
    ),
    (
        "stage of nine parameters",
        Leaf(ARRAYS, |p| with(p, "zstd", &[1; 9])),
    ),
    (
        "parameters cut short",
        Leaf(ARRAYS, |p| set(p, b"\x01\x04zstd\x01\0\0")),
    ),
    (
        "lz4 of acceleration 0",
        Leaf(ARRAYS, |p| with(p, "lz4", &[0])),
    ),
    (
        "lz4 with two parameters",
        Leaf(ARRAYS, |p| with(p, "lz4", &[1, 1])),
    ),
    (
        "shuffle with a parameter",
        Leaf(ARRAYS, |p| with(p, "shuffle", &[4])),
    ),
    (
        "delta with a parameter",
        Leaf(ARRAYS, |p| with(p, "delta", &[1])),
    ),
    (
        "zstd of two parameters",
        Leaf(ARRAYS, |p| with(p, "zstd", &[1, 1])),
    ),
    ("zstd of level 99", Leaf(ARRAYS, |p| with(p, "zstd", &[99]))),
    (
        "zstd of a level beyond 32 bits",
        Leaf(ARRAYS, |p| with(p, "zstd", &[i64::MIN])),
    ),
    ("pco of level −1", Leaf(ARRAYS, |p| with(p, "pco", &[-1]))),
    (
        "pco of two parameters",
        Leaf(ARRAYS, |p| with(p, "pco", &[8, 8])),
    ),
    (
        "pco behind a filter",
        Leaf(ARRAYS, |p| set(p, b"\x02\x07shuffle\0\x03pco\0")),
    ),
    (
        "pco of strings",
        Leaf(ARRAYS, |p| p.bytes(24)[1] = b"\x01\x03pco\0".to_vec()),
    ),
    (
        "pco of bytes",
        Leaf(ARRAYS, |p| p.bytes(24)[2] = b"\x01\x03pco\0".to_vec()),
    ),
    (
        "delta of strings",
        Leaf(ARRAYS, |p| p.bytes(24)[1] = b"\x01\x05delta\0".to_vec()),
    ),
    (
        "lz4 frame of three bytes",
        Any(|f| frame(f, "lz4", b"\x10\0\0")),
    ),
    (
        "lz4 frame of another length",
        Any(|f| frame(f, "lz4", b"\x11\0\0\0\x10a")),
    ),
    (
        "lz4 frame of 4 GiB",
        Any(|f| frame(f, "lz4", b"\xFF\xFF\xFF\xFF\x10a")),
    ),
    (
        "lz4 block of fewer bytes",
        Any(|f| frame(f, "lz4", b"\x10\0\0\0\x20ab")),
    ),
    (
        "lz4 block of more bytes",
        Any(|f| frame(f, "lz4", b"\x10\0\0\0\xF0\x05aaaaaaaaaaaaaaaaaaaa")),
    ),
    (
        "lz4 block cut short",
        Any(|f| frame(f, "lz4", b"\x10\0\0\0\xF0\x01aaa")),
    ),
    (
        "lz4 block of no bytes",
        Any(|f| frame(f, "lz4", b"\x10\0\0\0")),
    ),
    (
        "lz4 block that copies from before its start",
        Any(|f| frame(f, "lz4", b"\x10\0\0\0\x1Fa\xFF\xFF\0")),
    ),
    (
        "lz4 block that copies from nowhere",
        Any(|f| frame(f, "lz4", b"\x10\0\0\0\x1Fa\0\0\0")),
    ),
    (
        "zstd frame cut short",
        Any(|f| frame(f, "zstd", &zstd(16)[..9])),
    ),
    (
        "zstd frame with bytes after it",
        Any(|f| frame(f, "zstd", &[&zstd(16)[..], b"x"].concat())),
    ),
    (
        "two zstd frames",
        Any(|f| frame(f, "zstd", &[zstd(8), zstd(8)].concat())),
    ),
    (
        "zstd frame of fewer bytes",
        Any(|f| frame(f, "zstd", &zstd(15))),
    ),
    (
        "zstd frame of more bytes",
        Any(|f| frame(f, "zstd", &zstd(17))),
    ),
    ("zstd frame of 512 MiB", Any(|f| frame(f, "zstd", BOMB))),
    (
        "zstd frame that is none",
        Any(|f| frame(f, "zstd", b"\x28\xB5\x2F\xFE\x20\x01\x09\0\0x")),
    ),
    (
        "zstd frame to skip",
        Any(|f| frame(f, "zstd", b"\x50\x2A\x4D\x18\x04\0\0\0abcd")),
    ),
    (
        "zstd frame with a dictionary",
        Any(|f| {
            frame(
                f,
                "zstd",
                b"\x28\xB5\x2F\xFD\x21\x07\x10\x81\0\0abcdabcdabcdabc",
            )
        }),
    ),
    (
        "zstd window of 3.5 TiB",
        Any(|f| frame(f, "zstd", b"\x28\xB5\x2F\xFD\0\xFF\x83\0\0abcdabcdabcdabcd")),
    ),
    (
        "pco frame of no numbers",
        Any(|f| frame(f, "pco", &pco::<i32>(0))),
    ),
    (
        "pco frame of fewer numbers",
        Any(|f| frame(f, "pco", &pco::<i32>(3))),
    ),
    (
        "pco frame of more numbers",
        Any(|f| frame(f, "pco", &pco::<i32>(5))),
    ),
    (
        "pco frame of other numbers",
        Any(|f| frame(f, "pco", &pco::<f32>(4))),
    ),
    (
        "pco frame of wider numbers",
        Any(|f| frame(f, "pco", &pco::<i64>(2))),
    ),
    (
        "pco frame cut short",
        Any(|f| {
            let whole = pco::<i32>(4);
            frame(f, "pco", &whole[..whole.len() - 1]);
        }),
    ),
    (
        "pco frame with bytes after it",
        Any(|f| frame(f, "pco", &[pco::<i32>(4), vec![1]].concat())),
    ),
    ("pco frame that is none", Any(|f| frame(f, "pco", b"pc"))),
    (
        "filters over a part of an element",
        Any(|f| {
            frame(f, "shuffle", &[1; 15]);
        }),
    ),
];
