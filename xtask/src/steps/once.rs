//! What is installed once.

use std::fs;
use std::path::Path;

use crate::shell::Result;

/// Runs `install` into `folder`, unless it was done with these pins: a stamp keeps them.
pub fn once(folder: &Path, pins: &Path, install: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let wanted = fs::read(pins).map_err(|e| format!("{}: {e}", pins.display()))?;
    let stamp = folder.with_extension("stamp");
    if fs::read(&stamp).is_ok_and(|done| done == wanted) && folder.is_dir() {
        return Ok(());
    }
    install(folder)?;
    fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))
}
