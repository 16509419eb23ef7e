//! Arrays as columns of a new file.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use anyhow::{Context, Result};
use array_format::array::ArrayMeta;
use array_format::{ArrayFile, AttributeValue};
use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::super::Format;
use super::to_arrow::Plan;
use crate::failure::usage;

/// Rows that are written at a time.
const BATCH: u64 = 1 << 16;
/// Bytes of a row's elements at a time, where rows are long.
const BYTES: u64 = 64 << 20;

/// Writes arrays of one length as columns; returns what could not be written, and why.
pub async fn write(
    file: &ArrayFile,
    arrays: &[&ArrayMeta],
    format: Format,
    out: &mut File,
) -> Result<Vec<String>> {
    let mut skipped = Vec::new();
    let mut plans = Vec::new();
    for &meta in arrays {
        match Plan::of(meta) {
            Ok(plan) => plans.push((meta, plan)),
            Err(why) => skipped.push(format!("{}: {why}", meta.name)),
        }
    }
    // Rows are what most columns have.
    let mut lengths = BTreeMap::new();
    for (meta, _) in &plans {
        *lengths.entry(meta.shape[0]).or_insert(0) += 1;
    }
    let rows = lengths.iter().max_by_key(|(rows, n)| (**n, **rows));
    let Some((&rows, _)) = rows else {
        let why = skipped.first().map_or("there is none", String::as_str);
        return Err(usage(format!("no array is a column; {why}")));
    };
    plans.retain(|(meta, _)| {
        let fits = meta.shape[0] == rows;
        if !fits {
            skipped.push(format!(
                "{}: it has {} rows, not {rows}",
                meta.name, meta.shape[0]
            ));
        }
        fits
    });
    let mut fields = Vec::with_capacity(plans.len());
    for (meta, plan) in &plans {
        let mut all = file.attributes(&meta.name)?;
        // What is missing is not there.
        all.retain(|(key, _)| key != "_FillValue");
        fields.push(plan.field.clone().with_metadata(metadata(all)));
    }
    let schema = Schema::new_with_metadata(fields, metadata(file.file_attributes()?));
    let mut writer = Writer::new(out, Arc::new(schema), format)?;
    let width = plans.iter().map(|(meta, _)| row_bytes(meta)).max();
    let step = (BYTES / width.unwrap_or(1).max(1)).clamp(1, BATCH);
    let mut at = 0;
    while at < rows {
        let n = step.min(rows - at);
        let mut columns = Vec::with_capacity(plans.len());
        for (meta, plan) in &plans {
            let mut start = vec![0; meta.shape.len()];
            start[0] = at as usize;
            let mut shape: Vec<usize> = meta.shape.iter().map(|&n| n as usize).collect();
            shape[0] = n as usize;
            let (_, elements) = file.read_elements(&meta.name, start, shape).await?;
            let column = plan.column(&elements);
            columns.push(column.with_context(|| format!("column {}", meta.name))?);
        }
        writer.write(columns)?;
        at += n;
    }
    writer.finish()?;
    Ok(skipped)
}

fn row_bytes(meta: &ArrayMeta) -> u64 {
    let width = meta.dtype.element_size().unwrap_or(64) as u64;
    meta.shape[1..]
        .iter()
        .fold(width, |n, &m| n.saturating_mul(m))
}

/// Attributes as metadata, whose values are text: JSON for all but texts.
fn metadata(all: Vec<(String, &AttributeValue)>) -> HashMap<String, String> {
    let text = |value: &AttributeValue| match value {
        // One that JSON would read as something else is told as JSON.
        AttributeValue::String(text)
            if serde_json::from_str::<serde_json::Value>(text).is_err() =>
        {
            text.clone()
        }
        value => serde_json::to_string(&crate::attributes::cell(value)).unwrap_or_default(),
    };
    all.into_iter()
        .map(|(key, value)| (key, text(value)))
        .collect()
}

enum Sink<'o> {
    Parquet(Box<ArrowWriter<BufWriter<&'o mut File>>>),
    Arrow(Box<FileWriter<BufWriter<&'o mut File>>>),
}

struct Writer<'o> {
    schema: SchemaRef,
    sink: Sink<'o>,
}

impl<'o> Writer<'o> {
    fn new(out: &'o mut File, schema: SchemaRef, format: Format) -> Result<Self> {
        let out = BufWriter::new(out);
        let sink = match format {
            Format::Arrow => Sink::Arrow(Box::new(FileWriter::try_new(out, &schema)?)),
            _ => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .build();
                let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))?;
                Sink::Parquet(Box::new(writer))
            }
        };
        Ok(Self { schema, sink })
    }

    fn write(&mut self, columns: Vec<arrow_array::ArrayRef>) -> Result<()> {
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        match &mut self.sink {
            Sink::Parquet(writer) => writer.write(&batch)?,
            Sink::Arrow(writer) => writer.write(&batch)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self.sink {
            Sink::Parquet(writer) => writer.into_inner()?.flush()?,
            Sink::Arrow(mut writer) => {
                writer.finish()?;
                writer.into_inner()?.flush()?;
            }
        }
        Ok(())
    }
}
