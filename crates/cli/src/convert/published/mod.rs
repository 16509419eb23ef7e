//! Files of the crate `array-format` that others published, which are not ours. Versions 0.12 and 0.15
//! have formats and interfaces of their own.

mod elements;
mod v012;
mod v015;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use array_format::object_store::local::LocalFileSystem;
use array_format::object_store::path::Path as StorePath;

use super::Reader;

/// Opens a file of either version; this blocks.
pub fn open(path: &Path) -> Result<Box<dyn Reader>> {
    let path = path.canonicalize()?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str()))
    else {
        bail!("its name is not text");
    };
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder)?);
    let name = StorePath::parse(name)?;
    let newer = match v015::open(store.clone(), name.clone()) {
        Ok(file) => return Ok(Box::new(file)),
        Err(error) => error,
    };
    match v012::open(store, name) {
        Ok(file) => Ok(Box::new(file)),
        Err(older) => bail!(
            "no file of array-format 0.15 ({newer}) or 0.12 ({older}); --format says what else it is"
        ),
    }
}
