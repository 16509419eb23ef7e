//! Files with columns.

use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::reader::FileReader;
use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use super::super::Format;
use super::Table;

/// Rows that are decoded at a time.
const BATCH: usize = 1 << 16;

pub fn open(path: &Path, format: Format) -> Result<Box<dyn Table>> {
    Ok(match format {
        Format::Arrow => Box::new(Arrow::open(path)?),
        _ => Box::new(Parquet::open(path)?),
    })
}

struct Parquet {
    file: File,
    metadata: ArrowReaderMetadata,
}

impl Parquet {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        Ok(Self { file, metadata })
    }
}

impl Table for Parquet {
    fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    fn rows(&self) -> u64 {
        let groups = self.metadata.metadata().row_groups().iter();
        groups.map(|group| group.num_rows().max(0) as u64).sum()
    }

    fn column(&self, column: usize, rows: Range<u64>) -> Result<Vec<ArrayRef>> {
        // Groups of rows that end before are not read at all.
        let mut first = 0;
        let (mut groups, mut before) = (Vec::new(), 0);
        for (i, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let end = first + group.num_rows().max(0) as u64;
            if end <= rows.start {
                before = end;
            } else if first < rows.end {
                groups.push(i);
            }
            first = end;
        }
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), [column]);
        let metadata = self.metadata.clone();
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.try_clone()?, metadata)
                .with_projection(mask)
                .with_row_groups(groups)
                .with_offset((rows.start - before) as usize)
                .with_limit((rows.end - rows.start) as usize)
                .with_batch_size(BATCH)
                .build()?;
        reader.map(|batch| Ok(batch?.column(0).clone())).collect()
    }
}

struct Arrow {
    path: std::path::PathBuf,
    schema: SchemaRef,
    /// Where each batch begins, and where the last one ends.
    starts: Vec<u64>,
}

impl Arrow {
    fn open(path: &Path) -> Result<Self> {
        // Without a column a batch costs its header alone.
        let reader = FileReader::try_new(BufReader::new(File::open(path)?), None)?;
        let schema = reader.schema();
        let narrow = FileReader::try_new(BufReader::new(File::open(path)?), Some(Vec::new()))?;
        let mut starts = vec![0];
        let mut end = 0;
        for batch in narrow {
            end += batch?.num_rows() as u64;
            starts.push(end);
        }
        Ok(Self {
            path: path.to_owned(),
            schema,
            starts,
        })
    }
}

impl Table for Arrow {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    fn column(&self, column: usize, rows: Range<u64>) -> Result<Vec<ArrayRef>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let file = BufReader::new(File::open(&self.path)?);
        let mut reader = FileReader::try_new(file, Some(vec![column]))?;
        // The last batch that begins no later.
        let first = self.starts.partition_point(|&start| start <= rows.start);
        let first = first.saturating_sub(1);
        reader.set_index(first)?;
        let mut parts = Vec::new();
        for (batch, &start) in reader.zip(&self.starts[first..]) {
            let batch: RecordBatch = batch?;
            let from = rows.start.saturating_sub(start);
            let to = (rows.end.saturating_sub(start)).min(batch.num_rows() as u64);
            if to <= from {
                break;
            }
            let all = batch.column(0);
            parts.push(all.slice(from as usize, (to - from) as usize));
        }
        Ok(parts)
    }
}
