//! The largest (or smallest) scale of steps that a bound allows.

use minlen_core::Result;

/// Tries at most.
const TRIES: usize = 14;
/// Factor between tries while the bound lies on one side of all of them.
const STRIDE: f64 = 1.6;

/// Tries in a row that may change nothing.
const REPEATS: u32 = 4;

/// A try that stayed within the bound.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// The position.
    pub at: f64,
    /// What [`largest`] was given for it.
    pub value: T,
}

/// The largest position found where `probe` stays within its bound.
///
/// `probe` gives for a position how far it is over the bound (over 0; below 0 it is within), which is about linear in the
/// position with the given `slope`, and a value. Ends where the bound is met to `close`, or after 14 tries. Nothing where
/// none of the tries was within.
///
/// # Errors
/// What `probe` gives.
pub fn largest<T>(
    start: f64,
    slope: f64,
    close: f64,
    mut probe: impl FnMut(f64) -> Result<(f64, T)>,
) -> Result<Option<Found<T>>> {
    let mut at = start;
    let mut below: Option<(f64, f64)> = None;
    let mut above: Option<(f64, f64)> = None;
    let mut best: Option<Found<T>> = None;
    let (mut last, mut repeats) = (f64::NAN, 0);
    for _ in 0..TRIES {
        let (over, value) = probe(at)?;
        // Steps are rounded, so a small move may change nothing: then a larger one, up to the end of what can be reached.
        repeats = if over == last { repeats + 1 } else { 0 };
        if repeats > REPEATS {
            break;
        }
        last = over;
        let least = 0.02 * f64::from(1 << repeats);
        if over <= 0.0 {
            below = Some((at, over));
            if best.as_ref().is_none_or(|best| at > best.at) {
                best = Some(Found { at, value });
            }
            if over > -close {
                break;
            }
        } else {
            above = Some((at, over));
        }
        at = match (below, above) {
            (Some(low), Some(high)) => {
                if high.0 - low.0 < 1e-3 {
                    break;
                }
                // Where the line between the two is just within, but not close to either end.
                let share = (-low.1 - close * 0.3) / (high.1 - low.1);
                low.0 + (high.0 - low.0) * share.clamp(0.1, 0.9)
            }
            (Some(low), None) => low.0 + (-low.1 / slope * 1.05).clamp(least, STRIDE),
            (None, Some(high)) => high.0 - (high.1 / slope * 1.1).clamp(least, STRIDE * 2.0),
            (None, None) => break,
        };
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meets_the_bound_from_below() {
        for (start, bend) in [(-8.0, 0.3), (3.0, 0.3), (0.5, 0.0), (-3.0, 1.0)] {
            let mut tries = 0;
            let found = largest(start, 2.0, 0.01, |x: f64| {
                tries += 1;
                Ok((2.0 * x - 1.0 + bend * (x - 0.5).abs() * (x - 0.5), x))
            });
            let found = found.unwrap().unwrap();
            assert!(found.at <= 0.5 && found.at > 0.49, "{} from {start} after {tries}", found.at);
        }
        assert!(largest(0.0, 1.0, 0.01, |_| Ok((1.0, ()))).unwrap().is_none());
    }
}
