//! Many clients that want the same.

use std::sync::Arc;

use futures::FutureExt;
use object_store::path::Path;
use object_store::{Error, ObjectStore, PutMode, UpdateVersion};

use super::super::clients::together;
use super::super::ground::{Ground, Outcome, Stop, broken, failed, version_of, version_of_put};

/// All clients put one object under the same condition at the same time: one of them succeeds, and is
/// what is there.
pub(super) async fn race(ground: &Ground, path: &Path, mode: &PutMode) -> Outcome<UpdateVersion> {
    let mut puts = Vec::new();
    for _ in 0..ground.options.clients {
        let (store, path, mode) = (Arc::clone(&ground.store), path.clone(), mode.clone());
        // Where an ETag is a hash of the object, equal objects would be one version.
        let bytes = ground.fresh(1000);
        let put = async move {
            let put = store
                .put_opts(&path, bytes.clone().into(), mode.into())
                .await;
            (bytes, put)
        };
        puts.push(put.boxed());
    }
    let (mut winners, mut error) = (Vec::new(), None);
    for (bytes, put) in together(puts).await? {
        match put {
            Ok(put) => winners.push((bytes, version_of_put(put))),
            // Azure calls the one what others call the other.
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
            Err(told) => error = Some(told),
        }
    }
    let there = ground.get(path).await?;
    let (winner, put) = match (&winners[..], error) {
        ([_, _, ..], _) => {
            let (won, clients) = (winners.len(), ground.options.clients);
            return broken(format!(
                "{won} of {clients} clients were told that they won"
            ));
        }
        (_, Some(error)) => return Err(failed("a client was told", &error)),
        ([], None) => return broken("no client won"),
        ([winner], None) => winner,
    };
    let Some(there) = there.filter(|there| there.bytes == winner) else {
        return broken("what is there is not the winner's");
    };
    let now = version_of(&there.meta);
    if put.e_tag.is_some() && put.e_tag != now.e_tag {
        return broken(format!("the winner was told {put:?}, and {now:?} is there"));
    }
    Ok(now)
}

/// Says which round it was.
pub(super) fn in_round<V>(round: usize, raced: Outcome<V>) -> Outcome<V> {
    raced.map_err(|stop| match stop {
        Stop::Broken(how) => Stop::Broken(format!("in round {}: {how}", round + 1)),
        stop => stop,
    })
}
