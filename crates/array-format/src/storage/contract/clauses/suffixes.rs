//! Suffixes, by which files are opened in one request.

use object_store::GetRange;

use super::super::ground::{Ground, Outcome, broken, failed};
use super::super::{Clause, Need};

pub(super) const CLAUSE: Clause = Clause {
    name: "suffixes",
    asked: "the last n bytes of an object, or all of it if it has no more",
    need: Need::Suffixes,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let sample = ground.sample(100_000).await?;
    let n = sample.bytes.len();
    for length in [1, 64, n / 2, n, n + 1, 10 * n] {
        let what = format!("the last {length} bytes of {n}");
        let suffix = GetRange::Suffix(length as u64);
        let read = ground.read_range(&sample.path, suffix).await;
        let read = read.map_err(|error| failed(&what, &error))?;
        if read.bytes != sample.bytes[n.saturating_sub(length)..] {
            return broken(format!("{what}: {} others", read.bytes.len()));
        }
        if read.meta.size != n as u64 {
            return broken(format!("{what}: the size told is {}", read.meta.size));
        }
    }
    Ok(())
}
