//! Reading and writing a file at a position, whatever others do with it.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Result, Seek, SeekFrom, Write};

/// Fills `out` with the bytes at `offset`.
#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, out: &mut [u8], offset: u64) -> Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

/// Fills `out` with the bytes at `offset`.
#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut out: &mut [u8], mut offset: u64) -> Result<()> {
    use std::os::windows::fs::FileExt;
    while !out.is_empty() {
        match file.seek_read(out, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => {
                out = &mut out[n..];
                offset += n as u64;
            }
        }
    }
    Ok(())
}

/// Writes all bytes from `offset` on.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Writes all bytes from `offset` on.
#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        match file.seek_write(bytes, offset)? {
            0 => return Err(std::io::ErrorKind::WriteZero.into()),
            n => {
                bytes = &bytes[n..];
                offset += n as u64;
            }
        }
    }
    Ok(())
}

/// Systems refuse calls of some gigabytes.
const MOST_TOGETHER: usize = 64 << 20;

/// Writes pieces one after another from `offset` on, many with a call: the system keeps what comes
/// together in larger pages, which are quicker to write and to read again. Nobody else may use the
/// file's own position.
pub(crate) fn write_pieces_at(file: &File, mut pieces: &[&[u8]], mut offset: u64) -> Result<()> {
    while !pieces.is_empty() {
        let mut length = 0;
        let fits = |piece: &&&[u8]| {
            length += piece.len();
            length <= MOST_TOGETHER
        };
        let n = pieces.iter().take_while(fits).count().max(1);
        let (together, rest) = pieces.split_at(n);
        match together {
            [bytes] => write_all_at(file, bytes, offset)?,
            _ => write_together_at(file, together, offset)?,
        }
        offset += together.iter().map(|piece| piece.len() as u64).sum::<u64>();
        pieces = rest;
    }
    Ok(())
}

fn write_together_at(mut file: &File, pieces: &[&[u8]], offset: u64) -> Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|bytes| IoSlice::new(bytes)).collect();
    let mut rest = &mut slices[..];
    // Those without bytes would look like a file that takes no more.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut rest, n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_written_one_after_another() {
        let file = tempfile::tempfile().unwrap();
        let long = vec![7u8; 5000];
        // More than systems take with one call, and some without bytes.
        let mut pieces: Vec<&[u8]> = vec![&[]; 3];
        pieces.extend((0..3000).map(|i| &long[..i % 5]));
        let huge = vec![5u8; MOST_TOGETHER];
        pieces.extend([&long[..], &[1, 2], &huge, &[4], &[]]);
        write_pieces_at(&file, &pieces, 9).unwrap();
        write_pieces_at(&file, &[&[3; 9]], 0).unwrap();
        write_pieces_at(&file, &[], 0).unwrap();
        write_pieces_at(&file, &[&[], &[]], 0).unwrap();
        let expected = [&[3; 9], &pieces.concat()[..]].concat();
        assert_eq!(file.metadata().unwrap().len(), expected.len() as u64);
        let mut found = vec![0; expected.len()];
        read_exact_at(&file, &mut found, 0).unwrap();
        assert!(found == expected);
    }
}
