//! Vector instructions that not every processor has.
#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "calls what is compiled for some processors alone"
    )
)]

/// A loop that gains by wider vectors. `run` has to be inlined always, to be compiled for them.
pub(super) trait Wide {
    fn run(self);
}

/// Runs a loop with AVX2, where the processor has it.
#[inline]
pub(super) fn run(work: impl Wide) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2(work: impl Wide) {
            work.run();
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the instructions that the function is compiled for.
            return unsafe { with_avx2(work) };
        }
    }
    work.run();
}

#[cfg(test)]
mod tests {
    use super::{Wide, run};

    struct Sum<'a>(&'a [u32], &'a mut u32);

    impl Wide for Sum<'_> {
        #[inline(always)]
        fn run(self) {
            *self.1 = self.0.iter().sum();
        }
    }

    #[test]
    fn the_work_is_done_once() {
        let (numbers, mut sum) = ((0..1000).collect::<Vec<u32>>(), 0);
        run(Sum(&numbers, &mut sum));
        assert_eq!(sum, 499_500);
    }
}
