//! Evenly spaced slices of large data.

use std::borrow::Cow;
use std::ops::Range;

/// Few and long slices: what codecs and the search for repeats get.
pub(super) const FEW: usize = 8;

/// `count` evenly spaced ranges of about `budget` bytes in all; the whole range if the data is no longer.
pub(super) fn spread(len: usize, budget: usize, count: usize) -> Vec<Range<usize>> {
    let (budget, count) = (budget.max(1), count.max(2));
    let each = (budget / count).max(1);
    if len <= budget || len <= each {
        return std::iter::once(0..len).collect();
    }
    let room = (len - each) as u128;
    (0..count).map(|i| (room * i as u128 / (count as u128 - 1)) as usize).map(|at| at..at + each).collect()
}

/// The slices one after the other; the data itself if it is short.
pub(super) fn join(data: &[u8], budget: usize, count: usize) -> Cow<'_, [u8]> {
    let ranges = spread(data.len(), budget, count);
    if let [only] = &ranges[..] {
        return Cow::Borrowed(&data[only.clone()]);
    }
    Cow::Owned(ranges.into_iter().flat_map(|range| data[range].iter().copied()).collect())
}
