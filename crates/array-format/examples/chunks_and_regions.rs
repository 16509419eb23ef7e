//! Chunks are what is stored, regions are what is read and written; neither has to fit the other.
//!
//! `cargo run --example chunks_and_regions`

#[path = "support/show.rs"]
mod show;

use array_format::ndarray::{Array2, ArrayD, Axis, s};
use array_format::{ArrayFile, FileConfig, FillValue, ZstdCodec};
use show::{Table, bytes};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut file = ArrayFile::create_memory(FileConfig::new(ZstdCodec::default())).await?;

    // 500 × 900 in chunks of 100 × 100; what is never written reads as the fill value.
    let fill = Some(FillValue::Float(f64::NAN));
    let dimensions = vec!["lat".into(), "lon".into()];
    file.define_array::<f32>(
        "map",
        dimensions,
        vec![500, 900],
        Some(vec![100, 100]),
        fill,
    )?;

    // A ship's track: ten squares from corner to corner, wherever they meet the chunks.
    let square = Array2::from_shape_fn((40, 40), |(y, x)| (y * 40 + x) as f32);
    for step in 0..10 {
        let start = vec![step * 50, step * 90];
        file.write_array("map", start, square.view().into_dyn())
            .await?;
    }
    // One whole chunk, of constant values.
    let whole = ArrayD::from_elem(vec![100, 100], 15.0f32);
    file.write_array("map", vec![0, 700], whole.view()).await?;
    file.flush().await?;

    // Only chunks of which something was written take space.
    let chunks = file.chunks("map").await?;
    println!("  The grid of 5 × 9 chunks: ■ is stored, · is not\n");
    for y in 0..5 {
        let is_stored = |x: &u64| chunks.iter().any(|c| c.coordinates == [y, *x]);
        let row: String = (0..9)
            .map(|x| if is_stored(&x) { " ■" } else { " ·" })
            .collect();
        println!("   {row}");
    }
    println!();
    let mut table = Table::new(["chunk", "values", "of", "min", "max", "raw", "stored"]);
    for chunk in chunks.iter().take(4) {
        let (min, max) = (&chunk.stats.min, &chunk.stats.max);
        let frame = &chunk.frames[0];
        table.row([
            &format!("{:?}", chunk.coordinates),
            &chunk.stats.valid,
            &frame.extent.iter().product::<u64>(),
            &show::or_dash(min.as_ref()),
            &show::or_dash(max.as_ref()),
            &bytes(frame.raw_length),
            &bytes(frame.length),
        ]);
    }
    println!("{table}");

    // A region across four chunks, two of them never written.
    let region = file
        .read_array::<f32>("map", vec![90, 160], vec![20, 60])
        .await?;
    assert_eq!(region.shape(), [20, 60]);
    assert_eq!(region[[10, 20]], square[[0, 0]]);
    assert!(region[[0, 0]].is_nan());
    let written = region.iter().filter(|v| !v.is_nan()).count();
    println!("  a region of 20 × 60   {written} of 1200 values were ever written");

    // What reaches past the edge is cut off when reading, and refused when writing.
    let corner = file
        .read_array::<f32>("map", vec![480, 880], vec![100, 100])
        .await?;
    assert_eq!(corner.shape(), [20, 20]);
    let refused = file
        .write_array("map", vec![480, 880], square.view().into_dyn())
        .await;
    println!("  read past the edge    {:?}", corner.shape());
    println!(
        "  write past the edge   {}",
        refused.err().ok_or("it was not refused")?
    );

    // Into memory that is there already, here every second row of a larger array.
    let mut target = Array2::zeros((80, 100));
    let mut rows = target.slice_mut(s![..;2, ..]);
    file.read_into("map", vec![0, 700], rows.view_mut().into_dyn())
        .await?;
    let sums = target.sum_axis(Axis(1));
    assert_eq!((sums[0], sums[1]), (1500.0f32, 0.0));
    println!(
        "  read into a view      the first rows add up to {}",
        sums.slice(s![..4])
    );
    Ok(())
}
