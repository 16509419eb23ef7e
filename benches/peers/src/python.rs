//! The peers that are Python packages: one script, in an environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

pub const PEERS: [&str; 5] = ["tensorstore", "zarr-python", "h5py", "blosc2", "icechunk"];

pub fn script() -> PathBuf {
    crate::home().join("python/peers.py")
}

/// Takes real fields out of packages into `folder`, unless that was done before.
pub fn extract_climate(python: &Path, folder: &Path) -> Result<()> {
    if folder.join("climate.json").exists() {
        return Ok(());
    }
    run(Command::new(python)
        .arg(crate::home().join("python/climate.py"))
        .arg(folder))
}

/// The interpreter of the environment, which is made if it is not there.
pub fn ensure() -> Result<PathBuf> {
    let folder = crate::home().join("target/venv");
    let requirements = crate::home().join("python/requirements.txt");
    let installed = folder.join("requirements.txt");
    let python = folder.join("bin/python");
    if std::fs::read(&installed).ok() != Some(std::fs::read(&requirements)?) {
        println!("installing {}", requirements.display());
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "-r"])
            .arg(&requirements))?;
        std::fs::copy(requirements, installed)?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}
