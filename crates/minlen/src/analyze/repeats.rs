//! What repeats: the longest repeated string, and how much of the data a copier could copy.
//!
//! A suffix array gives for every position the longest match that begins before it (the *longest previous factor*;
//! Crochemore and Ilie 2008, computed by taking positions out of the list of suffixes from the last to the first).

use super::slices;
use minlen_core::{Env, Result};
use std::ops::Range;

/// Repeats at least this long count as covered.
const LONG: usize = 32;
/// Memory per byte: suffix array, matches, and the list in both directions, 4 bytes each.
const MEMORY: u64 = 16;
/// No smaller sample is worth the search.
const LEAST: usize = 64 << 10;

/// What repeats in the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeats {
    /// Length of the longest repeated string.
    pub longest: u64,
    /// Where it first stands.
    pub first: u64,
    /// Where it stands again.
    pub second: u64,
    /// Share of bytes, 0 to 1, that copying repeats of at least 32 bytes from before gives.
    pub covered: f64,
    /// Bytes looked at.
    pub sample: u64,
}

/// None for no data.
pub(super) fn find(
    data: &[u8],
    sample: usize,
    env: &Env,
    notes: &mut Vec<String>,
) -> Result<Option<Repeats>> {
    if data.is_empty() {
        return Ok(None);
    }
    let mut budget = sample.min(1 << 30);
    let held = loop {
        match env.budget.reserve(data.len().min(budget) as u64 * MEMORY) {
            Ok(held) => break held,
            Err(_) if budget > LEAST => budget /= 2,
            Err(error) => return Err(error),
        }
    };
    let ranges = slices::spread(data.len(), budget, slices::FEW);
    let text = slices::join(data, budget, slices::FEW);
    if text.len() < data.len() {
        notes.push(format!(
            "Repeats were sought in {} bytes in evenly spaced slices; those further apart are not seen.",
            text.len()
        ));
    }
    let factors = Factors::of(&text)?;
    drop(held);
    Ok(Some(factors.summary(&ranges)))
}

/// For each position the longest match before it, and where that is.
struct Factors {
    length: Vec<i32>,
    source: Vec<i32>,
}

impl Factors {
    fn of(text: &[u8]) -> Result<Self> {
        let order = minlen_bytes::suffixes::sort(text)?;
        let (mut before, mut after) = (vec![-1i32; text.len()], vec![-1i32; text.len()]);
        for pair in order.windows(2) {
            after[pair[0] as usize] = pair[1];
            before[pair[1] as usize] = pair[0];
        }
        drop(order);
        let mut length = common_prefixes(text, &before);
        for at in (0..text.len()).rev() {
            let (low, high) = (before[at], after[at]);
            let with_low = if low < 0 { 0 } else { length[at] };
            let with_high = if high < 0 { 0 } else { length[high as usize] };
            if high >= 0 {
                before[high as usize] = low;
                length[high as usize] = with_low.min(with_high);
            }
            if low >= 0 {
                after[low as usize] = high;
            }
            // Taken out of the list, the place holds the answer.
            (length[at], before[at]) =
                if with_low >= with_high { (with_low, low) } else { (with_high, high) };
        }
        Ok(Self { length, source: before })
    }

    /// Places in the sample are given as places in the data.
    fn summary(&self, ranges: &[Range<usize>]) -> Repeats {
        let (mut longest, mut at, mut covered) = (0, 0, 0usize);
        for (i, &length) in self.length.iter().enumerate() {
            if length > longest {
                (longest, at) = (length, i);
            }
        }
        let mut i = 0;
        while i < self.length.len() {
            let length = usize::try_from(self.length[i]).unwrap_or(0);
            covered += if length >= LONG { length } else { 0 };
            i += if length >= LONG { length } else { 1 };
        }
        let source = usize::try_from(self.source.get(at).copied().unwrap_or(0)).unwrap_or(0);
        Repeats {
            longest: u64::try_from(longest).unwrap_or(0),
            first: place(source, ranges),
            second: place(at, ranges),
            covered: covered as f64 / self.length.len().max(1) as f64,
            sample: self.length.len() as u64,
        }
    }
}

/// How long each suffix agrees with the one `before` it in the order of suffixes (Kasai et al. 2001: the next place of the text agrees at
/// most one byte less).
fn common_prefixes(text: &[u8], before: &[i32]) -> Vec<i32> {
    let mut length = vec![0; text.len()];
    let mut known = 0usize;
    for (i, &other) in before.iter().enumerate() {
        let Ok(other) = usize::try_from(other) else {
            known = 0;
            continue;
        };
        let pairs = text[i + known..].iter().zip(&text[other + known..]);
        known += pairs.take_while(|(a, b)| a == b).count();
        length[i] = known as i32;
        known = known.saturating_sub(1);
    }
    length
}

fn place(mut at: usize, ranges: &[Range<usize>]) -> u64 {
    for range in ranges {
        if at < range.len() {
            return (range.start + at) as u64;
        }
        at -= range.len();
    }
    0
}
