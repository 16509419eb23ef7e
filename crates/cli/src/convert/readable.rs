//! A foreign file without the variables that cannot be read.

use anyhow::Result;
use array_format::element::Elements;

use super::{Contents, Reader};

/// The variables of a file whose first element can be read; the others are among what was skipped.
pub struct Readable {
    reader: Box<dyn Reader>,
    contents: Contents,
    /// The number of each variable there.
    numbers: Vec<usize>,
}

impl Readable {
    /// Tries every variable; this blocks.
    pub fn of(reader: Box<dyn Reader>) -> Self {
        let all = reader.contents();
        let mut contents = Contents {
            variables: Vec::new(),
            attributes: all.attributes.clone(),
            skipped: all.skipped.clone(),
        };
        let mut numbers = Vec::new();
        for (i, variable) in all.variables.iter().enumerate() {
            let rank = variable.shape.len();
            let first = match variable.shape.contains(&0) {
                true => Ok(()),
                false => reader.read(i, &vec![0; rank], &vec![1; rank]).map(drop),
            };
            match first {
                Ok(()) => {
                    contents.variables.push(variable.clone());
                    numbers.push(i);
                }
                Err(error) => contents
                    .skipped
                    .push(format!("{}: {error:#}", variable.name)),
            }
        }
        Self {
            reader,
            contents,
            numbers,
        }
    }
}

impl Reader for Readable {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        self.reader.read(self.numbers[variable], start, shape)
    }
}
