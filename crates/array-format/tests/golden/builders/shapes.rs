//! Shapes, chunks and tiles that do not divide each other, and arrays that change theirs.

use array_format::FillValue;
use array_format::codec::{CodecSpec, Filter};

use super::data::{ints, noise, text};
use crate::script::{Script, def};

pub async fn scalars(s: &mut Script) {
    s.define("int", def::<i32>(&[]));
    s.fill("int", vec![-5]).await;
    s.define("packed", def::<f64>(&[]).codec(CodecSpec::zstd(3)));
    s.fill("packed", vec![2.5]).await;
    s.define(
        "text",
        def::<String>(&[]).fill(FillValue::String("?".into()), "?".into()),
    );
    s.fill("text", text(&["one"])).await;
    s.define("never", def::<u8>(&[]).fill(FillValue::UInt(9), 9));
    s.flush().await;
}

pub async fn zero_length(s: &mut Script) {
    s.define("nothing", def::<i32>(&[0]));
    s.define("no rows", def::<f32>(&[0, 3]).chunks(&[2, 2]));
    s.define("no columns", def::<String>(&[3, 0]));
    s.define("grown from nothing", def::<i16>(&[0, 2]).chunks(&[4, 2]));
    s.flush().await;
    s.append("grown from nothing", 0, 3, vec![1i16, 2, 3, 4, 5, 6])
        .await;
    s.flush().await;
}

/// Shapes that chunks do not divide, with every way to store the edge.
pub async fn ragged(s: &mut Script) {
    for (name, codec) in [
        ("clipped", CodecSpec::none()),
        ("padded", CodecSpec::zstd(3)),
        ("filtered", CodecSpec::none().with_filter(Filter::Shuffle)),
    ] {
        let ragged = def::<i32>(&[7, 5]).chunks(&[3, 2]).codec(codec.clone());
        s.define(name, ragged.fill(FillValue::Int(-1), -1));
        s.fill(name, ints(35)).await;
        let words = format!("{name} text");
        s.define(
            &words,
            def::<String>(&[5])
                .chunks(&[3])
                .codec(if name == "filtered" {
                    CodecSpec::lz4()
                } else {
                    codec
                }),
        );
        s.fill(&words, text(&["a", "", "b", "c", "dd"])).await;
    }
    s.define("chunk beyond the shape", def::<u8>(&[3, 3]).chunks(&[8, 8]));
    s.fill("chunk beyond the shape", (1..10u8).collect()).await;
    let packed = def::<u8>(&[3, 3]).chunks(&[8, 8]).codec(CodecSpec::lz4());
    s.define("chunk beyond the shape, packed", packed);
    s.fill("chunk beyond the shape, packed", (1..10u8).collect())
        .await;
    s.flush().await;
}

/// Several tiles a chunk, some cut off at the chunk's end, some at the array's.
async fn tile_arrays(s: &mut Script, codec: CodecSpec) {
    for (name, chunk, tile) in [
        ("even", [6, 6], [3, 2]),
        ("cut at the chunk", [6, 6], [4, 5]),
        ("one chunk", [11, 13], [4, 4]),
        ("rows", [11, 13], [1, 13]),
        ("single elements", [3, 3], [1, 1]),
    ] {
        let tiled = def::<i16>(&[11, 13]).chunks(&chunk).tile(&tile);
        s.define(name, tiled.codec(codec.clone()).fill(FillValue::Int(7), 7));
        s.write(
            name,
            &[1, 2],
            &[9, 10],
            noise(90).map(|v| v as i16).collect(),
        )
        .await;
    }
    let words = def::<String>(&[5, 3])
        .chunks(&[4, 3])
        .tile(&[3, 2])
        .codec(codec);
    s.define("text", words);
    s.fill("text", noise(15).map(|v| v.to_string()).collect())
        .await;
    s.flush().await;
}

pub async fn tiles(s: &mut Script) {
    tile_arrays(s, CodecSpec::zstd(3)).await;
}

pub async fn tiles_plain(s: &mut Script) {
    tile_arrays(s, CodecSpec::none()).await;
}

pub async fn unwritten(s: &mut Script) {
    let sparse = || {
        def::<f32>(&[100, 100])
            .chunks(&[10, 10])
            .codec(CodecSpec::lz4())
    };
    s.define("sparse", sparse().fill(FillValue::Float(-1.5), -1.5));
    for at in [0, 17, 39] {
        s.write("sparse", &[at, 39 - at], &[1, 1], vec![at as f32])
            .await;
    }
    s.define("never", def::<i64>(&[4, 4]).chunks(&[2, 2]));
    s.define(
        "never text",
        def::<String>(&[2]).fill(FillValue::String("é".into()), "é".into()),
    );
    s.flush().await;
}

/// Grown, shrunk, and grown again: what was cut off never comes back.
pub async fn resized(s: &mut Script) {
    for (name, codec) in [("plain", CodecSpec::none()), ("packed", CodecSpec::zstd(3))] {
        let grid = def::<i32>(&[5, 5])
            .chunks(&[4, 4])
            .tile(&[3, 2])
            .codec(codec);
        s.define(name, grid.clone());
        s.fill(name, ints(25)).await;
        let filled = format!("{name} with fill");
        s.define(&filled, grid.fill(FillValue::Int(-7), -7));
        s.fill(&filled, ints(25)).await;
    }
    let names = ["plain", "plain with fill", "packed", "packed with fill"];
    s.define("text", def::<String>(&[6]).chunks(&[4]));
    s.fill("text", text(&["a", "b", "c", "d", "e", "f"])).await;
    s.flush().await;
    for shape in [[9, 6], [2, 6], [3, 3]] {
        for name in names {
            s.resize(name, &shape).await;
        }
        s.resize("text", &[shape[0]]).await;
        s.flush().await;
    }
    for name in names {
        s.resize(name, &[7, 7]).await;
        s.write(name, &[6, 0], &[1, 7], vec![77; 7]).await;
    }
    s.resize("text", &[9]).await;
    // All in one commit.
    s.define("at once", def::<u8>(&[4]).chunks(&[3]));
    s.fill("at once", vec![1u8, 2, 3, 4]).await;
    s.resize("at once", &[2]).await;
    s.resize("at once", &[5]).await;
    s.flush().await;
}

pub async fn appended(s: &mut Script) {
    let series = def::<f32>(&[0, 3])
        .chunks(&[4, 3])
        .dimensions(&["time", "station"]);
    s.define(
        "series",
        series
            .codec(CodecSpec::zstd(3))
            .fill(FillValue::Float(-1.0), -1.0),
    );
    s.define("columns", def::<i16>(&[2, 1]).chunks(&[2, 2]));
    s.fill("columns", vec![1i16, 2]).await;
    s.define("log", def::<String>(&[1]).chunks(&[2]));
    s.flush().await;
    for n in [1, 2, 4, 3] {
        let values = noise(3 * n as usize).map(|v| v as f32).collect();
        s.append("series", 0, n, values).await;
        s.append("columns", 1, 1, vec![n as i16, -1]).await;
        s.append("log", 0, 1, vec![format!("appended {n}")]).await;
        s.flush().await;
    }
}
