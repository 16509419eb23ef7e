//! The main job on the data that the repository carries: two netCDF files into one file, what is in
//! it, and a picture. The README shows what it prints and draws.

use std::fs;
use std::path::Path;

use crate::shell::{self, Outcome, Result, cargo, command, root, target};

/// What the README shows.
const PICTURE: &str = "docs/images/ocean.png";

pub fn run(release: bool) -> Result {
    if release {
        // What it brings in alone: with all formats the program takes twice as long to build.
        let features = ["--no-default-features", "--features", "netcdf"];
        let build = ["build", "--release", "--package", "array_format_cli"];
        shell::run(cargo().args(build).args(features))?;
    } else {
        // As the tests build it.
        shell::run(cargo().args(["test", "--workspace", "--no-run", "--test", "look"]))?;
    }
    let af = target().join(if release { "release/af" } else { "debug/af" });
    let folder = target().join("demo");
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |e: std::io::Error| format!("{path}: {e}")
    };
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed(&folder))?;
    }
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let data = root().join("data");
    let sources = ["north_atlantic_annual.nc", "north_atlantic_monthly.nc"];
    let run = |arguments: &[&str]| shell::run(command(&af).args(arguments).current_dir(&folder));
    let sources = sources.map(|name| data.join(name).to_string_lossy().into_owned());
    run(&["import", "--verify", &sources[0], &sources[1], "ocean.af"])?;
    run(&["ls", "ocean.af"])?;
    run(&["ls", "ocean.af", "--where", "max>35"])?;
    let warm = "north_atlantic_annual/TEMP[0]";
    run(&["plot", "ocean.af", warm, "-o", "ocean.png"])?;
    if release {
        let picture = root().join(PICTURE);
        fs::copy(folder.join("ocean.png"), &picture).map_err(failed(&picture))?;
    }
    Ok(Outcome::Done)
}
