//! Package-merge: optimal code lengths under a length limit.

use super::MAX_LEN;

/// Optimal code lengths for `freqs` with none over `max_len`; 0 for symbols that do not occur.
///
/// One single symbol gets length 1. `max_len` is clamped to [`MAX_LEN`] and raised where so many symbols occur
/// that it could not be met. Ties are broken by symbol number, so the result is the same everywhere.
#[must_use]
pub fn limited_lengths(freqs: &[u32], max_len: u32) -> Vec<u8> {
    let mut lengths = vec![0u8; freqs.len()];
    let mut leaves: Vec<(u32, u32)> =
        (0u32..).zip(freqs).filter(|&(_, &f)| f > 0).map(|(s, &f)| (f, s)).collect();
    leaves.sort_unstable();
    if leaves.len() < 2 {
        leaves.iter().for_each(|&(_, s)| lengths[s as usize] = 1);
        return lengths;
    }
    let needed = usize::BITS - (leaves.len() - 1).leading_zeros();
    let limit = max_len.clamp(1, MAX_LEN).max(needed);
    let levels = merge_levels(&leaves, limit);
    // Take the 2n - 2 cheapest items of the last level; each package among them takes two of the level before.
    let mut take = 2 * leaves.len() - 2;
    for is_leaf in levels.iter().rev() {
        let taken_leaves = is_leaf[..take].iter().filter(|&&leaf| leaf).count();
        leaves[..taken_leaves].iter().for_each(|&(_, s)| lengths[s as usize] += 1);
        take = 2 * (take - taken_leaves);
    }
    lengths
}

/// For every level, shortest coins first, whether each item of the sorted list is a leaf or a package.
fn merge_levels(leaves: &[(u32, u32)], limit: u32) -> Vec<Vec<bool>> {
    let mut packages: Vec<u64> = Vec::new();
    let mut levels = Vec::with_capacity(limit as usize);
    for _ in 0..limit {
        let mut weights = Vec::with_capacity(leaves.len() + packages.len());
        let mut is_leaf = Vec::with_capacity(leaves.len() + packages.len());
        let (mut l, mut p) = (0, 0);
        while l < leaves.len() || p < packages.len() {
            let leaf = match (leaves.get(l), packages.get(p)) {
                (Some(&(f, _)), Some(&w)) => u64::from(f) <= w,
                (leaf, _) => leaf.is_some(),
            };
            weights.push(if leaf { u64::from(leaves[l].0) } else { packages[p] });
            is_leaf.push(leaf);
            if leaf { l += 1 } else { p += 1 }
        }
        packages = weights.chunks_exact(2).map(|pair| pair[0] + pair[1]).collect();
        levels.push(is_leaf);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::huffman::cost_bits;
    use minlen_core::testing::Rng;

    fn kraft(lengths: &[u8]) -> u64 {
        lengths.iter().filter(|&&l| l > 0).map(|&l| 1u64 << (MAX_LEN - u32::from(l))).sum()
    }

    /// Unlimited Huffman cost by the textbook: repeatedly join the two lightest.
    fn huffman_cost(freqs: &[u32]) -> u64 {
        let mut weights: Vec<u64> = freqs.iter().filter(|&&f| f > 0).map(|&f| u64::from(f)).collect();
        let mut cost = 0;
        while weights.len() > 1 {
            weights.sort_unstable_by(|a, b| b.cmp(a));
            let joined = weights.pop().unwrap() + weights.pop().unwrap();
            cost += joined;
            weights.push(joined);
        }
        cost
    }

    /// Best cost over all length vectors, by brute force.
    fn brute_cost(freqs: &[u32], limit: u8) -> u64 {
        fn go(freqs: &[u32], limit: u8, room: u64, one: u64) -> Option<u64> {
            let Some((&f, rest)) = freqs.split_first() else { return Some(0) };
            (1..=limit)
                .filter(|&l| one >> l <= room)
                .filter_map(|l| Some(u64::from(f) * u64::from(l) + go(rest, limit, room - (one >> l), one)?))
                .min()
        }
        go(freqs, limit, 1 << limit, 1 << limit).unwrap()
    }

    #[test]
    fn known_answers() {
        assert_eq!(limited_lengths(&[1, 1, 2, 4, 8], 15), [4, 4, 3, 2, 1]);
        assert_eq!(limited_lengths(&[1, 1, 2, 4, 8], 3), [3, 3, 3, 3, 1]);
        assert_eq!(limited_lengths(&[0, 9, 0], 15), [0, 1, 0]);
        assert_eq!(limited_lengths(&[0, 0], 15), [0, 0]);
        assert_eq!(limited_lengths(&[5; 8], 1), [3; 8], "the limit is raised where it cannot be met");
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn as_good_as_huffman_without_a_limit_and_as_brute_force_with_one() {
        let mut rng = Rng(3);
        for case in 0..60 {
            let n = 2 + rng.below(300);
            let freqs: Vec<u32> = (0..n).map(|_| (rng.next_u64() >> (40 + rng.below(24))) as u32).collect();
            let lengths = limited_lengths(&freqs, MAX_LEN);
            if freqs.iter().filter(|&&f| f > 0).count() > 1 {
                assert_eq!(kraft(&lengths), 1 << MAX_LEN);
                let best = huffman_cost(&freqs);
                let cost = cost_bits(&freqs, &lengths);
                assert!(cost >= best && cost <= best + best / 10_000, "case {case}: {cost} over {best}");
            }
            let few = &freqs[..freqs.len().min(6)];
            if few.iter().all(|&f| f > 0) {
                assert_eq!(cost_bits(few, &limited_lengths(few, 3)), brute_cost(few, 3));
                assert_eq!(cost_bits(few, &limited_lengths(few, 4)), brute_cost(few, 4));
            }
        }
    }
}
