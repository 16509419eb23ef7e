//! Writers that commit at the same time.

use object_store::PutMode;

use super::super::ground::{Ground, Outcome};
use super::super::{Clause, Need};
use super::race::{in_round, race};

pub(super) const CLAUSE: Clause = Clause {
    name: "create, raced",
    asked: "of many who create one object one wins, its bytes are there, and the others are refused",
    need: Need::Commits,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    for round in 0..ground.options.rounds {
        let path = ground.path(&round.to_string())?;
        in_round(round, race(ground, &path, &PutMode::Create).await)?;
    }
    Ok(())
}
