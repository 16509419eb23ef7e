//! Versions, which pin a snapshot to the objects that it was read from.

use object_store::{ObjectMeta, UpdateVersion};

use super::super::ground::{Ground, Outcome, broken, folder_of, told, version_of};
use super::super::{Clause, Need, Sample};

pub(super) const CLAUSE: Clause = Clause {
    name: "versions",
    asked: "put, get, head and list tell the same version, and each put of other bytes makes a new one",
    need: Need::Snapshots,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let sample = ground.sample(1000).await?;
    let mut seen = vec![agreed(ground, &sample, None).await?];
    if ground.options.sample.as_ref() == Some(&sample) {
        return Ok(());
    }
    for _ in 0..ground.options.rounds {
        let sample = Sample {
            bytes: ground.fresh(1000),
            ..sample.clone()
        };
        let put = ground.put(&sample.path, &sample.bytes).await?;
        let now = agreed(ground, &sample, Some(put)).await?;
        if seen.contains(&now) {
            return broken(format!("another object of equal length is {now:?} as well"));
        }
        seen.push(now);
    }
    Ok(())
}

/// The version that everybody tells.
async fn agreed(
    ground: &Ground,
    Sample { path, bytes }: &Sample,
    put: Option<UpdateVersion>,
) -> Outcome<UpdateVersion> {
    let read = ground.sees(path, bytes, "after a put").await?;
    let get = told("get", version_of(&read.meta))?;
    let head = ground.head(path).await?;
    let listed = match ground.list(&folder_of(path)).await {
        Ok(listed) => listed.objects.into_iter().find(|o| o.location == *path),
        Err(_) => None,
    };
    let version = |meta: &Option<ObjectMeta>| meta.as_ref().map(version_of);
    for (who, other) in [
        ("put", put),
        ("head", version(&head)),
        ("list", version(&listed)),
    ] {
        let Some(other) = other else { continue };
        if differ(&other.e_tag, &get.e_tag) || differ(&other.version, &get.version) {
            return broken(format!("a get tells {get:?}, a {who} {other:?}"));
        }
        if other.e_tag.is_some() && other.e_tag != get.e_tag {
            ground.remark(format!(
                "a {who} tells ETags without their quotes, or with others"
            ));
        }
    }
    Ok(get)
}

/// Whether both are told and are not the same, in quotes or without.
fn differ(one: &Option<String>, other: &Option<String>) -> bool {
    let bare = |tag: &Option<String>| tag.as_ref().map(|tag| tag.trim_matches('"').to_owned());
    let (one, other) = (bare(one), bare(other));
    one.is_some() && other.is_some() && one != other
}
