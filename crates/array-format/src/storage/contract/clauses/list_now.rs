//! Lists that lag make writers take an older layer for the newest.

use super::super::ground::{Ground, Outcome, broken};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "list, at once",
    asked: "a list shows every put and every delete that was answered before it was asked for",
    need: Need::Lists,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    for round in 0..ground.options.rounds {
        let name = format!("{round}.af");
        let path = ground.path(&name)?;
        for length in [100, 80] {
            ground.put(&path, &ground.fresh(length)).await?;
            shows(ground, &name, Some(length as u64), "a put").await?;
        }
        // Every other stays, so that the list grows.
        if round % 2 == 0 {
            ground.delete(&path).await?;
            shows(ground, &name, None, "a delete").await?;
        }
    }
    Ok(())
}

async fn shows(ground: &Ground, name: &str, size: Option<u64>, after: &str) -> Outcome {
    let listed = ground.list(&ground.folder()?).await?.objects;
    let shown = listed.iter().find(|o| o.location.filename() == Some(name));
    let shown = shown.map(|object| object.size);
    if shown == size {
        return Ok(());
    }
    let told = |size: Option<u64>| size.map_or("nothing".into(), |n| format!("{n} bytes"));
    broken(format!(
        "after {after} of {name} a list shows {} instead of {}",
        told(shown),
        told(size)
    ))
}
