//! Formatting, clippy and documentation, without a warning.

use crate::shell::{self, Outcome, Result, cargo};

pub fn run() -> Result {
    shell::run(cargo().args(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets"];
    shell::run(cargo().args(clippy).args(["--", "-D", "warnings"]))?;
    // In the workspace the cloud back ends are there, for the tests; alone they are not.
    let alone = ["clippy", "--package", "array_format", "--lib"];
    shell::run(cargo().args(alone).args(["--", "-D", "warnings"]))?;
    let doc = ["doc", "--workspace", "--no-deps"];
    shell::run(cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Done)
}
