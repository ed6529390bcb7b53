//! Weights of eight bits: bytes whose values follow a bell curve and do not depend on their neighbours.

use super::BELL_SAMPLE;
use super::stats::{entropy, histogram};
use minlen_core::layout::Dtype;

/// The type of the numbers, or `None` if the bytes are something else.
pub fn fit(bytes: &[u8]) -> Option<Dtype> {
    if bytes.len() < BELL_SAMPLE {
        return None;
    }
    // From the middle: headers are at the ends.
    let from = (bytes.len() - BELL_SAMPLE) / 2;
    let bytes = &bytes[from..from + BELL_SAMPLE];
    let counts = histogram(bytes);
    let spent = entropy(&counts);
    // Closer to 8 bits the data is compressed already; with few bits other models do well.
    if !(4000..=7750).contains(&spent) || dependent(bytes) {
        return None;
    }
    // Turned so that the rarest region, 9 values wide, comes first: two's complement puts the middle of the bell at 0.
    let around = |at: usize| (0..9).map(|i| counts[(at + i + 252) % 256]).sum::<u32>();
    let rarest = (0..256).min_by_key(|&at| around(at)).unwrap_or(0);
    let turned: Vec<u32> = (0..256).map(|i| counts[(rarest + i) % 256]).collect();
    let mode = (0..256).max_by_key(|&i| turned[i]).unwrap_or(0);
    let excess = divergence(&turned, mode);
    let value = (mode + rarest) % 256;
    let near_zero = !(24..232).contains(&value);
    // Both flanks of the bell are there.
    let left: u32 = turned[..mode].iter().sum();
    let right: u32 = turned[mode + 1..].iter().sum();
    let even = left.min(right) * 4 > left.max(right);
    (excess < 25 && even).then_some(if near_zero { Dtype::I8 } else { Dtype::U8 })
}

/// Thousandths of a bit lost if the counts are replaced by the nearest ones that rise to the mode and fall after it.
fn divergence(counts: &[u32], mode: usize) -> u64 {
    let mut fitted = rising(counts[..=mode].iter().copied());
    let mut falling = rising(counts[mode + 1..].iter().rev().copied());
    falling.reverse();
    fitted.append(&mut falling);
    // Sum of c log2(c / fitted), where the fitted counts are pairs of a sum and a number of values.
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let log = |n: u64| i64::from(minlen_entropy::log2::log2_q16(n as u32));
    let lost: i64 = counts
        .iter()
        .zip(fitted)
        .filter(|(count, _)| **count > 0)
        .map(|(&count, (sum, values))| i64::from(count) * (log(count.into()) - log(sum) + log(values)))
        .sum();
    (lost.max(0) as u64 / total.max(1) * 1000) >> 16
}

/// The nearest rising sequence, by pooling neighbours that fall; each value as a sum and the number of values it is the mean of.
fn rising(counts: impl Iterator<Item = u32>) -> Vec<(u64, u64)> {
    let mut pools: Vec<(u64, u64)> = Vec::new();
    for count in counts {
        let mut pool = (u64::from(count), 1);
        while let Some(&last) = pools.last()
            && last.0 * pool.1 >= pool.0 * last.1
        {
            pool = (pool.0 + last.0, pool.1 + last.1);
            pools.pop();
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|pool| std::iter::repeat_n(pool, pool.1 as usize)).collect()
}

/// True if a byte tells more than 0.12 bit about the upper four bits of one of the next four, as in text, code, sound and pictures.
fn dependent(bytes: &[u8]) -> bool {
    (1..=4).any(|lag| {
        let mut joint = [0u32; 256];
        let (mut one, mut other) = ([0u32; 16], [0u32; 16]);
        for (a, b) in bytes.iter().zip(&bytes[lag..]) {
            // Two's complement and offset binary alike: the wrap lies between the same two bins.
            let (a, b) = (usize::from(a >> 4), usize::from(b >> 4));
            joint[a * 16 + b] += 1;
            one[a] += 1;
            other[b] += 1;
        }
        entropy(&one) + entropy(&other) > entropy(&joint) + 120
    })
}
