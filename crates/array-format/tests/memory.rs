//! Peak memory of writing, compacting and reading an array that is larger than it.
//!
//! Alone in its binary: the heap of a process is what is measured.

use array_format::codec::CodecSpec;
use array_format::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression};
use ndarray::{ArrayD, IxDyn};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;
/// 192 MiB in slabs of 8.
const SLABS: usize = 24;
const SLAB: usize = 8 * MIB;

/// Runs `work` and returns the mebibytes that the heap grew by at most.
async fn peak<V>(work: impl Future<Output = V>) -> (V, f32) {
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage_as_mb();
    let value = work.await;
    (value, HEAP.peak_usage_as_mb() - before)
}

fn slab(i: usize) -> ArrayD<u32> {
    ArrayD::from_shape_fn(IxDyn(&[1, SLAB / 4]), |at| {
        ((at[1] as u32).wrapping_mul(2654435761)) ^ i as u32
    })
}

#[tokio::test]
async fn no_verb_needs_memory_in_proportion_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.af");
    let config = FileConfig {
        spool_capacity: 16 * MIB,
        cache_capacity: 8 * MIB,
        ..FileConfig::new(NoCompression)
    };
    let mut file = ArrayFile::create_path(&path, config.clone()).await.unwrap();
    let spec = ArraySpec::new(DType::UInt32, [SLABS as u64, SLAB as u64 / 4])
        .chunks([1, 256 << 10])
        .codec(CodecSpec::lz4());
    file.create_array("a", spec).unwrap();
    let (_, grown) = peak(async {
        for i in 0..SLABS {
            let data = slab(i);
            file.write_array("a", vec![i, 0], data.view())
                .await
                .unwrap();
        }
    })
    .await;
    assert!(grown < 120.0, "writing took {grown} MiB");
    let (flushed, grown) = peak(file.flush()).await;
    flushed.unwrap();
    assert!(grown < 64.0, "flushing took {grown} MiB");

    // A single value in a chunk, so that there is something to merge.
    let one = ArrayD::from_elem(IxDyn(&[1, 1]), 7u32);
    file.write_array("a", vec![3, 5], one.view()).await.unwrap();
    let (compacted, grown) = peak(file.compact()).await;
    compacted.unwrap();
    assert!(grown < 110.0, "compacting took {grown} MiB");

    let file = ArrayFile::open_path(&path, config).await.unwrap();
    let mut out = ArrayD::<u32>::zeros(IxDyn(&[1, SLAB / 4]));
    let (_, grown) = peak(async {
        for i in 0..SLABS {
            file.read_into("a", vec![i, 0], out.view_mut())
                .await
                .unwrap();
            let mut want = slab(i);
            if i == 3 {
                want[[0, 5]] = 7;
            }
            assert!(out == want, "slab {i}");
        }
    })
    .await;
    assert!(grown < 110.0, "reading took {grown} MiB");
}
