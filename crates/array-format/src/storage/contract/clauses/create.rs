//! Create-if-absent, which commits rest on.

use object_store::PutMode::Create;

use super::super::ground::{Ground, Outcome, broken};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "create",
    asked: "a create puts an object where there is none, and else is refused and changes nothing",
    need: Need::Commits,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let path = ground.path("object")?;
    for when in ["at first", "after a delete"] {
        let first = ground.fresh(1000);
        if ground.put_if(&path, &first, Create).await?.is_none() {
            return broken(format!("{when}, where no object is, a create is refused"));
        }
        ground.sees(&path, &first, "after a create").await?;
        for length in [1000, 10, 2000] {
            let second = ground.fresh(length);
            if ground.put_if(&path, &second, Create).await?.is_some() {
                return broken("a create overwrites an object that is there");
            }
            let when = "after a create that was refused";
            ground.sees(&path, &first, when).await?;
        }
        ground.delete(&path).await?;
    }
    let bytes = ground.fresh(1000);
    ground.put(&path, &bytes).await?;
    match ground.put_if(&path, &ground.fresh(10), Create).await? {
        Some(_) => broken("a create overwrites an object that was put"),
        None => ground
            .sees(&path, &bytes, "after a create that was refused")
            .await
            .map(drop),
    }
}
