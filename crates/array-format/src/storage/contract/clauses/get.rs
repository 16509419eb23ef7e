//! The least that a store can do.

use super::super::ground::{Ground, Outcome};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "get",
    asked: "an object is read whole and its size told; one that is not there is not found",
    need: Need::Reading,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let sample = ground.sample(1000).await?;
    ground.sees(&sample.path, &sample.bytes, "at first").await?;
    let missing = ground.path("missing")?;
    ground.sees_nothing(&missing, "before any put").await
}
