//! Scaling counts to a power of two.

use minlen_core::{Error, Result};

/// Frequencies that add up to `1 << bits`, as close to `counts` as the cost in bits can tell; whatever occurs
/// keeps at least 1.
///
/// # Errors
/// Corrupt if nothing occurs, more symbols do than `1 << bits`, or `bits` is not in 1..=16.
pub fn normalize(counts: &[u32], bits: u32) -> Result<Vec<u32>> {
    let total: u64 = counts.iter().map(|&c| u64::from(c)).sum();
    let used = counts.iter().filter(|&&c| c > 0).count() as u64;
    if total == 0 || !(1..=16).contains(&bits) || used > 1 << bits {
        return Err(Error::corrupt("counts that no frequency table can hold"));
    }
    let scale = |&c: &u32| match c {
        0 => 0,
        _ => (((u64::from(c) << bits) + total / 2) / total).max(1) as u32,
    };
    let mut freqs: Vec<u32> = counts.iter().map(scale).collect();
    let mut sum: u64 = freqs.iter().map(|&f| u64::from(f)).sum();
    // One unit more or less changes the cost by about count / (frequency ± 1/2): move where it pays most.
    while sum != 1 << bits {
        let grow = sum < 1 << bits;
        let weight =
            |i: usize| (u64::from(counts[i]), 2 * u64::from(freqs[i]) + u64::from(grow) - u64::from(!grow));
        let usable = (0..counts.len()).filter(|&i| if grow { counts[i] > 0 } else { freqs[i] > 1 });
        let best = usable.reduce(|a, b| {
            let ((ca, fa), (cb, fb)) = (weight(a), weight(b));
            let b_is_heavier = u128::from(cb) * u128::from(fa) > u128::from(ca) * u128::from(fb);
            let b_is_lighter = u128::from(cb) * u128::from(fa) < u128::from(ca) * u128::from(fb);
            if (grow && b_is_heavier) || (!grow && b_is_lighter) { b } else { a }
        });
        let Some(best) = best else { return Err(Error::corrupt("counts that cannot be scaled")) };
        if grow {
            freqs[best] += 1;
            sum += 1;
        } else {
            freqs[best] -= 1;
            sum -= 1;
        }
    }
    Ok(freqs)
}
