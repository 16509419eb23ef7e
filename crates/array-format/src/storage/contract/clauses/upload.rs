//! Objects that come in parts.

use bytes::Bytes;
use futures::future::try_join_all;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, PutMultipartOptions};

use super::super::ground::{Ground, Outcome, broken, failed, version_of, version_of_put};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "upload",
    asked: "an object in parts is seen when it is complete: whole, with its parts in order",
    need: Need::Uploads,
    run: |ground| Box::pin(run(ground)),
};

pub(super) async fn start(ground: &Ground, path: &Path) -> Outcome<Box<dyn MultipartUpload>> {
    let options = PutMultipartOptions::default();
    let started = ground.store.put_multipart_opts(path, options).await;
    started.map_err(|error| failed("an upload", &error))
}

/// Sends the parts at the same time, the last one first.
pub(super) async fn send(upload: &mut dyn MultipartUpload, whole: &Bytes, part: usize) -> Outcome {
    let starts = (0..whole.len()).step_by(part);
    let parts = starts.map(|at| whole.slice(at..whole.len().min(at + part)));
    let mut sent: Vec<_> = parts.map(|part| upload.put_part(part.into())).collect();
    sent.reverse();
    let sent = try_join_all(sent).await;
    sent.map(drop).map_err(|error| failed("a part", &error))
}

async fn run(ground: &Ground) -> Outcome {
    let part = ground.options.part_bytes;
    for there in [false, true] {
        let path = ground.path(if there { "replaced" } else { "new" })?;
        let before = ground.fresh(1000);
        if there {
            ground.put(&path, &before).await?;
        }
        // The last part may be a short one.
        let whole = ground.fresh(2 * part + part / 3 + 1);
        let mut upload = start(ground, &path).await?;
        send(&mut *upload, &whole, part).await?;
        let when = "before an upload is complete";
        match there {
            true => drop(ground.sees(&path, &before, when).await?),
            false => unseen(ground, &path, when).await?,
        }
        let put = upload.complete().await;
        let put = version_of_put(put.map_err(|error| failed("completing", &error))?);
        let read = ground.sees(&path, &whole, "after an upload").await?;
        let now = version_of(&read.meta);
        if put.e_tag.is_some() && put.e_tag != now.e_tag {
            return broken(format!("the upload was told {put:?}, and {now:?} is there"));
        }
    }
    Ok(())
}

/// Sees that there is no object, by a list too if there is one.
pub(super) async fn unseen(ground: &Ground, path: &Path, when: &str) -> Outcome {
    ground.sees_nothing(path, when).await?;
    match ground.list(&ground.folder()?).await {
        Ok(listed) if listed.objects.iter().any(|o| o.location == *path) => {
            broken(format!("{when}: it is listed"))
        }
        _ => Ok(()),
    }
}
