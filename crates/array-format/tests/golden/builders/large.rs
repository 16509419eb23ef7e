//! Tables of several pages, and layers whose data are too large for one put.

use array_format::FillValue;

use super::data::{ints, noise, text};
use crate::script::{Script, def};

/// Tables of several leaf pages, and a commit that touches few of them.
pub async fn many_arrays(s: &mut Script) {
    for i in 0..1500 {
        let name = format!("v{i:04}");
        s.define(&name, def::<u8>(&[]));
        s.set(&name, "units", ["m", "s", "kg"][i % 3]);
        s.set(&name, "n", i as i32);
        s.set(&name, "x", 0.5 * i as f64);
        if i % 50 == 0 {
            s.fill(&name, vec![i as u8]).await;
        }
    }
    s.flush().await;
    s.fill("v0700", vec![7u8]).await;
    s.delete("v0001");
    s.set("v1499", "units", "changed");
    s.flush().await;
}

/// A frames table of several leaf pages.
pub async fn many_frames(s: &mut Script) {
    s.define("many", def::<u8>(&[3000]).chunks(&[1]));
    s.fill("many", noise(3000).map(|v| v as u8).collect()).await;
    s.flush().await;
    s.write("many", &[1700], &[3], vec![0u8; 3]).await;
    s.flush().await;
}

/// Layers whose data are objects of their own, and one between them whose data are not.
pub async fn annexed(s: &mut Script) {
    s.put_at_most(16).await;
    let series = def::<i32>(&[60]).chunks(&[10]);
    s.define("series", series.fill(FillValue::Int(-1), -1));
    s.write("series", &[0], &[45], ints(45)).await;
    s.define("note", def::<String>(&[2]));
    s.fill("note", text(&["a note of some length", ""])).await;
    s.flush().await;
    s.define("small", def::<u8>(&[2]));
    s.fill("small", vec![7u8; 2]).await;
    s.flush().await;
    s.write("series", &[25], &[30], ints(30)).await;
    s.flush().await;
}

/// The base has an annex, and so has a layer on it.
pub async fn annexed_base(s: &mut Script) {
    annexed(s).await;
    s.compact().await;
    s.write("series", &[5], &[10], ints(10)).await;
    s.flush().await;
}

/// So many arrays and frames that inner pages appear. Too large to be committed.
pub async fn inner_pages(s: &mut Script) {
    let room = "of a name that takes room ".repeat(3);
    for i in 0..60_000u32 {
        let name = format!("{:08x} {room}{i}", i.wrapping_mul(0x9E37_79B9));
        s.define(&name, def::<u16>(&[]));
        if i % 8 == 0 {
            s.set(&name, "n", i);
            s.fill(&name, vec![i as u16]).await;
        }
    }
    s.define("frames", def::<u8>(&[150_000]).chunks(&[1]));
    s.fill("frames", noise(150_000).map(|v| v as u8).collect())
        .await;
    s.flush().await;
    let first = s.model.arrays.keys().next().unwrap().clone();
    s.fill(&first, vec![1u16]).await;
    s.write("frames", &[70_000], &[1], vec![0u8]).await;
    s.flush().await;
}
