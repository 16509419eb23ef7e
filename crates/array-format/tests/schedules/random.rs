//! Random numbers that a seed determines, and the choice of who goes next.

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Who goes next.
#[derive(Debug, Clone)]
pub enum Strategy {
    /// Anybody.
    Uniform,
    /// The first in an order of priority, which changes a few times (PCT: Burckhardt et al., 2010).
    Priorities {
        order: Vec<usize>,
        /// At these operations whoever is first goes to the end.
        changes: Vec<u64>,
    },
}

impl Strategy {
    pub fn new(random: &mut Random, actors: usize) -> Self {
        if random.one_in(3) {
            return Self::Uniform;
        }
        // One more for operations that arrive late.
        let mut order: Vec<usize> = (0..=actors).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, random.below(i + 1));
        }
        let length = [30, 80, 200][random.below(3)];
        let changes = (0..1 + random.below(8)).map(|_| random.below(length) as u64);
        let changes = changes.collect();
        Self::Priorities { order, changes }
    }

    /// One of these actors, who all have an operation waiting.
    pub fn choose(&mut self, ready: &[usize], step: u64, random: &mut Random) -> usize {
        match self {
            Self::Uniform => ready[random.below(ready.len())],
            Self::Priorities { order, changes } => {
                let first = |order: &[usize]| order.iter().position(|actor| ready.contains(actor));
                let Some(mut at) = first(order) else {
                    return ready[0];
                };
                if changes.contains(&step) {
                    let actor = order.remove(at);
                    order.push(actor);
                    at = first(order).unwrap_or(0);
                }
                order[at]
            }
        }
    }
}
