//! Import, export and copy.

mod support;

use support::{Place, data};

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    npy.extend(
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}").bytes(),
    );
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.extend(data);
    npy
}

#[test]
fn real_netcdf_files_come_back_as_they_were() {
    let place = Place::new();
    let source = data().join("north_atlantic_monthly.nc");
    let source = source.to_string_lossy();
    let report = place
        .af(&["--json", "import", "--verify", &source, "x.af"])
        .json();
    assert_eq!(report["different"], serde_json::json!([]));
    assert!(report["verified"].as_u64().unwrap() > 200_000, "{report}");
    place.af(&["export", "x.af", "x.nc"]).ok();
    place.af(&["import", "x.nc", "y.af"]).ok();
    let diff = place.af(&["diff", "x.af", "y.af", "--values"]);
    assert_eq!(diff.code, 0, "{}{}", diff.out, diff.err);
}

#[test]
fn sources_of_a_folder_get_their_paths_as_prefixes() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("in/deep")).unwrap();
    for (name, n) in [("in/a.npy", 1u8), ("in/deep/b.npy", 2), ("in/c.txt", 0)] {
        std::fs::write(place.path(name), npy("|u1", "(3,)", &[n; 3])).unwrap();
    }
    place.af(&["import", "in", "x.af"]).ok();
    let names = |file: &str| -> Vec<String> {
        let all = place.af(&["--json", "ls", file]).json();
        let names = all
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(names("x.af"), ["a/a", "deep/b/b"]);
    place.af(&["import", "in", "y.af", "--prefix", "all"]).ok();
    assert_eq!(names("y.af"), ["all/a/a", "all/deep/b/b"]);
    // Again: an error, then what was there stays, then it is replaced.
    place.af(&["import", "in", "x.af"]).fails(2);
    std::fs::write(place.path("in/d.npy"), npy("|u1", "(3,)", &[9; 3])).unwrap();
    let again = place
        .af(&["--json", "import", "in", "x.af", "--resume"])
        .json();
    assert_eq!(
        (&again["arrays"], &again["present"]),
        (&1.into(), &2.into())
    );
    std::fs::write(place.path("in/a.npy"), npy("|u1", "(4,)", &[8; 4])).unwrap();
    place
        .af(&["import", "in", "x.af", "--replace", "--verify"])
        .ok();
    assert!(place.af(&["cat", "x.af", "a/a"]).ok().contains("8"));
}

#[test]
fn sources_are_stacked() {
    let place = Place::new();
    for i in 0..4u8 {
        std::fs::write(
            place.path(&format!("{i}.npy")),
            npy("<i2", "(2, 3)", &[i; 12]),
        )
        .unwrap();
    }
    let files = ["0.npy", "1.npy", "2.npy", "3.npy"];
    let stacked = |dimension: &str, file: &str, more: &[&str]| {
        let mut all = vec!["import", "--stack", dimension, "--verify"];
        all.extend(more);
        all.push(file);
        place.af(&all)
    };
    // Their variables have other names, as files of NumPy have those of files: one archive each.
    let wrong = stacked("time", "x.af", &files).fails(2);
    assert!(wrong.contains("has no variable"), "{wrong}");

    for i in 0..3 {
        std::fs::create_dir_all(place.path(&format!("m{i}"))).unwrap();
        std::fs::copy(
            place.path(&format!("{i}.npy")),
            place.path(&format!("m{i}/t.npy")),
        )
        .unwrap();
    }
    let months = ["m0/t.npy", "m1/t.npy", "m2/t.npy"];
    stacked("time", "x.af", &months).ok();
    let json = place.af(&["--json", "cat", "x.af", "t[:, 0, 0]"]).json();
    assert_eq!(json["values"], serde_json::json!([0, 257, 514]));
    assert_eq!(json["dimensions"], serde_json::json!(["time"]));
    stacked("dim_1", "y.af", &months).ok();
    let json = place.af(&["--json", "cat", "y.af", "t[1]"]).json();
    assert_eq!(
        json["values"],
        serde_json::json!([0, 0, 0, 257, 257, 257, 514, 514, 514])
    );
    std::fs::write(place.path("m1/t.npy"), npy("<i2", "(5, 3)", &[1; 30])).unwrap();
    stacked("dim_1", "z.af", &months).fails(2);
    assert!(!place.path("z.af").exists());
}

#[test]
fn copies_have_other_codecs_and_chunks() {
    let place = Place::with_ocean();
    place
        .af(&[
            "copy",
            "ocean.af",
            "copy.af",
            "*/TEMP",
            "--codec",
            "shuffle+zstd(5)",
            "--chunks",
            "1,0,0",
        ])
        .ok();
    let all = place.af(&["--json", "ls", "copy.af"]).json();
    let annual = &all[0];
    assert_eq!(annual["codec"], "shuffle+zstd(5)");
    assert_eq!(annual["chunks"], serde_json::json!([1, 61, 66]));
    let cat = |file: &str| {
        place
            .af(&["cat", file, "north_atlantic_annual/TEMP", "-f", "csv"])
            .ok()
    };
    assert_eq!(cat("ocean.af"), cat("copy.af"));
    place.af(&["copy", "ocean.af", "copy.af"]).fails(2);
    let rest = place
        .af(&["--json", "copy", "ocean.af", "copy.af", "--resume"])
        .json();
    assert_eq!((&rest["skipped"], &rest["copied"]), (&2.into(), &9.into()));
    place.af(&["copy", "ocean.af", "whole.af"]).ok();
    place.af(&["diff", "ocean.af", "whole.af", "--values"]).ok();
}

#[test]
fn bad_sources_are_refused() {
    let place = Place::new();
    for (name, bytes) in [
        ("short.npy", npy("<f8", "(1000,)", &[0; 80])),
        ("struct.npy", npy("<V8", "(2,)", &[0; 16])),
        ("magic.npy", b"\x93NUMPY\x01\x00\xff\xff{".to_vec()),
        ("zip.npz", b"PK\x03\x04 and no more".to_vec()),
        ("cut.nc", b"CDF\x01\x00\x00".to_vec()),
        ("cut.h5", b"\x89HDF\r\n\x1a\n".to_vec()),
        (
            "long.safetensors",
            [&u64::MAX.to_le_bytes()[..], b"{}"].concat(),
        ),
        ("overlap.safetensors", {
            let head = br#"{"a":{"dtype":"F32","shape":[100],"data_offsets":[0,400]}}"#;
            [&(head.len() as u64).to_le_bytes()[..], head, &[0; 8]].concat()
        }),
    ] {
        std::fs::write(place.path(name), bytes).unwrap();
        let error = place.af(&["import", name, "x.af"]).fails(1);
        assert!(error.contains(name), "{name}: {error}");
        assert!(!place.path("x.af").exists(), "{name}");
    }
}

#[test]
fn arrays_without_elements_go_everywhere() {
    let place = Place::new();
    std::fs::write(place.path("a.npy"), npy("<f4", "(0, 3)", &[])).unwrap();
    place.af(&["import", "a.npy", "x.af"]).ok();
    for target in [
        "x.nc",
        "x.zarr",
        "x.zarr.zip",
        "x.npz",
        "x.safetensors",
        "x.parquet",
        "x.arrow",
    ] {
        place.af(&["export", "x.af", target]).ok();
        place
            .af(&["import", "--verify", target, &format!("{target}.af")])
            .ok();
        let rows = place.af(&["--json", "ls", &format!("{target}.af")]).json();
        assert_eq!(rows[0]["shape"], serde_json::json!([0, 3]), "{target}");
    }
}
