//! References in Parquet, as fsspec's `LazyReferenceMapper` reads them: a folder an array, a file for
//! every so many chunks, a row a chunk in C order.

use std::path::Path;

use anyhow::Result;
use array_format_zarr::references::Set;

#[cfg(feature = "parquet")]
pub use with_parquet::write_parquet;

#[cfg(not(feature = "parquet"))]
pub fn write_parquet(_: &Set, _: &Path, _: impl Fn(&str) -> String) -> Result<()> {
    Err(crate::failure::usage(
        "this program was built without Parquet; write .json",
    ))
}

#[cfg(feature = "parquet")]
mod with_parquet {
    use std::collections::BTreeMap;
    use std::fs::{self, File};
    use std::sync::Arc;

    use anyhow::{Context, ensure};
    use array_format_zarr::references::{References, Source};
    use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
    use arrow_schema::{DataType, Field, Schema};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{Compression, ZstdLevel};
    use parquet::file::properties::WriterProperties;
    use serde_json::{Map, Value, json};

    use super::{Path, Result, Set};

    /// Chunks of a file.
    const RECORD: u64 = 10_000;

    /// Writes the folder, which must not be there.
    pub fn write_parquet(set: &Set, path: &Path, url: impl Fn(&str) -> String) -> Result<()> {
        ensure!(!path.exists(), "it is there already");
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Put in its place when it is whole.
        let folder = tempfile::tempdir_in(parent)?;
        for array in &set.arrays {
            let own = folder.path().join(&array.name);
            fs::create_dir_all(&own)?;
            let mut records: BTreeMap<u64, Vec<(u64, &Source)>> = BTreeMap::new();
            for (key, source) in &array.chunks {
                let row = row(array, key)?;
                let record = records.entry(row / RECORD).or_default();
                record.push((row % RECORD, source));
            }
            let all = array.grid.iter().product::<u64>();
            // A scalar is one chunk, too.
            let all = if array.grid.is_empty() { 1 } else { all };
            for record in 0..all.div_ceil(RECORD) {
                let rows = RECORD.min(all - record * RECORD);
                let chunks = records.remove(&record).unwrap_or_default();
                let file = own.join(format!("refs.{record}.parq"));
                write_record(&file, rows, &chunks, &url)
                    .with_context(|| file.display().to_string())?;
            }
        }
        let mut metadata = Map::new();
        for (key, document) in set.documents() {
            metadata.insert(key, document.clone());
        }
        let document: Value = json!({"metadata": metadata, "record_size": RECORD});
        fs::write(folder.path().join(".zmetadata"), document.to_string())?;
        fs::rename(folder.keep(), path)?;
        Ok(())
    }

    /// The number of a chunk in C order.
    fn row(array: &References, key: &str) -> Result<u64> {
        let at = key.split('.').map(str::parse::<u64>);
        let at: Vec<u64> = at.collect::<Result<_, _>>()?;
        let rows = array.grid.iter().zip(at);
        Ok(rows.fold(0, |row, (count, at)| row * count + at))
    }

    fn write_record(
        file: &Path,
        rows: u64,
        chunks: &[(u64, &Source)],
        url: &impl Fn(&str) -> String,
    ) -> Result<()> {
        let n = rows as usize;
        let (mut paths, mut offsets, mut sizes) = (vec![None; n], vec![0; n], vec![0; n]);
        let mut raws: Vec<Option<&[u8]>> = vec![None; n];
        for (row, source) in chunks {
            let row = *row as usize;
            match source {
                Source::Range {
                    object,
                    offset,
                    length,
                } => {
                    paths[row] = Some(url(object));
                    offsets[row] = i64::try_from(*offset)?;
                    sizes[row] = i64::try_from(*length)?;
                }
                Source::Inline(bytes) => raws[row] = Some(bytes),
                _ => {}
            }
        }
        let columns: [(&str, DataType, ArrayRef); 4] = [
            ("path", DataType::Utf8, Arc::new(StringArray::from(paths))),
            (
                "offset",
                DataType::Int64,
                Arc::new(Int64Array::from(offsets)),
            ),
            ("size", DataType::Int64, Arc::new(Int64Array::from(sizes))),
            ("raw", DataType::Binary, Arc::new(BinaryArray::from(raws))),
        ];
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, dtype, _)| Field::new(*name, dtype.clone(), true))
            .collect();
        let arrays = columns.into_iter().map(|(_, _, array)| array).collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let mut writer =
            ArrowWriter::try_new(File::create(file)?, schema.clone(), Some(properties))?;
        writer.write(&RecordBatch::try_new(schema, arrays)?)?;
        writer.close()?;
        Ok(())
    }
}
