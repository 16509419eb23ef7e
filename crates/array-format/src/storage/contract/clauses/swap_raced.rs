//! Compactors that promote at the same time.

use object_store::PutMode;

use super::super::ground::{Ground, Outcome, told};
use super::super::{Clause, Need};
use super::race::{in_round, race};

pub(super) const CLAUSE: Clause = Clause {
    name: "swap, raced",
    asked: "of many who swap one version one wins, its bytes are there, and the others are refused",
    need: Need::Promotion,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let path = ground.path("object")?;
    let mut seen = ground.put(&path, &ground.fresh(1000)).await?;
    for round in 0..ground.options.rounds {
        let mode = PutMode::Update(told("put or get", seen)?);
        seen = in_round(round, race(ground, &path, &mode).await)?;
    }
    Ok(())
}
