//! Swaps of what is gone.

use object_store::{Error, ObjectStore, PutMode};

use super::super::ground::{Ground, Outcome, broken, failed, told};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "swap of nothing",
    asked: "a swap is refused where the object was removed, and leaves nothing there",
    need: Need::Promotion,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let path = ground.path("object")?;
    let seen = told("put", ground.put(&path, &ground.fresh(1000)).await?)?;
    ground.delete(&path).await?;
    let (bytes, mode) = (ground.fresh(1000), PutMode::Update(seen));
    let swapped = ground
        .store
        .put_opts(&path, bytes.into(), mode.into())
        .await;
    match swapped {
        Ok(_) => return broken("a swap puts an object where none is"),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotFound { .. }) => {}
        Err(error) => return Err(failed("a swap", &error)),
    }
    ground
        .sees_nothing(&path, "after a swap that was refused")
        .await
}
