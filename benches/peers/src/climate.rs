//! Real fields, as raw files that `python/climate.py` takes out of packages with sample data.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::data::Dataset;

#[derive(Debug, Deserialize)]
pub struct Field {
    pub title: String,
    pub dataset: Dataset,
}

/// The fields beside the raw data; none if they were not extracted.
pub fn fields(raw: &Path) -> Result<Vec<Field>> {
    let index = raw.join("climate.json");
    match std::fs::read(&index) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| index.display().to_string()),
        Err(_) => Ok(vec![]),
    }
}
