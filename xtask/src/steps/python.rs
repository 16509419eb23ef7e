//! Virtual environments.

use std::path::Path;

use crate::shell::{self, Result, command};

/// Installs what `requirements` names into the virtual environment at `venv`, made if need be.
pub fn install(venv: &Path, requirements: &str) -> Result<()> {
    let python = venv.join("bin/python");
    if !shell::succeeds(command(&python).args(["-m", "pip", "--version"])) {
        make(venv)?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--requirement"];
    shell::run(
        command(&python)
            .args(install)
            .arg(requirements)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    )
}

fn make(venv: &Path) -> Result<()> {
    let python = ["python3.11", "python3"]
        .into_iter()
        .find(|python| shell::succeeds(command(python).args(["-m", "venv", "--help"])))
        .ok_or("no python3 with the venv module (Debian: apt-get install python3-venv)")?;
    shell::run(command(python).args(["-m", "venv", "--clear"]).arg(venv))
}
