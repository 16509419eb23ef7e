//! How arrays are encoded: pipelines of filters and a compressor, the library's own choice, and a
//! codec of one's own.
//!
//! `cargo run --example codecs`

#[path = "support/climate.rs"]
mod climate;
#[path = "support/netcdf.rs"]
mod netcdf;
#[path = "support/show.rs"]
mod show;

use std::sync::Arc;

use array_format::codec::{CodecId, CodecSpec, CompressionCodec, Filter, PipelineRecord, register};
use array_format::ndarray::ArrayView;
use array_format::object_store::{ObjectStore, memory::InMemory, path::Path};
use array_format::{
    ArrayElement, ArrayFile, ArraySpec, Error, FileConfig, NoCompression, TimestampNs,
};
use netcdf::Values;
use show::{Table, count};

/// A codec of one's own: runs of equal bytes, as their length and the byte.
#[derive(Debug, Clone, Copy)]
struct RunLength;

impl CompressionCodec for RunLength {
    fn id(&self) -> CodecId {
        CodecId::Named("example-run-length".into())
    }

    fn compress(&self, data: &[u8]) -> array_format::Result<Vec<u8>> {
        let runs = data.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(255));
        Ok(runs.flat_map(|run| [run.len() as u8, run[0]]).collect())
    }

    fn decompress(&self, data: &[u8], size: usize) -> array_format::Result<Vec<u8>> {
        let (runs, rest) = data.as_chunks::<2>();
        let length: usize = runs.iter().map(|[n, _]| usize::from(*n)).sum();
        if length != size || !rest.is_empty() {
            return Err(Error::Codec("run-length: wrong length".into()));
        }
        let run = |[n, byte]: &[u8; 2]| std::iter::repeat_n(*byte, usize::from(*n));
        Ok(runs.iter().flat_map(run).collect())
    }
}

/// Stores `data` with a codec, reads it back, and returns the stored bytes and what was used.
async fn stored<T: ArrayElement + PartialEq>(
    file: &mut ArrayFile,
    name: &str,
    data: &[T],
    codec: &CodecSpec,
) -> array_format::Result<(u64, String)> {
    let spec = ArraySpec::new(T::dtype(), [data.len() as u64]).codec(codec.clone());
    if file.create_array(name, spec).is_err() {
        return Ok((0, "does not apply".into()));
    }
    let view = ArrayView::from(data).into_dyn();
    file.write_array(name, vec![0], view).await?;
    file.flush().await?;
    let read = file.read_array::<T>(name, vec![], vec![]).await?;
    assert!(read.as_slice() == Some(data), "{name} reads back");
    let stored = file.blocks(name).await?.iter().map(|b| b.length).sum();
    Ok((stored, file.get_array(name)?.pipeline.to_string()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("codecs.af");
    let config = || FileConfig::new(NoCompression);
    let mut file = ArrayFile::create(store.clone(), path.clone(), config()).await?;

    // The temperature of the North Atlantic, a clock that ticks each minute or so, and flags.
    let annual = climate::read("annual")?;
    let field = annual.iter().find(|v| v.name == "annual/TEMP");
    let Some(Values::F32(temperature)) = field.map(|v| &v.values) else {
        return Err("no temperature".into());
    };
    let tick = |n: i64| TimestampNs(1_700_000_000_000_000_000 + n * 60_000_000_000 + n * n % 997);
    let clock: Vec<TimestampNs> = (0..40_000).map(tick).collect();
    let flags: Vec<u8> = temperature
        .iter()
        .map(|t| if *t < -1e9 { 9 } else { 1 })
        .collect();

    let zstd = || CodecSpec::zstd(3);
    let pipelines = [
        CodecSpec::none(),
        CodecSpec::lz4(),
        zstd(),
        zstd().with_filter(Filter::Shuffle),
        zstd()
            .with_filter(Filter::Delta)
            .with_filter(Filter::Shuffle),
        CodecSpec::pco(),
        CodecSpec::from(RunLength),
        CodecSpec::auto(),
    ];
    let mut table = Table::new([
        "asked for",
        "temperature, f32",
        "clock, timestamps",
        "flags, u8",
    ]);
    for (i, codec) in pipelines.iter().enumerate() {
        let results = [
            stored(&mut file, &format!("temperature/{i}"), temperature, codec).await?,
            stored(&mut file, &format!("clock/{i}"), &clock, codec).await?,
            stored(&mut file, &format!("flags/{i}"), &flags, codec).await?,
        ];
        let cells = results.map(|(size, used)| match size {
            0 => used,
            _ if codec.is_auto() => format!("{} by {used}", count(size)),
            _ => count(size),
        });
        let asked = PipelineRecord::from(codec);
        table.row([&asked, &cells[0], &cells[1], &cells[2]]);
    }
    println!("  Stored bytes of the same three arrays\n\n{table}");

    // Files say what they were written with: a reader needs no configuration, but a codec of one's
    // own it must know by its name.
    let reader = ArrayFile::open(store, path, config()).await?;
    let unknown = reader
        .read_array::<u8>("flags/6", vec![], vec![])
        .await
        .err();
    let unknown = unknown.ok_or("a codec that nobody knows was read")?;
    assert!(matches!(unknown, Error::UnknownCodec { .. }));
    println!("  before it is registered   {unknown}");

    register(Arc::new(RunLength))?;
    let read = reader.read_array::<u8>("flags/6", vec![], vec![]).await?;
    assert_eq!(read.as_slice(), Some(&flags[..]));
    println!(
        "  once it is registered     {} flags read",
        count(read.len() as u64)
    );
    Ok(())
}
