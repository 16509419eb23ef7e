//! Memory that several threads fill, each its own part.
#![expect(
    unsafe_code,
    reason = "threads write into one slice at once; see `Shared`"
)]

use std::marker::PhantomData;

/// A slice that is lent to several threads, none of which reads it.
pub(super) struct Shared<'a> {
    start: *mut u8,
    length: usize,
    lent: PhantomData<&'a mut [u8]>,
}

// SAFETY: it gives out nothing but what `part` does, whose callers see to it that no two parts that
// are in use at the same time overlap; a `&mut [u8]` may be sent to another thread.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self {
            start: bytes.as_mut_ptr(),
            length: bytes.len(),
            lent: PhantomData,
        }
    }

    /// The bytes from `from` up to `to`.
    ///
    /// # Safety
    /// No byte of it is in another part that is in use.
    #[expect(clippy::mut_from_ref, reason = "the caller keeps parts apart")]
    pub(super) unsafe fn part(&self, from: usize, to: usize) -> &mut [u8] {
        assert!(
            from <= to && to <= self.length,
            "a part outside of the memory"
        );
        // SAFETY: the range lies in the slice, which is borrowed mutably for as long as `self` is
        // there, and by the caller's promise nobody else has any byte of it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), to - from) }
    }
}

#[cfg(test)]
mod tests {
    use super::Shared;

    #[test]
    fn threads_fill_their_parts() {
        let mut bytes = vec![0; 1000];
        let shared = Shared::new(&mut bytes);
        std::thread::scope(|scope| {
            for i in 0..10 {
                let shared = &shared;
                scope.spawn(move || {
                    // SAFETY: the parts of different `i` do not overlap.
                    unsafe { shared.part(i * 100, (i + 1) * 100) }.fill(i as u8);
                });
            }
        });
        for (i, part) in bytes.chunks(100).enumerate() {
            assert_eq!(part, [i as u8; 100]);
        }
    }

    #[test]
    #[should_panic(expected = "outside")]
    fn no_part_lies_outside() {
        let mut bytes = [0; 10];
        // SAFETY: the only part.
        unsafe { Shared::new(&mut bytes).part(5, 11) };
    }
}
