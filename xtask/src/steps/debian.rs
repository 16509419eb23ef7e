//! Programs of the Debian archive.

use std::process::Command;

use crate::shell::{self, Result, command};

/// Installs `package` unless `there` says that its program is there, if we may.
pub fn ensure(package: &str, there: impl Fn() -> bool) -> Result<()> {
    if there() {
        return Ok(());
    }
    let is_root = shell::output(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root {
        return Err(format!(
            "{package} is missing (Debian: apt-get install {package})"
        ));
    }
    shell::run(apt().args(["update", "-qq"]))?;
    shell::run(apt().args(["install", "-y", "-qq", package]))?;
    if there() {
        Ok(())
    } else {
        Err(format!("{package} does not start"))
    }
}

fn apt() -> Command {
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    // What comes with a service does not start it.
    apt.env("RUNLEVEL", "1");
    apt
}
