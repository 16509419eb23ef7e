//! Reads that get one version or nothing.

use object_store::{Error, GetOptions, GetRange};

use super::super::ground::{Ground, Outcome, Stop, brief, broken};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "get by version",
    asked: "a get that names an ETag reads that version, and is refused when another is there",
    need: Need::Snapshots,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let sample = ground.sample(1000).await?;
    let first = ground.sees(&sample.path, &sample.bytes, "at first").await?;
    let Some(tag) = first.meta.e_tag else {
        return Err(Stop::Absent("a get tells no ETag".into()));
    };
    let read = async |range: Option<GetRange>| {
        let options = GetOptions {
            range,
            if_match: Some(tag.clone()),
            ..GetOptions::default()
        };
        ground.read_with(&sample.path, options).await
    };
    let ranges = || [None, Some(GetRange::Bounded(10..20))];
    for range in ranges() {
        let bytes = match &range {
            None => sample.bytes.clone(),
            Some(_) => sample.bytes.slice(10..20),
        };
        match read(range.clone()).await {
            Ok(read) if read.bytes == bytes => {}
            Ok(_) => return broken(format!("{range:?} of {tag} are other bytes")),
            Err(error) => return broken(format!("{tag}, which is there: {}", brief(&error))),
        }
    }
    if ground.options.sample.as_ref() == Some(&sample) {
        let options = GetOptions {
            if_match: Some("\"another\"".into()),
            ..GetOptions::default()
        };
        return refused(ground.read_with(&sample.path, options).await, "another");
    }
    let other = ground.fresh(1000);
    ground.put(&sample.path, &other).await?;
    for range in ranges() {
        refused(read(range).await, &tag)?;
    }
    ground.delete(&sample.path).await?;
    match read(None).await {
        Err(Error::NotFound { .. } | Error::Precondition { .. }) => Ok(()),
        Err(error) => broken(format!("{tag}, which was removed: {}", brief(&error))),
        Ok(_) => broken("an object that was removed is read"),
    }
}

fn refused<V>(read: Result<V, Error>, tag: &str) -> Outcome {
    match read {
        Err(Error::Precondition { .. }) => Ok(()),
        Err(error) => broken(format!("{tag}, which was replaced: {}", brief(&error))),
        Ok(_) => broken(format!("a get of {tag} reads the object that replaced it")),
    }
}
