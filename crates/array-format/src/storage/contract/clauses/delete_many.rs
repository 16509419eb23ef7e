//! Removing all that a compaction of many layers has given up.

use futures::{StreamExt, stream};
use object_store::ObjectStore;
use object_store::path::Path;

use super::super::ground::{Ground, Outcome, Stop, brief, broken, failed, is_gone};
use super::super::{Clause, Need};
use super::list_long::many;

pub(super) const CLAUSE: Clause = Clause {
    name: "delete, many",
    asked: "a delete of more than 1,000 objects leaves none of them, repeated if it fails",
    need: Need::Removal,
    run: |ground| Box::pin(run(ground)),
};

/// Times that what is left is asked for again, as compaction does the next time.
const ATTEMPTS: usize = 3;

async fn run(ground: &Ground) -> Outcome {
    let mut paths = many(ground).await?;
    for _ in 0..ATTEMPTS {
        let asked = paths.len();
        let stream = stream::iter(paths.clone().into_iter().map(Ok)).boxed();
        let answers: Vec<_> = ground.store.delete_stream(stream).collect().await;
        let error = answers.iter().find(|answer| !is_gone(answer));
        paths = left(ground, paths).await;
        match error {
            Some(Err(error)) => {
                let told = failed("a delete of many", error);
                if matches!(told, Stop::Absent(_)) {
                    return Err(told);
                }
                ground.remark(format!("{} were left by {}", paths.len(), brief(error)));
            }
            _ if !paths.is_empty() => {
                let left = paths.len();
                return broken(format!(
                    "{left} of {asked} are there after they were removed"
                ));
            }
            _ if answers.len() != asked => {
                let answers = answers.len();
                return broken(format!("a delete of {asked} objects has {answers} answers"));
            }
            _ => return Ok(()),
        }
    }
    broken(format!(
        "{} are there after {ATTEMPTS} attempts",
        paths.len()
    ))
}

/// Those that are there. Lists may not be possible.
async fn left(ground: &Ground, paths: Vec<Path>) -> Vec<Path> {
    let mut looks = Vec::new();
    for path in paths {
        looks.push(async move {
            let gone = matches!(ground.head(&path).await, Ok(None));
            (!gone).then_some(path)
        });
    }
    let looks = stream::iter(looks).buffer_unordered(ground.options.clients);
    looks.filter_map(std::future::ready).collect().await
}
