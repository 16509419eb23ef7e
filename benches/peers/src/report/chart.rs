//! Bar charts as SVG text: a panel for each work and codec, a bar for each peer.

use std::fmt::Write as _;

use crate::results::{Results, Row};
use crate::works::{ONE_BY_ONE, OURS};

pub struct Picture {
    pub name: &'static str,
    pub title: &'static str,
    pub svg: String,
}

const BAR: f64 = 18.0;
const NAMES: f64 = 160.0;
const BARS: f64 = 420.0;
const WIDTH: f64 = NAMES + BARS + 110.0;
/// Bars of more than this many times ours are cut.
const CUT: f64 = 6.0;

pub fn pictures(results: &Results) -> Vec<Picture> {
    let picture = |name, title, works: &[(&str, &str)]| {
        let panels: Vec<Vec<&Row>> = works
            .iter()
            .map(|(work, codec)| {
                results
                    .rows
                    .iter()
                    .filter(|r| r.work == *work && r.codec == *codec)
                    .collect()
            })
            .filter(|rows: &Vec<&Row>| rows.iter().any(|row| row.peer == OURS))
            .collect();
        (!panels.is_empty()).then(|| Picture {
            name,
            title,
            svg: svg(&panels),
        })
    };
    [
        picture(
            "one-array",
            "One array, written and read",
            &[
                ("write", "none"),
                ("write", "zstd-3"),
                ("read", "none"),
                ("read", "zstd-3"),
            ],
        ),
        picture(
            "windows",
            "Windows of a cube",
            &[
                ("windows", "none"),
                ("windows", "zstd-3"),
                ("series", "none"),
                ("series", "zstd-3"),
            ],
        ),
        picture(
            "many-arrays",
            "Many arrays",
            &[
                ("many-write", "none"),
                ("many-read", "none"),
                ("attribute", "none"),
            ],
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn svg(panels: &[Vec<&Row>]) -> String {
    let mut body = String::new();
    let mut y = 0.0;
    for rows in panels {
        y = panel(&mut body, rows, y);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

/// Draws one panel and returns where the next begins.
fn panel(body: &mut String, rows: &[&Row], top: f64) -> f64 {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.median.cpu_ms.total_cmp(&b.median.cpu_ms));
    let cpu = |row: &Row| row.median.cpu_ms / row.operations as f64;
    let ours = rows
        .iter()
        .find(|row| row.peer == OURS)
        .map_or(1.0, |row| cpu(row));
    let longest = rows
        .iter()
        .map(|row| cpu(row).min(CUT * ours))
        .fold(0.0, f64::max);
    let title = rows.first().map_or(String::new(), |row| {
        format!("{} ({})", row.title, row.codec)
    });
    _ = writeln!(
        body,
        "<text x=\"4\" y=\"{}\" font-weight=\"bold\">{title}</text>",
        top + 18.0
    );
    let mut y = top + 28.0;
    for row in rows {
        let length = cpu(row).min(CUT * ours) / longest * BARS;
        let colour = match &*row.peer {
            OURS | ONE_BY_ONE => "#c2410c",
            peer if peer.starts_with("limit") => "#9ca3af",
            _ => "#3b82f6",
        };
        let cut = if cpu(row) > CUT * ours { " …" } else { "" };
        _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{NAMES}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{cut} {:.3} ms</text>",
            NAMES - 6.0,
            y + 13.0,
            row.peer,
            y + 2.0,
            BAR - 4.0,
            NAMES + length + 4.0,
            y + 13.0,
            cpu(row),
        );
        y += BAR;
    }
    y + 10.0
}
