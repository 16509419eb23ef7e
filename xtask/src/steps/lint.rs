//! Formatting, clippy and documentation, without a warning.

use crate::shell::{self, Outcome, Result, cargo};

pub fn run() -> Result {
    shell::run(cargo().args(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets"];
    shell::run(cargo().args(clippy).args(["--", "-D", "warnings"]))?;
    // The cloud back ends, which the default build leaves out.
    let clouds = ["clippy", "--package", "array_format", "--all-features"];
    shell::run(cargo().args(clouds).args(["--", "-D", "warnings"]))?;
    let doc = ["doc", "--workspace", "--no-deps"];
    shell::run(cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Done)
}
