//! Whether files are safe in a store: what is asked of it, clause by clause.
//!
//! `cargo run --example store_contract [url] [option=value]…`, where a URL such as `s3://bucket/scratch`
//! needs the feature of its store:
//!
//! `cargo run --features aws --example store_contract s3://bucket/scratch aws_region=eu-central-1`
//!
//! The URL names a place for scratch objects, which are removed again; or an object that is there, which
//! is read where nothing can be put. The exit code is 1 if commits would not be safe.

use std::process::ExitCode;

use array_format::object_store::ObjectStoreExt;
use array_format::storage::contract::{ContractOptions, Sample, check};
use array_format::storage::resolve;

/// Larger objects are not taken for a sample.
const SAMPLE_BYTES: u64 = 16 << 20;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "memory:///".to_owned());
    let pairs = arguments.map(|argument| match argument.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(format!("{argument:?} is not `option=value`")),
    });
    let (store, mut place) = resolve(&url, pairs.collect::<Result<Vec<_>, _>>()?)?;

    let mut options = ContractOptions::default();
    options.long_list = url.starts_with("memory:");
    if let Ok(found) = store.get(&place).await
        && found.meta.size <= SAMPLE_BYTES
    {
        let bytes = found.bytes().await?;
        let path = std::mem::take(&mut place);
        println!("{path} is read where nothing can be put");
        options.sample = Some(Sample { path, bytes });
    }
    let report = check(store, &place, &options).await?;
    println!("{report}");
    if report.can_commit() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("Commits would not be safe here.");
    Ok(ExitCode::FAILURE)
}
