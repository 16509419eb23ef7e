//! One measurement in a process of its own: a request comes in, one action is timed, a reply goes out.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::data::Dataset;
use crate::meter::{self, Meter};
use crate::peers::{self, Peer, Unsupported};
use crate::request::{Action, Reply, Request, Sample};

pub fn run() -> Result<()> {
    let request: Request = serde_json::from_reader(std::io::stdin())?;
    let reply = match measure(&request) {
        Ok(sample) => Reply::Sample(sample),
        Err(error) if error.is::<Unsupported>() => Reply::Unsupported,
        Err(error) => Reply::Failed(format!("{error:#}")),
    };
    println!("{}", serde_json::to_string(&reply)?);
    Ok(())
}

fn measure(request: &Request) -> Result<Sample> {
    if request.threads == 1 {
        meter::pin_to_one_core()?;
    }
    let mut peer = peers::by_name(&request.peer, request.threads)?;
    let peer = &mut *peer;
    match &request.action {
        Action::Write => write(peer, request),
        Action::Read => read(peer, request),
        Action::ReadInto => read_into(peer, request),
        Action::ReadEach => read_each(peer, request),
        Action::WriteTexts => write_texts(peer, request),
        Action::ReadTexts => read_texts(peer, request),
        Action::Windows { shape, starts } => windows(peer, request, shape, starts),
        Action::Commits { n } => commits(peer, request, *n),
        Action::ReadChunk => read_chunk(peer, request),
        Action::Compact => timed(request, |meter| meter.time(|| peer.compact(request))),
        Action::Append => append(peer, request),
        Action::WriteCatalogue { n } => {
            clear(&request.store)?;
            timed(request, |meter| {
                meter.time(|| peer.write_catalogue(request, *n))
            })
        }
        Action::FirstAttribute { n } => timed(request, |meter| {
            let text = meter.time(|| peer.first_attribute(request, *n))?;
            ensure!(
                text == format!("platform {}", n / 2 * 31 % 50),
                "a wrong attribute: {text}"
            );
            Ok(())
        }),
        Action::AttributePredicate { n } => timed(request, |meter| {
            let count = meter.time(|| peer.attribute_predicate(request))?;
            let expected = (0..*n).filter(|i| i / 7 % 10 == 3).count();
            ensure!(count == expected, "{count} arrays, not {expected}");
            Ok(())
        }),
        Action::StatisticPredicate { n } => timed(request, |meter| {
            let bound = *n as f64 * 0.9;
            let count = meter.time(|| peer.statistic_predicate(request, bound))?;
            let expected = (0..*n).filter(|&i| i as f64 >= bound).count();
            ensure!(count == expected, "{count} arrays, not {expected}");
            Ok(())
        }),
        Action::WriteSlabs => {
            clear(&request.store)?;
            let bytes = request.dataset.chunk_bytes();
            timed(request, |meter| {
                meter.time(|| peer.write_slabs(request, &mut |i| slab(i, bytes)))
            })
        }
        Action::ReadSlabs => read_slabs(peer, request),
        Action::Simulated { what } => Ok(Sample {
            wall_ms: peer.simulated(*what)?,
            ..Sample::default()
        }),
    }
}

/// Runs `work` between the start and the end of what memory counts.
fn timed(request: &Request, work: impl FnOnce(&mut Meter) -> Result<()>) -> Result<Sample> {
    let mut meter = Meter::start()?;
    work(&mut meter)?;
    meter.stop()?;
    Ok(meter.sample(disk_usage(&request.store)?))
}

fn write(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let data = request.dataset.load()?;
    clear(&request.store)?;
    timed(request, |meter| meter.time(|| peer.write(request, &data)))
}

fn read(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let data = request.dataset.load()?;
    peer.prepare(request, &data)?;
    let mut meter = Meter::start()?;
    let values = meter.time(|| peer.read(request))?;
    meter.stop()?;
    ensure!(
        values.bytes() == &data[..request.dataset.array_bytes()],
        "what was read differs"
    );
    Ok(meter.sample(disk_usage(&request.store)?))
}

fn read_into(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let data = request.dataset.load()?;
    peer.prepare(request, &data)?;
    let (mut memory, pages) = touched(request.dataset.array_bytes());
    let out = &mut memory[pages];
    let mut meter = Meter::start()?;
    meter.time(|| peer.read_into(request, out))?;
    meter.stop()?;
    ensure!(out == &data[..out.len()], "what was read differs");
    Ok(meter.sample(disk_usage(&request.store)?))
}

fn read_each(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let data = request.dataset.load()?;
    peer.prepare(request, &data)?;
    let sample = timed(request, |meter| {
        meter.time(|| peer.read_each(request, &mut |_, bytes| _ = std::hint::black_box(bytes)))
    })?;
    // The buffer is used again for each array, so a second pass looks at the values.
    let (mut seen, mut wrong) = (0, 0);
    peer.read_each(request, &mut |i, bytes| {
        seen += 1;
        wrong += usize::from(bytes != &data[i * bytes.len()..][..bytes.len()]);
    })?;
    ensure!(
        (seen, wrong) == (request.dataset.count, 0),
        "{wrong} of {seen} arrays differ"
    );
    Ok(sample)
}

fn write_texts(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let texts = request.dataset.texts()?;
    clear(&request.store)?;
    timed(request, |meter| {
        meter.time(|| peer.write_texts(request, &texts))
    })
}

fn read_texts(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let texts = request.dataset.texts()?;
    let mut meter = Meter::start()?;
    let read = meter.time(|| peer.read_texts(request))?;
    meter.stop()?;
    ensure!(
        read.all().eq(texts.iter().map(String::as_str)),
        "what was read differs"
    );
    Ok(meter.sample(disk_usage(&request.store)?))
}

fn windows(
    peer: &mut dyn Peer,
    request: &Request,
    shape: &[u64],
    starts: &[Vec<u64>],
) -> Result<Sample> {
    let data = request.dataset.load()?;
    let mut out = vec![0f32; shape.iter().product::<u64>() as usize];
    let mut handle = peer.open(request)?;
    timed(request, |meter| {
        for start in starts {
            meter.time(|| handle.window(start, shape, &mut out))?;
            let expected = window(&data, &request.dataset, start, shape);
            ensure!(
                expected == bytemuck::cast_slice::<f32, u8>(&out),
                "a window at {start:?} differs"
            );
        }
        Ok(())
    })
}

/// The bytes of a window, cut out of the raw array.
fn window(data: &[u8], set: &Dataset, start: &[u64], shape: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for z in start[0]..start[0] + shape[0] {
        for y in start[1]..start[1] + shape[1] {
            let element = ((z * set.shape[1] + y) * set.shape[2] + start[2]) as usize;
            bytes.extend_from_slice(&data[element * 4..][..shape[2] as usize * 4]);
        }
    }
    bytes
}

fn commits(peer: &mut dyn Peer, request: &Request, n: usize) -> Result<Sample> {
    let data = request.dataset.load()?;
    let length = request.dataset.chunk_bytes();
    let chunks = data.len() / length;
    let mut handle = peer.open(request)?;
    timed(request, |meter| {
        for i in 0..n {
            // Its neighbour's values, so that something changes; every chunk has its turn.
            let (chunk, from) = (i * 37 % chunks, (i * 37 + 1 + i / chunks) % chunks);
            meter.time(|| handle.put_chunk(chunk, &data[from * length..][..length]))?;
        }
        Ok(())
    })
}

fn read_chunk(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let shape = &request.dataset.chunk;
    let mut out = vec![0f32; shape.iter().product::<u64>() as usize];
    timed(request, |meter| {
        meter.time(|| {
            peer.open(request)?
                .window(&vec![0; shape.len()], shape, &mut out)
        })
    })
}

fn append(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let data = request.dataset.load()?;
    clear(&request.store)?;
    peer.create_empty(request)?;
    let mut handle = peer.open(request)?;
    let row = request.dataset.array_bytes() / request.dataset.shape[0] as usize;
    let sample = timed(request, |meter| {
        for row in data.chunks(row) {
            meter.time(|| handle.append(row))?;
        }
        Ok(())
    })?;
    drop(handle);
    ensure!(
        peer.read(request)?.bytes() == data,
        "what was appended reads differently"
    );
    Ok(sample)
}

fn read_slabs(peer: &mut dyn Peer, request: &Request) -> Result<Sample> {
    let (mut memory, pages) = touched(request.dataset.bytes());
    let out = &mut memory[pages];
    let mut meter = Meter::start()?;
    meter.time(|| peer.read_into(request, out))?;
    meter.stop()?;
    let bytes = request.dataset.chunk_bytes();
    for (i, read) in out.chunks(bytes).enumerate() {
        ensure!(read == slab(i, bytes), "slab {i} differs");
    }
    Ok(meter.sample(disk_usage(&request.store)?))
}

/// A slab's bytes, known from its number.
fn slab(i: usize, bytes: usize) -> Vec<u8> {
    vec![i as u8 + 1; bytes]
}

/// Memory whose pages are there, and the part of it that begins with a page.
///
/// A plain vector of this size begins 16 bytes into its first page. Copies to there from the start of
/// a page of a file's take three times as long on many processors, whose stores then look to them as if
/// they met the loads that follow. That would be luck, for whoever has a header of the right size.
fn touched(bytes: usize) -> (Vec<u8>, Range<usize>) {
    const PAGE: usize = 4096;
    let memory = vec![0xA5; bytes + PAGE];
    let start = memory.as_ptr().align_offset(PAGE);
    (memory, start..start + bytes)
}

fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn disk_usage(folder: &Path) -> Result<u64> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(0);
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        let metadata = entry
            .metadata()
            .with_context(|| entry.path().display().to_string())?;
        bytes += if metadata.is_dir() {
            disk_usage(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
