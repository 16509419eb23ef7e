//! What an HDF5 file has beside what netCDF's rules let be seen: half floats, complex numbers, and
//! compound types, whose fields are arrays of their own.

mod attributes;
mod part;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use array_format::AttributeValue;
use array_format::element::Elements;
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Hdf5File};

use super::super::{Variable, fill};
use part::Part;

/// Groups within groups at most: links may lead back.
const DEPTH: usize = 64;
/// Bytes of a data set at most: it is read as a whole.
const WHOLE_BYTES: usize = 2 << 30;
/// How netCDF marks a dimension that has no variable.
const DIMENSION: &str = "This is a netCDF dimension but not a netCDF variable";

/// A variable that netCDF does not see: a data set, or a field of one.
pub struct Beside {
    pub variable: Variable,
    dataset: Dataset,
    part: Part,
}

/// What was found.
#[derive(Default)]
pub struct Found {
    pub variables: Vec<Beside>,
    /// Of data sets that are divided into their fields: the path of such a one is in front.
    pub attributes: Vec<(String, AttributeValue)>,
    /// What cannot be brought in, and why.
    pub skipped: Vec<String>,
}

/// The stored bytes of the data set that was read last: its fields are asked for one by one.
#[derive(Default)]
pub struct Last(Mutex<Option<(u64, Arc<Vec<u8>>)>>);

/// The data sets that are not among the known ones. `axes` has the names of axes, where they are known.
pub fn beside(
    path: &Path,
    known: &HashSet<String>,
    axes: &HashMap<String, Vec<String>>,
) -> Result<Found> {
    let file = Hdf5File::open(path)?;
    let mut walk = Walk {
        known,
        axes,
        taken: known.clone(),
        found: Found::default(),
    };
    walk.group(&file.root_group()?, "", 0)?;
    Ok(walk.found)
}

impl Beside {
    /// All elements.
    pub fn read(&self, last: &Last) -> Result<Elements> {
        let mut last = last.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = self.dataset.address();
        let bytes = match &*last {
            Some((of, bytes)) if *of == address => Arc::clone(bytes),
            _ => {
                let bytes = Arc::new(self.dataset.read_raw_bytes()?);
                *last = Some((address, Arc::clone(&bytes)));
                bytes
            }
        };
        let width = self.dataset.raw_element_size()?;
        self.part
            .elements(&bytes, width)
            .context("its elements are cut short")
    }
}

struct Walk<'a> {
    known: &'a HashSet<String>,
    axes: &'a HashMap<String, Vec<String>>,
    /// Names of variables so far.
    taken: HashSet<String>,
    found: Found,
}

impl Walk<'_> {
    fn group(&mut self, group: &Group, path: &str, depth: usize) -> Result<()> {
        let within = |name: &str| {
            let name = name.rsplit('/').next().unwrap_or(name);
            match path {
                "" => name.to_owned(),
                path => format!("{path}/{name}"),
            }
        };
        let (groups, datasets) = group.members()?;
        for dataset in datasets {
            let name = within(dataset.name());
            if !is_dimension(&dataset) && !self.known.contains(&name) {
                self.dataset(dataset, name);
            }
        }
        if depth < DEPTH {
            for group in &groups {
                self.group(group, &within(group.name()), depth + 1)?;
            }
        }
        Ok(())
    }

    fn dataset(&mut self, dataset: Dataset, name: String) {
        let why = match (dataset.num_elements(), dataset.raw_byte_len()) {
            // A scalar has one.
            (Ok(0), _) if dataset.shape().is_empty() => Some("it has no extent".to_owned()),
            (Ok(_), Ok(bytes)) if bytes > WHOLE_BYTES => Some(format!(
                "a type that is read as a whole, and more than {WHOLE_BYTES} bytes of it"
            )),
            (Ok(_), Ok(_)) => None,
            (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
        };
        if let Some(why) = why {
            self.found.skipped.push(format!("{name}: {why}"));
            return;
        }
        let (parts, refused) = part::of(&dataset);
        let refused = refused
            .into_iter()
            .map(|(field, why)| format!("{name}{field}: {why}"));
        self.found.skipped.extend(refused);
        let mut attributes = Vec::new();
        for attribute in dataset.attributes() {
            if attributes::is_internal(&attribute.name) {
                continue;
            }
            let key = attribute.name.clone();
            match attributes::value(&attribute) {
                Some(value) => attributes.push((key, value)),
                None => self.found.skipped.push(format!(
                    "{name}: attribute {key}: its type has no counterpart"
                )),
            }
        }
        if part::is_divided(dataset.dtype()) {
            let of_all = attributes.drain(..);
            let of_all = of_all.map(|(key, value)| (format!("{name}/{key}"), value));
            self.found.attributes.extend(of_all);
        }
        let known = self.axes.get(&name);
        for part in parts {
            let full = format!("{name}{}", part.name);
            if !self.taken.insert(full.clone()) {
                let why = "another variable has this name";
                self.found.skipped.push(format!("{full}: {why}"));
                continue;
            }
            let shape: Vec<u64> = [dataset.shape(), &part.inner].concat();
            let dimensions = (0..shape.len()).map(|axis| {
                let known = known.and_then(|names| names.get(axis));
                known.cloned().unwrap_or_else(|| format!("dim{axis}"))
            });
            let mut attributes = attributes.clone();
            attributes.extend(part.attributes.iter().cloned());
            self.found.variables.push(Beside {
                variable: Variable {
                    name: full,
                    dtype: part.dtype.clone(),
                    dimensions: dimensions.collect(),
                    fill: fill::marked(&attributes, &part.dtype),
                    attributes,
                    shape,
                    chunks: None,
                },
                dataset: dataset.clone(),
                part,
            });
        }
    }
}

fn is_dimension(dataset: &Dataset) -> bool {
    let name = dataset
        .attribute("NAME")
        .and_then(|name| name.read_string());
    name.is_ok_and(|name| name.starts_with(DIMENSION))
}
