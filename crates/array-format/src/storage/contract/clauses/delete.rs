//! Removing what a merge has given up, which others may have removed.

use futures::{StreamExt, stream};
use object_store::ObjectStore;

use super::super::ground::{Ground, Outcome, broken, failed, is_gone};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "delete",
    asked: "a delete of what is not there is harmless, alone or among others",
    need: Need::Removal,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let beside = ground.path("beside")?;
    let bytes = ground.fresh(10);
    ground.put(&beside, &bytes).await?;
    let missing = ground.path("missing")?;
    let told = ground.delete(&missing).await?;
    ground.remark(match told {
        true => "such a delete is answered as if something was removed",
        false => "such a delete is answered with `NotFound`",
    });
    let paths = ["a", "deep/b", "c"].map(|name| ground.path(name));
    let paths = paths.into_iter().collect::<Outcome<Vec<_>>>()?;
    for path in &paths {
        ground.put(path, &ground.fresh(10)).await?;
    }
    let mut asked = paths.clone();
    asked.insert(1, missing);
    let asked = stream::iter(asked.into_iter().map(Ok)).boxed();
    let removed: Vec<_> = ground.store.delete_stream(asked).collect().await;
    match removed.iter().find(|removed| !is_gone(removed)) {
        Some(Err(error)) => return Err(failed("a delete of several", error)),
        _ if removed.len() != 4 => {
            let answers = removed.len();
            return broken(format!("a delete of 4 objects has {answers} answers"));
        }
        _ => {}
    }
    for path in &paths {
        ground
            .sees_nothing(path, "after a delete of several")
            .await?;
    }
    ground
        .sees(&beside, &bytes, "after a delete of others")
        .await?;
    Ok(())
}
