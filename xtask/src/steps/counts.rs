//! What an element costs on hot paths, in instructions, compared with what is written down.

use std::collections::BTreeMap;

use crate::shell::{self, Outcome, Result, root};

use super::scaling::{build, instructions};
use super::valgrind::ensure_valgrind;

/// A name and a figure a line.
const RECORD: &str = "xtask/counts.txt";
/// Elements; both are whole chunks of `tests/counts.rs`.
const SIZES: [u64; 2] = [128 << 10, 384 << 10];
/// A figure may be this much above the one that is written down: C libraries differ a little.
const TOLERANCE: f64 = 1.1;

pub fn run(record: bool) -> Result {
    ensure_valgrind()?;
    let tests = build("counts")?;
    let listed = shell::output(shell::command(&tests).arg("--list"))?;
    let names = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    let known = known()?;
    let mut measured = BTreeMap::new();
    let mut dearer = Vec::new();
    for name in names {
        let count = |n| instructions(&tests, name, ("COUNTS_N", n));
        let cost = (count(SIZES[1])? - count(SIZES[0])?) / (SIZES[1] - SIZES[0]) as f64;
        measured.insert(name.to_owned(), cost);
        let Some(before) = known.get(name) else {
            println!("{name}: {cost:.2} instructions an element, not written down");
            dearer.push(format!("{name}: {cost:.2}, which is not written down"));
            continue;
        };
        println!("{name}: {cost:.2} instructions an element, {before:.2} written down");
        if cost > before * TOLERANCE {
            dearer.push(format!("{name}: {cost:.2} instead of {before:.2}"));
        }
    }
    if record {
        let lines: String = measured
            .iter()
            .map(|(name, cost)| format!("{name} {cost:.2}\n"))
            .collect();
        let path = root().join(RECORD);
        std::fs::write(&path, lines).map_err(|e| format!("{}: {e}", path.display()))?;
        return Ok(Outcome::Done);
    }
    match dearer.is_empty() {
        true => Ok(Outcome::Done),
        false => Err(format!(
            "instructions an element: {}; `cargo xtask counts --record` if that is meant",
            dearer.join(", ")
        )),
    }
}

/// What is written down.
fn known() -> Result<BTreeMap<String, f64>> {
    let text = std::fs::read_to_string(root().join(RECORD)).unwrap_or_default();
    text.lines()
        .map(|line| {
            let parsed = line
                .split_once(' ')
                .and_then(|(name, cost)| Some((name.to_owned(), cost.parse().ok()?)));
            parsed.ok_or_else(|| format!("{RECORD}: {line}"))
        })
        .collect()
}
