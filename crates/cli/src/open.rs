//! Files by local path or URL.

use std::sync::Arc;

use anyhow::{Context, Result};
use array_format::object_store::ObjectStore;
use array_format::object_store::path::Path;
use array_format::storage::resolve;
use array_format::{ArrayFile, At, FileConfig, ZstdCodec};
use clap::Args;

use crate::times;

/// What variables of the environment that configure a store begin with.
const STORES: [&str; 3] = ["aws_", "google_", "azure_"];

/// A file to read, and when.
#[derive(Debug, Clone, Args)]
pub struct Source {
    /// The file: a path or URL
    pub file: String,
    /// Its state after a commit, by number, time (2026-11-05T12:00Z) or tag
    #[arg(long, value_name = "N|TIME|TAG", value_parser = times::parse_at)]
    pub at: Option<At>,
}

impl Source {
    pub async fn open(&self) -> Result<ArrayFile> {
        let file = open(&self.file).await?;
        match &self.at {
            None => Ok(file),
            Some(at) => Ok(file.at(at.clone()).await?),
        }
    }
}

/// The options of stores, as the environment has them.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(key, value)| {
            let key = key.into_string().ok()?.to_ascii_lowercase();
            let value = value.into_string().ok()?;
            let is_store = STORES.iter().any(|prefix| key.starts_with(prefix));
            is_store.then_some((key, value))
        })
        .collect()
}

/// The store and the path of a file.
pub fn place(file: &str) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let mut options = environment();
    if file.starts_with("http://") {
        // Who types this means it.
        options.push(("allow_http".to_owned(), "true".to_owned()));
    }
    Ok(resolve(file, options)?)
}

/// How files are opened here: commits say who made them.
pub fn config(message: &str) -> FileConfig<ZstdCodec> {
    let mut config = FileConfig::new(ZstdCodec::default());
    config.message = message.to_owned();
    config
}

/// Opens the newest state of a file.
pub async fn open(file: &str) -> Result<ArrayFile> {
    open_with(file, config("")).await
}

/// The same, to be changed.
pub async fn open_with(file: &str, config: FileConfig<ZstdCodec>) -> Result<ArrayFile> {
    let (store, path) = place(file)?;
    open_in(store, path, file, config).await
}

/// The same in a store; `file` is what the user calls it.
pub async fn open_in(
    store: Arc<dyn ObjectStore>,
    path: Path,
    file: &str,
    config: FileConfig<ZstdCodec>,
) -> Result<ArrayFile> {
    ArrayFile::open(store, path, config)
        .await
        .with_context(|| format!("cannot open {file}"))
}

/// Opens a file to change it: nothing is committed yet.
pub async fn open_to_write(file: &str, message: &str) -> Result<ArrayFile> {
    open_with(file, config(message)).await
}

/// Makes an empty file; there must be none.
pub async fn create(file: &str, config: FileConfig<ZstdCodec>) -> Result<ArrayFile> {
    let (store, path) = place(file)?;
    ArrayFile::create_new(store, path, config)
        .await
        .with_context(|| format!("cannot create {file}"))
}
