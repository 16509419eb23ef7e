//! All tests of the workspace, documentation tests included.

use crate::shell::{self, Outcome, Result, cargo};

pub fn run() -> Result {
    shell::run(cargo().args(["test", "--workspace"]))?;
    Ok(Outcome::Done)
}
