//! A process that works on a file, to be killed: `torture <verb> <url> [k=v …]`.
//!
//! Options of the store come by `AF_TEST_STORE_OPTIONS`, as `k=v;…`. What was acknowledged is said on
//! standard output, a line each, before anything else is done.

mod kill;
mod verbs;
mod workers;

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use array_format::object_store::ObjectStore;
use array_format::object_store::path::Path;
use array_format::storage::resolve;
use array_format::{FileConfig, Lz4Codec};

/// The arguments of a verb.
struct Arguments {
    store: Arc<dyn ObjectStore>,
    path: Path,
    named: HashMap<String, String>,
}

impl Arguments {
    fn config(&self) -> FileConfig<Lz4Codec> {
        let largest_put = self.named.get("largest-put");
        FileConfig {
            largest_put: largest_put.and_then(|value| value.parse().ok()),
            ..FileConfig::new(Lz4Codec)
        }
    }

    fn number(&self, name: &str, otherwise: u64) -> u64 {
        let value = self.named.get(name).and_then(|value| value.parse().ok());
        value.unwrap_or(otherwise)
    }
}

fn arguments() -> Result<(String, Arguments), String> {
    let mut words = std::env::args().skip(1);
    let (Some(verb), Some(url)) = (words.next(), words.next()) else {
        return Err("usage: torture <verb> <url> [k=v …]".into());
    };
    let named: HashMap<String, String> = words
        .filter_map(|word| word.split_once('=').map(|(k, v)| (k.into(), v.into())))
        .collect();
    let options = std::env::var("AF_TEST_STORE_OPTIONS").unwrap_or_default();
    let options = options
        .split(';')
        .filter_map(|option| option.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()));
    let (store, path) = resolve(&url, options).map_err(|error| error.to_string())?;
    Ok((verb, Arguments { store, path, named }))
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match arguments() {
        Ok((verb, arguments)) => match verb.as_str() {
            "write" => workers::write(arguments).await,
            "count" => workers::count(arguments).await,
            "compactor" => workers::compact(arguments).await,
            "read" => workers::read(arguments).await,
            verb => verbs::run(verb, arguments).await,
        },
        Err(problem) => Err(problem),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
