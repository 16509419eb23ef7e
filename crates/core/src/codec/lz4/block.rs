//! LZ4 blocks, by the C library.
#![expect(unsafe_code, reason = "calls a C library")]

use std::ffi::{c_char, c_int};

use lz4_sys::{LZ4_compress_fast, LZ4_compressBound, LZ4_decompress_safe};

unsafe extern "C" {
    // Part of the library that `lz4_sys` builds, which does not declare it (lz4.h of 1.10).
    fn LZ4_decompress_safe_partial(
        source: *const c_char,
        target: *mut c_char,
        source_size: c_int,
        wanted: c_int,
        target_size: c_int,
    ) -> c_int;
}

/// Appends the block of `data`. Nothing if the library refuses: `data` is too large.
pub(super) fn compress(data: &[u8], acceleration: i32, out: &mut Vec<u8>) -> Option<()> {
    let size = c_int::try_from(data.len()).ok()?;
    // SAFETY: it computes with its argument, and answers 0 for what is too large.
    let bound = unsafe { LZ4_compressBound(size) };
    out.reserve(usize::try_from(bound).ok()?);
    let room = out.spare_capacity_mut();
    // SAFETY: the library reads `size` bytes of `data`, and writes `bound` bytes of `room` at most,
    // which are reserved.
    let written = unsafe {
        let target = room.as_mut_ptr().cast();
        LZ4_compress_fast(source(data), target, size, bound, acceleration)
    };
    let written = usize::try_from(written).ok().filter(|&n| n > 0)?;
    // SAFETY: that many bytes are written.
    unsafe { out.set_len(out.len() + written) };
    Some(())
}

/// Appends what a block stands for, `most` bytes at most. Nothing if it is not a block or longer.
pub(super) fn decompress(block: &[u8], most: usize, out: &mut Vec<u8>) -> Option<()> {
    let (size, room) = (length(block)?, c_int::try_from(most).ok()?);
    out.reserve(most);
    let target = out.spare_capacity_mut().as_mut_ptr().cast();
    // SAFETY: the library reads `size` bytes of `block`, and writes `room` bytes of `target` at most,
    // which are reserved, whatever the block says.
    let written = unsafe { LZ4_decompress_safe(source(block), target, size, room) };
    let written = usize::try_from(written).ok()?;
    // SAFETY: that many bytes are written.
    unsafe { out.set_len(out.len() + written) };
    Some(())
}

/// The same into memory that is there; the number of bytes written.
pub(super) fn decompress_into(block: &[u8], out: &mut [u8]) -> Option<usize> {
    let (size, room) = (length(block)?, c_int::try_from(out.len()).ok()?);
    let target = out.as_mut_ptr().cast();
    // SAFETY: the library reads `size` bytes of `block`, and writes `room` bytes of `out` at most,
    // whatever the block says.
    let written = unsafe { LZ4_decompress_safe(source(block), target, size, room) };
    usize::try_from(written).ok()
}

/// The first bytes of what a block stands for, as many as `out` has; the number of bytes written.
pub(super) fn decompress_start(block: &[u8], out: &mut [u8]) -> Option<usize> {
    let (size, room) = (length(block)?, c_int::try_from(out.len()).ok()?);
    let target = out.as_mut_ptr().cast();
    // SAFETY: as above.
    let written = unsafe { LZ4_decompress_safe_partial(source(block), target, size, room, room) };
    usize::try_from(written).ok()
}

fn source(bytes: &[u8]) -> *const c_char {
    bytes.as_ptr().cast()
}

fn length(block: &[u8]) -> Option<c_int> {
    c_int::try_from(block.len()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(data: &[u8]) -> Vec<u8> {
        let mut out = vec![7];
        compress(data, 1, &mut out).unwrap();
        assert_eq!(out.remove(0), 7);
        out
    }

    #[test]
    fn a_start_of_any_length_is_decoded() {
        let data: Vec<u8> = (0..3000u32).map(|i| (i * i / 700) as u8).collect();
        let block = block(&data);
        for n in [0, 1, 2, 17, 1500, 2998, 2999, 3000] {
            let mut out = vec![0; n];
            assert_eq!(decompress_start(&block, &mut out), Some(n));
            assert_eq!(out, data[..n]);
        }
        // It ends where the block does.
        assert_eq!(decompress_start(&block, &mut [0; 3001]), Some(3000));
    }

    #[test]
    fn an_empty_block_is_one_byte() {
        assert_eq!(block(&[]), [0]);
        let mut out = Vec::new();
        decompress(&[0], 0, &mut out).unwrap();
        assert_eq!(out, []);
        assert_eq!(decompress_into(&[0], &mut []), Some(0));
    }

    /// For memcheck: blocks cut anywhere, and with every byte turned over, stay within their memory.
    #[test]
    fn damage_stays_within_its_memory() {
        let data: Vec<u8> = (0..400u32).map(|i| (i / 9 * i % 251) as u8).collect();
        let whole = block(&data);
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            for bad in [&whole[..at], &flipped] {
                for n in [1, 200, 400] {
                    // Of its exact length, so that one byte more is found.
                    let mut out = vec![0; n].into_boxed_slice();
                    let mut fresh = Vec::new();
                    let written = decompress_into(bad, &mut out);
                    let is_whole = decompress(bad, n, &mut fresh).is_some();
                    assert_eq!(is_whole.then_some(fresh.len()), written);
                    // What was not written is found by looking at it.
                    assert_eq!(fresh, out[..fresh.len()]);
                    assert!(decompress_start(bad, &mut out).unwrap_or(0) <= n);
                }
            }
        }
    }
}
