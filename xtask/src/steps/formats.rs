//! Real files of other formats through `af import` and `af export`, compared by independent readers.

use std::path::Path;

use crate::shell::{self, Outcome, Result, cargo, command, target};

use super::{debian, python};

const FOLDER: &str = "crates/cli/oracles";
/// Where Debian's `ferret-datasets` puts real netCDF files.
const FERRET: &str = "/usr/share/ferret-vis/data";

pub fn run() -> Result {
    debian::ensure("ferret-datasets", || Path::new(FERRET).is_dir())?;
    let venv = target().join("formats");
    python::install(&venv, &format!("{FOLDER}/requirements.txt"))?;
    let data = target().join("formats-data");
    python::unpack(&venv, &format!("{FOLDER}/data.txt"), &data)?;
    // As the tests of the program build it.
    shell::run(cargo().args(["test", "--workspace", "--no-run", "--test", "look"]))?;
    let script = format!("{FOLDER}/round_trips.py");
    shell::run(
        command(venv.join("bin/python"))
            // Zarr for Python warns of what is not settled in the specification.
            .args(["-W", "ignore"])
            .arg(script)
            .arg(target().join("debug/af"))
            .arg(target().join("tmp/round_trips"))
            .args([FERRET, "data"])
            .arg(data),
    )?;
    Ok(Outcome::Done)
}
