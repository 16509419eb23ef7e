//! Files of many layers, and compacted ones.

use array_format::FillValue;
use array_format::codec::CodecSpec;

use super::data::{ints, text};
use crate::script::{Script, def};

/// The commits of the files of many layers, so that each of them can stop after any.
async fn step(s: &mut Script, n: u64) {
    let zstd = || CodecSpec::zstd(3);
    match n {
        1 => {
            let grid = def::<i32>(&[8, 6]).chunks(&[4, 3]).codec(zstd());
            s.define("a", grid.fill(FillValue::Int(-9), -9));
            s.fill("a", ints(48)).await;
            s.define("b", def::<f32>(&[10]).chunks(&[4]).codec(CodecSpec::lz4()));
            s.write("b", &[0], &[4], vec![0.5f32, 1.5, f32::NAN, -2.0])
                .await;
            s.define("c", def::<String>(&[4]).chunks(&[2]));
            s.fill("c", text(&["one", "two", "three", ""])).await;
            s.set("a", "units", "m");
            s.set("b", "units", "s");
            s.set("c", "flags", vec![1u8, 2]);
            s.set_file("title", "layers");
        }
        2 => {
            s.write("a", &[4, 3], &[4, 3], vec![1000; 12]).await;
            s.write("b", &[3], &[5], vec![9.0f32; 5]).await;
        }
        3 => {
            s.delete("c");
            s.rename("b", "b2");
            s.set("a", "units", "km");
        }
        4 => {
            s.define("c", def::<u8>(&[3, 3]).chunks(&[2, 2]).codec(zstd()));
            s.write("c", &[1, 1], &[1, 1], vec![200u8]).await;
            s.set("c", "new", true);
            s.unset("b2", "units");
            s.set_file("version", 2i64);
        }
        5 => {
            s.rename("a", "z");
            s.define("a", def::<String>(&[2]));
            s.write("a", &[1], &[1], text(&["new"])).await;
            s.unset_file("title");
        }
        6 => {
            s.write("z", &[0, 0], &[1, 6], vec![-9; 6]).await;
            s.resize("b2", &[13]).await;
        }
        7 => {
            s.delete("a");
            s.rename("z", "a");
            s.set("a", "long_name", "renamed twice");
        }
        8 => {
            s.append("b2", 0, 2, vec![1.0f32, 2.0]).await;
            s.write("a", &[3, 2], &[2, 2], vec![1, 2, 3, 4]).await;
        }
        9 => {
            s.delete("c");
            s.define("c", def::<i64>(&[]).fill(FillValue::Int(3), 3));
        }
        n => {
            let name = format!("layer {n}");
            s.define(&name, def::<u32>(&[5]).codec(CodecSpec::lz4()));
            s.fill(&name, vec![n as u32; 5]).await;
            s.write("a", &[n % 8, 0], &[1, 1], vec![n as i32]).await;
            s.set_file("version", n as i64);
        }
    }
    s.flush().await;
}

/// This many layers, the base included.
async fn layers(s: &mut Script, n: u64) {
    for n in 1..n {
        step(s, n).await;
    }
}

pub async fn layers_02(s: &mut Script) {
    layers(s, 2).await;
}

pub async fn layers_03(s: &mut Script) {
    layers(s, 3).await;
}

pub async fn layers_05(s: &mut Script) {
    layers(s, 5).await;
}

pub async fn layers_08(s: &mut Script) {
    layers(s, 8).await;
}

pub async fn layers_10(s: &mut Script) {
    layers(s, 10).await;
}

/// More sidecars than may hold live pages, so that commits fold older ones in.
pub async fn folding(s: &mut Script) {
    // Several pages a table, of which each commit replaces few.
    for i in 0..400 {
        let name = format!("array {i:03} {}", "of a name that takes room ".repeat(3));
        s.define(&name, def::<u8>(&[]));
        s.set(&name, "index", i64::from(i));
    }
    layers(s, 14).await;
    let footer = s.file.footer();
    assert!(
        footer.metadata_layers < 8 && footer.layers == 14,
        "{footer:?}"
    );
}

pub async fn compacted(s: &mut Script) {
    layers(s, 7).await;
    s.compact().await;
}

/// A base that is not the first, and sidecars on it.
pub async fn compacted_then_written(s: &mut Script) {
    layers(s, 4).await;
    s.compact().await;
    for n in 4..7 {
        step(s, n).await;
    }
    s.compact().await;
    for n in 7..10 {
        step(s, n).await;
    }
}
