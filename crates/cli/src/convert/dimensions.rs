//! Groups and dimensions, as netCDF has them: names of arrays with `/` are in groups, and an axis is
//! a dimension that its group, or one around it, declares.

use std::collections::BTreeMap;

use array_format::array::ArrayMeta;

/// The group of an array and its name there: `a/b` and `c` for `a/b/c`.
pub fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

/// The groups around a group, itself first and the root last.
fn around(group: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(group), |group| match *group {
        "" => None,
        group => Some(split(group).0),
    })
}

/// The dimensions of a set of arrays.
#[derive(Debug, Default)]
pub struct Dimensions {
    /// By group, in the order in which they were met: name and extent.
    groups: BTreeMap<String, Vec<(String, u64)>>,
}

impl Dimensions {
    /// Those of these arrays.
    pub fn of<'m>(arrays: impl IntoIterator<Item = &'m ArrayMeta>) -> Self {
        let mut arrays: Vec<&ArrayMeta> = arrays.into_iter().collect();
        // Groups around others first, so that those within find what they declare.
        arrays.sort_by_key(|meta| meta.name.matches('/').count());
        let mut dimensions = Self::default();
        for meta in arrays {
            let mut used = Vec::new();
            for (axis, &extent) in meta.shape.iter().enumerate() {
                let name = dimensions.declare(split(&meta.name).0, wish(meta, axis), extent, &used);
                used.push(name);
            }
        }
        dimensions
    }

    /// The names of an array's axes, all declared.
    pub fn names(&self, meta: &ArrayMeta) -> Vec<String> {
        let mut used = Vec::new();
        for (axis, &extent) in meta.shape.iter().enumerate() {
            let found = self.find(split(&meta.name).0, &wish(meta, axis), extent, &used);
            used.push(found.unwrap_or_else(|| wish(meta, axis)));
        }
        used
    }

    /// What a group declares itself.
    pub fn declared(&self, group: &str) -> &[(String, u64)] {
        self.groups.get(group).map_or(&[], Vec::as_slice)
    }

    /// All groups with dimensions.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &[(String, u64)])> {
        self.groups
            .iter()
            .map(|(group, all)| (group.as_str(), all.as_slice()))
    }

    /// The name under which a wish is declared: itself, or itself with a number where it stands for
    /// another extent, or for another axis of the same array.
    fn find(&self, group: &str, wish: &str, extent: u64, used: &[String]) -> Option<String> {
        candidates(wish)
            .take_while(|name| self.is_known(group, name))
            .find(|name| self.extent(group, name) == Some(extent) && !used.contains(name))
    }

    fn declare(&mut self, group: &str, wish: String, extent: u64, used: &[String]) -> String {
        if let Some(name) = self.find(group, &wish, extent, used) {
            return name;
        }
        let free = candidates(&wish).find(|name| !self.is_known(group, name));
        let name = free.unwrap_or(wish);
        let declared = self.groups.entry(group.to_owned()).or_default();
        declared.push((name.clone(), extent));
        name
    }

    fn extent(&self, group: &str, name: &str) -> Option<u64> {
        around(group).find_map(|group| {
            let declared = self.declared(group).iter();
            declared
                .clone()
                .find(|(other, _)| other == name)
                .map(|(_, extent)| *extent)
        })
    }

    fn is_known(&self, group: &str, name: &str) -> bool {
        self.extent(group, name).is_some()
    }
}

/// The name that an array has for an axis, or one made up.
fn wish(meta: &ArrayMeta, axis: usize) -> String {
    match meta.dimension_names.get(axis).map(String::as_str) {
        None | Some("") => format!("dim_{axis}"),
        Some(name) => name.replace('/', "_"),
    }
}

/// A name, then the same with numbers.
fn candidates(wish: &str) -> impl Iterator<Item = String> {
    let numbered = (2..).map(move |n: u32| format!("{wish}_{n}"));
    std::iter::once(wish.to_owned()).chain(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use array_format::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression};

    #[tokio::test]
    async fn axes_are_declared_where_they_are_needed() {
        let mut file = ArrayFile::create_memory(FileConfig::new(NoCompression))
            .await
            .unwrap();
        for (name, axes) in [
            ("g/c", &[("x", 3u64), ("t", 9)][..]),
            ("a", &[("x", 3), ("y", 4)]),
            ("b", &[("x", 5), ("x", 5), ("", 2)]),
        ] {
            let spec = ArraySpec::new(DType::Int8, axes.iter().map(|(_, n)| *n));
            file.create_array(name, spec.dimensions(axes.iter().map(|(name, _)| *name)))
                .unwrap();
        }
        let dimensions = Dimensions::of(file.arrays().unwrap());
        let names = |name: &str| dimensions.names(file.get_array(name).unwrap());
        assert_eq!(names("a"), ["x", "y"]);
        assert_eq!(names("b"), ["x_2", "x_3", "dim_2"]);
        assert_eq!(names("g/c"), ["x", "t"]);
        let own = |name: &str, n| (name.to_owned(), n);
        assert_eq!(
            dimensions.declared(""),
            [
                own("x", 3),
                own("y", 4),
                own("x_2", 5),
                own("x_3", 5),
                own("dim_2", 2)
            ]
        );
        assert_eq!(dimensions.declared("g"), [own("t", 9)]);
    }
}
