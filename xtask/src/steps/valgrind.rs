//! Tests of modules with unsafe code, under memcheck.

use crate::shell::{self, Outcome, Result, cargo, command};

use super::debian;

/// Tests to run: a package, and a filter on the names of its unit tests.
struct Target {
    package: &'static str,
    filter: &'static str,
}

/// One row for each module that may use `unsafe`.
const TARGETS: &[Target] = &[
    Target {
        package: "array_format_core",
        filter: "codec::lz4::block::",
    },
    Target {
        package: "array_format_core",
        filter: "stats::numbers::",
    },
    Target {
        package: "array_format",
        filter: "mapped::",
    },
    Target {
        package: "array_format",
        filter: "spool::",
    },
    Target {
        package: "array_format",
        filter: "read::fresh::",
    },
    Target {
        package: "array_format",
        filter: "read::shared::",
    },
    Target {
        package: "array_format",
        filter: "read::direct::",
    },
];

pub fn run() -> Result {
    ensure_valgrind()?;
    for target in TARGETS {
        memcheck(target)?;
    }
    Ok(Outcome::Done)
}

pub(super) fn ensure_valgrind() -> Result<()> {
    debian::ensure("valgrind", || {
        shell::succeeds(command("valgrind").arg("--version"))
    })
}

fn memcheck(target: &Target) -> Result<()> {
    let build = ["test", "--workspace", "--lib", "--no-run"];
    shell::run(cargo().args(build))?;
    let messages = shell::output(cargo().args(build).args(["--message-format", "json"]))?;
    let tests = executable(&messages, target.package)
        .ok_or_else(|| format!("no tests in {}", target.package))?;
    let listed = shell::output(command(tests).args(["--list", target.filter]))?;
    if !listed.lines().any(|line| line.ends_with(": test")) {
        return Err(format!(
            "no test of {} is named {}",
            target.package, target.filter
        ));
    }
    shell::run(
        command("valgrind")
            .args([
                "--quiet",
                "--error-exitcode=1",
                "--leak-check=full",
                "--errors-for-leak-kinds=definite",
            ])
            .arg(tests)
            .args(["--test-threads=1", target.filter]),
    )
}

/// The test program of this name in cargo's messages; a path with quotes in it is not looked for.
pub(super) fn executable<'m>(messages: &'m str, name: &str) -> Option<&'m str> {
    let paths = messages.split("\"executable\":\"").skip(1);
    paths
        .filter_map(|rest| Some(rest.split_once('"')?.0))
        .find(|path| {
            let file = path.rsplit('/').next().unwrap_or(path);
            file.rsplit_once('-').is_some_and(|(stem, _)| stem == name)
        })
}

#[cfg(test)]
mod tests {
    use super::executable;

    #[test]
    fn finds_the_test_program() {
        let messages = "{\"executable\":null}\n{\"a\":1,\"executable\":\"/t/x-1\",\"b\":2}\n\
                        {\"executable\":\"/t/x_core-2\"}\n";
        assert_eq!(executable(messages, "x"), Some("/t/x-1"));
        assert_eq!(executable(messages, "x_core"), Some("/t/x_core-2"));
        assert_eq!(executable(messages, "y"), None);
    }
}
