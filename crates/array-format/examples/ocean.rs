//! The main job, on real data: the North Atlantic of two climatologies, as gridded fields and as
//! 4,208 profiles, is packed into one file, changed, compacted, and compared with its source.
//!
//! `cargo run --example ocean [where/to/put/it.af]`

#[path = "support/climate.rs"]
mod climate;
#[path = "support/listing.rs"]
mod listing;
#[path = "support/netcdf.rs"]
mod netcdf;
#[path = "support/show.rs"]
mod show;

use std::path::{Path, PathBuf};

use array_format::codec::CodecSpec;
use array_format::element::Elements;
use array_format::ndarray::{ArrayD, ArrayView, s};
use array_format::{ArrayFile, FileConfig, ZstdCodec};
use netcdf::{Values, Variable};
use show::{Stopwatch, bytes, count};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = std::env::args().nth(1).map(PathBuf::from);
    let path = path.unwrap_or_else(|| folder.path().join("ocean.af"));
    let config = || FileConfig::new(ZstdCodec::default());
    let mut clock = Stopwatch::start();

    let mut source = climate::read("annual")?;
    source.extend(climate::read("monthly")?);
    for (field, month) in [("annual/TEMP", "year"), ("monthly/TEMP", "january")] {
        let profiles = climate::profiles(&source, field, &format!("profiles/TEMP/{month}"));
        source.extend(profiles);
    }
    clock.step("read two netCDF files");

    let mut file = ArrayFile::create_path(&path, config()).await?;
    file.set_file_attribute("title", "North Atlantic climatologies".into())?;
    for variable in &source {
        write(&mut file, variable).await?;
    }
    file.compact().await?;
    clock.step(&format!(
        "packed {} arrays into one file",
        count(source.len() as u64)
    ));
    println!("\n{}", listing::table(&file).await?);
    clock.lap();

    // July, the upper four levels, a box about the Gulf Stream: a quarter of a degree warmer.
    let (name, start, shape) = ("monthly/TEMP", vec![6, 0, 15, 3], vec![1, 4, 8, 10]);
    let july = file.read_array::<f32>(name, start.clone(), shape).await?;
    let land = |t: f32| t < -1e9;
    let warmer = july.mapv(|t| if land(t) { t } else { t + 0.25 });
    file.write_array(name, start, warmer.view()).await?;
    file.flush().await?;
    clock.step(&format!("changed {} values in one commit", warmer.len()));

    // The source is changed likewise; what is read must agree with it.
    let field = source.iter_mut().find(|v| v.name == name).ok_or(name)?;
    let Values::F32(values) = &mut field.values else {
        return Err("the field is not one of f32".into());
    };
    let extent: Vec<usize> = field.dims.iter().map(|(_, n)| *n).collect();
    let mut expected = ArrayD::from_shape_vec(extent, values.clone())?;
    let box_of_july = s![6..7, 0..4, 15..23, 3..13];
    expected.slice_mut(box_of_july).assign(&warmer);
    values.copy_from_slice(expected.as_slice().ok_or("not in C order")?);

    // The chunk of July lies in the new layer, its neighbours in the base: one read takes both.
    let summer = file.read_array::<f32>(name, vec![5, 2, 10, 0], vec![3, 1, 8, 33]);
    let summer = summer.await?;
    if summer != expected.slice(s![5..8, 2..3, 10..18, ..]).into_dyn() {
        return Err("a slice across both layers differs".into());
    }
    clock.step("read a slice across both layers");

    let july = &file.chunks(name).await?[6].frames[0];
    let sidecar = path.with_file_name(&july.object);
    println!("\n  layers           {}", file.num_layers());
    println!("  base on disk     {}", size_of(&path)?);
    println!("  sidecar on disk  {}, {}", size_of(&sidecar)?, july.object);
    let footer = file.footer();
    let metadata = footer.metadata_bytes / footer.arrays;
    println!("  metadata         {metadata} bytes an array, attributes included\n");

    clock.lap();
    file.compact().await?;
    clock.step("compacted");
    assert_eq!(file.num_layers(), 1);
    drop(file);
    let file = ArrayFile::open_path(&path, config()).await?;
    clock.step("opened again");

    let mut verified = 0;
    for variable in &source {
        verified += verify(&file, variable).await?;
    }
    clock.step("compared all values with the netCDF files, July as changed");
    println!(
        "\nverified {} values, bit by bit, in one file of {}",
        count(verified),
        size_of(&path)?
    );
    Ok(())
}

fn size_of(path: &Path) -> Result<String> {
    Ok(bytes(path.metadata()?.len()))
}

/// Defines and writes the array of a variable.
async fn write(file: &mut ArrayFile, variable: &Variable) -> Result<()> {
    let shape: Vec<usize> = variable.dims.iter().map(|(_, n)| *n).collect();
    let spec = match shape[..] {
        // A chunk of a large field is a month, or five levels.
        [_, z, y, x] => climate::spec(variable).chunks([1, z as u64, y as u64, x as u64]),
        [_, y, x] => climate::spec(variable).chunks([5, y as u64, x as u64]),
        _ => climate::spec(variable),
    };
    file.create_array(&variable.name, spec.codec(CodecSpec::auto()))?;
    let (name, start) = (&variable.name, vec![0; shape.len()]);
    match &variable.values {
        Values::F32(v) => {
            let data = ArrayView::from_shape(shape, v)?;
            file.write_array(name, start, data).await?;
        }
        Values::F64(v) => {
            let data = ArrayView::from_shape(shape, v)?;
            file.write_array(name, start, data).await?;
        }
        _ => return Err(format!("{name} is neither f32 nor f64").into()),
    }
    Ok(())
}

/// Compares an array with its variable, and returns the number of its values.
async fn verify(file: &ArrayFile, variable: &Variable) -> Result<u64> {
    let (shape, elements) = file.read_elements(&variable.name, vec![], vec![]).await?;
    match elements {
        Elements::Fixed { bytes, .. } if bytes == climate::to_bytes(&variable.values) => {}
        _ => return Err(format!("{} differs from its source", variable.name).into()),
    }
    Ok(shape.iter().product())
}
