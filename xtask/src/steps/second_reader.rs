//! The plain-Python reader, in a virtual environment of its own, against the golden files.

use std::path::Path;

use crate::shell::{self, Outcome, Result, command, root, target};

const FOLDER: &str = "tests/second_reader";
const GOLDEN: &str = "tests/golden/v1";

pub fn run() -> Result {
    if !root().join(FOLDER).is_dir() {
        return Ok(Outcome::Skipped(format!("no {FOLDER} yet")));
    }
    let venv = target().join("venv");
    let python = venv.join("bin/python");
    if !shell::succeeds(command(&python).args(["-m", "pip", "--version"])) {
        make_venv(&venv)?;
    }
    let requirements = format!("{FOLDER}/requirements.txt");
    let install = ["-m", "pip", "install", "--quiet", "--requirement"];
    shell::run(
        command(&python)
            .args(install)
            .arg(requirements)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    )?;
    let unittest = ["-m", "unittest", "discover", "--start-directory", FOLDER];
    shell::run(command(&python).args(unittest))?;
    let reader = format!("{FOLDER}/reader.py");
    shell::run(command(&python).args([&reader, "--verify", GOLDEN]))?;
    Ok(Outcome::Done)
}

fn make_venv(venv: &Path) -> Result<()> {
    let python = ["python3.11", "python3"]
        .into_iter()
        .find(|python| shell::succeeds(command(python).args(["-m", "venv", "--help"])))
        .ok_or("no python3 with the venv module (Debian: apt-get install python3-venv)")?;
    shell::run(command(python).args(["-m", "venv", "--clear"]).arg(venv))
}
