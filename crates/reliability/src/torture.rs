//! A file whose content tells exactly which commits it holds, for processes that are killed.
//!
//! Writer *w* has the chunk *w* of [`ARRAY`]. Its commit *n* writes *n* to every element of that
//! chunk, and to an attribute. So a state is a number for each writer, and a mixture shows.
//! [`COUNTERS`] are for writers that meet: each commit adds one to one of them.

use array_format::{ArrayFile, AttributeValue, Error, FillValue, Result};
use ndarray::{ArrayD, IxDyn};

/// The array of the writers' own chunks.
pub const ARRAY: &str = "own";
/// The array of shared counters.
pub const COUNTERS: &str = "counters";
/// Writers that a file has room for.
pub const WRITERS: usize = 16;
/// Elements of a chunk.
pub const CHUNK: usize = 256;
/// Shared counters.
pub const SHARED: usize = 8;

/// Defines what [`step`] writes to.
///
/// # Errors
/// The array is there already.
pub fn define(file: &mut ArrayFile) -> Result<()> {
    let (shape, chunk) = (vec![WRITERS, CHUNK], Some(vec![1, CHUNK]));
    file.define_array::<i64>(ARRAY, vec![], shape, chunk, Some(FillValue::Int(0)))
}

/// Defines the shared counters.
///
/// # Errors
/// The array is there already.
pub fn define_counters(file: &mut ArrayFile) -> Result<()> {
    let (shape, chunk) = (vec![SHARED], Some(vec![1]));
    file.define_array::<i64>(COUNTERS, vec![], shape, chunk, Some(FillValue::Int(0)))
}

fn key(writer: usize) -> String {
    format!("writer {writer}")
}

/// Makes a writer's next change, to be flushed.
///
/// # Errors
/// What writing can say.
pub async fn step(file: &mut ArrayFile, writer: usize, serial: u64) -> Result<()> {
    let values = ArrayD::from_elem(IxDyn(&[1, CHUNK]), serial as i64);
    file.write_array(ARRAY, vec![writer, 0], values.view())
        .await?;
    file.set_attribute(ARRAY, &key(writer), (serial as i64).into())
}

/// What a file holds: the last serial of each writer.
///
/// # Errors
/// What reading says; [`Error::InvalidArgument`] for a state that no commits give.
pub async fn serials(file: &ArrayFile) -> Result<Vec<u64>> {
    let values = file.read_array::<i64>(ARRAY, vec![], vec![]).await?;
    let mut serials = Vec::new();
    for (writer, chunk) in values.outer_iter().enumerate() {
        let serial = chunk[[0]];
        let attribute = match file.get_attribute(ARRAY, &key(writer))? {
            Some(AttributeValue::Int64(n)) => *n,
            None => 0,
            Some(other) => return Err(mixture(writer, &format!("attribute {other:?}"))),
        };
        if attribute != serial || chunk.iter().any(|&value| value != serial) {
            return Err(mixture(writer, &format!("{chunk} and {attribute}")));
        }
        serials.push(serial as u64);
    }
    Ok(serials)
}

fn mixture(writer: usize, what: &str) -> Error {
    Error::InvalidArgument(format!("MIXED STATE of writer {writer}: {what}"))
}

/// The shared counters.
///
/// # Errors
/// What reading says.
pub async fn counters(file: &ArrayFile) -> Result<Vec<i64>> {
    let values = file.read_array::<i64>(COUNTERS, vec![], vec![]).await?;
    Ok(values.iter().copied().collect())
}
