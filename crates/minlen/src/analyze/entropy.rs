//! Empirical conditional entropies of orders 0 to 3.

use super::slices;
use minlen_core::{Env, Result};
use std::ops::Range;

/// The entropy of a byte given those before it, as counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrderEntropy {
    /// How many bytes before.
    pub order: u32,
    /// Bits per byte, as counted: too low where contexts are rare.
    pub bits: f64,
    /// About how much too low that is (Miller–Madow; a lower bound where contexts are rare).
    pub bias: f64,
    /// Different contexts seen.
    pub contexts: u64,
    /// Bytes counted.
    pub counted: u64,
}

impl OrderEntropy {
    /// Bytes counted per context below which a figure says little.
    pub const ENOUGH: u64 = 64;

    /// False where contexts are too rare for the figure to mean much.
    ///
    /// ```
    /// use minlen::analyze::OrderEntropy;
    /// let seldom = OrderEntropy { order: 3, bits: 0.1, bias: 0.4, contexts: 1000, counted: 5000 };
    /// assert!(!seldom.reliable());
    /// assert!(OrderEntropy { counted: 64_000, ..seldom }.reliable());
    /// ```
    #[must_use]
    pub fn reliable(&self) -> bool {
        self.counted >= self.contexts.saturating_mul(Self::ENOUGH)
    }
}

/// Slices for the higher orders: many, since they need not be long.
const MANY: usize = 64;

pub(super) fn orders(
    data: &[u8],
    sample: usize,
    env: &Env,
    notes: &mut Vec<String>,
) -> Result<Vec<OrderEntropy>> {
    let mut out = vec![zero(data), one(data)];
    let ranges = slices::spread(data.len(), sample, MANY);
    let bytes: usize = ranges.iter().map(Range::len).sum();
    for order in [2, 3] {
        env.check()?;
        out.push(hashed(data, &ranges, order, env)?);
    }
    if bytes < data.len() {
        notes.push(format!("Orders 2 and 3 were counted on {bytes} bytes in evenly spaced slices."));
    }
    notes.push(
        "Order-n entropies are limits for coders with that many bytes of context and free statistics, not of the \
         data. At orders 2 and 3 few contexts are seen often, so the figures are too low (see bias)."
            .into(),
    );
    Ok(out)
}

fn log2(n: u64) -> f64 {
    (n as f64).log2()
}

/// Sum of n log2 n.
fn weight<'a>(counts: impl Iterator<Item = &'a u32>) -> f64 {
    counts.filter(|&&n| n > 0).map(|&n| f64::from(n) * log2(u64::from(n))).sum()
}

fn zero(data: &[u8]) -> OrderEntropy {
    let mut counts = [0u64; 256];
    for &byte in data {
        counts[usize::from(byte)] += 1;
    }
    let total = data.len() as u64;
    let inner: f64 = counts.iter().filter(|&&n| n > 0).map(|&n| n as f64 * log2(n)).sum();
    let used = counts.iter().filter(|&&n| n > 0).count() as u64;
    finish(0, total as f64 * log2(total.max(1)), inner, total, u64::from(total > 0), used)
}

/// Exact: 65,536 counters hold every pair.
fn one(data: &[u8]) -> OrderEntropy {
    let mut pairs = vec![0u32; 1 << 16];
    let mut last = None;
    for &byte in data {
        if let Some(last) = last.replace(byte) {
            let slot = &mut pairs[usize::from(last) << 8 | usize::from(byte)];
            *slot = slot.saturating_add(1);
        }
    }
    let contexts: Vec<u64> =
        pairs.chunks(256).map(|row| row.iter().map(|&n| u64::from(n)).sum()).filter(|&n| n > 0).collect();
    let outer = contexts.iter().map(|&n| n as f64 * log2(n)).sum();
    let used = pairs.iter().filter(|&&n| n > 0).count() as u64;
    finish(1, outer, weight(pairs.iter()), contexts.iter().sum(), contexts.len() as u64, used)
}

/// Orders 2 and 3 in two hash tables of a size that the sample bounds.
fn hashed(data: &[u8], ranges: &[Range<usize>], order: u32, env: &Env) -> Result<OrderEntropy> {
    let bytes: usize = ranges.iter().map(Range::len).sum();
    let slots = (bytes * 2).max(16).next_power_of_two().min(1 << (8 * order + 9));
    let _held = env.budget.reserve(slots as u64 * 16)?;
    let (mut contexts, mut pairs) = (Counter::new(slots), Counter::new(slots));
    let mut counted = 0;
    for range in ranges {
        for window in data[range.clone()].windows(order as usize + 1) {
            let whole = window.iter().fold(0u32, |key, &b| key << 8 | u32::from(b));
            contexts.add(whole >> 8);
            pairs.add(whole);
            counted += 1;
        }
    }
    let (outer, inner) = (weight(contexts.counts()), weight(pairs.counts()));
    Ok(finish(order, outer, inner, counted, contexts.used, pairs.used))
}

fn finish(order: u32, outer: f64, inner: f64, counted: u64, contexts: u64, pairs: u64) -> OrderEntropy {
    let n = counted.max(1) as f64;
    let bias = pairs.saturating_sub(contexts) as f64 / (2.0 * n * std::f64::consts::LN_2);
    OrderEntropy { order, bits: ((outer - inner) / n).max(0.0), bias, contexts, counted }
}

/// Counts keys in an open table that is never more than half full.
struct Counter {
    slots: Vec<(u32, u32)>,
    used: u64,
}

impl Counter {
    fn new(slots: usize) -> Self {
        Self { slots: vec![(0, 0); slots], used: 0 }
    }

    fn add(&mut self, key: u32) {
        let mask = self.slots.len() - 1;
        let mut at = (key.wrapping_mul(0x9e37_79b1) ^ key >> 15) as usize & mask;
        loop {
            let slot = &mut self.slots[at];
            if slot.1 == 0 {
                *slot = (key, 1);
                self.used += 1;
                return;
            }
            if slot.0 == key {
                slot.1 = slot.1.saturating_add(1);
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn counts(&self) -> impl Iterator<Item = &u32> {
        self.slots.iter().map(|(_, count)| count)
    }
}
