//! The draws of a history: whoever knows the seed knows them all.

use std::sync::Arc;

use preau::base::rng::{Random, SeededRandom};

/// The generator of a history, or of one part of it.
#[derive(Clone)]
pub struct Dice(Arc<SeededRandom>);

impl Dice {
    pub fn of_seed(seed: u64) -> Self {
        Self(Arc::new(SeededRandom::new(seed)))
    }

    /// Draws a number below `bound`, which is at least 1.
    pub fn below(&self, bound: usize) -> usize {
        let rng: &dyn Random = &*self.0;
        rng.below(u32::try_from(bound).unwrap()) as usize
    }

    /// True once in `n` draws.
    pub fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Draws one of several.
    pub fn pick<T: Clone>(&self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}
