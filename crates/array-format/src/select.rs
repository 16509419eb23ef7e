//! Selecting arrays by their attributes and statistics, and the columns for doing so by hand.

use array_format_core::select::{Columns, Summary};

pub use array_format_core::select::{
    Predicate, Subject, attribute, max, min, name, null_count, row_count,
};

use crate::ArrayFile;
use crate::array::ArrayMeta;
use crate::error::Result;
use crate::stats::StatValue;
use crate::value::AttributeValue;

/// The statistics of all visible arrays as of the last commit, a column each. Row `i` of every column
/// is that of `arrays[i]`.
#[derive(Debug, Clone, Default)]
pub struct StatisticsColumns<'a> {
    /// The arrays, in the order in which they were defined.
    pub arrays: Vec<&'a ArrayMeta>,
    /// The least element; of long texts, a bound that none is below. None without such an element.
    pub min: Vec<Option<&'a StatValue>>,
    /// The greatest element; of long texts, a bound that none is above. None without such an element.
    pub max: Vec<Option<&'a StatValue>>,
    /// Elements that are the fill value or were never written.
    pub null_count: Vec<u64>,
    /// All elements.
    pub row_count: Vec<u64>,
}

impl ArrayFile {
    /// The visible arrays that satisfy a predicate, in the order in which they were defined.
    ///
    /// Attributes are those that this handle sees, pending ones included; statistics are those of the
    /// last commit. Costs one pass over the arrays, and one over each column that is looked at: no
    /// data are read.
    ///
    /// ```
    /// use array_format::select::{attribute, max};
    /// use array_format::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression};
    /// use ndarray::arr1;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> array_format::Result<()> {
    /// let mut file = ArrayFile::create_memory(FileConfig::new(NoCompression)).await?;
    /// for (name, units, values) in [
    ///     ("sst", "degC", [14.5f32, 31.0]),
    ///     ("air", "degC", [3.0, 21.5]),
    ///     ("wind", "m s-1", [7.0, 44.0]),
    /// ] {
    ///     let spec = ArraySpec::new(DType::Float32, [2]).attribute("units", units);
    ///     file.create_array(name, spec)?;
    ///     file.write_array(name, vec![0], arr1(&values).view().into_dyn()).await?;
    /// }
    /// file.flush().await?;
    ///
    /// let warm = file.select(&(attribute("units").eq("degC") & max().gt(30)))?;
    /// assert_eq!(warm.len(), 1);
    /// assert_eq!(warm[0].name, "sst");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) if a page is damaged.
    pub fn select(&self, predicate: &Predicate) -> Result<Vec<&ArrayMeta>> {
        let arrays = self.arrays()?;
        let found = predicate.evaluate(&Visible {
            file: self,
            arrays: &arrays,
        })?;
        let selected = arrays.into_iter().zip(found).filter(|(_, found)| *found);
        Ok(selected.map(|(meta, _)| meta).collect())
    }

    /// The statistics of all visible arrays as of the last commit, as columns.
    ///
    /// Costs one pass over the arrays and one over their statistics.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) if a page is damaged.
    pub fn statistics_columns(&self) -> Result<StatisticsColumns<'_>> {
        let arrays = self.arrays()?;
        let mut out = StatisticsColumns {
            min: vec![None; arrays.len()],
            max: vec![None; arrays.len()],
            null_count: Vec::with_capacity(arrays.len()),
            row_count: Vec::with_capacity(arrays.len()),
            arrays,
        };
        // What was never written is null; an array that was never committed has no elements yet.
        for meta in &out.arrays {
            let n = self.committed(meta).map_or(0, ArrayMeta::elements);
            out.row_count.push(n);
            out.null_count.push(n);
        }
        let mut rows = self.committed_rows(&out.arrays);
        self.snapshot.visit_statistics(|found| {
            if let Some(i) = rows.find(found.array) {
                (out.min[i], out.max[i]) = (found.stats.min.as_ref(), found.stats.max.as_ref());
                out.null_count[i] = out.row_count[i].saturating_sub(found.stats.valid);
            }
        })?;
        Ok(out)
    }

    /// One attribute over all visible arrays, in the order in which they were defined.
    ///
    /// Costs one pass over the arrays and one over the attribute's column.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) if a page is damaged.
    pub fn attribute_column(&self, key: &str) -> Result<Vec<(String, Option<&AttributeValue>)>> {
        let arrays = self.arrays()?;
        let column = self.column(key, &arrays)?;
        let names = arrays.into_iter().map(|meta| meta.name.clone());
        Ok(names.zip(column).collect())
    }

    /// Those of these arrays, which rise by id, whose ids are the snapshot's.
    fn committed_rows<'a>(&self, arrays: &'a [&'a ArrayMeta]) -> Rows<'a> {
        let n = arrays.partition_point(|meta| self.is_committed(meta.id));
        Rows {
            arrays: &arrays[..n],
            next: 0,
        }
    }

    /// One attribute of these arrays, which rise by id.
    fn column(&self, key: &str, arrays: &[&ArrayMeta]) -> Result<Vec<Option<&AttributeValue>>> {
        let mut column = vec![None; arrays.len()];
        let mut rows = self.committed_rows(arrays);
        self.snapshot.visit_attribute(key, |array, value| {
            if let Some(i) = rows.find(array) {
                column[i] = Some(value);
            }
        })?;
        for (&array, values) in &self.pending.attributes {
            if let Some(value) = values.get(key)
                && let Ok(i) = arrays.binary_search_by_key(&array, |meta| meta.id)
            {
                column[i] = value.as_ref();
            }
        }
        Ok(column)
    }
}

/// The visible arrays of a file, as predicates look at them.
struct Visible<'a> {
    file: &'a ArrayFile,
    arrays: &'a [&'a ArrayMeta],
}

impl Columns for Visible<'_> {
    fn rows(&self) -> usize {
        self.arrays.len()
    }

    fn attribute(&self, key: &str, visit: &mut dyn FnMut(usize, &AttributeValue)) -> Result<()> {
        let column = self.file.column(key, self.arrays)?;
        let there = column.into_iter().enumerate();
        there.for_each(|(row, value)| {
            if let Some(value) = value {
                visit(row, value);
            }
        });
        Ok(())
    }

    fn statistics(&self, visit: &mut dyn FnMut(usize, Summary<'_>)) -> Result<()> {
        let columns = self.file.statistics_columns()?;
        for row in 0..columns.arrays.len() {
            let summary = Summary {
                min: columns.min[row],
                max: columns.max[row],
                null_count: columns.null_count[row],
                row_count: columns.row_count[row],
            };
            visit(row, summary);
        }
        Ok(())
    }

    fn names(&self, visit: &mut dyn FnMut(usize, &str)) {
        let names = self.arrays.iter().enumerate();
        names.for_each(|(row, meta)| visit(row, &meta.name));
    }
}

/// Finds the rows of ids that rise, among arrays whose ids rise.
struct Rows<'a> {
    arrays: &'a [&'a ArrayMeta],
    next: usize,
}

impl<'a> Rows<'a> {
    fn find(&mut self, id: u64) -> Option<usize> {
        let rest = &self.arrays[self.next..];
        // Most often the next one.
        let skipped = match rest.first() {
            Some(meta) if meta.id >= id => 0,
            _ => rest.partition_point(|meta| meta.id < id),
        };
        self.next += skipped;
        (self.arrays.get(self.next)?.id == id).then_some(self.next)
    }
}
