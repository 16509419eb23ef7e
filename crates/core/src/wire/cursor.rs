//! Little-endian numbers off the front of a byte slice.

use crate::error::{Error, Result};

/// Takes `n` bytes.
pub fn take<'a>(src: &mut &'a [u8], n: usize) -> Result<&'a [u8]> {
    let (head, rest) = src
        .split_at_checked(n)
        .ok_or_else(|| Error::corrupt(format!("{n} bytes expected, {} there", src.len())))?;
    *src = rest;
    Ok(head)
}

/// Takes an array of bytes.
pub fn array<const N: usize>(src: &mut &[u8]) -> Result<[u8; N]> {
    let (head, rest) = src
        .split_first_chunk::<N>()
        .ok_or_else(|| Error::corrupt(format!("{N} bytes expected, {} there", src.len())))?;
    *src = rest;
    Ok(*head)
}

/// Takes a `u8`.
pub fn u8(src: &mut &[u8]) -> Result<u8> {
    Ok(array::<1>(src)?[0])
}

/// Takes a `u16`.
pub fn u16(src: &mut &[u8]) -> Result<u16> {
    array(src).map(u16::from_le_bytes)
}

/// Takes a `u32`.
pub fn u32(src: &mut &[u8]) -> Result<u32> {
    array(src).map(u32::from_le_bytes)
}

/// Takes a `u64`.
pub fn u64(src: &mut &[u8]) -> Result<u64> {
    array(src).map(u64::from_le_bytes)
}
