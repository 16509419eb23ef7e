//! Memory of a large result, which nothing has touched yet.
#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "advises the system; see `prefer_huge_pages`")
)]

/// Bytes from which on it is worth a call to the system.
const LARGE: usize = 4 << 20;

/// Asks for pages of 2 MiB, where the system gives them on request only.
///
/// The first touch of a page of 4 KiB costs more than copying it. A hint: nothing happens where the
/// system has no such pages, or gives them to everybody. What is never written stays without memory,
/// though in steps of 2 MiB.
pub(super) fn prefer_huge_pages(memory: &mut [u8]) {
    #[cfg(target_os = "linux")]
    if memory.len() >= LARGE {
        const PAGE: usize = 4096;
        let from = memory.as_ptr().align_offset(PAGE).min(memory.len());
        let length = (memory.len() - from) & !(PAGE - 1);
        let start = memory[from..].as_mut_ptr();
        // SAFETY: the range is memory that this slice borrows, in whole pages. MADV_HUGEPAGE changes how
        // large the pages are from which memory there is made, now and later, neither its contents nor
        // who may use it; so it would do no harm beyond the slice either, where pages are larger than
        // `PAGE` and the system takes the last one whole. Its refusal is no error.
        _ = unsafe { libc::madvise(start.cast(), length, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (memory, LARGE);
}

#[cfg(test)]
mod tests {
    use super::{LARGE, prefer_huge_pages};

    #[test]
    fn memory_stays_what_it_was() {
        for n in [0, 1, LARGE, LARGE + 4321] {
            let mut memory: Vec<u8> = (0..n).map(|i| i as u8).collect();
            prefer_huge_pages(&mut memory);
            memory
                .iter_mut()
                .for_each(|byte| *byte = byte.wrapping_add(1));
            let expected = (0..n).map(|i| (i as u8).wrapping_add(1));
            assert!(memory.iter().copied().eq(expected), "{n}");
        }
    }
}
