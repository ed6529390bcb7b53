//! Where to end a block: neighbouring stretches share tables unless tables of their own pay.

use super::prices::Counts;
use super::spec::{Sequence, log2};

/// Stretches of about this many output bytes are the smallest blocks.
const STRETCH: u32 = 8 << 10;
/// What a block costs beyond its symbols, in 1/256 bits.
const BLOCK_COST: u64 = 45 * 8 * 256;
/// What a used symbol of a table costs.
const SYMBOL_COST: u64 = 3 * 256;
/// Mantissa bits of the offset symbols that are counted.
const MANTISSA: u32 = 2;

struct Stretch {
    counts: Counts,
    cost: u64,
    sequences: usize,
    bytes: usize,
}

/// A block: how many sequences and how many output bytes.
pub type Piece = (usize, usize);

/// Splits the sequences of `block` into blocks. The last one has the literals after the last match.
pub fn split(block: &[u8], sequences: &[Sequence]) -> Vec<Piece> {
    let mut stretches = stretches(block, sequences);
    let mut merged: Vec<Stretch> = stretches.windows(2).map(|w| w[0].with(&w[1])).collect();
    loop {
        // The pair that gains most from being one.
        let gain = |i: usize| (stretches[i].cost + stretches[i + 1].cost).saturating_sub(merged[i].cost);
        let Some(best) = (0..merged.len()).max_by_key(|&i| (gain(i), std::cmp::Reverse(i))) else { break };
        if gain(best) == 0 {
            break;
        }
        stretches[best] = merged.remove(best);
        stretches.remove(best + 1);
        if best > 0 {
            merged[best - 1] = stretches[best - 1].with(&stretches[best]);
        }
        if best < merged.len() {
            merged[best] = stretches[best].with(&stretches[best + 1]);
        }
    }
    stretches.iter().map(|s| (s.sequences, s.bytes)).collect()
}

fn stretches(block: &[u8], sequences: &[Sequence]) -> Vec<Stretch> {
    let mut done = Vec::new();
    let mut current = Stretch::new();
    let mut rest = block;
    for sequence in sequences {
        let (literals, after) = rest.split_at(sequence.literals as usize);
        rest = &after[sequence.length as usize..];
        current.counts.add(sequence, literals, MANTISSA);
        current.sequences += 1;
        current.bytes += (sequence.literals + sequence.length) as usize;
        if current.bytes >= STRETCH as usize {
            done.push(std::mem::replace(&mut current, Stretch::new()).priced());
        }
    }
    current.counts.add_literals(rest);
    current.bytes += rest.len();
    if current.bytes > 0 {
        done.push(current.priced());
    }
    done
}

impl Stretch {
    fn new() -> Self {
        Self { counts: Counts::default(), cost: 0, sequences: 0, bytes: 0 }
    }

    fn priced(mut self) -> Self {
        let counts = &self.counts;
        self.cost = BLOCK_COST
            + cost(&counts.literals)
            + cost(&counts.runs)
            + cost(&counts.lengths)
            + cost(&counts.offsets);
        self
    }

    fn with(&self, other: &Self) -> Self {
        let mut counts = self.counts.clone();
        let add = |a: &mut [u32], b: &[u32]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut counts.literals, &other.counts.literals);
        add(&mut counts.runs, &other.counts.runs);
        add(&mut counts.lengths, &other.counts.lengths);
        add(&mut counts.offsets, &other.counts.offsets);
        Self { counts, cost: 0, sequences: self.sequences + other.sequences, bytes: self.bytes + other.bytes }
            .priced()
    }
}

/// Entropy of the counts and an estimate of their table, in 1/256 bits.
pub fn cost(counts: &[u32]) -> u64 {
    let total: u32 = counts.iter().sum();
    let whole = log2(total);
    let symbol = |&c: &u32| u64::from(c) * u64::from(whole.saturating_sub(log2(c))) + SYMBOL_COST;
    counts.iter().filter(|&&c| c > 0).map(symbol).sum()
}
