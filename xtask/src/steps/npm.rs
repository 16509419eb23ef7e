//! Packages for Node.

use std::fs;
use std::path::Path;

use crate::shell::{self, Result, command};

/// Installs what `package-lock.json` in `pins` names into `folder`.
pub fn install(pins: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for file in ["package.json", "package-lock.json"] {
        let copied = fs::copy(pins.join(file), folder.join(file));
        copied.map_err(|e| format!("{file}: {e}"))?;
    }
    let ci = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    shell::run(command("npm").args(ci).current_dir(folder))
}
