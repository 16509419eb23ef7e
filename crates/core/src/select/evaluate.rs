//! Applying a predicate to many arrays at once, a column at a time.

use super::compare::Scalar;
use super::{Node, Predicate, Subject, Test};
use crate::error::Result;
use crate::value::{AttributeValue, StatValue};

/// The statistics of one array, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// The least element.
    pub min: Option<&'a StatValue>,
    /// The greatest element.
    pub max: Option<&'a StatValue>,
    /// Elements that are the fill value or were never written.
    pub null_count: u64,
    /// All elements.
    pub row_count: u64,
}

/// What predicates look at, as columns over the same arrays.
pub trait Columns {
    /// How many arrays there are.
    fn rows(&self) -> usize;

    /// Calls `visit` with the row and the value of each array that has this attribute.
    ///
    /// # Errors
    /// Metadata that cannot be read.
    fn attribute(&self, key: &str, visit: &mut dyn FnMut(usize, &AttributeValue)) -> Result<()>;

    /// Calls `visit` with the row and the statistics of each array that has any.
    ///
    /// # Errors
    /// Metadata that cannot be read.
    fn statistics(&self, visit: &mut dyn FnMut(usize, Summary<'_>)) -> Result<()>;

    /// Calls `visit` with the row and the name of each array.
    fn names(&self, visit: &mut dyn FnMut(usize, &str));
}

impl Predicate {
    /// For each array whether it satisfies the predicate. Costs one pass over each column that is
    /// looked at.
    ///
    /// # Errors
    /// What the columns say.
    pub fn evaluate(&self, columns: &dyn Columns) -> Result<Vec<bool>> {
        let mut out = vec![false; columns.rows()];
        match &self.0 {
            Node::Test(subject, test) => apply(subject, test, columns, &mut out)?,
            Node::All(parts) => {
                out.fill(true);
                for part in parts {
                    let part = part.evaluate(columns)?;
                    out.iter_mut().zip(part).for_each(|(a, b)| *a &= b);
                }
            }
            Node::Any(parts) => {
                for part in parts {
                    let part = part.evaluate(columns)?;
                    out.iter_mut().zip(part).for_each(|(a, b)| *a |= b);
                }
            }
            Node::Not(inner) => {
                out = inner.evaluate(columns)?;
                out.iter_mut().for_each(|a| *a = !*a);
            }
        }
        Ok(out)
    }
}

fn apply(subject: &Subject, test: &Test, columns: &dyn Columns, out: &mut [bool]) -> Result<()> {
    match subject {
        Subject::Attribute(key) => {
            columns.attribute(key, &mut |row, value| out[row] = test.passes(value.into()))
        }
        Subject::Name => {
            columns.names(&mut |row, name| out[row] = test.passes(Scalar::Bytes(name.as_bytes())));
            Ok(())
        }
        statistic => columns.statistics(&mut |row, summary| {
            let value = match statistic {
                Subject::Min => summary.min.map(Scalar::from),
                Subject::Max => summary.max.map(Scalar::from),
                Subject::NullCount => Some(Scalar::Int(summary.null_count.into())),
                _ => Some(Scalar::Int(summary.row_count.into())),
            };
            out[row] = value.is_some_and(|value| test.passes(value));
        }),
    }
}
