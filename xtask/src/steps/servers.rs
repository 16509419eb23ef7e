//! The servers that `crates/reliability` tests against, under `target/servers`.
//!
//! Installed once: a stamp keeps what was asked for, and nothing is done while it is the same.

use std::fs;
use std::path::Path;

use crate::shell::{self, Outcome, Result, command, root, target};

use super::{debian, python};

/// Which servers, in which versions.
const PINS: &str = "crates/reliability/servers";

pub fn run() -> Result {
    let folder = target().join("servers");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let pins = root().join(PINS);
    let requirements = pins.join("requirements.txt");
    once(&folder.join("py"), &requirements, |venv| {
        python::install(venv, &requirements.to_string_lossy())
    })?;
    let lock = pins.join("package-lock.json");
    once(&folder.join("npm"), &lock, |npm| npm_ci(&pins, npm))?;
    // Where Debian puts it: not on every user's path.
    debian::ensure("nginx-light", || {
        shell::succeeds(command("/usr/sbin/nginx").arg("-v"))
    })?;
    Ok(Outcome::Done)
}

/// Runs `install` into `folder`, unless it was done with these pins.
fn once(folder: &Path, pins: &Path, install: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let wanted = fs::read(pins).map_err(|e| format!("{}: {e}", pins.display()))?;
    let stamp = folder.with_extension("stamp");
    if fs::read(&stamp).is_ok_and(|done| done == wanted) && folder.is_dir() {
        return Ok(());
    }
    install(folder)?;
    fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))
}

fn npm_ci(pins: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for file in ["package.json", "package-lock.json"] {
        let copied = fs::copy(pins.join(file), folder.join(file));
        copied.map_err(|e| format!("{file}: {e}"))?;
    }
    let ci = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    shell::run(command("npm").args(ci).current_dir(folder))
}
