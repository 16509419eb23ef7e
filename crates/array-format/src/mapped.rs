//! A temporary file as bytes, so that an upload needs no memory in proportion to it.
#![expect(unsafe_code, reason = "mapping a file is unsafe; see `map`")]

use std::fs::File;

use bytes::Bytes;
use memmap2::MmapOptions;

use crate::error::Result;

/// Maps the first `length` bytes of a private temporary file.
pub(crate) fn map(file: &File, length: u64) -> Result<Bytes> {
    if length == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: a mapping must not change under its readers. The file was made by
    // `tempfile::tempfile`: it has no name, so no other process can open it, and its owner only
    // appends to it, beyond `length`, and never truncates it.
    let map = unsafe { MmapOptions::new().len(length as usize).map(file)? };
    Ok(Bytes::from_owner(map))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    #[test]
    fn mapped_bytes_are_those_of_the_file_and_outlive_it() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
        file.write_all(&bytes).unwrap();
        let map = super::map(&file, bytes.len() as u64).unwrap();
        file.write_all(b"more").unwrap();
        drop(file);
        assert_eq!(map, bytes);
        assert!(
            super::map(&tempfile::tempfile().unwrap(), 0)
                .unwrap()
                .is_empty()
        );
    }
}
