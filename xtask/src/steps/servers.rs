//! The servers that `crates/reliability` tests against, under `target/servers`.

use std::fs;

use crate::shell::{self, Outcome, Result, command, root, target};

use super::{debian, npm, once::once, python};

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
    once(&folder.join("npm"), &lock, |folder| {
        npm::install(&pins, folder)
    })?;
    // Where Debian puts it: not on every user's path.
    debian::ensure("nginx-light", || {
        shell::succeeds(command("/usr/sbin/nginx").arg("-v"))
    })?;
    Ok(Outcome::Done)
}
