//! Tables in Markdown.

use std::fmt::Write as _;

use crate::results::{Results, Row};
use crate::targets::{self, Bound};
use crate::works::{OURS, Size};

pub fn machine(results: &Results) -> String {
    let size = match results.size {
        Size::Smoke => "a smoke test, whose figures mean nothing",
        Size::Quick => "`--quick`",
        Size::Full => "`--full`",
    };
    format!(
        "Measured on: {}. Size of the run: {size}.\n",
        results.machine
    )
}

pub fn targets(results: &Results) -> String {
    let verdicts = targets::verdicts(results);
    let met = verdicts.iter().filter(|v| v.met() == Some(true)).count();
    let missed = verdicts.iter().filter(|v| v.met() == Some(false)).count();
    let mut text = format!(
        "{met} met, {missed} missed.\n\n| | target | measured | bound | |\n|---|---|---:|---:|---|\n"
    );
    for verdict in verdicts {
        // Of a group that was left out.
        let Some(measured) = verdict.measured.map(figure) else {
            continue;
        };
        let bound = match verdict.bound {
            Bound::AtLeast(bound) => format!("≥ {bound}"),
            Bound::AtMost(bound) => format!("≤ {bound}"),
        };
        let word = match verdict.met() {
            Some(true) => "met",
            _ => "**missed**",
        };
        _ = writeln!(
            text,
            "| {} | {} | {measured} | {bound} | {word} |",
            verdict.number, verdict.what
        );
    }
    text
}

/// A table for each work: the limits, this project, then the others by CPU time.
pub fn works(results: &Results) -> String {
    let mut text = String::new();
    let mut rows = &results.rows[..];
    while let Some(first) = rows.first() {
        let end = rows
            .iter()
            .position(|row| !same_work(row, first))
            .unwrap_or(rows.len());
        text += &work(first, &rows[..end]);
        rows = &rows[end..];
    }
    text
}

fn same_work(a: &Row, b: &Row) -> bool {
    a.work == b.work && a.title == b.title
}

fn work(first: &Row, rows: &[Row]) -> String {
    let mut text = format!("\n#### {}\n\n", first.title);
    text += "| codec | | CPU ms | wall ms | limit ÷ it | best ÷ it | MB on disk | peak MB |\n";
    text += "|---|---|---:|---:|---:|---:|---:|---:|\n";
    let mut codecs: Vec<&str> = rows.iter().map(|row| &*row.codec).collect();
    codecs.dedup();
    for codec in codecs {
        let mut rows: Vec<&Row> = rows.iter().filter(|row| row.codec == codec).collect();
        rows.sort_by(|a, b| {
            (rank(a), a.median.cpu_ms)
                .partial_cmp(&(rank(b), b.median.cpu_ms))
                .unwrap_or(a.peer.cmp(&b.peer))
        });
        let limit = if codec == "none" {
            "limit: file"
        } else {
            "limit: codec"
        };
        let limit = rows
            .iter()
            .find(|row| row.peer == limit)
            .map(|row| row.median.cpu_ms);
        let formats = rows.iter().filter(|row| rank(row) > 0);
        let best = formats.map(|row| row.median.cpu_ms).min_by(f64::total_cmp);
        for row in rows {
            text += &line(row, limit, best);
        }
    }
    text
}

fn rank(row: &Row) -> usize {
    if row.peer.starts_with("limit") {
        0
    } else if row.peer == OURS {
        1
    } else {
        2
    }
}

fn line(row: &Row, limit: Option<f64>, best: Option<f64>) -> String {
    let (m, n) = (&row.median, row.operations as f64);
    let share = |of: Option<f64>| match of {
        Some(of) if m.cpu_ms > 0.0 => format!("{:.2}", of / m.cpu_ms),
        _ => String::new(),
    };
    let limited = if rank(row) == 0 {
        String::new()
    } else {
        share(limit)
    };
    let bested = if rank(row) == 0 {
        String::new()
    } else {
        share(best)
    };
    let peer = if row.peer == OURS {
        format!("**{OURS}**")
    } else {
        row.peer.clone()
    };
    let disk = if m.bytes == 0 {
        String::new()
    } else {
        figure(m.bytes as f64 / 1e6)
    };
    format!(
        "| {} | {peer} | {} | {} | {limited} | {bested} | {disk} | {:.0} |\n",
        row.codec,
        figure(m.cpu_ms / n),
        figure(m.wall_ms / n),
        m.peak_mb,
    )
}

/// Three digits that mean something.
fn figure(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}
