//! Everything that a file shows, as one value to compare.

use std::collections::BTreeMap;
use std::fmt;

use array_format::element::Elements;
use array_format::{ArrayFile, AttributeValue, Result};

/// Values as text, so that NaN equals itself and −0 does not equal 0.
type Attributes = BTreeMap<String, String>;

/// The visible state of a file. Layers, numbers and ids are no part of it.
#[derive(PartialEq)]
pub struct State {
    attributes: Attributes,
    tags: BTreeMap<String, u64>,
    arrays: BTreeMap<String, Array>,
}

#[derive(PartialEq)]
struct Array {
    definition: String,
    attributes: Attributes,
    statistics: Option<String>,
    /// Elements, or the error that reading them gives.
    elements: std::result::Result<Elements, String>,
}

impl State {
    /// Reads all of a file.
    ///
    /// # Errors
    /// What reading metadata says.
    pub async fn of(file: &ArrayFile) -> Result<Self> {
        let mut arrays = BTreeMap::new();
        for meta in file.arrays()? {
            let read = file.read_elements(&meta.name, vec![], vec![]).await;
            let array = Array {
                // Ids differ between files with the same history.
                definition: format!(
                    "{:?} {:?} {:?} {:?} {:?} {}",
                    meta.dtype,
                    meta.shape,
                    meta.chunk_shape,
                    meta.dimension_names,
                    meta.fill_value,
                    meta.pipeline
                ),
                attributes: owned(file.attributes(&meta.name)?),
                statistics: file.array_stats(&meta.name).map(|s| format!("{s:?}")),
                elements: read
                    .map(|(_, elements)| elements)
                    .map_err(|e| e.to_string()),
            };
            arrays.insert(meta.name.to_string(), array);
        }
        let tags = file.tags()?.into_iter().map(|tag| (tag.name, tag.sequence));
        Ok(Self {
            attributes: owned(file.file_attributes()?),
            tags: tags.collect(),
            arrays,
        })
    }

    /// Drops the statistics, which a handle does not have of what is pending.
    pub fn without_statistics(mut self) -> Self {
        for array in self.arrays.values_mut() {
            array.statistics = None;
        }
        self
    }

    /// How many arrays there are.
    pub fn arrays(&self) -> usize {
        self.arrays.len()
    }
}

fn owned(attributes: Vec<(String, &AttributeValue)>) -> Attributes {
    let owned = attributes.into_iter().map(|(k, v)| (k, format!("{v:?}")));
    owned.collect()
}

/// Short enough for the message of a test that failed.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.attributes, self.tags)?;
        for (name, array) in &self.arrays {
            let elements = match &array.elements {
                Ok(elements) => format!("{elements:?}"),
                Err(error) => error.clone(),
            };
            let start: String = elements.chars().take(200).collect();
            write!(f, "\n  {name}: {} {:?}", array.definition, array.attributes)?;
            write!(f, "\n    {start}\n    {:?}", array.statistics)?;
        }
        Ok(())
    }
}
