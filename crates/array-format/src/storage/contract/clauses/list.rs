//! Lists, by which the newest layer is found.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::super::ground::{Ground, Outcome, Stop, broken, failed, folder_of};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "list",
    asked: "a list of a folder shows what is in it, with sizes, and nothing beside, above or beneath it",
    need: Need::Lists,
    run: |ground| Box::pin(run(ground)),
};

type Shown = BTreeMap<String, u64>;

fn shown(objects: Vec<ObjectMeta>) -> Shown {
    let pair = |object: ObjectMeta| (object.location.into(), object.size);
    objects.into_iter().map(pair).collect()
}

async fn run(ground: &Ground) -> Outcome {
    let folder = ground.folder_in("in")?;
    let names = [
        "in/a.af",
        "in/a.2.af",
        "in/b",
        "in/deep/c.af",
        "in2/d",
        "in.af",
        "i",
    ];
    let mut put = Shown::new();
    for (n, name) in names.into_iter().enumerate() {
        let path = ground.path(name)?;
        match ground.put(&path, &ground.fresh(10 + n)).await {
            Ok(_) => drop(put.insert(path.into(), 10 + n as u64)),
            Err(Stop::Absent(_)) => return lists_sample(ground).await,
            Err(stop) => return Err(stop),
        }
    }
    let within = format!("{folder}/");
    put.retain(|path, _| path.starts_with(&within));
    let deep = shown(collect(ground, &folder).await?);
    if deep != put {
        return broken(format!(
            "all beneath the folder is {put:?}, listed is {deep:?}"
        ));
    }
    put.retain(|path, _| !path[within.len()..].contains('/'));
    let listed = ground.list(&folder).await?;
    let flat = shown(listed.objects);
    if flat != put {
        return broken(format!("in the folder is {put:?}, listed is {flat:?}"));
    }
    let mut folders = listed.common_prefixes.iter();
    if !folders.any(|folder| folder.filename() == Some("deep")) {
        return broken("the folder in the folder is not listed");
    }
    let empty = ground.list(&ground.folder_in("nothing")?).await?;
    match empty.objects.first() {
        Some(object) => broken(format!("an empty folder shows {}", object.location)),
        None => Ok(()),
    }
}

async fn collect(ground: &Ground, folder: &Path) -> Outcome<Vec<ObjectMeta>> {
    let listed = ground.store.list(Some(folder)).try_collect().await;
    listed.map_err(|error| failed("a list", &error))
}

/// Where nothing can be put.
async fn lists_sample(ground: &Ground) -> Outcome {
    let sample = ground.sample(1).await?;
    let listed = ground.list(&folder_of(&sample.path)).await?.objects;
    let found = listed.iter().find(|object| object.location == sample.path);
    match found.map(|object| object.size) {
        Some(size) if size == sample.bytes.len() as u64 => Ok(()),
        Some(size) => broken(format!("a list tells a size of {size} bytes")),
        // Some web servers answer so.
        None => Err(Stop::Absent("a list lacks an object that is there".into())),
    }
}
