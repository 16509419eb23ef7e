//! Arrays grow: an append costs what is appended, a resize costs next to nothing.
//!
//! `cargo run --example append_and_resize`

#[path = "support/show.rs"]
mod show;

use array_format::codec::CodecSpec;
use array_format::ndarray::{Array2, s};
use array_format::{
    ArrayFile, ArraySpec, DType, FileConfig, FillValue, InMemoryStorage, ZstdCodec,
};
use show::{Table, bytes, count, extents};

/// An hour of a buoy: a temperature for each of 200 depths and 60 minutes.
fn hour(n: usize) -> Array2<f32> {
    Array2::from_shape_fn((60, 200), |(minute, depth)| {
        let time = (n * 60 + minute) as f32 / 1440.0;
        20.0 + time.sin() - (depth as f32 / 9.0).sqrt()
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut file = ArrayFile::create_memory(FileConfig::new(ZstdCodec::default())).await?;
    let spec = ArraySpec::new(DType::Float32, [0, 200])
        .chunks([60, 200])
        .dimensions(["minute", "depth"])
        .codec(CodecSpec::auto())
        .fill(FillValue::Float(-999.0));
    file.create_array("buoy", spec)?;

    // A commit an hour. The layers stay small, however long the array has become.
    let mut table = Table::new(["hour", "shape", "array, raw", "new layer"]);
    let mut sizes = Vec::new();
    for n in 0..48 {
        file.append("buoy", 0, hour(n).view().into_dyn()).await?;
        let layer = InMemoryStorage::new();
        file.flush_memory(&layer).await?;
        let size = layer.bytes().len() as u64;
        sizes.push(size);
        if [0, 1, 2, 23, 47].contains(&n) {
            let meta = file.get_array("buoy")?;
            let raw = bytes(meta.elements() * 4);
            table.row([&n, &extents(&meta.shape), &raw, &bytes(size)]);
        }
    }
    println!("{table}");
    assert!(
        sizes[47] < sizes[0] * 2,
        "an append must not cost the array"
    );

    let last = file
        .read_array::<f32>("buoy", vec![47 * 60, 0], vec![60, 200])
        .await?;
    assert_eq!(last, hour(47).into_dyn());
    println!("  the last hour reads back as it was appended\n");

    // Shrinking drops what lies outside; growing again cannot bring it back.
    let mut table = Table::new(["what", "shape", "values", "null"]);
    let steps = [
        ("appended", vec![2880, 200]),
        ("shrunk", vec![90, 150]),
        ("grown", vec![100_000, 160]),
    ];
    for (what, shape) in steps {
        file.resize("buoy", shape).await?;
        file.flush().await?;
        let stats = file.array_stats("buoy").ok_or("no statistics")?;
        let shape = extents(&file.get_array("buoy")?.shape);
        table.row([
            &what,
            &shape,
            &count(stats.row_count),
            &count(stats.null_count),
        ]);
    }
    println!("{table}");

    let edge = file
        .read_array::<f32>("buoy", vec![88, 148], vec![4, 4])
        .await?;
    assert!(edge.slice(s![2.., ..]).iter().all(|&v| v == -999.0));
    assert_eq!(edge[[0, 0]], hour(1)[[28, 148]]);
    println!("  The corner where it was cut, after growing again:\n\n{edge:9.3}");
    Ok(())
}
