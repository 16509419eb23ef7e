//! Every example of `array_format` runs to its end.

use crate::shell::{self, Outcome, Result, cargo, command, root, target};

pub fn run(release: bool) -> Result {
    let folder = root().join("crates/array-format/examples");
    let mut names = shell::stems(&folder, "rs");
    names.extend(folders_with_main(&folder));
    if names.is_empty() {
        return Ok(Outcome::Skipped("no examples".into()));
    }
    // With the features of the whole workspace, as the tests are built: nothing is compiled twice.
    let mut build = cargo();
    build.args(["build", "--workspace", "--examples"]);
    if release {
        build.arg("--release");
    }
    shell::run(&mut build)?;
    let profile = if release { "release" } else { "debug" };
    let built = target().join(profile).join("examples");
    for name in names {
        shell::run(&mut command(built.join(name)))?;
    }
    Ok(Outcome::Done)
}

/// Examples of more than one file.
fn folders_with_main(folder: &std::path::Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return vec![];
    };
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.path().join("main.rs").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
