//! The plain-Python reader, in a virtual environment of its own, against the golden files.

use crate::shell::{self, Outcome, Result, command, root, target};

use super::python;

const FOLDER: &str = "tests/second_reader";
const GOLDEN: &str = "tests/golden/v1";

pub fn run() -> Result {
    if !root().join(FOLDER).is_dir() {
        return Ok(Outcome::Skipped(format!("no {FOLDER} yet")));
    }
    let venv = target().join("venv");
    python::install(&venv, &format!("{FOLDER}/requirements.txt"))?;
    let python = venv.join("bin/python");
    let unittest = ["-m", "unittest", "discover", "--start-directory", FOLDER];
    shell::run(command(&python).args(unittest))?;
    let reader = format!("{FOLDER}/reader.py");
    shell::run(command(&python).args([&reader, "--verify", GOLDEN]))?;
    Ok(Outcome::Done)
}
