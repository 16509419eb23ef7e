//! Where servers write what they have to say.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::Result;
use crate::cargo::target;

/// A new log file.
pub(super) fn create(name: &str) -> Result<(PathBuf, File)> {
    let folder = target().join("servers/logs");
    let path = folder.join(format!("{name}-{}.log", super::random_name()));
    fs::create_dir_all(&folder)
        .and_then(|()| File::create(&path))
        .map(|file| (path.clone(), file))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// The last lines of a log.
pub(super) fn end(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
