//! The fast form of a series: differences of some order from some values before, and static bins.

use super::bins;
use super::grid::Grid;
use super::plain::{get_mask, masked, put_mask};
use super::word::Word;
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Result};

/// Largest number of values in a record whose values follow the same one of the record before.
const MOST_LAG: usize = 32;
/// Largest order of differences.
const MOST_ORDER: u8 = 3;
/// Values that a choice looks at.
const SAMPLE: usize = 1 << 13;

/// Appends the words of a series.
pub(super) fn encode<W: Word>(mut words: Vec<W>, grid: &Grid, out: &mut Vec<u8>) {
    let mask = put_mask(&mut words, grid, out);
    if let Some(mask) = mask {
        let mut cells = mask.iter();
        words.retain(|_| cells.next() == Some(&0));
    }
    let (lag, order) = choose(&words);
    out.extend([lag as u8, order]);
    if order == 0 {
        // Nothing is negative then: no sign is spent.
        let least = words.iter().copied().min().unwrap_or_default();
        put(out, least.wide());
        words.iter_mut().for_each(|word| *word = W::unfold(word.minus(least).wide()));
    }
    for _ in 0..order {
        difference(&mut words, lag);
    }
    let mut encoder = bins::Encoder::new();
    *encoder.waiting() = words;
    encoder.finish(out);
}

fn difference<W: Word>(words: &mut [W], lag: usize) {
    for i in (lag..words.len()).rev() {
        words[i] = words[i].minus(words[i - lag]);
    }
}

/// Lag and order with the shortest differences in the middle of the series.
fn choose<W: Word>(words: &[W]) -> (usize, u8) {
    let n = words.len().min(SAMPLE);
    let middle = &words[(words.len() - n) / 2..][..n];
    let least = middle.iter().copied().min().unwrap_or_default();
    let mut best = (u64::MAX, 1, 0);
    for lag in 1..=MOST_LAG.min(n.max(1)) {
        let mut sample = middle.to_vec();
        for order in 0..=if lag > 1 { 1 } else { MOST_ORDER } {
            if order > 0 {
                difference(&mut sample, lag);
            }
            // What has no value before it is left out.
            let skip = (lag * usize::from(order)).min(n / 2);
            let length = |folded: u64| u64::from(64 - folded.leading_zeros());
            let whole: u64 = if order == 0 {
                sample.iter().map(|w| length(w.minus(least).wide())).sum()
            } else {
                sample[skip..].iter().map(|w| length(w.fold())).sum()
            };
            let cost = whole * n as u64 / (n - skip).max(1) as u64;
            // A longer lag must be worth it.
            let cost = if lag > 1 { cost + cost / 64 } else { cost };
            if cost < best.0 {
                best = (cost, lag, order);
            }
        }
    }
    (best.1, best.2)
}

/// The words that [`encode`] wrote.
///
/// # Errors
/// Truncated or corrupt; over a limit.
pub(super) fn decode<W: Word>(reader: &mut Reader<'_>, grid: &Grid, env: &Env) -> Result<Vec<W>> {
    let _memory = env.budget.reserve(grid.cells as u64 * u64::from(W::BITS / 4 + 1))?;
    let mask = get_mask::<W>(reader, grid, env)?;
    let cells = grid.cells - mask.as_ref().map_or(0, |(_, cells)| masked(cells));
    let (lag, order) = (usize::from(reader.u8()?), reader.u8()?);
    if lag == 0 || lag > MOST_LAG || order > MOST_ORDER {
        return Err(Error::corrupt("unknown kind of differences"));
    }
    let least =
        if order == 0 { reader.varint_max(u64::MAX >> (64 - W::BITS), "the least value")? } else { 0 };
    let mut words: Vec<W> = bins::decode(reader, cells)?;
    if order == 0 {
        words.iter_mut().for_each(|word| *word = W::narrow(word.fold()).plus(W::narrow(least)));
    }
    for _ in 0..order {
        env.check()?;
        if lag == 1 {
            let mut sum = W::default();
            for word in &mut words {
                sum = sum.plus(*word);
                *word = sum;
            }
        } else {
            for i in lag..words.len() {
                words[i] = words[i].plus(words[i - lag]);
            }
        }
    }
    let Some((fill, mask)) = mask else { return Ok(words) };
    let mut rest = words.iter();
    let next = |&m: &u8| if m == 0 { rest.next().copied().unwrap_or(fill) } else { fill };
    Ok(mask.iter().map(next).collect())
}
