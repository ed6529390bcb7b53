//! The length of a row, from the distance at which numbers are most alike.

use super::float::Kind;
use minlen_core::layout::Dtype;

/// Rows that are looked for.
const MAX_LAG: usize = 4096;
/// Numbers compared at each distance.
const COMPARED: usize = 2048;

/// Units in a row; 1 where no period shows.
pub fn guess(bytes: &[u8], dtype: Dtype) -> usize {
    let Some(kind) = Kind::of(dtype) else { return 1 };
    // Magnitudes in their order, the upper 31 bits below the sign.
    let shift = (kind.width * 8).saturating_sub(32);
    let mask = (1u64 << (kind.width * 8 - 1).min(31)) - 1;
    let values: Vec<i64> =
        kind.units(bytes, 0).take(MAX_LAG * 8).map(|unit| (unit >> shift & mask) as i64).collect();
    let lags = MAX_LAG.min(values.len() / 4);
    if lags < 16 {
        return 1;
    }
    let from = lags;
    let step = ((values.len() - from) / COMPARED).max(1) | 1;
    let distance = |lag: usize| -> u64 {
        let places = (from..values.len()).step_by(step);
        places.map(|i| values[i].abs_diff(values[i - lag])).sum()
    };
    let distances: Vec<u64> = (0..=lags).map(|lag| if lag == 0 { u64::MAX } else { distance(lag) }).collect();
    let mean = distances[1..].iter().sum::<u64>() / lags as u64;
    // A dip against both neighbourhoods, and the bottom of it.
    let around =
        |lag: usize| [lag - 3, lag - 2, lag + 2, lag + 3].map(|at| distances[at]).iter().sum::<u64>() / 4;
    // Series scatter from one distance to the next; a row stands out from that.
    let mut scatter: Vec<u64> = (5..lags - 3).map(|lag| distances[lag].abs_diff(around(lag))).collect();
    scatter.sort_unstable();
    let noise = scatter.get(scatter.len() / 2).copied().unwrap_or(0) * 6;
    let dip = |lag: usize| {
        let (depth, around) = (distances[lag], around(lag));
        let bottom = distances[lag - 3..=lag + 3].iter().all(|other| *other >= depth);
        let deep = depth * 100 < around * 90 && depth + noise < around;
        (bottom && deep && depth < mean).then(|| around - depth)
    };
    let dips: Vec<(usize, u64)> = (5..lags - 3).filter_map(|lag| Some((lag, dip(lag)?))).collect();
    // The first that is nearly as deep as the deepest is the period; later ones are its multiples.
    let deepest = dips.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
    dips.iter().find(|(_, depth)| depth * 10 >= deepest * 6).map_or(1, |(lag, _)| *lag)
}
