//! The first steps: a file in memory, one array, written and read.
//!
//! `cargo run --example quick_start`

use array_format::ndarray::{ArrayD, IxDyn};
use array_format::{ArrayFile, FileConfig, Lz4Codec};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut file = ArrayFile::create_memory(FileConfig::new(Lz4Codec)).await?;

    // An array has a name, a type, names for its axes, and a shape.
    file.define_array::<f32>("signal", vec!["time".into()], vec![4], None, None)?;
    file.set_attribute("signal", "units", "mV".into())?;

    // What is written can be read at once, and lasts from the flush on.
    let data = ArrayD::from_shape_vec(IxDyn(&[4]), vec![1.0f32, 2.0, 3.0, 4.0])?;
    file.write_array("signal", vec![0], data.view()).await?;
    file.flush().await?;

    // An empty start and shape read all of it; otherwise they name a region.
    let all = file.read_array::<f32>("signal", vec![], vec![]).await?;
    let middle = file.read_array::<f32>("signal", vec![1], vec![2]).await?;
    assert_eq!(all.as_slice(), Some(&[1.0, 2.0, 3.0, 4.0][..]));
    assert_eq!(middle.as_slice(), Some(&[2.0, 3.0][..]));

    let units = file.get_attribute("signal", "units")?.ok_or("no units")?;
    let stats = file.array_stats("signal").ok_or("no statistics")?;
    println!("  all         {all}");
    println!("  the middle  {middle}");
    println!("  units       {units}");
    println!(
        "  rows        {}, {} null",
        stats.row_count, stats.null_count
    );
    println!("  layers      {}", file.num_layers());
    Ok(())
}
