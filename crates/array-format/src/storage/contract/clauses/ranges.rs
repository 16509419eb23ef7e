//! Ranges, by which all but the ends of objects is read.

use std::ops::Range;

use object_store::GetRange;

use super::super::ground::{Ground, Outcome, broken, failed};
use super::super::{Clause, Need, Sample};

pub(super) const CLAUSE: Clause = Clause {
    name: "ranges",
    asked: "a range is those bytes, cut at the end of the object; past the end there are none",
    need: Need::Reading,
    run: |ground| Box::pin(run(ground)),
};

async fn run(ground: &Ground) -> Outcome {
    let sample = ground.sample(100_000).await?;
    let n = sample.bytes.len() as u64;
    for range in [0..1, 0..64, 7..8, n / 3..n / 2, n - 1..n, 0..n] {
        read(ground, &sample, range).await?;
    }
    for range in [n - 1..n + 1, n / 2..2 * n, 0..n + 64] {
        read(ground, &sample, range).await?;
    }
    for start in [n, n + 1000] {
        let range = GetRange::Bounded(start..start + 10);
        // An error is right. What it is called differs from store to store.
        if let Ok(read) = ground.read_range(&sample.path, range).await
            && !read.bytes.is_empty()
        {
            let bytes = read.bytes.len();
            return broken(format!("{bytes} bytes at {start} of an object of {n}"));
        }
    }
    Ok(())
}

async fn read(ground: &Ground, sample: &Sample, range: Range<u64>) -> Outcome {
    let n = sample.bytes.len();
    let what = format!("bytes {range:?} of {n}");
    let expected = range.start as usize..n.min(range.end as usize);
    let asked = GetRange::Bounded(range);
    match ground.read_range(&sample.path, asked).await {
        Err(error) => Err(failed(&what, &error)),
        Ok(read) if read.bytes != sample.bytes[expected] => {
            broken(format!("{what}: {} others", read.bytes.len()))
        }
        Ok(read) if read.meta.size != n as u64 => {
            broken(format!("{what}: the size told is {}", read.meta.size))
        }
        Ok(_) => Ok(()),
    }
}
