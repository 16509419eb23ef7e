//! Which codec for which data, and frames of which size: what the defaults and `auto` rest on.
//!
//! Pipelines run over frames in memory, without files. They take turns; times are medians.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use array_format_core::DType;
use array_format_core::codec::{
    CodecSpec, Filter, Pipeline, PipelineRecord, SAMPLES, choose, sample,
};
use array_format_core::elements::Elements;

use crate::data::{self, Look};
use crate::meter::{cpu_time, pin_to_one_core};
use crate::peers::dtype;
use crate::report;
use crate::runner::middle;
use crate::works::Size;
use crate::{climate, home};

/// Frames as the library cuts them by itself.
const FRAME: usize = 256 << 10;
const ROUNDS: usize = 5;
/// Decoded sizes of frames that are compared.
const FRAMES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];

/// Data of one kind, in raw frames.
struct Data {
    title: String,
    dtype: DType,
    raw: Vec<u8>,
    /// Where frames end; none where any multiple of an element will do.
    ends: Option<Vec<usize>>,
}

impl Data {
    fn fixed(title: impl Into<String>, dtype: DType, raw: Vec<u8>) -> Self {
        Self {
            title: title.into(),
            dtype,
            raw,
            ends: None,
        }
    }

    fn frames(&self, bytes: usize) -> Vec<&[u8]> {
        match &self.ends {
            None => self.raw.chunks(bytes).collect(),
            Some(ends) => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let ranges = starts.zip(ends.iter().copied());
                ranges.map(|(from, to)| &self.raw[from..to]).collect()
            }
        }
    }
}

/// What one pipeline did.
#[derive(Clone, Copy, Default)]
struct Figures {
    stored: usize,
    encode_ms: f64,
    decode_ms: f64,
}

/// Measures, and writes the tables.
pub fn run(size: Size) -> Result<()> {
    pin_to_one_core()?;
    let mut text = String::from(
        "Stored bytes over raw bytes, and MB of raw data a second of CPU time, on one core; frames of \
         256 KiB, of 8,192 texts for strings. **Bold**: what `auto` takes. Its time is that of the choice and of encoding.\n",
    );
    let mut worst = (0.0f64, 0.0f64);
    for data in all_data(size)? {
        let (table, size, time) = pipelines(&data)?;
        worst = (worst.0.max(size), worst.1.max(time));
        text += &table;
        println!(
            "{}: auto {size:.3} of the smallest, time {time:.2} of its",
            data.title
        );
    }
    write!(
        text,
        "\nAt worst `auto` is {:.3} of the smallest fixed choice in size, and takes {:.2} of the time of \
         that choice.\n\n#### Sizes of frames\n\nThe field of f32 above.\n{}",
        worst.0,
        worst.1,
        frame_sizes(size)?
    )?;
    match size {
        Size::Smoke => Ok(()),
        _ => report::put(report::PAGE, "codecs", &text),
    }
}

fn specs(dtype: &DType) -> Vec<CodecSpec> {
    let shuffled = |spec: CodecSpec| spec.with_filter(Filter::Shuffle);
    let delta = |spec: CodecSpec| spec.with_filter(Filter::Delta);
    let all = [
        CodecSpec::none(),
        CodecSpec::lz4(),
        shuffled(CodecSpec::lz4()),
        shuffled(delta(CodecSpec::lz4())),
        CodecSpec::zstd(1),
        CodecSpec::zstd(3),
        CodecSpec::zstd(9),
        shuffled(CodecSpec::zstd(3)),
        delta(CodecSpec::zstd(3)),
        shuffled(delta(CodecSpec::zstd(3))),
        CodecSpec::pco(),
    ];
    let suits = |spec: &CodecSpec| {
        let shuffles = spec.filters().contains(&Filter::Shuffle);
        let differs = spec.filters().contains(&Filter::Delta);
        spec.check(dtype).is_ok()
            && !(shuffles && dtype.lane_size() < 2)
            && !(differs && !shuffles && dtype.lane_size() > 1)
            && !(differs && matches!(dtype, DType::Float32 | DType::Float64))
    };
    all.into_iter().filter(suits).collect()
}

fn name(spec: &CodecSpec) -> String {
    PipelineRecord::from(spec).to_string()
}

/// One turn of one pipeline.
fn turn(spec: &CodecSpec, data: &Data, frames: &[&[u8]]) -> Result<Figures> {
    let pipeline = Pipeline::from_spec(spec, &data.dtype)?;
    let start = cpu_time();
    let stored = frames
        .iter()
        .map(|frame| Ok(pipeline.encode(frame)?.into_owned()))
        .collect::<Result<Vec<_>>>()?;
    let encoded = cpu_time();
    let mut out = vec![0; frames.iter().map(|f| f.len()).max().unwrap_or(0)];
    for (stored, raw) in stored.iter().zip(frames) {
        pipeline.decode_into(stored, &mut out[..raw.len()])?;
    }
    let decoded = cpu_time();
    anyhow::ensure!(
        stored.is_empty() || out[..frames[frames.len() - 1].len()] == *frames[frames.len() - 1],
        "{} decodes {} wrongly",
        name(spec),
        data.title
    );
    Ok(Figures {
        stored: stored.iter().map(Vec::len).sum(),
        encode_ms: (encoded - start).as_secs_f64() * 1e3,
        decode_ms: (decoded - encoded).as_secs_f64() * 1e3,
    })
}

/// Medians of several rounds, in which all take turns.
fn measure(specs: &[CodecSpec], data: &Data, frames: &[&[u8]]) -> Result<Vec<Figures>> {
    let mut turns = vec![Vec::new(); specs.len()];
    for _ in 0..ROUNDS {
        for (spec, turns) in specs.iter().zip(&mut turns) {
            turns.push(turn(spec, data, frames)?);
        }
    }
    let median = |turns: &[Figures], of: fn(&Figures) -> f64| {
        middle(turns.iter().map(of).collect()).context("no rounds")
    };
    turns
        .iter()
        .map(|turns| {
            Ok(Figures {
                stored: turns[0].stored,
                encode_ms: median(turns, |f| f.encode_ms)?,
                decode_ms: median(turns, |f| f.decode_ms)?,
            })
        })
        .collect()
}

/// The table of one kind of data; the size of `auto` over the smallest, and its time over that one's.
fn pipelines(data: &Data) -> Result<(String, f64, f64)> {
    let frames = data.frames(FRAME);
    let specs = specs(&data.dtype);
    let figures = measure(&specs, data, &frames)?;
    let width = data.dtype.element_size().unwrap_or(1);
    let samples: Vec<&[u8]> = frames
        .iter()
        .step_by(frames.len().div_ceil(SAMPLES).max(1))
        .enumerate()
        .map(|(i, frame)| sample(frame, i, data.raw.len() as u64, width))
        .collect();
    let mut chosen = CodecSpec::none();
    let choosing = (0..ROUNDS).map(|_| {
        let start = cpu_time();
        chosen = choose(&data.dtype, &samples);
        (cpu_time() - start).as_secs_f64() * 1e3
    });
    let choosing = middle(choosing.collect()).context("no rounds")?;
    let picked = specs
        .iter()
        .position(|spec| name(spec) == name(&chosen))
        .with_context(|| format!("auto takes {}, which is not in the table", name(&chosen)))?;
    let smallest = (0..specs.len())
        .min_by_key(|&i| figures[i].stored)
        .context("no pipelines")?;

    let speed = |ms: f64| data.raw.len() as f64 / 1e3 / ms;
    let mut text = format!(
        "\n{} ({} MB)\n\n| pipeline | stored ÷ raw | encode MB/s | decode MB/s |\n|---|---:|---:|---:|\n",
        data.title,
        data.raw.len() / 1_000_000
    );
    for (i, (spec, f)) in specs.iter().zip(&figures).enumerate() {
        let name = match i == picked {
            true => format!("**{}**", name(spec)),
            false => name(spec),
        };
        let share = f.stored as f64 / data.raw.len() as f64;
        let (encode, decode) = (speed(f.encode_ms), speed(f.decode_ms));
        writeln!(text, "| {name} | {share:.3} | {encode:.0} | {decode:.0} |")?;
    }
    let auto = figures[picked];
    let encode = speed(auto.encode_ms + choosing);
    writeln!(text, "| auto | | {encode:.0} | |")?;
    let size = auto.stored as f64 / figures[smallest].stored as f64;
    let time = (auto.encode_ms + choosing) / figures[smallest].encode_ms;
    Ok((text, size, time))
}

/// How much larger and slower small frames are.
fn frame_sizes(size: Size) -> Result<String> {
    let data = field(size)?;
    let specs = [
        CodecSpec::lz4(),
        CodecSpec::zstd(3),
        CodecSpec::zstd(3).with_filter(Filter::Shuffle),
        CodecSpec::pco(),
    ];
    let mut text = String::from(
        "\n| pipeline | frame KiB | stored ÷ raw | encode MB/s | decode MB/s | µs to decode one |\n\
         |---|---:|---:|---:|---:|---:|\n",
    );
    for spec in &specs {
        for bytes in FRAMES {
            let frames = data.frames(bytes);
            let f = measure(std::slice::from_ref(spec), &data, &frames)?[0];
            let speed = |ms: f64| data.raw.len() as f64 / 1e3 / ms;
            writeln!(
                text,
                "| {} | {} | {:.3} | {:.0} | {:.0} | {:.0} |",
                name(spec),
                bytes >> 10,
                f.stored as f64 / data.raw.len() as f64,
                speed(f.encode_ms),
                speed(f.decode_ms),
                f.decode_ms * 1e3 / frames.len() as f64
            )?;
        }
    }
    Ok(text)
}

fn raw_folder() -> std::path::PathBuf {
    home().join("target/scratch/raw")
}

fn megabytes(size: Size) -> u64 {
    match size {
        Size::Smoke => 1,
        Size::Quick => 32,
        Size::Full => 128,
    }
}

fn made(size: Size, look: Look, title: &str, dtype: DType) -> Result<Data> {
    let n = (megabytes(size) << 20) / look.dtype().size() as u64;
    let set = data::make(&raw_folder(), look, &[n], &[n], 1)?;
    Ok(Data::fixed(title, dtype, set.load()?))
}

fn field(size: Size) -> Result<Data> {
    made(
        size,
        Look::Field,
        "Field of f32: smooth with noise, in hundredths",
        DType::Float32,
    )
}

fn all_data(size: Size) -> Result<Vec<Data>> {
    let mut all = vec![
        field(size)?,
        made(size, Look::Packed, "The same, packed as i16", DType::Int16)?,
        made(size, Look::Walk, "Random walk of i32", DType::Int32)?,
        made(size, Look::Noise, "Incompressible bytes", DType::UInt8)?,
    ];
    let n = (megabytes(size) << 20) / 8;
    let grid = (0..n).flat_map(|i| (-180.0 + (i % 1440) as f64 * 0.25).to_le_bytes());
    all.push(Data::fixed(
        "Coordinates of f64: longitudes of a grid, again and again",
        DType::Float64,
        grid.collect(),
    ));
    let positions = (0..n).flat_map(|i| ((i as f64 * 0.001).sin() * 90.0).to_le_bytes());
    all.push(Data::fixed(
        "Positions of f64 along a track, in full precision",
        DType::Float64,
        positions.collect(),
    ));
    let times = (0..n as i64)
        .flat_map(|i| (1_700_000_000_000_000_000 + i * 3_600_000_000_000).to_le_bytes());
    all.push(Data::fixed(
        "Timestamps, hourly",
        DType::TimestampNs,
        times.collect(),
    ));
    all.push(strings(size)?);
    for field in climate::fields(&raw_folder())? {
        let (title, set) = (format!("Climate: {}", field.title), field.dataset);
        all.push(Data::fixed(title, dtype(set.dtype), set.load()?));
    }
    Ok(all)
}

/// Names of stations, as profiles carry them.
fn strings(size: Size) -> Result<Data> {
    let n = (megabytes(size) << 20) / 24;
    let mut data = Data::fixed(
        "Short strings: names of stations",
        DType::String,
        Vec::new(),
    );
    let mut ends = Vec::new();
    let mut items = Vec::new();
    for i in 0..n {
        items.push(data::station(i).into_bytes().into());
        if items.len() == 8192 || i + 1 == n {
            let encoded = Elements::Variable(std::mem::take(&mut items));
            data.raw.extend_from_slice(&encoded.encode()?);
            ends.push(data.raw.len());
        }
    }
    data.ends = Some(ends);
    Ok(data)
}
