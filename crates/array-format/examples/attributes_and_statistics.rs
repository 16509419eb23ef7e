//! What a file knows of its arrays: attributes, which are searched without reading arrays, and
//! statistics, which say what need not be read.
//!
//! `cargo run --example attributes_and_statistics`

#[path = "support/climate.rs"]
mod climate;
#[path = "support/netcdf.rs"]
mod netcdf;
#[path = "support/show.rs"]
mod show;

use array_format::codec::CodecSpec;
use array_format::ndarray::ArrayView;
use array_format::{ArrayFile, AttributeValue, FileConfig, StatValue, ZstdCodec};
use netcdf::{Values, Variable};
use show::{Table, count, or_dash};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut file = ArrayFile::create_memory(FileConfig::new(ZstdCodec::default())).await?;

    // Attributes of the file itself: texts, numbers, lists.
    file.set_file_attribute("title", "Temperature of the North Atlantic".into())?;
    file.set_file_attribute("bounds", vec![289.5, 0.5, 354.5, 60.5].into())?;
    file.set_file_attribute("keywords", vec!["ocean", "climatology"].into())?;

    // Every column of water is an array, with its place and where it comes from.
    let annual = climate::read("annual")?;
    for profile in climate::profiles(&annual, "annual/TEMP", "profiles") {
        write(&mut file, &profile, None).await?;
    }
    // The whole field stands beside them, in chunks of ten rows of one level.
    let field = annual
        .iter()
        .find(|v| v.name == "annual/TEMP")
        .ok_or("no temperature")?;
    write(&mut file, field, Some([1, 10, 66])).await?;
    file.set_attribute("annual/TEMP", "valid_range", vec![-2.0f32, 40.0].into())?;
    file.flush().await?;

    println!("  Attributes of the file\n");
    for (key, value) in file.file_attributes()? {
        println!("    {key:<12}{value}");
    }
    println!("\n  Attributes of annual/TEMP\n");
    for (key, value) in file.attributes("annual/TEMP")? {
        println!("    {key:<12}{value}");
    }

    // One attribute of all arrays is one column: a search by place reads no array.
    let northern = |value: &Option<&AttributeValue>| matches!(value, Some(AttributeValue::Float64(lat)) if *lat > 59.0);
    let latitudes = file.attribute_index("lat");
    let found = latitudes.iter().filter(|(_, lat)| northern(lat)).count();
    println!(
        "\n  Of {} arrays, {} have a latitude, {found} one above 59°N\n",
        count(latitudes.len() as u64),
        count(latitudes.iter().filter(|(_, lat)| lat.is_some()).count() as u64),
    );

    // Statistics of each array.
    let mut table = Table::new(["array", "min", "max", "null", "of"]);
    let names = [
        "annual/TEMP",
        "profiles/0.5N_325.5E",
        "profiles/60.5N_325.5E",
    ];
    for name in names {
        let stats = file.array_stats(name).ok_or(name)?;
        let [min, max] = [&stats.min, &stats.max].map(|bound| match bound {
            Some(StatValue::Float(t)) => format!("{t:.3}"),
            other => or_dash(other.as_ref()),
        });
        table.row([&name, &min, &max, &stats.null_count, &stats.row_count]);
    }
    println!("{table}");

    // Where was it ever warmer than 27.5 °C? First arrays are ruled out, then chunks; the rest is read.
    let warm = |max: &Option<StatValue>| matches!(max, Some(StatValue::Float(t)) if *t > 27.5);
    let entries = file.stats().ok_or("no statistics")?.entries();
    let columns = entries
        .iter()
        .filter(|s| s.name.starts_with("profiles/") && warm(&s.max))
        .count();
    let chunks = file.chunks("annual/TEMP").await?;
    let mut values = 0;
    let mut read = 0;
    for chunk in chunks.iter().filter(|chunk| warm(&chunk.stats.max)) {
        let frame = &chunk.frames[0];
        let start = frame.origin.iter().map(|&n| n as usize).collect();
        let shape = frame.extent.iter().map(|&n| n as usize).collect();
        let part = file.read_array::<f32>("annual/TEMP", start, shape).await?;
        values += part.iter().filter(|&&t| t > 27.5).count();
        read += 1;
    }
    let all = file
        .read_array::<f32>("annual/TEMP", vec![], vec![])
        .await?;
    assert_eq!(values, all.iter().filter(|&&t| t > 27.5).count());
    println!(
        "  Warmer than 27.5 °C: {columns} of {} columns, by statistics alone;",
        count(entries.len() as u64 - 1)
    );
    println!(
        "  {values} values of the field, found in {read} of its {} chunks",
        chunks.len()
    );
    Ok(())
}

async fn write(
    file: &mut ArrayFile,
    variable: &Variable,
    chunks: Option<[u64; 3]>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut spec = climate::spec(variable).codec(CodecSpec::auto());
    if let Some(chunks) = chunks {
        spec = spec.chunks(chunks);
    }
    file.create_array(&variable.name, spec)?;
    let shape: Vec<usize> = variable.dims.iter().map(|(_, n)| *n).collect();
    if let Values::F32(values) = &variable.values {
        let data = ArrayView::from_shape(shape.clone(), values)?;
        file.write_array(&variable.name, vec![0; shape.len()], data)
            .await?;
    }
    Ok(())
}
