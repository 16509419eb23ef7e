//! Read-after-write.

use super::super::ground::{Ground, Outcome};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "put",
    asked: "a put or delete that was answered is seen by whoever asks later",
    need: Need::Commits,
    run: |ground| Box::pin(run(ground)),
};

/// Shorter and longer by turns.
const LENGTHS: [usize; 5] = [80, 100_000, 0, 1000, 1];

async fn run(ground: &Ground) -> Outcome {
    let path = ground.path("object")?;
    let largest = ground.options.object_bytes;
    for length in LENGTHS
        .into_iter()
        .chain([largest])
        .cycle()
        .take(ground.options.rounds.max(6))
    {
        let bytes = ground.fresh(length);
        ground.put(&path, &bytes).await?;
        ground.sees(&path, &bytes, "after a put").await?;
    }
    for _ in 0..ground.options.rounds {
        ground.delete(&path).await?;
        ground.sees_nothing(&path, "after a delete").await?;
        let bytes = ground.fresh(1000);
        ground.put(&path, &bytes).await?;
        let when = "after a put where an object was removed";
        ground.sees(&path, &bytes, when).await?;
    }
    Ok(())
}
