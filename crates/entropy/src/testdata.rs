//! Synthetic sources with known entropy, for tests. Floats are fine here: nothing of it reaches a format.

use minlen_core::testing::{Rng, edge_cases, random_case};

/// Everything that a coder must bring back: edge cases, and `seeds` random ones of at most `longest` bytes.
pub fn cases(seeds: u64, longest: usize) -> Vec<Vec<u8>> {
    edge_cases().into_iter().chain((0..seeds).map(|seed| random_case(seed, longest))).collect()
}

/// Independent bytes with geometrically falling frequencies; entropy about 4.5 bits.
pub fn skewed(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    (0..len)
        .map(|_| {
            let mut value = rng.below(5);
            while rng.below(7) != 0 && value < 250 {
                value += 1 + rng.below(3);
            }
            value as u8
        })
        .collect()
}

/// Mostly one byte: under one bit of entropy a byte.
pub fn sparse(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    (0..len).map(|_| if rng.below(20) == 0 { rng.below(16) as u8 } else { 99 }).collect()
}

/// Empirical order-0 entropy of the whole input, in bytes.
pub fn entropy_bytes(symbols: &[u8]) -> f64 {
    let n = symbols.len() as f64;
    crate::histogram(symbols)
        .iter()
        .filter(|&&c| c > 0)
        .map(|&c| f64::from(c) * (n / f64::from(c)).log2())
        .sum::<f64>()
        / 8.0
}
