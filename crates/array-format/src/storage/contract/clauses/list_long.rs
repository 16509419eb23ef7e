//! Lists that come in several answers.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use super::super::ground::{Ground, Outcome, Stop, broken};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "list, long",
    asked: "a list of more than 1,000 objects shows all of them, each once",
    need: Need::Lists,
    run: |ground| Box::pin(run(ground)),
};

/// Stores list and remove a thousand in one answer.
const OBJECTS: usize = 1100;

/// More objects than fit into one answer, if they are asked for.
pub(super) async fn many(ground: &Ground) -> Outcome<Vec<Path>> {
    if !ground.options.long_list {
        return Err(Stop::Untried("`long_list` asks for it".into()));
    }
    let paths = (0..OBJECTS).map(|n| ground.path(&format!("{n}.af")));
    let paths: Vec<Path> = paths.collect::<Outcome<_>>()?;
    let bytes = ground.fresh(10);
    let mut puts = Vec::new();
    for path in &paths {
        puts.push(ground.put(path, &bytes));
    }
    let puts = stream::iter(puts).buffer_unordered(ground.options.clients);
    puts.try_collect::<Vec<_>>().await?;
    Ok(paths)
}

async fn run(ground: &Ground) -> Outcome {
    let paths = many(ground).await?;
    let listed = ground.list(&ground.folder()?).await?.objects;
    let listed: Vec<_> = listed.into_iter().map(|object| object.location).collect();
    let distinct: BTreeSet<_> = listed.iter().collect();
    if listed.len() != paths.len() || distinct != paths.iter().collect() {
        let (there, all, distinct) = (paths.len(), listed.len(), distinct.len());
        return broken(format!(
            "{there} objects are there, {all} are listed, {distinct} of them different"
        ));
    }
    Ok(())
}
