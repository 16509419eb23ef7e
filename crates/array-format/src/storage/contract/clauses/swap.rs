//! Compare-and-swap, which promotion rests on.

use object_store::PutMode::Update;

use super::super::ground::{Ground, Outcome, broken, told, version_of};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "swap",
    asked: "a put that names a version replaces it, and is refused once another is there, however alike",
    need: Need::Promotion,
    run: |ground| Box::pin(run(ground)),
};

/// Where the version comes from that is named.
#[derive(Debug, Clone, Copy)]
enum From {
    Put,
    Get,
    Head,
}

async fn run(ground: &Ground) -> Outcome {
    let path = ground.path("object")?;
    for from in [From::Put, From::Get, From::Head] {
        for length in [1000, 10, 2000] {
            let first = ground.fresh(1000);
            let put = ground.put(&path, &first).await?;
            let seen = match from {
                From::Put => put,
                From::Get => version_of(&ground.sees(&path, &first, "after a put").await?.meta),
                From::Head => {
                    let Some(meta) = ground.head(&path).await? else {
                        return broken("after a put: a head finds no object");
                    };
                    version_of(&meta)
                }
            };
            let seen = told(&format!("{from:?}").to_lowercase(), seen)?;
            let second = ground.fresh(length);
            let swapped = ground.put_if(&path, &second, Update(seen.clone())).await?;
            if swapped.is_none() {
                return broken(format!(
                    "a swap of what is there, by its {from:?}, is refused"
                ));
            }
            ground.sees(&path, &second, "after a swap").await?;
            for other in [1000, length] {
                let third = ground.fresh(other);
                let swapped = ground.put_if(&path, &third, Update(seen.clone())).await?;
                if swapped.is_some() {
                    return broken("a swap replaces an object that it has not seen");
                }
                ground
                    .sees(&path, &second, "after a swap that was refused")
                    .await?;
            }
        }
    }
    Ok(())
}
