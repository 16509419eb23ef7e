//! Where `cargo xtask servers` installs the servers.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;
use tokio::sync::OnceCell;

use super::{Result, log};
use crate::cargo::{cargo, target};

/// Runs `cargo xtask servers`, once; it is quick if there is nothing to do.
pub(super) async fn all() -> Result<()> {
    static INSTALLED: OnceCell<Result<()>> = OnceCell::const_new();
    INSTALLED.get_or_init(install).await.clone()
}

/// The path of an installed program.
pub(super) async fn program(path: &str) -> Result<PathBuf> {
    all().await?;
    let program = target().join("servers").join(path);
    if program.exists() {
        Ok(program)
    } else {
        Err(format!(
            "{} is missing after `cargo xtask servers`",
            program.display()
        ))
    }
}

async fn install() -> Result<()> {
    let (path, log) = log::create("install")?;
    let errors = log.try_clone().map_err(|error| error.to_string())?;
    let status = Command::from(cargo())
        .args(["xtask", "servers"])
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .status()
        .await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!(
            "cargo xtask servers: {status} (AF_SKIP_SERVERS=1 leaves these tests out):\n{}",
            log::end(&path)
        )),
        Err(error) => Err(format!("cargo xtask servers: {error}")),
    }
}
