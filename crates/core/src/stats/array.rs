//! The statistics of arrays, as users see them.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use crate::value::StatValue;

/// The statistics of one array.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayStats {
    /// The array's name.
    pub name: String,
    /// The least valid element, or a bound where elements are long.
    pub min: Option<StatValue>,
    /// The greatest valid element, or a bound where elements are long.
    pub max: Option<StatValue>,
    /// Elements that equal the fill value or were never written.
    pub null_count: u64,
    /// All elements.
    pub row_count: u64,
}

/// The statistics of all arrays of a file.
#[derive(Debug, Clone, Default)]
pub struct StatsFile {
    /// One entry for each array.
    pub arrays: Vec<ArrayStats>,
    /// Made by the first search. Public so that `..Default::default()` works.
    #[doc(hidden)]
    pub index: NameIndex,
}

/// Where each name stands in [`StatsFile::arrays`].
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct NameIndex(OnceLock<HashMap<Box<str>, usize>>);

impl fmt::Debug for NameIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameIndex")
    }
}

impl From<Vec<ArrayStats>> for StatsFile {
    fn from(arrays: Vec<ArrayStats>) -> Self {
        Self {
            arrays,
            index: NameIndex::default(),
        }
    }
}

impl StatsFile {
    /// The entry of the array with this name.
    pub fn get_array(&self, name: &str) -> Option<&ArrayStats> {
        let index = self.index.0.get_or_init(|| {
            let places = self.arrays.iter().enumerate();
            places
                .map(|(i, stats)| (stats.name.as_str().into(), i))
                .collect()
        });
        let hit = index.get(name).and_then(|&i| self.arrays.get(i));
        match hit {
            Some(stats) if stats.name == name => hit,
            // `arrays` is public: the name may have come or moved since the index was made.
            _ => self.arrays.iter().find(|stats| stats.name == name),
        }
    }

    /// All entries.
    pub fn entries(&self) -> &[ArrayStats] {
        &self.arrays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(name: &str) -> ArrayStats {
        ArrayStats {
            name: name.to_owned(),
            min: None,
            max: None,
            null_count: 0,
            row_count: 1,
        }
    }

    #[test]
    fn finds_by_name_also_after_the_list_changed() {
        let mut file = StatsFile {
            arrays: vec![stats("a"), stats("b")],
            ..Default::default()
        };
        assert_eq!(file.get_array("b").unwrap().name, "b");
        assert!(file.get_array("c").is_none());
        file.arrays.remove(0);
        file.arrays.push(stats("c"));
        for name in ["b", "c"] {
            assert_eq!(file.get_array(name).unwrap().name, name);
        }
        assert!(file.get_array("a").is_none());
        assert_eq!(file.clone().entries().len(), 2);
        assert_eq!(
            StatsFile::from(vec![stats("x")]).get_array("x"),
            Some(&stats("x"))
        );
    }
}
