//! What an HDF5 file has beside what netCDF's rules let be seen.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Result;
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Hdf5File};

/// Groups within groups at most: links may lead back.
const DEPTH: usize = 64;
/// How netCDF marks a dimension that has no variable.
const DIMENSION: &str = "This is a netCDF dimension but not a netCDF variable";

/// The names of data sets that are not among the known ones.
pub fn unseen(path: &Path, known: &HashSet<String>) -> Result<Vec<String>> {
    let file = Hdf5File::open(path)?;
    let mut unseen = Vec::new();
    walk(&file.root_group()?, "", 0, known, &mut unseen)?;
    Ok(unseen)
}

fn walk(
    group: &Group,
    path: &str,
    depth: usize,
    known: &HashSet<String>,
    unseen: &mut Vec<String>,
) -> Result<()> {
    let within = |name: &str| {
        let name = name.rsplit('/').next().unwrap_or(name);
        // So netCDF stores a variable that has a dimension's name and is not its coordinates.
        let name = name.strip_prefix("_nc4_non_coord_").unwrap_or(name);
        match path {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        }
    };
    let (groups, datasets) = group.members()?;
    let names = datasets.iter().filter(|dataset| !is_dimension(dataset));
    let names = names.map(|dataset| within(dataset.name()));
    unseen.extend(names.filter(|name| !known.contains(name)));
    if depth < DEPTH {
        for group in &groups {
            walk(group, &within(group.name()), depth + 1, known, unseen)?;
        }
    }
    Ok(())
}

fn is_dimension(dataset: &Dataset) -> bool {
    let name = dataset
        .attribute("NAME")
        .and_then(|name| name.read_string());
    name.is_ok_and(|name| name.starts_with(DIMENSION))
}
