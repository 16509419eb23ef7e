//! Whole screens as text.

use array_format::ndarray::Array;
use array_format::{
    ArrayElement, ArrayFile, ArraySpec, DType, FileConfig, FillValue, List, NoCompression,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::Color;

use crate::browse::fixture::type_keys;
use crate::browse::state::State;
use crate::browse::tree::Tree;
use crate::browse::view;

/// A field over times, latitudes and longitudes, and the latitudes.
async fn ocean() -> ArrayFile {
    let config = FileConfig::new(NoCompression);
    let mut file = ArrayFile::create_memory(config).await.unwrap();
    let spec = ArraySpec::new(DType::Float32, [2, 3, 4])
        .dimensions(["time", "lat", "lon"])
        .fill(FillValue::Float(-1.0))
        .attribute("units", "degC")
        .attribute("long_name", "Temperature")
        .attribute("note", "two\nlines\x1b[31m");
    file.create_array("sea/temp", spec).unwrap();
    let values = Array::from_iter((0..24).map(|i| i as f32 - 1.0));
    let values = values.into_shape_with_order(vec![2, 3, 4]).unwrap();
    file.write_array("sea/temp", vec![0, 0, 0], values.view())
        .await
        .unwrap();
    let spec = ArraySpec::new(DType::Float64, [3]).dimensions(["lat"]);
    file.create_array("sea/lat", spec.attribute("units", "degN"))
        .unwrap();
    let places = Array::from_vec(vec![10.0, 20.0, 30.0]).into_dyn();
    file.write_array("sea/lat", vec![0], places.view())
        .await
        .unwrap();
    file.set_file_attribute("title", "The sea".into()).unwrap();
    file.set_file_attribute("sea/depth", 9i64.into()).unwrap();
    file.flush().await.unwrap();
    file
}

/// Reads what is wanted.
async fn read(state: &mut State<'_>, file: &ArrayFile) {
    while let Some(load) = state.load() {
        let content = load.read(file).await;
        state.loaded(content.map_err(|error| error.to_string()));
    }
}

/// The screen after these keys.
async fn screen(file: &ArrayFile, (width, height): (u16, u16), keys: &str) -> Buffer {
    let tree = Tree::new("ocean.af", &file.arrays().unwrap());
    let mut state = State::new("ocean.af", tree, Size { width, height });
    read(&mut state, file).await;
    for key in keys.chars() {
        type_keys(&mut state, key.encode_utf8(&mut [0; 4]));
        read(&mut state, file).await;
    }
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| view::draw(frame, &state, true))
        .unwrap();
    terminal.backend().buffer().clone()
}

/// Its lines, without spaces at their ends.
async fn lines(file: &ArrayFile, size: (u16, u16), keys: &str) -> Vec<String> {
    let screen = screen(file, size, keys).await;
    let lines = screen.content().chunks(size.0.max(1).into()).map(|line| {
        let line: String = line.iter().map(|cell| cell.symbol()).collect();
        line.trim_end().to_owned()
    });
    lines.collect()
}

#[tokio::test]
async fn an_overview_has_attributes_below() {
    let file = ocean().await;
    assert_eq!(
        lines(&file, (80, 21), "jj").await,
        [
            "ocean.af                        │ sea/temp",
            "▾ sea/  2                       │ 1 overview  2 statistics  3 values  4 picture",
            "    temp  float32 2 × 3 × 4     │ type       float32",
            "    lat  float64 3              │ shape      2 × 3 × 4",
            "                                │ axes       time = 2, lat = 3, lon = 4",
            "                                │ chunks     2 × 3 × 4",
            "                                │ codec      none",
            "                                │ size       96 B",
            "                                │ stored     96 B",
            "                                │ ratio      1.00",
            "                                │ fill       -1",
            "                                │ min        0",
            "                                │ max        22",
            "                                │ nulls      1",
            "                                │ commit     1",
            "                                │",
            "                                │ long_name  Temperature",
            "                                │ note       two",
            "                                │            lines␛[31m",
            "                                │ units      degC",
            "? keys  q quit  ↑↓ move  Enter go into  1–4 view  / filter",
        ]
    );
    let scrolled = lines(&file, (80, 10), "jj\nGk").await;
    assert!(scrolled[2].ends_with("│ max        22"), "{scrolled:?}");
    assert!(scrolled[8].ends_with("│            lines␛[31m"));
}

#[tokio::test]
async fn groups_have_totals_and_attributes() {
    let file = ocean().await;
    let group = lines(&file, (80, 10), "j").await;
    assert!(group[0].ends_with("│ sea/"), "{group:?}");
    assert!(group[2].ends_with("│ arrays  2"), "{group:?}");
    assert!(group[7].ends_with("│ depth   9"), "{group:?}");
    let all = lines(&file, (80, 20), "").await;
    assert!(all[7].ends_with("│ arrays       2"), "{all:?}");
    assert!(all[15].ends_with("│ title        The sea"), "{all:?}");
}

#[tokio::test]
async fn tables_are_aligned() {
    let file = ocean().await;
    assert_eq!(
        lines(&file, (68, 9), "jj3").await,
        [
            "ocean.af                   │ sea/temp",
            "▾ sea/  2                  │ 1  2  3 values  4",
            "    temp  float32 2 × 3 × 4│ time 0 of 0–1  ↓ lat  → lon",
            "    lat  float64 3         │    0  1  2   3",
            "                           │ 0  _  0  1   2",
            "                           │ 1  3  4  5   6",
            "                           │ 2  7  8  9  10",
            "                           │",
            "? keys  q quit  ↑↓ move  Enter go into  1–4 view  , . step  [ ] axis",
        ]
    );
    let stepped = lines(&file, (68, 9), "jj3.\njl").await;
    assert!(stepped[2].ends_with("│ time 1 of 0–1  ↓ lat  → lon"));
    assert!(stepped[4].ends_with("│ 0  11  12  13  14"), "{stepped:?}");
    let chunks = lines(&file, (80, 5), "jj2").await;
    assert!(chunks[2].ends_with("│ chunk      min  max  valid  NaN  stored"));
    assert!(chunks[3].ends_with("│ [0, 0, 0]    0   22     23    0    96 B"));
}

#[tokio::test]
async fn fields_are_heat_maps() {
    let file = ocean().await;
    let half = "▀".repeat(36);
    assert_eq!(
        lines(&file, (68, 10), "jj4").await,
        [
            "ocean.af                   │ sea/temp".to_owned(),
            "▾ sea/  2                  │ 1  2  3  4 picture".to_owned(),
            "    temp  float32 2 × 3 × 4│ time 0 of 0–1  ↓ lat  → lon".to_owned(),
            "    lat  float64 3         │ Temperature  ↕ lat (degN)".to_owned(),
            format!("                           │ 30 {half}"),
            format!("                           │    {half}"),
            format!("                           │ 10 {half}"),
            "                           │    0               lon                3".to_owned(),
            "                           │ 0 ████████████████████ 10  temp (degC)".to_owned(),
            "? keys  q quit  ↑↓ move  Enter go into  1–4 view  , . step  [ ] axis".to_owned(),
        ]
    );
    let screen = screen(&file, (68, 10), "jj4").await;
    let (least, greatest) = (Color::Rgb(68, 1, 84), Color::Rgb(254, 232, 37));
    assert_eq!(screen[(67, 4)].fg, greatest, "the north is on top");
    assert_eq!(
        screen[(32, 6)].bg,
        Color::Rgb(225, 225, 225),
        "the fill value"
    );
    assert_eq!(screen[(41, 6)].bg, least);
    assert_eq!((screen[(31, 8)].fg, screen[(50, 8)].fg), (least, greatest));
}

#[tokio::test]
async fn rows_are_lines() {
    let file = ocean().await;
    assert_eq!(
        lines(&file, (68, 8), "jjj4").await,
        [
            "ocean.af                   │ sea/lat",
            "▾ sea/  2                  │ 1  2  3  4 picture",
            "    temp  float32 2 × 3 × 4│ ↓ lat",
            "    lat  float64 3         │ ↕ lat (degN)",
            "                           │ 30 ⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⣀⣀⣀⣀⡠⠤⠤⠤⠤⠒⠒⠒⠒⠊⠉⠉",
            "                           │ 10 ⣀⣀⣀⠤⠤⠤⠤⠤⠤⠒⠒⠒⠒⠒⠒⠉⠉⠉⠉⠉⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀",
            "                           │    0               lat                2",
            "? keys  q quit  ↑↓ move  Enter go into  1–4 view  / filter",
        ]
    );
}

#[tokio::test]
async fn small_screens_are_enough() {
    let file = ocean().await;
    assert_eq!(
        lines(&file, (40, 10), "jj4.").await,
        [
            "sea/temp".to_owned(),
            "1  2  3  4 picture".to_owned(),
            "time 1 of 0–1  ↓ lat  → lon".to_owned(),
            "Temperature  ↕ lat (degN)".to_owned(),
            format!("30 {}", "▀".repeat(37)),
            format!("   {}", "▀".repeat(37)),
            format!("10 {}", "▀".repeat(37)),
            "   0                lon                3".to_owned(),
            "11 ████████████████████ 22  temp (degC)".to_owned(),
            "? keys  q quit  Esc back  1–4 view".to_owned(),
        ]
    );
    let tree = lines(&file, (40, 10), "").await;
    assert_eq!(tree[2], "    temp  float32 2 × 3 × 4");
    for width in [0, 1, 2, 3, 7, 20, 63, 64, 65, 90] {
        for height in [0, 1, 2, 3, 4, 5, 6, 7, 9, 30] {
            for keys in ["", "j", "jj1", "jj2", "jj3", "jj4", "jjj4", "?", "/t"] {
                lines(&file, (width, height), keys).await;
            }
        }
    }
}

#[tokio::test]
async fn values_of_every_kind_are_shown() {
    let config = FileConfig::new(NoCompression);
    let mut file = ArrayFile::create_memory(config).await.unwrap();
    async fn put<T: ArrayElement>(file: &mut ArrayFile, name: &str, shape: &[usize], all: &[T]) {
        let spec = ArraySpec::new(T::dtype(), shape.iter().map(|&n| n as u64));
        file.create_array(name, spec).unwrap();
        let values = Array::from_shape_vec(shape, all.to_vec()).unwrap();
        file.write_array(name, vec![0; shape.len()], values.view())
            .await
            .unwrap();
    }
    put(
        &mut file,
        "texts",
        &[2],
        &["a\nb".to_owned(), "c".to_owned()],
    )
    .await;
    put(
        &mut file,
        "lists",
        &[2],
        &[List(vec![1i16, 2]), List(vec![])],
    )
    .await;
    put(&mut file, "pairs", &[1, 2], &[[1u8, 2], [3, 4]]).await;
    put(&mut file, "scalar", &[], &[2.5f32]).await;
    put(&mut file, "empty", &[0, 3], &[] as &[f32]).await;
    for (keys, line, shown) in [
        ("j3", 4, "│ 0  a␊b"),
        ("j3", 5, "│ 1  c"),
        ("j4", 3, "│ texts holds string, which cannot be drawn"),
        ("jj3", 4, "│ 0  [1, 2]"),
        ("jj3", 5, "│ 1      []"),
        ("jjj3", 4, "│ 0  [1, 2]"),
        ("jjjj3", 4, "│    2.5"),
        ("jjjjj3", 3, "│ no elements"),
        ("jjjjj4", 3, "│ no elements"),
        ("jjjjj2", 2, "│ nothing was written"),
    ] {
        let lines = lines(&file, (80, 8), keys).await;
        assert!(lines[line].ends_with(shown), "{keys}: {lines:?}");
    }
}

#[tokio::test]
async fn filters_and_failures_are_told() {
    let file = ocean().await;
    let filtered = lines(&file, (80, 6), "/TE").await;
    assert_eq!(filtered[5], "/TE▏ 1 array   Enter keep  Esc clear  ↑↓ move");
    assert!(filtered[0].ends_with("│ sea/temp"), "{filtered:?}");
    let tree = Tree::new("f", &file.arrays().unwrap());
    let mut state = State::new("f", tree, Size::new(80, 6));
    state.load();
    state.loaded(Err("it\x07 is damaged\n\nrepair it".to_owned()));
    let mut terminal = Terminal::new(TestBackend::new(80, 6)).unwrap();
    terminal
        .draw(|frame| view::draw(frame, &state, true))
        .unwrap();
    let screen = format!("{}", terminal.backend());
    assert!(screen.contains("│ it␇ is damaged") && screen.contains("│ repair it"));
}
