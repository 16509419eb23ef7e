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

/// Unpacks the packages that `requirements` names into `folder`, without those that they need: their
/// data are wanted, not their code.
pub fn unpack(venv: &Path, requirements: &str, folder: &Path) -> Result<()> {
    let stamp = folder.join("requirements.txt");
    let wanted = std::fs::read(requirements).map_err(|e| format!("{requirements}: {e}"))?;
    if std::fs::read(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let install = ["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"];
    shell::run(
        command(venv.join("bin/python"))
            .args(install)
            .args(["--requirement", requirements, "--target"])
            .arg(folder)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    )?;
    std::fs::copy(requirements, stamp).map_err(|e| e.to_string())?;
    Ok(())
}

fn make(venv: &Path) -> Result<()> {
    let python = ["python3.11", "python3"]
        .into_iter()
        .find(|python| shell::succeeds(command(python).args(["-m", "venv", "--help"])))
        .ok_or("no python3 with the venv module (Debian: apt-get install python3-venv)")?;
    shell::run(command(python).args(["-m", "venv", "--clear"]).arg(venv))
}
