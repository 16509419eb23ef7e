//! What array_format is to reach, as ratios within one run, and whether it does.

use crate::results::{Results, Row};
use crate::runner::middle;
use crate::works::{ONE_BY_ONE, OURS};

/// A target and what was measured; none if a part of it was not.
pub struct Verdict {
    pub number: usize,
    pub what: String,
    pub measured: Option<f64>,
    pub bound: Bound,
}

#[derive(Clone, Copy)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Verdict {
    pub fn met(&self) -> Option<bool> {
        let measured = self.measured?;
        Some(match self.bound {
            Bound::AtLeast(bound) => measured >= bound,
            Bound::AtMost(bound) => measured <= bound,
        })
    }
}

/// Figures by name.
struct Figures<'a>(&'a Results);

type Figure = fn(&Row) -> f64;
const CPU: Figure = |row| row.median.cpu_ms;
const WALL: Figure = |row| row.median.wall_ms;
const PEAK: Figure = |row| row.median.peak_mb;

impl Figures<'_> {
    fn of(&self, work: &str, codec: &str, peer: &str, figure: Figure) -> Option<f64> {
        let row = self
            .0
            .rows
            .iter()
            .find(|r| r.work == work && r.codec == codec && r.peer == peer)?;
        Some(figure(row))
    }

    fn cpu(&self, work: &str, codec: &str, peer: &str) -> Option<f64> {
        self.of(work, codec, peer, CPU)
    }

    /// Our share of the limit's speed.
    fn of_limit(&self, work: &str, codec: &str) -> Option<f64> {
        let limit = if codec == "none" {
            "limit: file"
        } else {
            "limit: codec"
        };
        Some(self.cpu(work, codec, limit)? / self.cpu(work, codec, OURS)?)
    }

    /// The best of the other formats.
    fn best(&self, work: &str, codec: &str, among: impl Fn(&str) -> bool) -> Option<f64> {
        self.0
            .rows
            .iter()
            .filter(|r| r.work == work && r.codec == codec && is_rival(&r.peer) && among(&r.peer))
            .map(CPU)
            .min_by(f64::total_cmp)
    }

    /// Our speed over that of the best of the others.
    fn ahead(&self, work: &str, codec: &str) -> Option<f64> {
        Some(self.best(work, codec, |_| true)? / self.cpu(work, codec, OURS)?)
    }

    /// How much longer the last tenth of the operations takes than the first.
    fn growth(&self, work: &str) -> Option<f64> {
        let row = self
            .0
            .rows
            .iter()
            .find(|r| r.work == work && r.peer == OURS)?;
        let each = &row.median.each_ms;
        let tenth = (each.len() / 10).max(1);
        Some(middle(each[each.len() - tenth..].to_vec())? / middle(each[..tenth].to_vec())?)
    }
}

pub fn is_rival(peer: &str) -> bool {
    ![OURS, ONE_BY_ONE].contains(&peer) && !peer.starts_with("limit")
}

const CODECS: [&str; 3] = ["none", "lz4", "zstd-3"];

pub fn verdicts(results: &Results) -> Vec<Verdict> {
    use Bound::{AtLeast, AtMost};
    let f = Figures(results);
    let mut all = Vec::new();
    let mut target = |number, what: String, bound, measured| {
        all.push(Verdict {
            number,
            what,
            measured,
            bound,
        });
    };

    for (number, work, what, bounds) in [
        (1, "write", "write one array", [0.6, 0.85, 0.9]),
        (2, "read", "read into a new array", [0.9, 0.32, 0.83]),
        (
            3,
            "read-into",
            "read into memory that is there",
            [0.8, 0.6, f64::NAN],
        ),
    ] {
        for (codec, bound) in CODECS.into_iter().zip(bounds) {
            if !bound.is_nan() {
                let what = format!("{what}, {codec}: share of the limit's speed");
                target(number, what, AtLeast(bound), f.of_limit(work, codec));
            }
            if number < 3 {
                let what = format!("{what}, {codec}: speed over the best peer's");
                target(number, what, AtLeast(1.0), f.ahead(work, codec));
            }
        }
    }
    for (number, work, what) in [
        (1, "write-fast", "write one array"),
        (2, "read-fast", "read into a new array"),
    ] {
        let what = format!("{what}, lz4(5): speed over the best peer's");
        target(number, what, AtLeast(1.0), f.ahead(work, "lz4(5)"));
    }
    for (one, two, what) in [("write", "write-2", "write"), ("read", "read-2", "read")] {
        for codec in CODECS {
            let speed = || Some(f.of(one, codec, OURS, WALL)? / f.of(two, codec, OURS, WALL)?);
            target(
                4,
                format!("{what} with two threads, {codec}: speed-up, wall"),
                AtLeast(1.8),
                speed(),
            );
        }
    }
    for work in ["windows", "rows", "columns", "series"] {
        for (codec, bound) in CODECS.into_iter().zip([1.0, 0.5, 0.5]) {
            let rivals = |peer: &str| {
                peer.starts_with("zarrs") || ["HDF5", "h5py", "blosc2"].contains(&peer)
            };
            let cost = || Some(f.cpu(work, codec, OURS)? / f.best(work, codec, rivals)?);
            let what = format!("{work}, {codec}: CPU over the best of zarrs, HDF5, Blosc2");
            target(5, what, AtMost(bound), cost());
        }
    }
    for (work, what, bound) in [
        ("many-write", "write many arrays", 0.65),
        ("many-read", "read many arrays", 0.6),
    ] {
        target(
            6,
            format!("{what}: share of the limit's speed"),
            AtLeast(bound),
            f.of_limit(work, "none"),
        );
        target(
            6,
            format!("{what}: speed over the best peer's"),
            AtLeast(1.0),
            f.ahead(work, "none"),
        );
    }
    let ours = |work, figure| f.of(work, "none", OURS, figure);
    target(
        7,
        "open to the first attribute: ms".into(),
        AtMost(5.0),
        ours("attribute", CPU),
    );
    target(
        7,
        "open to the first attribute: MB".into(),
        AtMost(10.0),
        ours("attribute", PEAK),
    );
    let over = || Some(ours("attribute", CPU)? / ours("attribute-few", CPU)?);
    target(
        7,
        "cost over that at a hundredth of the arrays".into(),
        AtMost(1.5),
        over(),
    );
    let faster = || Some(f.cpu("attribute", "none", "published 0.15")? / ours("attribute", CPU)?);
    target(
        7,
        "speed over published 0.15's".into(),
        AtLeast(20.0),
        faster(),
    );

    for work in ["commit", "commit-durable"] {
        let cost = || Some(f.cpu(work, "none", OURS)? / f.cpu(work, "none", "zarrs")?);
        target(
            8,
            format!("{work}: CPU over that of zarrs"),
            AtMost(1.3),
            cost(),
        );
    }
    target(
        8,
        "commit: last tenth over first".into(),
        AtMost(1.2),
        f.growth("commit"),
    );
    let layers = || Some(ours("layers-50", CPU)? / ours("layers-1", CPU)?);
    target(
        8,
        "open and read after 50 layers over one".into(),
        AtMost(1.2),
        layers(),
    );
    let compact = || Some(ours("compact", CPU)? / f.cpu("compact", "none", "limit: file")?);
    target(
        8,
        "compaction over a copy of the live bytes".into(),
        AtMost(3.0),
        compact(),
    );
    let append = || Some(ours("append", CPU)? / f.cpu("append", "none", "zarrs")?);
    target(
        9,
        "append slabs: CPU over that of zarrs".into(),
        AtMost(1.5),
        append(),
    );
    target(
        9,
        "append slabs: last tenth over first".into(),
        AtMost(1.2),
        f.growth("append"),
    );
    for work in ["attribute-predicate", "statistic-predicate"] {
        let cost = || Some(ours(work, CPU)? / f.cpu(work, "none", "published 0.15")?);
        target(
            10,
            format!("{work}: CPU over that of published 0.15"),
            AtMost(1.0),
            cost(),
        );
    }

    use crate::peers::simulated::{ARRAY, BYTES_PER_MS, REQUEST_MS, STREAMS};
    let trips = |work| ours(work, WALL).map(|ms| ms / REQUEST_MS);
    target(
        11,
        "first chunk after open: round trips".into(),
        AtMost(2.0),
        trips("simulated-first"),
    );
    target(
        11,
        "100 scattered chunks: round trips".into(),
        AtMost(3.0),
        trips("simulated-scattered"),
    );
    let stream_limit = ARRAY as f64 / BYTES_PER_MS / STREAMS as f64;
    let whole = ours("simulated-whole", WALL).map(|ms| ms / stream_limit);
    target(
        11,
        "256 MiB: time over the limit of 16 streams".into(),
        AtMost(1.5),
        whole,
    );

    let slab = if results.size == crate::works::Size::Smoke {
        1.0
    } else {
        64.0
    };
    let beyond = ours("slabs-write", PEAK).map(|peak| peak - slab);
    target(
        12,
        "write slabs: peak beyond a slab, MB".into(),
        AtMost(64.0),
        beyond,
    );
    target(
        12,
        "read into memory that is there: peak beyond it, MB".into(),
        AtMost(64.0),
        ours("slabs-read", PEAK),
    );
    let bytes = |codec: &str, peers: &[&str]| -> Option<f64> {
        let rows = results
            .rows
            .iter()
            .filter(|r| r.work == "climate" && r.codec == codec);
        let sum: u64 = rows
            .filter(|r| peers.contains(&&*r.peer))
            .map(|r| r.median.bytes)
            .sum();
        (sum > 0).then_some(sum as f64)
    };
    let size = || Some(bytes("auto", &[OURS])? / bytes("shuffle, zstd-3", &["zarrs"])?);
    target(
        13,
        "real climate fields: size over Blosc's shuffle and zstd".into(),
        AtMost(0.9),
        size(),
    );
    all
}

/// A line for each target.
pub fn text(results: &Results) -> String {
    let lines = verdicts(results).into_iter().filter_map(|v| {
        let (measured, met) = (v.measured?, v.met()?);
        let bound = match v.bound {
            Bound::AtLeast(bound) => format!("≥ {bound}"),
            Bound::AtMost(bound) => format!("≤ {bound}"),
        };
        let word = if met { "met" } else { "MISSED" };
        Some(format!(
            "{:>2}  {:<70} {measured:>9.3}  {bound:<8} {word}",
            v.number, v.what
        ))
    });
    lines.collect::<Vec<_>>().join("\n")
}
