//! Many sources side by side, each under a prefix of its own.

use anyhow::{Context, Result};
use array_format::ArrayFile;
use array_format::codec::PipelineRecord;
use array_format::element::Elements;
use futures::{StreamExt, TryStreamExt, stream};

use super::sources::Source;
use super::{Args, Report, is_wanted, message, nothing, set_file_attribute, spec, stored, verify};
use crate::convert::{Contents, Reader, Variable};
use crate::failure::usage;
use crate::open;
use crate::target::Target;
use crate::ui::Ui;
use crate::ui::progress::{Progress, Unit};
use crate::unfinished::{self, Plan, Unfinished, bytes_of};

/// Sources after which they are committed, whatever their size.
const COMMIT_SOURCES: u64 = 10_000;
/// A source of up to so many bytes is read ahead, beside others.
const READ_AHEAD: u64 = 8 << 20;

/// A source that is open, and what was read of it.
struct Opened {
    source: Source,
    reader: Box<dyn Reader>,
    /// The elements of each variable, of a small source.
    elements: Option<Vec<Elements>>,
}

pub async fn run(args: &Args, sources: &[Source], report: &mut Report, ui: &mut Ui) -> Result<()> {
    // Many are counted; of one its bytes.
    let (total, unit) = match sources.len() {
        1 => (0, Unit::Bytes),
        n => (n as u64, Unit::Things),
    };
    let bar = ui.progress(total, unit, "importing");
    let ahead = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    let opened = stream::iter(sources.iter().cloned())
        .map(|source| async { tokio::task::spawn_blocking(|| open_source(source)).await? });
    let mut opened = opened.buffered(ahead);
    let mut made: Option<Target> = None;
    let (mut bytes, mut waiting) = (0, 0);
    while let Some(mut next) = opened.try_next().await? {
        // The file is made once a source was read: a slip leaves none behind.
        let file = match &mut made {
            Some(made) => &mut made.file,
            none => {
                let message = message(args, &what(sources));
                &mut none.insert(Target::open(&args.file, &message).await?).file
            }
        };
        let inner = (sources.len() == 1).then_some(&bar);
        if let Some(bar) = inner {
            bar.set(0, bytes_of_all(&next.reader.contents().variables));
        }
        bytes += import(args, &mut next, file, inner, report).await?;
        waiting += 1;
        if inner.is_none() {
            bar.add(1);
        }
        if bytes >= args.pace.commit_every || waiting >= COMMIT_SOURCES {
            file.flush().await?;
            (bytes, waiting) = (0, 0);
        }
    }
    drop(bar);
    let file = made.ok_or_else(|| nothing(report))?.finish(ui).await?;
    report.stored = stored(&file);
    if report.arrays + report.present == 0 {
        return Err(nothing(report));
    }
    if args.verify {
        let file = open::open(&args.file).await?;
        verify::sources(args, sources, &file, report, ui).await?;
    }
    Ok(())
}

/// The sources in a few words.
fn what(sources: &[Source]) -> String {
    let name = |source: &Source| {
        let name = source.place.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    match sources {
        [one] => name(one),
        [first, .., last] => format!("{} files, {} to {}", sources.len(), name(first), name(last)),
        [] => "nothing".to_owned(),
    }
}

/// Opens a source, and reads it if it is small.
fn open_source(source: Source) -> Result<Opened> {
    let reader = source.open()?;
    let contents = reader.contents();
    let elements = match bytes_of_all(&contents.variables) <= READ_AHEAD {
        false => None,
        true => {
            let read =
                |(i, v): (usize, &Variable)| reader.read(i, &vec![0; v.shape.len()], &v.shape);
            let all: Result<Vec<Elements>> =
                contents.variables.iter().enumerate().map(read).collect();
            Some(all.with_context(|| format!("cannot read {}", source.place))?)
        }
    };
    Ok(Opened {
        source,
        reader,
        elements,
    })
}

/// About how many bytes the elements of variables take.
fn bytes_of_all(variables: &[Variable]) -> u64 {
    let bytes = variables.iter().map(|v| bytes_of(&v.dtype, &v.shape));
    bytes.fold(0, u64::saturating_add)
}

/// Brings a source in; returns the bytes of its elements.
async fn import(
    args: &Args,
    opened: &mut Opened,
    file: &mut ArrayFile,
    bar: Option<&Progress>,
    report: &mut Report,
) -> Result<u64> {
    let Opened {
        source,
        reader,
        elements,
    } = opened;
    let contents: &Contents = reader.contents();
    let skipped = contents
        .skipped
        .iter()
        .map(|s| format!("{}: {s}", source.place));
    report.skipped.extend(skipped);
    let mut bytes = 0;
    for (i, variable) in contents.variables.iter().enumerate() {
        if !is_wanted(args, &variable.name) {
            continue;
        }
        let name = source.name(&variable.name);
        if file.contains(&name)? {
            if args.resume && !unfinished::is_left(file, &name)? {
                report.present += 1;
                continue;
            }
            if !args.replace && !args.resume {
                return Err(usage(format!(
                    "{} has an array {name} already; --resume leaves such alone, --replace replaces them",
                    args.file
                )));
            }
        }
        let mut spec = spec(args, variable, &variable.shape, &variable.dimensions);
        if args.inherit {
            for (key, value) in &contents.attributes {
                let is_own = variable.attributes.iter().any(|(own, _)| own == key);
                if !is_own && !key.contains('/') && key != crate::convert::UNLIMITED {
                    spec = spec.attribute(key, value.clone());
                }
            }
        }
        let plan = Plan {
            name: &name,
            spec,
            bytes: bytes_of(&variable.dtype, &variable.shape),
            source: &|| {
                let codec = PipelineRecord::from(&args.codec);
                format!("{} by {codec}", source.fingerprint())
            },
            pace: args.pace,
            resume: args.resume,
        };
        let mut array = Unfinished::begin(file, plan)?;
        if let Some(bar) = bar {
            let width = variable.dtype.element_size().unwrap_or(1) as u64;
            bar.add(array.done().saturating_mul(width));
        }
        let place = || format!("{}: {}", source.place, variable.name);
        if let Some(all) = elements {
            let shape: Vec<usize> = variable.shape.iter().map(|&n| n as usize).collect();
            let elements = &all[i];
            if !elements.is_empty() {
                file.write_elements(array.at(), vec![0; shape.len()], shape, elements)
                    .await
                    .with_context(place)?;
            }
            bytes += elements.raw_len();
        } else {
            for slab in array.rest() {
                let elements =
                    tokio::task::block_in_place(|| reader.read(i, &slab.start, &slab.shape));
                let elements = elements.with_context(place)?;
                let (start, shape) = slab.as_usize();
                file.write_elements(array.at(), start, shape, &elements)
                    .await
                    .with_context(place)?;
                bytes += elements.raw_len();
                array.wrote(file, elements.raw_len()).await?;
                if let Some(bar) = bar {
                    bar.add(elements.raw_len());
                }
            }
        }
        array.finish(file)?;
        report.arrays += 1;
    }
    for (key, value) in &contents.attributes {
        if key == crate::convert::UNLIMITED {
            set_file_attribute(file, key, value.clone())?;
        } else if !args.inherit || key.contains('/') {
            set_file_attribute(file, &source.name(key), value.clone())?;
        }
    }
    report.bytes += bytes;
    Ok(bytes)
}
