//! Uploads that come to nothing.

use super::super::ground::{Ground, Outcome, failed};
use super::super::{Clause, Need};
use super::upload::{send, start, unseen};

pub(super) const CLAUSE: Clause = Clause {
    name: "upload, given up",
    asked: "an upload that was aborted or dropped never shows, and what was there stays",
    need: Need::Uploads,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let (new, old) = (ground.path("new")?, ground.path("old")?);
    let before = ground.fresh(1000);
    ground.put(&old, &before).await?;
    let part = ground.options.part_bytes;
    for aborted in [true, false] {
        for path in [&new, &old] {
            let whole = ground.fresh(part + part / 2);
            let mut upload = start(ground, path).await?;
            send(&mut *upload, &whole, part).await?;
            if aborted {
                let done = upload.abort().await;
                done.map_err(|error| failed("aborting", &error))?;
            }
        }
        unseen(ground, &new, "after an upload that was given up").await?;
        let when = "after an upload over it that was given up";
        ground.sees(&old, &before, when).await?;
    }
    Ok(())
}
