//! Pictures in files: PNG and SVG.

use anyhow::{Context, Result, anyhow};
use dejavu::sans;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use super::{Axis, Figure, Panel};

const FONT: &str = "sans-serif";
const GAP: RGBColor = RGBColor(225, 225, 225);
const LINE: RGBColor = RGBColor(31, 90, 160);

/// The picture as the bytes of a PNG file.
pub fn png(figure: &Figure, size: (u32, u32)) -> Result<Vec<u8>> {
    let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
    {
        let backend = BitMapBackend::with_buffer(&mut pixels, size);
        draw(figure, &backend.into_drawing_area())?;
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("the head of a PNG file")?;
    writer
        .write_image_data(&pixels)
        .context("the pixels of a PNG file")?;
    writer.finish().context("the end of a PNG file")?;
    Ok(out)
}

/// The picture as the text of an SVG file.
pub fn svg(figure: &Figure, size: (u32, u32)) -> Result<String> {
    let mut out = String::new();
    draw(
        figure,
        &SVGBackend::with_string(&mut out, size).into_drawing_area(),
    )?;
    Ok(out)
}

fn draw<B: DrawingBackend>(figure: &Figure, area: &DrawingArea<B, Shift>) -> Result<()> {
    for (style, font) in [
        (FontStyle::Normal, sans::regular()),
        (FontStyle::Bold, sans::bold()),
    ] {
        register_font(FONT, style, font).map_err(|_| anyhow!("the font cannot be read"))?;
    }
    let drawn = || -> std::result::Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        area.fill(&WHITE)?;
        let (width, _) = area.dim_in_pixel();
        // A title that is too long gets smaller.
        let points =
            (f64::from(width) / figure.title.chars().count().max(1) as f64 * 1.7).clamp(8.0, 20.0);
        let area = area.titled(&figure.title, (FONT, points, FontStyle::Bold))?;
        match &figure.rows {
            None => line(figure, &area)?,
            Some(rows) => maps(figure, rows, &area)?,
        }
        area.present()
    };
    drawn().map_err(|error| anyhow!("the picture cannot be drawn: {error}"))
}

type Drawn<B> = std::result::Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// The size of a text that has so many pixels: a long one gets smaller.
fn points(text: &str, pixels: u32, most: f64) -> f64 {
    let length = text.chars().count().max(1) as f64;
    (f64::from(pixels) / length * 1.6).clamp(6.0, most)
}

fn line<B: DrawingBackend>(figure: &Figure, area: &DrawingArea<B, Shift>) -> Drawn<B> {
    let places = &figure.columns.places;
    let (least, greatest) = figure.range;
    let margin = (greatest - least) * 0.04;
    let across = super::range(places.iter().copied()).unwrap_or((0.0, 1.0));
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(28)
        .x_label_area_size(46)
        .y_label_area_size(70)
        .build_cartesian_2d(across.0..across.1, least - margin..greatest + margin)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GAP)
        .x_desc(figure.columns.title())
        .y_desc(&figure.label)
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 15))
        .x_label_formatter(&|v| figure.columns.shown(*v))
        .y_label_formatter(&|v| number(*v))
        .draw()?;
    // A line for each run of numbers; one alone is a dot.
    for panel in &figure.panels {
        let points: Vec<(f64, f64)> = places
            .iter()
            .copied()
            .zip(panel.values.iter().copied())
            .collect();
        for run in points
            .split(|(_, v)| !v.is_finite())
            .filter(|run| !run.is_empty())
        {
            match run {
                [only] => {
                    chart.draw_series([Circle::new(*only, 2, LINE.filled())])?;
                }
                run => {
                    chart
                        .draw_series(LineSeries::new(run.iter().copied(), LINE.stroke_width(2)))?;
                }
            }
        }
    }
    Ok(())
}

fn maps<B: DrawingBackend>(figure: &Figure, rows: &Axis, area: &DrawingArea<B, Shift>) -> Drawn<B> {
    let (width, _) = area.dim_in_pixel();
    let (panels, bar) = area.split_horizontally(width.saturating_sub(110));
    let n = figure.panels.len();
    if let [panel] = &figure.panels[..] {
        map(figure, rows, panel, &panels, true)?;
    } else {
        let across = (n as f64).sqrt().ceil() as usize;
        let areas = panels.split_evenly((n.div_ceil(across.max(1)), across.max(1)));
        for (panel, area) in figure.panels.iter().zip(&areas) {
            map(figure, rows, panel, area, false)?;
        }
    }
    colors(figure, &bar)
}

/// A heat map; a large one has its axes described.
fn map<B: DrawingBackend>(
    figure: &Figure,
    rows: &Axis,
    panel: &Panel,
    area: &DrawingArea<B, Shift>,
    is_large: bool,
) -> Drawn<B> {
    let mut builder = ChartBuilder::on(area);
    builder
        .margin(if is_large { 12 } else { 6 })
        .x_label_area_size(if is_large { 46 } else { 22 })
        .y_label_area_size(if is_large { 70 } else { 40 });
    if !panel.title.is_empty() {
        builder.caption(&panel.title, (FONT, 13));
    }
    let (x, y) = (figure.columns.range(), rows.range());
    let y = if rows.is_down { y.end..y.start } else { y };
    let mut chart = builder.build_cartesian_2d(x, y)?;
    let mut mesh = chart.configure_mesh();
    mesh.disable_mesh()
        .label_style((FONT, if is_large { 13 } else { 10 }))
        .axis_desc_style((FONT, 15));
    let (shown_x, shown_y) = (|v: &f64| figure.columns.shown(*v), |v: &f64| rows.shown(*v));
    mesh.x_label_formatter(&shown_x).y_label_formatter(&shown_y);
    // Dates are long.
    let most = if figure.columns.since.is_some() {
        (7, 3)
    } else {
        (9, 4)
    };
    mesh.x_labels(if is_large { most.0 } else { most.1 })
        .y_labels(if is_large { 9 } else { 5 });
    if is_large {
        mesh.x_desc(figure.columns.title()).y_desc(rows.title());
    }
    mesh.draw()?;
    let (across, down) = (figure.columns.edges(), rows.edges());
    let n = figure.columns.places.len();
    let cells = panel.values.iter().enumerate().map(|(i, &value)| {
        let (row, column) = (i / n.max(1), i % n.max(1));
        let corners = [
            (across[column], down[row]),
            (across[column + 1], down[row + 1]),
        ];
        Rectangle::new(corners, color(value, figure.range).filled())
    });
    chart.draw_series(cells)?;
    Ok(())
}

/// The bar that says what colours mean.
fn colors<B: DrawingBackend>(figure: &Figure, area: &DrawingArea<B, Shift>) -> Drawn<B> {
    let (least, greatest) = figure.range;
    const WIDTH: u32 = 110;
    let mut chart = ChartBuilder::on(area)
        .caption(&figure.label, (FONT, points(&figure.label, WIDTH, 14.0)))
        .margin_top(4)
        .margin_bottom(58)
        .margin_left(8)
        .right_y_label_area_size(70)
        .build_cartesian_2d(0.0..1.0, least..greatest)?
        .set_secondary_coord(0.0..1.0, least..greatest);
    chart
        .configure_secondary_axes()
        .label_style((FONT, 12))
        .y_label_formatter(&|v: &f64| number(*v))
        .draw()?;
    const STEPS: usize = 128;
    let step = (greatest - least) / STEPS as f64;
    let cells = (0..STEPS).map(|i| {
        let from = least + i as f64 * step;
        let color = color(from + step / 2.0, figure.range);
        Rectangle::new([(0.0, from), (1.0, from + step)], color.filled())
    });
    chart.draw_series(cells)?;
    Ok(())
}

/// The colour of a value; grey where there is none.
pub fn color(value: f64, range: (f64, f64)) -> RGBColor {
    if !value.is_finite() {
        return GAP;
    }
    let share = ((value - range.0) / (range.1 - range.0)).clamp(0.0, 1.0);
    ViridisRGB.get_color(share)
}

/// A number on an axis, with as few digits as tell it from its neighbours.
pub fn number(v: f64) -> String {
    // Steps between labels end in a 1, 2 or 5 that floats have not exactly.
    let rounded = (v * 1e9).round() / 1e9;
    let text = match rounded.abs() {
        0.0 if v != 0.0 => return format!("{v:.1e}"),
        n if n >= 1e7 => return format!("{v:.3e}"),
        n if n >= 100.0 => format!("{rounded:.1}"),
        n if n >= 1.0 => format!("{rounded:.3}"),
        _ => format!("{rounded:.6}"),
    };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
