//! The references of a file, as kerchunk writes them.

use array_format::{ArrayFile, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::{References, Source, find, inline, v2};
use crate::hierarchy::{Hierarchy, Skipped};
use crate::{json, v3};

/// Which arrays, and which of them are written into the references themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// An array that cannot be read in place, of at most so many bytes, is written in.
    pub inline: u64,
}

/// An array that is not among the references, and why.
pub type Refused = Skipped;

/// The references of a file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Set {
    /// `.zgroup` and `.zattrs` of all groups, by key.
    pub groups: Vec<(String, Value)>,
    /// The arrays.
    pub arrays: Vec<References>,
    /// Arrays whose elements were written in, and why.
    pub inlined: Vec<Refused>,
    /// Arrays that are left out, and why.
    pub refused: Vec<Refused>,
}

impl Set {
    /// Of these arrays of a file.
    ///
    /// # Errors
    /// As [`find`] and [`inline`].
    pub async fn of(file: &ArrayFile, names: &[&str], options: Options) -> Result<Self> {
        let hierarchy = Hierarchy::new(file, names.iter().copied())?;
        let mut set = Self {
            groups: Vec::new(),
            arrays: Vec::new(),
            inlined: Vec::new(),
            refused: hierarchy.skipped().to_vec(),
        };
        for path in hierarchy.groups() {
            let within = |key: &str| match path {
                "" => key.to_owned(),
                path => format!("{path}/{key}"),
            };
            let attributes = json::attributes(v3::group_attributes(file, &hierarchy, path)?);
            set.groups.push((within(".zgroup"), v2::group()));
            set.groups.push((within(".zattrs"), attributes.into()));
        }
        for name in hierarchy.arrays() {
            let why = match find(file, name).await? {
                Ok(references) => {
                    set.arrays.push(references);
                    continue;
                }
                Err(why) => why,
            };
            let meta = file.get_array(name)?;
            let width = meta.dtype.element_size().unwrap_or(32) as u64;
            let is_small = meta.elements().saturating_mul(width) <= options.inline;
            let name = name.to_owned();
            match is_small {
                false => set.refused.push(Refused { name, why }),
                true => match inline(file, &name).await? {
                    Ok(references) => {
                        set.arrays.push(references);
                        set.inlined.push(Refused { name, why });
                    }
                    Err(why) => set.refused.push(Refused { name, why }),
                },
            }
        }
        Ok(set)
    }

    /// All documents, by key.
    pub fn documents(&self) -> impl Iterator<Item = (String, &Value)> {
        let groups = self.groups.iter().map(|(key, value)| (key.clone(), value));
        let arrays = self.arrays.iter().flat_map(|array| {
            let name = &array.name;
            [
                (format!("{name}/.zarray"), &array.zarray),
                (format!("{name}/.zattrs"), &array.zattrs),
            ]
        });
        groups.chain(arrays)
    }

    /// The reference file of version 1 of kerchunk's specification; `url` says where an object is.
    pub fn json(&self, url: impl Fn(&str) -> String) -> Value {
        let mut refs = Map::new();
        for (key, document) in self.documents() {
            refs.insert(key, document.to_string().into());
        }
        for array in &self.arrays {
            for (key, source) in &array.chunks {
                let value = match source {
                    Source::Range {
                        object,
                        offset,
                        length,
                    } => json!([url(object), offset, length]),
                    Source::Inline(bytes) => {
                        json!(format!("base64:{}", BASE64_STANDARD.encode(bytes)))
                    }
                };
                refs.insert(format!("{}/{key}", array.name), value);
            }
        }
        json!({"version": 1, "refs": refs})
    }
}
