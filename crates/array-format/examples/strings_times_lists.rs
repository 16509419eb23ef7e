//! The types of elements: beside numbers, texts, points in time, truth values, bytes, lists, halves
//! and complex numbers.
//!
//! `cargo run --example strings_times_lists`

#[path = "support/show.rs"]
mod show;

use std::fmt::Debug;

use array_format::ndarray::ArrayView;
use array_format::{
    ArrayElement, ArrayFile, DType, FileConfig, FillValue, List, StatValue, TimestampNs, ZstdCodec,
};
use half::f16;
use num_complex::Complex;
use show::{Table, or_dash};

/// Writes `values` as an array of their type, and reads them back.
async fn keep<T: ArrayElement + PartialEq + Debug>(
    file: &mut ArrayFile,
    name: &str,
    values: &[T],
    fill: Option<FillValue>,
) -> Result<(), Box<dyn std::error::Error>> {
    file.define_array::<T>(name, vec!["station".into()], vec![values.len()], None, fill)?;
    let data = ArrayView::from(values).into_dyn();
    file.write_array(name, vec![0], data).await?;
    let read = file.read_array::<T>(name, vec![], vec![]).await?;
    assert_eq!(read.as_slice(), Some(values));
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut file = ArrayFile::create_memory(FileConfig::new(ZstdCodec::default())).await?;

    // Texts of any length and script; `?` is what stands where nothing is known.
    let names = ["Reykjavík", "Ponta Delgada", "Πειραιάς", "?"].map(String::from);
    let unknown = Some(FillValue::String("?".into()));
    keep(&mut file, "name", &names, unknown).await?;

    // Nanoseconds since 1970, in UTC.
    let founded = [-1_577_923_200, -946_771_200, 0, 978_307_200];
    let founded = founded.map(|seconds: i64| TimestampNs(seconds * 1_000_000_000));
    keep(
        &mut file,
        "founded",
        &founded,
        Some(FillValue::TimestampNs(0)),
    )
    .await?;

    keep(&mut file, "is_open", &[true, false, true, true], None).await?;

    // Bytes that are no numbers.
    let icons: Vec<Vec<u8>> = vec![
        b"\x89PNG".to_vec(),
        b"GIF89a".to_vec(),
        vec![0; 3],
        vec![255],
    ];
    keep(&mut file, "icon", &icons, None).await?;

    // Lists: of one length, which is part of the type, or each of its own; also of texts or lists.
    let position = [
        [64.15f64, -21.94],
        [37.74, -25.67],
        [37.94, 23.65],
        [0.0, 0.0],
    ];
    keep(&mut file, "position", &position, None).await?;
    let depths = [vec![0.0f32, 10.0, 20.0], vec![0.0, 50.0], vec![], vec![5.0]].map(List);
    keep(&mut file, "depths", &depths, None).await?;
    let crew = [vec!["Ása", "Jón"], vec!["Inês"], vec![], vec!["Εύα"]];
    let crew = crew.map(|names| {
        names
            .into_iter()
            .map(String::from)
            .collect::<List<String>>()
    });
    keep(&mut file, "crew", &crew, None).await?;

    keep(
        &mut file,
        "salinity",
        &[35.1, 36.2, 38.5, 0.0].map(f16::from_f32),
        None,
    )
    .await?;
    let tide = [(0.5, 1.0), (1.5, -0.5), (0.0, 0.25), (0.0, 0.0)];
    let tide = tide.map(|(re, im)| Complex::new(re, im));
    keep::<Complex<f32>>(&mut file, "tide", &tide, None).await?;
    file.flush().await?;

    let mut table = Table::new(["array", "dtype", "min", "max", "null"]);
    for meta in file.arrays()? {
        let stats = file.array_stats(&meta.name).ok_or("no statistics")?;
        let (min, max) = (or_dash(stats.min.as_ref()), or_dash(stats.max.as_ref()));
        table.row([
            &meta.name,
            &dtype(&meta.dtype),
            &min,
            &max,
            &stats.null_count,
        ]);
    }
    println!("{table}");

    let stats = file.array_stats("founded").ok_or("no statistics")?;
    assert_eq!(
        stats.min,
        Some(StatValue::TimestampNs(-1_577_923_200_000_000_000))
    );
    let crew = file
        .read_array::<List<String>>("crew", vec![0], vec![1])
        .await?;
    println!("  the first crew  {:?}", crew[[0]].0);

    // A type is asked for by name; another one is refused, not converted.
    let refused = file.read_array::<f64>("name", vec![], vec![]).await;
    println!(
        "  names as f64    {}",
        refused.err().ok_or("it was not refused")?
    );
    Ok(())
}

fn dtype(dtype: &DType) -> String {
    match dtype {
        DType::List { child } => format!("list of {}", self::dtype(child)),
        DType::FixedSizeList { child, size } => format!("{size} × {}", self::dtype(child)),
        simple => format!("{simple:?}").to_lowercase(),
    }
}
