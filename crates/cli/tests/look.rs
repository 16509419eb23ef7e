//! Commands that look into a file.

mod support;

use support::Place;

#[test]
fn ls_lists_arrays() {
    let place = Place::with_ocean();
    let all = place.af(&["ls", "ocean.af"]).ok();
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines[0].starts_with("array"), "{all}");
    assert_eq!(lines.len(), 12, "{all}");
    let temp = lines
        .iter()
        .find(|line| line.starts_with("north_atlantic_monthly/TEMP"));
    let words: Vec<&str> = temp.unwrap().split_whitespace().collect();
    assert_eq!(
        words[1..8],
        ["float32", "12", "×", "19", "×", "31", "×"],
        "{all}"
    );

    let some = place.af(&["ls", "ocean.af", "*/TEMP"]).ok();
    assert_eq!(some.lines().count(), 3, "{some}");
    let none = place.af(&["ls", "ocean.af", "*/nothing"]).fails(2);
    assert!(none.contains("no array matches"), "{none}");
}

#[test]
fn ls_selects_by_attributes_and_statistics() {
    let place = Place::with_ocean();
    let names = |condition: &str| -> Vec<String> {
        let all = place
            .af(&["--json", "ls", "ocean.af", "--where", condition])
            .json();
        let names = all
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(names("max>35"), names("max > 35.0"));
    assert!(names("max>37").contains(&"north_atlantic_annual/SALT".to_owned()));
    assert!(!names("max>37").contains(&"north_atlantic_annual/TEMP".to_owned()));
    assert_eq!(
        names("name=north_atlantic_annual/SALT"),
        ["north_atlantic_annual/SALT"]
    );
    assert!(names("no_such_attribute").is_empty());
    assert_eq!(names("!no_such_attribute").len(), 11);
    place.af(&["ls", "ocean.af", "--where", "=3"]).fails(2);
}

#[test]
fn ls_shows_trees_and_all_there_is() {
    let place = Place::with_ocean();
    let tree = place.af(&["ls", "ocean.af", "--tree"]).ok();
    assert!(
        tree.contains("├── north_atlantic_annual/\n│   ├── "),
        "{tree}"
    );
    assert!(
        tree.contains("└── north_atlantic_monthly/\n    ├── "),
        "{tree}"
    );
    let long = place.af(&["ls", "ocean.af", "-l", "*annual/TEMP"]).ok();
    assert!(long.contains("nulls"), "{long}");
    assert!(long.contains("    units: "), "{long}");
}

#[test]
fn info_counts() {
    let place = Place::with_ocean();
    let info = place.af(&["--json", "info", "ocean.af"]).json();
    assert_eq!(info["arrays"], 11);
    assert_eq!(info["format_version"], "1.0");
    assert!(info["open_requests"].as_u64().unwrap() <= 10, "{info}");
    let text = place.af(&["info", "ocean.af"]).ok();
    assert!(text.contains("arrays       11\n"), "{text}");
}

#[test]
fn browse_needs_a_terminal() {
    let place = Place::with_ocean();
    let refused = place.af(&["browse", "ocean.af"]).fails(2);
    assert_eq!(refused.lines().count(), 1, "{refused}");
    assert!(
        refused.contains("af ls") && refused.contains("af dump"),
        "{refused}"
    );
    place.af(&["browse", "--json", "ocean.af"]).fails(2);
}

#[test]
fn cat_prints_values() {
    let place = Place::with_ocean();
    let text = place
        .af(&[
            "cat",
            "ocean.af",
            "north_atlantic_annual/TEMP[0, 10:12, 20:23]",
        ])
        .ok();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[1].trim_start().starts_with("20"), "{text}");
    assert!(lines[2].starts_with("10  "), "{text}");
    let json = place
        .af(&[
            "--json",
            "cat",
            "ocean.af",
            "north_atlantic_annual/TEMP[0, 10:12, 20:26:3]",
        ])
        .json();
    assert_eq!(json["shape"], serde_json::json!([2, 2]));
    assert_eq!(json["values"].as_array().unwrap().len(), 2);
    let first = json["values"][0][0].as_f64().unwrap();
    let shown = lines[2].split_whitespace().nth(1).unwrap();
    assert_eq!(shown.parse::<f32>().unwrap(), first as f32);
    let csv = place
        .af(&[
            "cat",
            "ocean.af",
            "north_atlantic_annual/TEMP[0, 10:12, 20]",
            "--format",
            "csv",
        ])
        .ok();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.lines().nth(1).unwrap().starts_with("10,"), "{csv}");
    let scalar = place
        .af(&["cat", "ocean.af", "north_atlantic_annual/TEMP[0, 0, 0]"])
        .ok();
    assert_eq!(scalar.lines().count(), 2, "{scalar}");
    let blocks = place
        .af(&["cat", "ocean.af", "north_atlantic_annual/TEMP[:2, :2, :2]"])
        .ok();
    assert_eq!(blocks.matches("\n[").count(), 2, "{blocks}");
    for wrong in [
        "north_atlantic_annual/TEMP[99]",
        "north_atlantic_annual/TEMP[0,0,0,0]",
        "nothing",
        "a[x]",
    ] {
        place.af(&["cat", "ocean.af", wrong]).fails(2);
    }
}

#[test]
fn cat_streams_large_arrays_in_order() {
    let place = Place::new();
    let numbers: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).collect();
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    npy.extend(b"{'descr': '<u4', 'fortran_order': False, 'shape': (3000, 1000), }");
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.extend(&numbers);
    std::fs::write(place.path("n.npy"), &npy).unwrap();
    place.af(&["import", "n.npy", "n.af", "--verify"]).ok();
    let out = place
        .command(&["cat", "n.af", "n", "-f", "npy"])
        .output()
        .unwrap()
        .stdout;
    assert_eq!(out[out.len() - numbers.len()..], numbers);
    let text = place.af(&["cat", "n.af", "n[::2999, ::999]"]).ok();
    let words: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(words[words.len() - 2..], ["2999000", "2999999"], "{text}");
    let steps = place
        .af(&["--json", "cat", "n.af", "n[::700, 1::333]"])
        .json();
    assert_eq!(
        steps["values"][4],
        serde_json::json!([2_800_001, 2_800_334, 2_800_667])
    );
    let csv = place.af(&["cat", "n.af", "n", "-f", "csv"]).ok();
    assert_eq!(csv.lines().last(), Some("2999,999,2999999"));
    let json = place.af(&["cat", "n.af", "n", "-f", "json"]).json();
    assert_eq!(json["values"][2999][999], 2_999_999);
    assert_eq!(json["values"].as_array().unwrap().len(), 3000);
}

#[test]
fn stats_are_those_of_arrays_and_chunks() {
    let place = Place::with_ocean();
    let stats = place
        .af(&["--json", "stats", "ocean.af", "*annual/TEMP"])
        .json();
    assert_eq!(stats[0]["nulls"], 21_561);
    assert_eq!(stats[0]["max"], 28.0);
    let chunks = place
        .af(&["--json", "stats", "--chunks", "ocean.af", "*annual/TEMP"])
        .json();
    assert_eq!(chunks[0]["max"], 28.0);
    assert!(place.af(&["stats", "ocean.af"]).ok().contains("21,561"));
}

#[test]
fn dump_is_cdl() {
    let place = Place::with_ocean();
    let header = place.af(&["dump", "-h", "ocean.af"]).ok();
    assert!(header.starts_with("netcdf ocean {\n"), "{header}");
    assert!(
        header.contains("group: north_atlantic_annual {"),
        "{header}"
    );
    assert!(header.contains("float TEMP("), "{header}");
    assert!(!header.contains("data:"), "{header}");
    let data = place.af(&["dump", "ocean.af", "*annual/TEMP"]).ok();
    assert!(data.contains(" TEMP =\n"), "{data}");
    let values = data.split("data:").nth(1).unwrap();
    assert!(
        values.lines().all(|line| line.chars().count() <= 81),
        "{data}"
    );
    assert!(data.contains(", _,"), "fill values are underscores");
}

#[test]
fn attributes_are_read_set_and_removed() {
    let place = Place::with_ocean();
    let array = "north_atlantic_annual/TEMP";
    place
        .af(&[
            "attrs",
            "ocean.af",
            array,
            "quality=\"5\"",
            "level=3",
            "range=[0, 30]",
            "note=it is warm",
            "-m",
            "notes",
        ])
        .ok();
    assert_eq!(
        place.af(&["attrs", "ocean.af", array, "note"]).ok(),
        "it is warm\n"
    );
    let all = place.af(&["--json", "attrs", "ocean.af", array]).json();
    assert_eq!(all["quality"], "5");
    assert_eq!(all["level"], 3);
    assert_eq!(all["range"], serde_json::json!([0, 30]));
    place
        .af(&["attrs", "ocean.af", array, "--remove", "note"])
        .ok();
    place.af(&["attrs", "ocean.af", array, "note"]).fails(1);
    place
        .af(&["attrs", "ocean.af", ".", "title=The Atlantic"])
        .ok();
    assert_eq!(
        place.af(&["attrs", "ocean.af", ".", "title"]).ok(),
        "The Atlantic\n"
    );
    place
        .af(&["attrs", "ocean.af", array, "a=[1, \"x\"]"])
        .fails(2);
    place.af(&["attrs", "ocean.af", "nothing"]).fails(2);
    assert!(place.af(&["log", "ocean.af"]).ok().contains("notes"));
}

#[test]
fn plots_are_pictures() {
    let place = Place::with_ocean();
    for (array, picture) in [
        ("north_atlantic_annual/TEMP[:, 30, 30]", "line.svg"),
        ("north_atlantic_annual/TEMP[0]", "map.png"),
        ("north_atlantic_monthly/TEMP[:, 0]", "panels.svg"),
        ("north_atlantic_annual/XAXLEVITR[3]", "one.png"),
    ] {
        place
            .af(&[
                "plot", "ocean.af", array, "-o", picture, "--size", "600x400",
            ])
            .ok();
    }
    let svg = std::fs::read_to_string(place.path("line.svg")).unwrap();
    assert!(
        svg.contains("TEMPERATURE") && svg.contains("TEMP (DEG C)"),
        "titles and units"
    );
    assert!(svg.contains("ZAXLEVITR (METERS)"), "the axis has its unit");
    let panels = std::fs::read_to_string(place.path("panels.svg")).unwrap();
    assert_eq!(panels.matches("TIME = ").count(), 12);
    let png = std::fs::read(place.path("map.png")).unwrap();
    let image = png::Decoder::new(std::io::Cursor::new(&png))
        .read_info()
        .unwrap();
    assert_eq!((image.info().width, image.info().height), (600, 400));
    let term = place
        .af(&[
            "plot",
            "ocean.af",
            "north_atlantic_annual/TEMP[0]",
            "--term",
        ])
        .ok();
    assert!(term.contains('▀'), "{term}");
    for wrong in [
        &["plot", "ocean.af", "north_atlantic_monthly/TEMP"][..],
        &[
            "plot",
            "ocean.af",
            "north_atlantic_annual/TEMP[0]",
            "-o",
            "x.gif",
        ],
        &[
            "plot",
            "ocean.af",
            "north_atlantic_annual/TEMP[0]",
            "--size",
            "1x1",
        ],
        &[
            "plot",
            "ocean.af",
            "north_atlantic_annual/TEMP[0]",
            "--min",
            "5",
            "--max",
            "5",
        ],
    ] {
        place.af(wrong).fails(2);
    }
}
