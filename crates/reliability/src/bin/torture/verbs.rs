//! One verb on a file, with a kill at a chosen moment.

use std::sync::Arc;

use array_format::merge::VacuumOptions;
use array_format::object_store::ObjectStore;
use array_format::{ArrayFile, CompactOptions, Scope};
use array_format_reliability::torture::{self, ARRAY};

use crate::Arguments;
use crate::kill::KillStore;

pub async fn run(verb: &str, arguments: Arguments) -> Result<(), String> {
    let moment = arguments.number("moment", u64::MAX);
    let store = KillStore::new(arguments.store.clone(), moment);
    let done = act(verb, store.clone(), &arguments).await;
    println!("moments {}", store.moments());
    match done {
        Ok(()) => {
            println!("done");
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn act(verb: &str, store: Arc<KillStore>, arguments: &Arguments) -> array_format::Result<()> {
    let store: Arc<dyn ObjectStore> = store;
    let path = arguments.path.clone();
    let config = arguments.config();
    if verb == "create" {
        return ArrayFile::create(store, path, config).await.map(|_| ());
    }
    let mut file = ArrayFile::open(store, path, config).await?;
    match verb {
        "flush" => {
            torture::step(&mut file, 0, arguments.number("serial", 1)).await?;
            file.flush().await
        }
        "delete" => {
            file.delete(ARRAY)?;
            torture::define(&mut file)?;
            file.flush().await
        }
        "compact" => file.compact().await,
        "merge" => {
            let mut options = CompactOptions::default();
            options.scope = Scope::Newest(3);
            file.compact_with(options).await.map(|_| ())
        }
        "restore" => file.restore(arguments.number("of", 1)).await,
        "tag" => {
            file.tag("kept", arguments.number("of", 1)).await?;
            file.flush().await
        }
        "vacuum" => file.vacuum(&VacuumOptions::default()).await.map(|_| ()),
        other => Err(array_format::Error::InvalidArgument(format!(
            "there is no verb {other}"
        ))),
    }
}
