//! Versions of equal bytes.

use object_store::PutMode::Update;

use super::super::ground::{Ground, Outcome, broken, told};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "swap, equal bytes",
    asked: "a swap is refused once equal bytes have replaced the version, if that made another version",
    need: Need::Promotion,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let path = ground.path("object")?;
    let bytes = ground.fresh(1000);
    let first = ground.put(&path, &bytes).await?;
    let second = told("put", ground.put(&path, &bytes).await?)?;
    let other = ground.fresh(1000);
    if first == second {
        // No two layers are equal: each has a random id.
        ground.remark("versions are hashes of the bytes: equal objects are one version");
    } else if ground.put_if(&path, &other, Update(first)).await?.is_some() {
        return broken("a swap replaces equal bytes that are another version");
    }
    match ground.put_if(&path, &other, Update(second)).await? {
        Some(_) => ground.sees(&path, &other, "after a swap").await.map(drop),
        None => broken("a swap of what is there is refused"),
    }
}
