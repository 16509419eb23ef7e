//! The benchmarks beside other formats, as a test that they work: `benches/peers`.

use crate::shell::{self, Outcome, Result, cargo, command};

use super::debian;

/// Builds the runner and lets every peer do every work once, in tiny sizes.
pub fn smoke() -> Result {
    debian::ensure("libhdf5-dev", || {
        shell::succeeds(command("h5cc").arg("-showconfig"))
    })?;
    shell::run(cargo().args([
        "run",
        "--release",
        "--manifest-path",
        "benches/peers/Cargo.toml",
        "--",
        "run",
        "--smoke",
    ]))?;
    Ok(Outcome::Done)
}
