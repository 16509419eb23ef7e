//! Which ranges of an object to ask for, when several pieces of it are wanted.

use std::ops::Range;

/// One request, and which of the wanted pieces it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Bytes of the object.
    pub range: Range<u64>,
    /// Places of the pieces in the list that was planned for.
    pub pieces: Vec<usize>,
}

/// Joins pieces that are at most `gap` bytes apart into requests of at most `most` bytes; a piece
/// that is larger is a request of its own.
pub fn coalesce(pieces: &[Range<u64>], gap: u64, most: u64) -> Vec<Request> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_unstable_by_key(|&i| (pieces[i].start, pieces[i].end));
    let mut requests: Vec<Request> = Vec::new();
    for i in order {
        let piece = &pieces[i];
        if let Some(last) = requests.last_mut() {
            let near = piece.start <= last.range.end.saturating_add(gap);
            let end = last.range.end.max(piece.end);
            if near && end - last.range.start <= most {
                last.range.end = end;
                last.pieces.push(i);
                continue;
            }
        }
        requests.push(Request {
            range: piece.clone(),
            pieces: vec![i],
        });
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_near_pieces_up_to_a_size() {
        let check = |pieces: &[Range<u64>], gap, most, want: &[(Range<u64>, &[usize])]| {
            let got = coalesce(pieces, gap, most);
            let got: Vec<_> = got
                .iter()
                .map(|r| (r.range.clone(), &r.pieces[..]))
                .collect();
            assert_eq!(got, want);
        };
        check(&[], 10, 100, &[]);
        check(&[20..30, 0..10], 10, 100, &[(0..30, &[1, 0])]);
        check(&[20..30, 0..10], 9, 100, &[(0..10, &[1]), (20..30, &[0])]);
        check(
            &[0..10, 10..20, 20..30],
            0,
            20,
            &[(0..20, &[0, 1]), (20..30, &[2])],
        );
        check(
            &[0..500, 500..510],
            0,
            100,
            &[(0..500, &[0]), (500..510, &[1])],
        );
        check(&[0..10, 2..4], 0, 100, &[(0..10, &[0, 1])]);
    }
}
