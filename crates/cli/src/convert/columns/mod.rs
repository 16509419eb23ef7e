//! Tables of columns: Parquet files, and files of Arrow (also called Feather).
//!
//! A column is an array along the rows; one whose values are lists of always the same length has two
//! axes. Rows without a value have the fill value.

mod files;
mod from_arrow;
mod to_arrow;
mod write;

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail};
use array_format::element::Elements;
use arrow_array::ArrayRef;
use arrow_schema::SchemaRef;

use super::flat::cut;
use super::{Contents, Format, Reader, Variable};
use from_arrow::Kind;

pub use write::write;

/// The dimension of the rows.
const ROWS: &str = "row";

/// A file with columns.
trait Table: Send + Sync {
    fn schema(&self) -> &SchemaRef;

    fn rows(&self) -> u64;

    /// The values of a column in some rows, in parts.
    fn column(&self, column: usize, rows: Range<u64>) -> Result<Vec<ArrayRef>>;
}

/// A table as variables.
pub struct Columns {
    table: Box<dyn Table>,
    contents: Contents,
    /// One for each variable: the column's number, and how its values become elements.
    kinds: Vec<(usize, Kind)>,
}

/// Opens a file.
pub fn open(path: &Path, format: Format) -> Result<Columns> {
    let table = files::open(path, format)?;
    let schema = table.schema().clone();
    let mut columns = Columns {
        contents: Contents {
            attributes: from_arrow::attributes(schema.metadata()),
            ..Contents::default()
        },
        table,
        kinds: Vec::new(),
    };
    for (i, field) in schema.fields().iter().enumerate() {
        let name = field.name().clone();
        let mut kind = match Kind::of(field.data_type()) {
            Ok(kind) => kind,
            Err(why) => {
                columns.contents.skipped.push(format!("{name}: {why}"));
                continue;
            }
        };
        if field.is_nullable() || field.data_type().is_list() {
            let mut choose = || -> Result<Vec<String>> {
                let all = columns.table.column(i, 0..columns.table.rows())?;
                kind.choose_fill(&all)?;
                Ok(kind.losses(&all))
            };
            let losses = choose().with_context(|| format!("column {name}"))?;
            let losses = losses.into_iter().map(|loss| format!("{name}: {loss}"));
            columns.contents.skipped.extend(losses);
        }
        let (mut shape, mut dimensions) = (vec![columns.table.rows()], vec![ROWS.to_owned()]);
        if let Some(extent) = kind.inner {
            shape.push(extent);
            dimensions.push(format!("{name}_item"));
        }
        let mut attributes = from_arrow::attributes(field.metadata());
        attributes.extend(kind.attributes.iter().cloned());
        columns.contents.variables.push(Variable {
            name,
            dtype: kind.dtype.clone(),
            shape,
            dimensions,
            fill: kind.fill.clone(),
            attributes,
            chunks: None,
        });
        columns.kinds.push((i, kind));
    }
    Ok(columns)
}

impl Reader for Columns {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        let (column, kind) = &self.kinds[variable];
        let entry = &self.contents.variables[variable];
        let read = || -> Result<Elements> {
            let rows = start[0]..start[0] + shape[0];
            let parts = self.table.column(*column, rows)?;
            let all = kind.elements(&parts)?;
            match (start, shape, entry.shape.as_slice()) {
                ([_], _, _) => Ok(all),
                ([_, from], [rows, n], [_, extent]) => {
                    Ok(cut(&all, &[*rows, *extent], &[0, *from], &[*rows, *n]))
                }
                _ => bail!("a column has one or two axes"),
            }
        };
        read().with_context(|| format!("column {}", entry.name))
    }
}
