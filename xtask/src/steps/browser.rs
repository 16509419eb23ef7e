//! `af serve` as browsers meet it: the page in Chromium, the Zarr store by zarrita.

use std::path::Path;

use crate::shell::{self, Outcome, Result, cargo, command, root, target};

use super::{debian, npm, once::once};

const FOLDER: &str = "crates/cli/oracles";
const CHROMIUM: &str = "/usr/bin/chromium";
/// What the documentation shows.
const SCREENSHOT: &str = "docs/images/serve.png";

pub fn run(keep: bool) -> Result {
    debian::ensure("chromium", || Path::new(CHROMIUM).is_file())?;
    let pins = root().join(FOLDER);
    let node = target().join("browser");
    once(&node, &pins.join("package-lock.json"), |folder| {
        npm::install(&pins, folder)
    })?;
    // As the tests of the program build it.
    shell::run(cargo().args(["test", "--workspace", "--no-run", "--test", "look"]))?;
    let screenshot = match keep {
        true => root().join(SCREENSHOT),
        false => target().join("serve.png"),
    };
    let data = root().join("data");
    shell::run(
        command("node")
            .arg(format!("{FOLDER}/web.mjs"))
            .arg(target().join("debug/af"))
            .arg(target().join("tmp/web"))
            .arg(screenshot)
            .arg(data.join("north_atlantic_annual.nc"))
            .arg(data.join("north_atlantic_monthly.nc"))
            .env("NODE_MODULES", node.join("node_modules")),
    )?;
    Ok(Outcome::Done)
}
