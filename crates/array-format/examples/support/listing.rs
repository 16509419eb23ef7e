//! What a file holds, as a table.

use std::error::Error;

use array_format::{ArrayFile, StatValue};

use crate::show::{Table, bytes, count, extents};

/// What is shown in one row: all profiles of a kind, or one field alone.
fn family(name: &str) -> &str {
    match name.rsplit_once('/') {
        Some((family, _)) if name.starts_with("profiles/") => family,
        _ => name,
    }
}

/// A row for each array, but one for all arrays of a family, which share type and shape.
pub async fn table(file: &ArrayFile) -> Result<Table<12>, Box<dyn Error>> {
    let mut table = Table::new([
        "array", "arrays", "dtype", "shape", "chunks", "codec", "raw", "stored", "ratio", "min",
        "max", "nulls",
    ]);
    for group in file
        .arrays()?
        .chunk_by(|a, b| family(&a.name) == family(&b.name))
    {
        let (mut raw, mut stored, mut nulls) = (0, 0, 0);
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for meta in group {
            for block in file.blocks(&meta.name).await? {
                raw += block.raw_length;
                stored += block.length;
            }
            let stats = file.array_stats(&meta.name).ok_or("no statistics")?;
            nulls += stats.null_count;
            if let (Some(StatValue::Float(low)), Some(StatValue::Float(high))) =
                (&stats.min, &stats.max)
            {
                (min, max) = (min.min(*low), max.max(*high));
            }
        }
        let meta = group[0];
        table.row([
            &family(&meta.name),
            &count(group.len() as u64),
            &format!("{:?}", meta.dtype),
            &extents(&meta.shape),
            &extents(&meta.chunk_shape),
            &meta.pipeline,
            &bytes(raw),
            &bytes(stored),
            &format!("{:.2}", raw as f64 / stored as f64),
            &format!("{min:.2}"),
            &format!("{max:.2}"),
            &count(nulls),
        ]);
    }
    Ok(table)
}
