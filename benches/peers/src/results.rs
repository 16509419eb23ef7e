//! What was measured, as it is kept: one JSON file for each size.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::request::Sample;
use crate::works::Size;

/// One peer at one work with one codec: medians over the rounds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub work: String,
    pub title: String,
    pub codec: String,
    pub peer: String,
    /// Times of the medians are for all operations together.
    pub operations: usize,
    pub median: Sample,
    pub rounds: Vec<Sample>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Results {
    pub size: Size,
    pub machine: String,
    pub rows: Vec<Row>,
}

impl Results {
    /// Takes new rows in the place of older ones of the same work; new works come last.
    pub fn replace(&mut self, rows: Vec<Row>) {
        let new = |old: &Row| {
            rows.iter()
                .any(|row| row.work == old.work && row.title == old.title)
        };
        let place = self.rows.iter().position(new).unwrap_or(self.rows.len());
        self.rows.retain(|old| !new(old));
        self.rows.splice(place..place, rows);
    }

    pub fn save(&self) -> Result<()> {
        let path = path(self.size);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(&path, serde_json::to_vec_pretty(self)?)
            .with_context(|| path.display().to_string())
    }
}

fn path(size: Size) -> PathBuf {
    crate::home()
        .join("results")
        .join(format!("{size:?}.json").to_lowercase())
}

pub fn load_size(size: Size) -> Result<Results> {
    Ok(serde_json::from_slice(&fs::read(path(size))?)?)
}

/// The results that are kept, of each size whose figures mean something.
pub fn load() -> Result<Vec<Results>> {
    let kept = |size| path(size).exists().then(|| load_size(size));
    let kept: Vec<_> = [Size::Quick, Size::Full]
        .into_iter()
        .filter_map(kept)
        .collect();
    ensure!(!kept.is_empty(), "no results; run first");
    kept.into_iter().collect()
}
