//! Names of files are their users' choice.

use std::collections::BTreeSet;

use object_store::PutMode;

use super::super::ground::{Ground, Outcome, Stop, broken};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "names",
    asked: "an object keeps its name, whatever characters are in it",
    need: Need::Commits,
    run: |ground| Box::pin(run(ground)),
};

/// As they stand in a path: what `object_store` escapes is escaped.
const NAMES: &[&str] = &[
    "run.af",
    "run.1.af",
    "run.probe.0123456789abcdef",
    "run",
    ".hidden.af",
    "with space.af",
    "with  two spaces.af",
    "ünï データ.af",
    "a+b.af",
    "a b.af",
    "a&b=c.af",
    "it's (1), @home; $5!.af",
    "colon:s.af",
    "100%25.af",
    "a%2520b.af",
    "a%23b%3Fc%2Ad.af",
    "%5Bx%5D%7By%7D%7E.af",
];

async fn run(ground: &Ground) -> Outcome {
    let mut put = BTreeSet::new();
    for name in NAMES {
        let path = ground.path(name)?;
        let bytes = ground.fresh(100);
        // As a commit would, where the store can.
        match ground.put_if(&path, &bytes, PutMode::Create).await {
            Ok(Some(_)) => {}
            Ok(None) => return broken(format!("{name:?} is another's name")),
            Err(Stop::Absent(_)) => drop(ground.put(&path, &bytes).await?),
            Err(Stop::Broken(how)) => return broken(format!("{name:?}: {how}")),
            Err(stop) => return Err(stop),
        }
        ground.sees(&path, &bytes, &format!("{name:?}")).await?;
        put.insert(path);
    }
    if let Ok(listed) = ground.list(&ground.folder()?).await {
        let listed: BTreeSet<_> = listed.objects.into_iter().map(|o| o.location).collect();
        if let Some(path) = put.symmetric_difference(&listed).next() {
            return broken(format!("{path} was put or is listed, but not both"));
        }
    }
    for path in put {
        ground.delete(&path).await?;
        ground.sees_nothing(&path, "after a delete").await?;
    }
    Ok(())
}
