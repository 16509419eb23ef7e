//! Every example of `array_format` runs to its end.

use crate::shell::{self, Outcome, Result, cargo, root};

pub fn run(release: bool) -> Result {
    let folder = root().join("crates/array-format/examples");
    let mut names = shell::stems(&folder, "rs");
    names.extend(folders_with_main(&folder));
    if names.is_empty() {
        return Ok(Outcome::Skipped("no examples".into()));
    }
    for name in names {
        let mut cargo = cargo();
        cargo.args(["run", "--package", "array_format", "--example", &name]);
        if release {
            cargo.arg("--release");
        }
        shell::run(&mut cargo)?;
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
