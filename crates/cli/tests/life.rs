//! History and maintenance, and what goes wrong.

mod support;

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::Place;

#[test]
fn history_can_be_read_compared_tagged_and_restored() {
    let place = Place::with_ocean();
    let array = "north_atlantic_annual/TEMP";
    place.af(&["tag", "ocean.af", "imported"]).ok();
    place
        .af(&["attrs", "ocean.af", array, "note=one", "-m", "a note"])
        .ok();
    let log = place.af(&["--json", "log", "ocean.af"]).json();
    let log = log.as_array().unwrap();
    assert_eq!(log[0]["message"], "a note");
    assert!(log.iter().any(|c| {
        c["message"]
            .as_str()
            .unwrap()
            .starts_with("import of 2 files")
    }));
    assert_eq!(
        place.af(&["--json", "tag", "ocean.af"]).json()[0]["tag"],
        "imported"
    );
    assert_eq!(
        place
            .af(&["log", "-n", "1", "ocean.af"])
            .ok()
            .lines()
            .count(),
        2
    );

    // Without states: the newest against the one before it.
    let diff = place.af(&["diff", "ocean.af"]);
    assert_eq!(diff.code, 1, "{}", diff.err);
    assert!(diff.out.contains("+ note: one"), "{}", diff.out);
    let back = place.af(&["--json", "diff", "ocean.af", "--from", "imported"]);
    assert_eq!(back.code, 1);
    assert!(back.out.contains("\"same\": false"), "{}", back.out);
    place.af(&["diff", "ocean.af", "ocean.af"]).ok();
    place.af(&["diff", "ocean.af", "missing.af"]).fails(2);

    place
        .af(&["attrs", "--at", "imported", "ocean.af", array, "note"])
        .fails(1);
    place
        .af(&["restore", "ocean.af", "imported", "--dry-run"])
        .ok();
    place.af(&["attrs", "ocean.af", array, "note"]).ok();
    place.af(&["restore", "ocean.af", "imported"]).ok();
    place.af(&["attrs", "ocean.af", array, "note"]).fails(1);
    place.af(&["restore", "ocean.af", "no such tag"]).fails(2);
    place.af(&["tag", "ocean.af", "imported", "--delete"]).ok();
    place
        .af(&["tag", "ocean.af", "imported", "--delete"])
        .fails(2);
}

#[test]
fn files_are_compacted_verified_and_vacuumed() {
    let place = Place::with_ocean();
    for n in 0..3 {
        place
            .af(&["attrs", "ocean.af", ".", &format!("n={n}")])
            .ok();
    }
    assert!(
        place
            .af(&["compact", "--dry-run", "ocean.af"])
            .ok()
            .contains("layers")
    );
    assert!(
        place
            .af(&["compact", "ocean.af"])
            .ok()
            .starts_with("merged")
    );
    let info = place.af(&["--json", "info", "ocean.af"]).json();
    assert_eq!(info["layers"], 1);
    place.af(&["vacuum", "--dry-run", "ocean.af"]).ok();
    place.af(&["vacuum", "ocean.af"]).ok();
    assert!(
        place
            .af(&["verify", "--full", "ocean.af"])
            .ok()
            .contains("all is well")
    );
}

#[test]
fn damage_is_found_and_the_rest_is_saved() {
    let place = Place::with_ocean();
    place.af(&["compact", "ocean.af"]).ok();
    // One byte within the frames of the base.
    let path = place.path("ocean.af");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[5000] ^= 0x40;
    std::fs::write(&path, &bytes).unwrap();
    assert!(
        place
            .af(&["verify", "ocean.af"])
            .ok()
            .contains("all is well")
    );
    let full = place.af(&["verify", "--full", "ocean.af"]);
    assert_eq!(full.code, 3, "{}{}", full.out, full.err);
    let report: serde_json::Value =
        serde_json::from_str(&place.af(&["--json", "verify", "--full", "ocean.af"]).out).unwrap();
    assert_eq!(report["whole"], false);
    let hit = report["problems"][0]["arrays"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let cat = place.af(&["cat", "ocean.af", &hit]).fails(3);
    assert!(cat.contains("af salvage"), "{cat}");
    let saved = place.af(&["salvage", "ocean.af", "saved.af"]);
    assert_eq!(saved.code, 3, "{}{}", saved.out, saved.err);
    assert!(
        place
            .af(&["verify", "--full", "saved.af"])
            .ok()
            .contains("all is well")
    );
    assert_eq!(
        place.af(&["--json", "info", "saved.af"]).json()["arrays"],
        11
    );
    place.af(&["salvage", "ocean.af", "saved.af"]).fails(1);
}

#[test]
fn mistakes_are_told_in_a_line_or_two() {
    let place = Place::with_ocean();
    std::fs::write(place.path("text.af"), "no array file").unwrap();
    for (arguments, code, says) in [
        (&["ls", "missing.af"][..], 1, "no file at"),
        (&["ls", "no/such/folder/x.af"], 2, "folder"),
        (&["ls", "text.af"], 3, "text.af"),
        (&["ls", "gopher://host/x.af"], 2, "gopher"),
        (&["ls"], 2, "FILE"),
        (&["frobnicate"], 2, "frobnicate"),
        (&["ls", "ocean.af", "--at", "no-such-tag"], 2, "no-such-tag"),
        (&["import", "missing.nc", "x.af"], 1, "missing.nc"),
        (&["import", "text.af", "x.af"], 1, "--format"),
        (&["export", "ocean.af", "x.unknown"], 2, "--format"),
        (&["export", "ocean.af", "x.npy"], 2, "one array"),
        (&["copy", "ocean.af", "ocean.af"], 2, "--resume"),
        (&["copy", "ocean.af", "y.af", "--codec", "gzip"], 2, "gzip"),
        (&["ls", "http://127.0.0.1:9/x.af"], 1, "127.0.0.1"),
    ] {
        let error = place.af(arguments).fails(code);
        assert!(error.contains(says), "{arguments:?}: {error}");
        if arguments[0] != "frobnicate" && arguments.len() > 1 {
            assert!(
                error.trim_end().lines().count() <= 6,
                "{arguments:?}: {error}"
            );
        }
    }
    assert!(
        !place.path("x.af").exists(),
        "a failed import leaves nothing"
    );
}

#[test]
fn output_can_be_cut_off() {
    let place = Place::with_ocean();
    let mut child = place
        .command(&["cat", "ocean.af", "north_atlantic_annual/TEMP", "-f", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_pipe_gets_no_colours_and_no_progress() {
    let place = Place::with_ocean();
    for arguments in [
        &["ls", "ocean.af"][..],
        &["compact", "ocean.af"],
        &["verify", "--full", "ocean.af"],
    ] {
        let run = place.af(arguments);
        assert!(
            !run.out.contains('\x1b') && !run.err.contains('\x1b'),
            "{arguments:?}"
        );
    }
    let bright = place.af(&["--color", "always", "ls", "ocean.af"]).ok();
    assert!(bright.contains("\x1b[1m"), "{bright}");
    let quiet = place.af(&["--quiet", "ls", "ocean.af"]);
    assert!(quiet.err.is_empty(), "{}", quiet.err);
}

/// Killed at many moments: the file is as it was, or has all; and the command can be run again.
#[test]
fn an_import_that_is_killed_leaves_whole_commits() {
    let place = Place::with_ocean();
    let numbers = vec![7u8; 60 << 20];
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    npy.extend(
        format!(
            "{{'descr': '|u1', 'fortran_order': False, 'shape': ({},), }}",
            numbers.len()
        )
        .bytes(),
    );
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.extend(&numbers);
    std::fs::write(place.path("big.npy"), &npy).unwrap();
    place.af(&["tag", "ocean.af", "before"]).ok();
    let before = place.af(&["--json", "ls", "ocean.af"]).ok();
    for (i, signal) in ["KILL", "INT", "TERM", "KILL", "INT"].iter().enumerate() {
        let mut child = place
            .command(&["import", "big.npy", "ocean.af", "--codec", "zstd(9)"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(5 + 20 * i as u64));
        let kill = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let status = child.wait().unwrap();
        let now = place.af(&["--json", "ls", "ocean.af"]).ok();
        // Before, or after: a signal that comes late finds the commit done.
        if now != before {
            place.af(&["cat", "ocean.af", "big[-1]"]).ok();
            place.af(&["restore", "ocean.af", "before"]).ok();
        } else {
            assert!(!status.success(), "after {signal}");
        }
        assert!(
            place.af(&["--json", "ls", "ocean.af"]).ok() == before,
            "after {signal}"
        );
    }
    place.af(&["verify", "--full", "ocean.af"]).ok();
    place
        .af(&["import", "big.npy", "ocean.af", "--resume", "--verify"])
        .ok();
}

/// A command that commits on the way is killed after its second commit, and goes on with --resume.
#[test]
fn a_large_array_is_gone_on_with_where_it_was_left() {
    const BYTES: usize = 24 << 20;
    let place = Place::new();
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
        (state >> 60) as u8
    };
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({BYTES},), }}");
    npy.extend(header.bytes());
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.extend((0..BYTES).map(|_| noise()));
    std::fs::write(place.path("big.npy"), &npy).unwrap();
    let pace = ["--commit-every", "4000000"];
    let killed = |arguments: &[&str], layer: &str| {
        let mut child = place
            .command(arguments)
            .args(pace)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !place.path(layer).exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "it ended too early");
    };
    let names = |file: &str| {
        let all = place.af(&["--json", "ls", file]).json();
        let all = all.as_array().unwrap().iter();
        all.map(|a| a["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let import = ["import", "big.npy", "x.af", "--codec", "zstd(9)"];
    killed(&import, "x.2.af");
    assert_eq!(names("x.af"), ["big.unfinished"]);
    place.af(&["verify", "--full", "x.af"]).ok();
    let resume = |arguments: &[&str], more: &[&str]| {
        let all = [&["--json"], arguments, &pace, &["--resume"], more].concat();
        place.af(&all).json()
    };
    let report = resume(&import, &["--verify"]);
    assert_eq!(names("x.af"), ["big"]);
    assert_eq!(report["verified"], BYTES);
    let written = report["bytes"].as_u64().unwrap() as usize;
    assert!(written <= BYTES - 8_000_000, "{written} of {BYTES}");
    let attributes = place.af(&["--json", "attrs", "x.af", "big"]).ok();
    assert!(!attributes.contains("_slabs"), "{attributes}");

    let copy = ["copy", "x.af", "y.af", "--codec", "zstd(9)"];
    killed(&copy, "y.2.af");
    assert_eq!(names("y.af"), ["big.unfinished"]);
    resume(&copy, &[]);
    assert_eq!(names("y.af"), ["big"]);
    place.af(&["diff", "x.af", "y.af"]).ok();

    // Another source: begun anew.
    killed(
        &[&copy[..2], &["w.af", "--codec", "zstd(9)"]].concat(),
        "w.2.af",
    );
    place.af(&["attrs", "x.af", "big", "note=changed"]).ok();
    let report = resume(&[&copy[..2], &["w.af", "--codec", "zstd(9)"]].concat(), &[]);
    assert_eq!(report["copied"], 1);
    place.af(&["diff", "x.af", "w.af"]).ok();

    // Other chunks: begun anew. And one that is replaced stands until the new one is whole.
    killed(
        &[&copy[..2], &["z.af", "--codec", "zstd(9)"]].concat(),
        "z.2.af",
    );
    let other = ["copy", "x.af", "z.af", "--chunks", "1000000"];
    resume(&other, &[]);
    assert_eq!(names("z.af"), ["big"]);
    place.af(&["diff", "x.af", "z.af"]).fails(1);
    place
        .af(&[&["import", "big.npy", "x.af", "--replace"], &pace[..]].concat())
        .ok();
    assert_eq!(names("x.af"), ["big"]);

    // One that is replaced stands until the new one is whole, and is found again.
    let mut replace = vec![
        "import",
        "big.npy",
        "x.af",
        "--replace",
        "--codec",
        "zstd(9)",
    ];
    let next = place.af(&["--json", "info", "x.af"]).json()["commit"]
        .as_u64()
        .unwrap()
        + 2;
    killed(&replace, &format!("x.{next}.af"));
    assert_eq!(names("x.af"), ["big", "big.unfinished"]);
    replace.remove(3);
    // Whatever the pace of the rest.
    let report = place
        .af(&[&["--json"], &replace[..], &["--resume"]].concat())
        .json();
    assert!(
        (report["bytes"].as_u64().unwrap() as usize) < BYTES,
        "{report}"
    );
    assert_eq!(names("x.af"), ["big"]);

    // An array of that name that is the user's own is left alone.
    place.af(&["copy", "x.af", "v.af", "--codec", "none"]).ok();
    std::fs::rename(place.path("big.npy"), place.path("big.unfinished.npy")).unwrap();
    place.af(&["import", "big.unfinished.npy", "v.af"]).ok();
    std::fs::rename(place.path("big.unfinished.npy"), place.path("big.npy")).unwrap();
    let refused = place.af(&[&["import", "big.npy", "v.af", "--replace"], &pace[..]].concat());
    let said = refused.fails(2);
    assert!(said.contains("big.unfinished"), "{said}");
    assert_eq!(names("v.af"), ["big", "big.unfinished"]);
}

/// A small file system in memory, which goes when this is dropped.
struct Disk(std::path::PathBuf);

impl Disk {
    fn mount(path: std::path::PathBuf) -> Option<Self> {
        std::fs::create_dir(&path).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
            .arg(&path)
            .stderr(Stdio::null())
            .status();
        mount
            .is_ok_and(|status| status.success())
            .then_some(Self(path))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_what_was_there() {
    let place = Place::with_ocean();
    let Some(_disk) = Disk::mount(place.path("disk")) else {
        println!("SKIPPED because nothing can be mounted here: a full disk");
        return;
    };
    place.af(&["copy", "ocean.af", "disk/x.af", "*/SALT"]).ok();
    let before = place.af(&["--json", "ls", "disk/x.af"]).ok();
    for arguments in [
        &["copy", "ocean.af", "disk/x.af", "*/TEMP", "--codec", "none"][..],
        &["export", "ocean.af", "disk/x.nc"],
        &["export", "ocean.af", "disk/x.npz"],
    ] {
        let error = place.af(arguments).fails(1);
        assert!(error.contains("No space left"), "{arguments:?}: {error}");
        assert_eq!(place.af(&["--json", "ls", "disk/x.af"]).ok(), before);
    }
    place.af(&["verify", "--full", "disk/x.af"]).ok();
    let left: Vec<_> = std::fs::read_dir(place.path("disk")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn output_that_cannot_be_written_is_told() {
    let place = Place::with_ocean();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let run = place
        .command(&["cat", "ocean.af", "north_atlantic_annual/TEMP"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1));
    let error = String::from_utf8(run.stderr).unwrap();
    assert!(error.contains("No space left"), "{error}");
    place.af(&["copy", "ocean.af", "/proc/x.af"]).fails(1);
    place.af(&["export", "ocean.af", "/proc/x.npz"]).fails(1);
}

#[test]
fn completions_and_manuals_are_written() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            place.af(&["completions", shell]).ok().contains("salvage"),
            "{shell}"
        );
    }
    assert!(place.af(&["man"]).ok().starts_with(".ie"));
    place.af(&["man", "pages"]).ok();
    assert!(place.path("pages/af-import.1").exists());
    assert!(place.af(&["--help"]).ok().contains("Exit codes"));
    assert!(place.af(&["--version"]).ok().starts_with("af 0."));
}
