//! What is measured: each work is a dataset, how a store gets there, one action, and who takes part.

use std::path::Path;

use anyhow::Result;

use crate::data::{self, Dataset, Dtype, Look};
use crate::request::{Action, Codec, Simulated};

/// How large the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// Does it work at all?
    Smoke,
    Quick,
    Full,
}

impl Size {
    fn pick<V>(self, smoke: V, quick: V, full: V) -> V {
        match self {
            Self::Smoke => smoke,
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Work {
    /// What `--only` and the targets call it.
    pub id: &'static str,
    pub title: String,
    pub dataset: Dataset,
    /// What makes the store, once for each peer and codec.
    pub setup: Vec<Action>,
    /// Whether `action` changes the store, so that each round needs a new one.
    pub fresh: bool,
    pub action: Action,
    pub codecs: Vec<Codec>,
    pub durable: bool,
    pub threads: usize,
    pub rounds: usize,
    pub peers: Vec<&'static str>,
    /// What the times of the tables are divided by.
    pub operations: usize,
}

pub const OURS: &str = "array_format";
/// The same, with a call for each array where others of its rows read several with one.
pub const ONE_BY_ONE: &str = "array_format, one by one";
/// Small arrays that ours reads with one call elsewhere.
pub const TOGETHER: usize = 16;
const LIMITS: [&str; 3] = ["limit: memcpy", "limit: file", "limit: codec"];
const ZARRS: [&str; 2] = ["zarrs", "zarrs, sharded"];
const PUBLISHED: [&str; 3] = ["published 0.15", "published 0.12", "published 0.9"];
const PYTHON: [&str; 5] = ["tensorstore", "zarr-python", "h5py", "blosc2", "icechunk"];
const CODECS: [Codec; 3] = [Codec::None, Codec::Lz4, Codec::Zstd];

/// Everybody who can store one large array.
fn everybody() -> Vec<&'static str> {
    let ours = [OURS];
    let others = ["HDF5", "safetensors"];
    [&LIMITS[..], &ours, &ZARRS, &others, &PUBLISHED, &PYTHON].concat()
}

struct Plan<'a> {
    raw: &'a Path,
    size: Size,
    works: Vec<Work>,
}

/// All works, in the order of the tables. Makes the raw data that they need.
pub fn all(raw: &Path, size: Size, wanted: impl Fn(&str) -> bool) -> Result<Vec<Work>> {
    let mut plan = Plan {
        raw,
        size,
        works: Vec::new(),
    };
    if wanted("array") {
        plan.one_array()?;
    }
    if wanted("looks") {
        plan.other_data()?;
    }
    if wanted("texts") {
        plan.texts()?;
    }
    if wanted("windows") {
        plan.windows()?;
    }
    if wanted("many") {
        plan.many_arrays()?;
    }
    if wanted("catalogue") {
        plan.catalogue();
    }
    if wanted("commits") {
        plan.commits()?;
    }
    if wanted("append") {
        plan.append()?;
    }
    if wanted("simulated") {
        plan.simulated();
    }
    if wanted("memory") {
        plan.memory();
    }
    if wanted("climate") {
        plan.climate()?;
    }
    Ok(plan.works)
}

impl Plan<'_> {
    fn work(
        &self,
        id: &'static str,
        title: impl Into<String>,
        dataset: &Dataset,
        action: Action,
    ) -> Work {
        Work {
            id,
            title: title.into(),
            dataset: dataset.clone(),
            setup: vec![],
            fresh: false,
            action,
            codecs: vec![Codec::None],
            durable: false,
            threads: 1,
            rounds: self.rounds(3),
            peers: everybody(),
            operations: 1,
        }
    }

    /// Rounds, of which a smoke test has one.
    fn rounds(&self, n: usize) -> usize {
        self.size.pick(1, n, n)
    }

    /// A dataset that exists as a description only.
    fn no_data(&self) -> Dataset {
        Dataset {
            raw: self.raw.join("none"),
            dtype: Dtype::Float32,
            shape: vec![1],
            chunk: vec![1],
            count: 1,
        }
    }

    fn one_array(&mut self) -> Result<()> {
        let n = self.size.pick(1 << 20, 16 << 20, 64 << 20);
        let chunk = self.size.pick(1 << 16, 1 << 18, 1 << 18);
        let set = data::make(self.raw, Look::Field, &[n], &[chunk], 1)?;
        let mb = set.bytes() >> 20;
        let write = Work {
            codecs: CODECS.to_vec(),
            ..self.work(
                "write",
                format!("Write one array of {mb} MiB in chunks of 1 MiB"),
                &set,
                Action::Write,
            )
        };
        let read = |id, title: &str, action| Work {
            setup: vec![Action::Write],
            codecs: CODECS.to_vec(),
            ..self.work(id, title, &set, action)
        };
        let fast = |work: Work| Work {
            codecs: vec![Codec::Lz4Fast],
            peers: vec!["limit: codec", OURS, "zarrs", "HDF5", "blosc2"],
            ..work
        };
        let write_fast = Work {
            id: "write-fast",
            title: "The same with LZ4 that is accelerated, as Blosc's is".into(),
            ..write.clone()
        };
        let works = [
            write.clone(),
            Work {
                id: "write-durable",
                title: "The same, synced to the disk".into(),
                durable: true,
                peers: vec!["limit: file", OURS, "HDF5", "safetensors"],
                ..write.clone()
            },
            Work {
                id: "write-2",
                title: "The same with two threads, not synced".into(),
                threads: 2,
                peers: vec![OURS, "zarrs", "tensorstore"],
                ..write
            },
            fast(write_fast),
            read("read", "Read it into a new array", Action::Read),
            fast(read(
                "read-fast",
                "Read that into a new array",
                Action::Read,
            )),
            read(
                "read-into",
                "Read it into memory that is there",
                Action::ReadInto,
            ),
            Work {
                threads: 2,
                peers: vec![OURS, "zarrs", "tensorstore"],
                ..read("read-2", "Read it with two threads", Action::Read)
            },
            Work {
                threads: 2,
                peers: vec![OURS, "zarrs"],
                ..read(
                    "read-into-2",
                    "Read it with two threads into memory that is there",
                    Action::ReadInto,
                )
            },
        ];
        self.works.extend(works);
        Ok(())
    }

    /// The first works again, with data that look otherwise.
    fn other_data(&mut self) -> Result<()> {
        let mb = self.size.pick(4, 64, 256);
        for (look, write, read, what) in [
            (Look::Packed, "write-i16", "read-i16", "packed int16"),
            (
                Look::Noise,
                "write-noise",
                "read-noise",
                "incompressible bytes",
            ),
        ] {
            let per_mb = (1 << 20) / look.dtype().size() as u64;
            let set = data::make(self.raw, look, &[mb * per_mb], &[per_mb], 1)?;
            let peers = [&LIMITS[..], &[OURS, "zarrs", "HDF5", "safetensors"]].concat();
            let base = Work {
                codecs: vec![Codec::None, Codec::Zstd],
                peers,
                ..self.work(
                    write,
                    format!("Write {mb} MiB of {what}"),
                    &set,
                    Action::Write,
                )
            };
            self.works.push(base.clone());
            self.works.push(Work {
                id: read,
                title: format!("Read {mb} MiB of {what}"),
                setup: vec![Action::Write],
                action: Action::Read,
                ..base
            });
        }
        Ok(())
    }

    fn texts(&mut self) -> Result<()> {
        let n = self.size.pick(1_000, 2_000_000, 4_000_000);
        let chunk = self.size.pick(300, 1 << 16, 1 << 16);
        let set = data::make(self.raw, Look::Names, &[n], &[chunk], 1)?;
        let others = ["HDF5", "zarr-python", "h5py", "blosc2", "icechunk"];
        let write = Work {
            codecs: CODECS.to_vec(),
            peers: [&[OURS][..], &ZARRS[..1], &PUBLISHED, &others].concat(),
            ..self.work(
                "write-texts",
                format!("Write {n} names of stations"),
                &set,
                Action::WriteTexts,
            )
        };
        let read = Work {
            id: "read-texts",
            title: "Read them".into(),
            setup: vec![Action::WriteTexts],
            action: Action::ReadTexts,
            ..write.clone()
        };
        self.works.extend([write, read]);
        Ok(())
    }

    fn windows(&mut self) -> Result<()> {
        let shape = self
            .size
            .pick([8, 80, 160], [64, 720, 1440], [365, 720, 1440]);
        let chunk = self.size.pick([4, 40, 80], [16, 180, 360], [16, 180, 360]);
        let set = data::make(self.raw, Look::Field, &shape, &chunk, 1)?;
        let n = self.size.pick(3, 200, 200);
        let [t, y, x] = shape;
        for (id, what, window) in [
            (
                "windows",
                "64 × 64 windows of one time",
                [1, y.min(64), x.min(64)],
            ),
            ("rows", "rows", [1, 1, x]),
            ("columns", "columns", [1, y, 1]),
            ("series", "time series of one point", [t, 1, 1]),
        ] {
            let starts = starts(shape, window, n);
            let action = Action::Windows {
                shape: window.to_vec(),
                starts,
            };
            self.works.push(Work {
                setup: vec![Action::Write],
                codecs: CODECS.to_vec(),
                rounds: self.rounds(3),
                operations: n,
                peers: [
                    &[
                        "limit: file",
                        OURS,
                        "zarrs",
                        "zarrs, cache",
                        "zarrs, sharded",
                        "HDF5",
                    ][..],
                    &PUBLISHED[..1],
                    &PYTHON,
                ]
                .concat(),
                ..self.work(
                    id,
                    format!("{what} of a [{t}, {y}, {x}] cube, CPU for each"),
                    &set,
                    action,
                )
            });
        }
        Ok(())
    }

    fn many_arrays(&mut self) -> Result<()> {
        let count = self.size.pick(20, 5_000, 25_000);
        let length = self.size.pick(1_000, 10_000, 10_000);
        let set = data::make(self.raw, Look::Walk, &[length], &[length], count)?;
        let mut peers = vec![
            "limit: memcpy",
            "limit: file",
            OURS,
            "HDF5",
            "safetensors",
            PUBLISHED[0],
            PUBLISHED[1],
            PUBLISHED[2],
            "h5py",
        ];
        if self.size != Size::Quick {
            // Two objects an array: minutes of waiting for the disk, though little CPU.
            peers.push("zarrs");
        }
        let write = Work {
            peers,
            rounds: self.rounds(3),
            ..self.work(
                "many-write",
                format!("Write {count} arrays of {length} int32"),
                &set,
                Action::Write,
            )
        };
        let read = Work {
            id: "many-read",
            title: format!("Read them, one after the other; {OURS} {TOGETHER} with each call"),
            setup: vec![Action::Write],
            action: Action::ReadEach,
            peers: [&write.peers[..], &[ONE_BY_ONE]].concat(),
            ..write.clone()
        };
        self.works.extend([write, read]);
        Ok(())
    }

    fn catalogue(&mut self) {
        let (few, many) = self
            .size
            .pick((10, 100), (1_000, 100_000), (1_000, 100_000));
        for (id, n) in [("attribute-few", few), ("attribute", many)] {
            // Of 100,000 arrays, the older published versions take minutes to write, and Zarr makes
            // 200,000 objects.
            let mut peers = vec![OURS, PUBLISHED[0]];
            if n == few {
                peers.extend([PUBLISHED[1], PUBLISHED[2], "zarrs"]);
            }
            self.works.push(Work {
                setup: vec![Action::WriteCatalogue { n }],
                peers,
                ..self.work(
                    id,
                    format!("Open {n} arrays of 20 attributes, to the first attribute"),
                    &self.no_data(),
                    Action::FirstAttribute { n },
                )
            });
        }
        for (id, what, action) in [
            (
                "attribute-predicate",
                "an attribute",
                Action::AttributePredicate { n: many },
            ),
            (
                "statistic-predicate",
                "a statistic",
                Action::StatisticPredicate { n: many },
            ),
        ] {
            self.works.push(Work {
                setup: vec![Action::WriteCatalogue { n: many }],
                peers: vec![OURS, PUBLISHED[0]],
                ..self.work(
                    id,
                    format!("Open and ask {what} of {many} arrays"),
                    &self.no_data(),
                    action,
                )
            });
        }
    }

    fn commits(&mut self) -> Result<()> {
        let n = self.size.pick(1 << 18, 32 << 20, 256 << 20);
        let chunk = self.size.pick(1 << 14, 1 << 18, 1 << 18);
        let set = data::make(self.raw, Look::Field, &[n], &[chunk], 1)?;
        let mb = set.bytes() >> 20;
        let times = self.size.pick(4, 100, 1_000);
        let base = Work {
            setup: vec![Action::Write],
            fresh: true,
            rounds: self.size.pick(1, 3, 1),
            operations: times,
            peers: vec!["limit: file", OURS, "zarrs", "HDF5"],
            ..self.work(
                "commit",
                format!("Commit one chunk of 1 MiB in {mb} MiB, {times} times, not synced"),
                &set,
                Action::Commits { n: times },
            )
        };
        let durable = Work {
            id: "commit-durable",
            title: "The same, synced to the disk".into(),
            durable: true,
            ..base.clone()
        };
        let layers = |id, n: usize| Work {
            id,
            title: format!("Open it and read a chunk, after {n} commits"),
            setup: vec![Action::Write, Action::Commits { n }],
            fresh: false,
            action: Action::ReadChunk,
            rounds: self.rounds(7),
            operations: 1,
            peers: vec![OURS, "zarrs", "HDF5"],
            ..base.clone()
        };
        let compact = Work {
            id: "compact",
            title: "Compact it after 50 commits; the limit copies the live bytes".into(),
            setup: vec![Action::Write, Action::Commits { n: 50.min(times) }],
            action: Action::Compact,
            operations: 1,
            peers: vec!["limit: file", OURS],
            ..base.clone()
        };
        let works = [
            base.clone(),
            durable,
            layers("layers-1", 1),
            layers("layers-50", 50),
            compact,
        ];
        self.works.extend(works);
        Ok(())
    }

    fn append(&mut self) -> Result<()> {
        let shape = self
            .size
            .pick([5, 18, 36], [365, 180, 360], [365, 360, 720]);
        let [days, y, x] = shape;
        let set = data::make(self.raw, Look::Field, &shape, &[1, y, x], 1)?;
        self.works.push(Work {
            operations: days as usize,
            rounds: self.rounds(3),
            peers: vec!["limit: file", OURS, "zarrs", "HDF5"],
            ..self.work(
                "append",
                format!("Append {days} slabs of {y} × {x} f32, each a commit"),
                &set,
                Action::Append,
            )
        });
        Ok(())
    }

    fn simulated(&mut self) {
        for (id, title, what) in [
            (
                "simulated-first",
                "First chunk after open, simulated milliseconds",
                Simulated::FirstChunk,
            ),
            (
                "simulated-scattered",
                "100 scattered chunks at a time",
                Simulated::Scattered,
            ),
            (
                "simulated-whole",
                "All 256 MiB, 16 streams of 100 MB/s",
                Simulated::Whole,
            ),
        ] {
            self.works.push(Work {
                rounds: 1,
                peers: vec![OURS],
                ..self.work(id, title, &self.no_data(), Action::Simulated { what })
            });
        }
    }

    fn memory(&mut self) {
        let slabs = self.size.pick(4, 8, 32);
        let slab = self.size.pick(1 << 18, 16 << 20, 16 << 20);
        let set = Dataset {
            shape: vec![slabs * slab],
            chunk: vec![slab],
            ..self.no_data()
        };
        let mb = set.bytes() >> 20;
        let write = Work {
            rounds: 1,
            peers: vec!["limit: file", OURS, "zarrs"],
            ..self.work(
                "slabs-write",
                format!("Write {mb} MiB in {slabs} slabs, peak memory"),
                &set,
                Action::WriteSlabs,
            )
        };
        let read = Work {
            id: "slabs-read",
            title: "Read it into memory that is there, peak memory beyond it".into(),
            setup: vec![Action::WriteSlabs],
            action: Action::ReadSlabs,
            ..write.clone()
        };
        self.works.extend([write, read]);
    }

    /// Sizes of real fields, which `peers.py` takes out of packages with sample data.
    fn climate(&mut self) -> Result<()> {
        for field in crate::climate::fields(self.raw)? {
            self.works.push(Work {
                codecs: vec![Codec::Zstd, Codec::BloscZstd, Codec::Auto],
                rounds: 1,
                peers: vec![OURS, "zarrs", "HDF5", "blosc2"],
                ..self.work(
                    "climate",
                    format!("Write {}", field.title),
                    &field.dataset,
                    Action::Write,
                )
            });
        }
        Ok(())
    }
}

/// Places of windows, the same in each run.
fn starts(shape: [u64; 3], window: [u64; 3], n: usize) -> Vec<Vec<u64>> {
    let mut seed = 12345u64;
    let mut below = |bound: u64| {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) % bound
    };
    (0..n)
        .map(|_| {
            (0..3)
                .map(|axis| below(shape[axis] - window[axis] + 1))
                .collect()
        })
        .collect()
}
