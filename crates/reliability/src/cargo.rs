//! Cargo, from within a test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where builds, and all else that may be deleted, go.
pub fn target() -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    // Joining an absolute path replaces the root.
    let folder = root().join(folder);
    std::path::absolute(&folder).unwrap_or(folder)
}

/// The cargo that runs this test, in the workspace's folder.
///
/// It does not see what it told us about our own package: build scripts that look at these variables
/// (*ring*'s does) would run again, and with them everything that rests on them.
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    cargo.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}
