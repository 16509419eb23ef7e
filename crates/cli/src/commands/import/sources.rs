//! The files to import, and the names of their arrays.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use super::Args;
use crate::convert::{Format, Place, Readable, Reader, open};
use crate::failure::usage;

/// A file to import.
#[derive(Debug, Clone)]
pub struct Source {
    pub place: Place,
    /// What stands before the names of its arrays, with `/`; or nothing.
    pub prefix: String,
    format: Option<Format>,
    skips_unreadable: bool,
}

impl Source {
    /// The name of an array for a variable, or of an attribute.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Tells it from another state of the same file.
    pub fn fingerprint(&self) -> String {
        let metadata = match &self.place {
            Place::Local(path) => std::fs::metadata(path).ok(),
            Place::Url(_) => None,
        };
        let modified = metadata.as_ref().and_then(|m| m.modified().ok());
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanos = modified.map_or(0, |since| since.as_nanos());
        let bytes = metadata.map_or(0, |m| m.len());
        format!("{}, {bytes} bytes, {nanos}", self.place)
    }

    /// Opens the file; this blocks.
    pub fn open(&self) -> Result<Box<dyn Reader>> {
        let reader = open(&self.place, self.format)?;
        Ok(match self.skips_unreadable {
            true => Box::new(Readable::of(reader)),
            false => reader,
        })
    }
}

/// All files, those of folders by name.
pub fn find(args: &Args) -> Result<Vec<Source>> {
    let mut places = Vec::new();
    for given in &args.sources {
        let path = match Place::parse(given) {
            Place::Local(path) => path,
            url => {
                places.push(url);
                continue;
            }
        };
        let kind = std::fs::metadata(&path).with_context(|| format!("cannot read {given}"))?;
        if kind.is_dir() && !Format::is_store(&path) {
            let before = places.len();
            walk(&path, args.format, &mut places)?;
            if places.len() == before {
                return Err(usage(format!(
                    "{given} has no file of a format that is known here"
                )));
            }
        } else {
            places.push(Place::Local(path));
        }
    }
    let prefixes = match (&args.prefix, &args.stack) {
        (_, Some(_)) => vec![String::new(); places.len()],
        (Some(prefix), None) if places.len() == 1 => vec![prefix.clone()],
        (None, None) if places.len() == 1 => vec![String::new()],
        (prefix, None) => {
            let own = own_parts(&places);
            let common = prefix
                .as_ref()
                .map(|prefix| format!("{}/", prefix.trim_end_matches('/')));
            let common = common.unwrap_or_default();
            own.into_iter()
                .map(|own| format!("{common}{own}"))
                .collect()
        }
    };
    let mut seen = BTreeMap::new();
    let mut sources = Vec::with_capacity(places.len());
    for (place, prefix) in places.into_iter().zip(prefixes) {
        if let (Some(other), None) = (seen.insert(prefix.clone(), place.clone()), &args.stack) {
            return Err(usage(format!(
                "{other} and {place} would have the same names; import them one by one, with --prefix"
            )));
        }
        let prefix = match prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        sources.push(Source {
            place,
            prefix,
            format: args.format,
            skips_unreadable: args.skip_unreadable,
        });
    }
    Ok(sources)
}

/// Files of known formats in a folder and those within it, by name.
fn walk(folder: &Path, format: Option<Format>, places: &mut Vec<Place>) -> Result<()> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    let mut entries = read().with_context(|| format!("cannot read {}", folder.display()))?;
    entries.sort();
    for path in entries {
        if path.is_dir() && !Format::is_store(&path) {
            walk(&path, format, places)?;
            continue;
        }
        let of = match path.is_dir() {
            true => Some(Format::Zarr),
            false => Format::of_name(&path),
        };
        if of.is_some_and(|of| format.is_none_or(|wanted| wanted == of)) {
            places.push(Place::Local(path));
        }
    }
    Ok(())
}

/// Of each path what the others do not have in common with it, without its ending.
fn own_parts(places: &[Place]) -> Vec<String> {
    let parts: Vec<Vec<String>> = places
        .iter()
        .map(|place| {
            let path = place.path();
            let stem = path.with_file_name(place.stem());
            let names = stem.components().filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                _ => None,
            });
            names.collect()
        })
        .collect();
    let first = parts.first().map_or(&[][..], Vec::as_slice);
    let common = (0..first.len())
        .take_while(|&i| {
            let same = |names: &Vec<String>| names.len() > i + 1 && names[i] == first[i];
            parts.iter().all(same)
        })
        .count();
    parts
        .iter()
        .map(|names| names[common..].join("/"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_paths_do_not_share() {
        let own = |paths: &[&str]| {
            own_parts(
                &paths
                    .iter()
                    .map(|path| Place::parse(path))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(own(&["/d/x/a.nc", "/d/x/b.nc"]), ["a", "b"]);
        assert_eq!(own(&["/d/x/a.nc", "/d/y/a.nc"]), ["x/a", "y/a"]);
        assert_eq!(own(&["a.nc", "d/b.nc"]), ["a", "d/b"]);
        assert_eq!(own(&["d/a.nc", "d/a.npy"]), ["a", "a"]);
        assert_eq!(
            own(&["s3://b/x/a.zarr/", "s3://b/x/b.zarr.zip"]),
            ["a", "b"]
        );
    }
}
