//! The files to import, and the names of their arrays.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use super::Args;
use crate::convert::{Format, Reader, open};
use crate::failure::usage;

/// A file to import.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    /// What stands before the names of its arrays, with `/`; or nothing.
    pub prefix: String,
    format: Option<Format>,
}

impl Source {
    /// The name of an array for a variable, or of an attribute.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Opens the file; this blocks.
    pub fn open(&self) -> Result<Box<dyn Reader>> {
        open(&self.path, self.format)
    }
}

/// All files, those of folders by name.
pub fn find(args: &Args) -> Result<Vec<Source>> {
    let mut paths = Vec::new();
    for given in &args.sources {
        let kind =
            std::fs::metadata(given).with_context(|| format!("cannot read {}", given.display()))?;
        if kind.is_dir() {
            let before = paths.len();
            walk(given, args.format, &mut paths)?;
            if paths.len() == before {
                return Err(usage(format!(
                    "{} has no file of a format that is known here",
                    given.display()
                )));
            }
        } else {
            paths.push(given.clone());
        }
    }
    let prefixes = match (&args.prefix, &args.stack) {
        (_, Some(_)) => vec![String::new(); paths.len()],
        (Some(prefix), None) if paths.len() == 1 => vec![prefix.clone()],
        (None, None) if paths.len() == 1 => vec![String::new()],
        (prefix, None) => {
            let own = own_parts(&paths);
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
    let mut sources = Vec::with_capacity(paths.len());
    for (path, prefix) in paths.into_iter().zip(prefixes) {
        if let (Some(other), None) = (seen.insert(prefix.clone(), path.clone()), &args.stack) {
            return Err(usage(format!(
                "{} and {} would have the same names; import them one by one, with --prefix",
                other.display(),
                path.display()
            )));
        }
        let prefix = match prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        sources.push(Source {
            path,
            prefix,
            format: args.format,
        });
    }
    Ok(sources)
}

/// Files of known formats in a folder and those within it, by name.
fn walk(folder: &Path, format: Option<Format>, paths: &mut Vec<PathBuf>) -> Result<()> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    let mut entries = read().with_context(|| format!("cannot read {}", folder.display()))?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, format, paths)?;
        } else if Format::of_name(&path).is_some_and(|of| format.is_none_or(|wanted| wanted == of))
        {
            paths.push(path);
        }
    }
    Ok(())
}

/// Of each path what the others do not have in common with it, without its ending.
fn own_parts(paths: &[PathBuf]) -> Vec<String> {
    let parts: Vec<Vec<String>> = paths
        .iter()
        .map(|path| {
            let stem = path.with_extension("");
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
        let own = |paths: &[&str]| own_parts(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(own(&["/d/x/a.nc", "/d/x/b.nc"]), ["a", "b"]);
        assert_eq!(own(&["/d/x/a.nc", "/d/y/a.nc"]), ["x/a", "y/a"]);
        assert_eq!(own(&["a.nc", "d/b.nc"]), ["a", "d/b"]);
        assert_eq!(own(&["d/a.nc", "d/a.npy"]), ["a", "a"]);
    }
}
