//! The record width of data: at which distance bytes predict each other best.
//!
//! Each candidate width is priced in thousandths of a bit per byte by three simple models, and the cheapest of
//! them counts: a code per column (records whose fields differ in kind), a code per column of the differences at
//! that distance (smooth numbers), and a flag "same byte as one record ago" (records with repeated fields). The
//! last one is so cheap to evaluate that every width to 256 is tried with it.

use super::segments::utf8;
use super::{log2, sample};

/// The widest record looked for.
const WIDEST: usize = 256;
/// Widths that are always priced in full.
const NARROW: [usize; 4] = [2, 3, 4, 8];
/// A width must save this much (thousandths of a bit per byte) over treating bytes alike.
const WORTH: u32 = 120;
/// A narrower width wins unless the wider one saves this much more.
const MARGIN: u32 = 60;
/// Fewer bytes per column than this tell nothing of its entropy.
const COLUMN: usize = 1024;
/// Order-0 entropy (thousandths of a bit) above which no width is sought.
const DENSE: u32 = 7_900;
/// Bytes per piece.
const PIECE: usize = 2048;
/// Bytes looked at.
const SAMPLE: (usize, usize) = (8 << 10, 16 << 10);

/// The width, 1 for data that is smooth from byte to byte, or 0 where nothing stands out. `counts` is the histogram
/// of a sample.
pub(crate) fn find(data: &[u8], counts: &[u32; 256]) -> u32 {
    let order0 = log2::entropy_corrected(counts);
    // In dense data there is nothing to find, and most of what is compressed twice is dense.
    if data.len() < 64 || !(200..=DENSE).contains(&order0) {
        return 0;
    }
    let count = (data.len() / 256).clamp(SAMPLE.0, SAMPLE.1) / PIECE;
    let pieces: Vec<&[u8]> = sample::pieces(data, count, PIECE).collect();
    let mode = (0..=255u8).max_by_key(|&b| counts[usize::from(b)]).unwrap_or(0);
    let textual = textual(counts, &pieces);
    let smooth = if textual { order0 } else { columns(&pieces, 1, true) };
    // Text is better served by contexts than by columns, unless its lines are really alike.
    let flat = if textual { order0 * 3 / 5 } else { order0.min(smooth) };
    let mut best = (flat.saturating_sub(WORTH), 0);
    for width in candidates(&pieces, mode, textual) {
        let price = price(&pieces, width, order0);
        if price.saturating_add(if best.1 == 0 { 0 } else { MARGIN }) < best.0 {
            best = (price, width);
        }
    }
    match best.1 {
        0 => u32::from(smooth + WORTH < order0),
        width => width as u32,
    }
}

/// True if the data is text, padding of zeros aside: nine tenths printable, or valid UTF-8 with hardly any controls.
fn textual(counts: &[u32; 256], pieces: &[&[u8]]) -> bool {
    let total: u32 = counts.iter().sum();
    let filled = total - counts[0];
    let printable = counts[0x20..0x7f].iter().sum::<u32>() + counts[9] + counts[10] + counts[13];
    let controls = counts[1..9].iter().sum::<u32>() + counts[14..0x20].iter().sum::<u32>();
    let few = u64::from(controls) * 300 <= u64::from(filled) && counts[0] < total / 3;
    few && (u64::from(printable) * 10 >= u64::from(filled) * 9 || utf8(pieces))
}

/// Widths worth pricing, ascending: the usual ones, and those at which most bytes repeat.
fn candidates(pieces: &[&[u8]], mode: u8, textual: bool) -> Vec<usize> {
    let length: usize = pieces.iter().map(|p| p.len()).sum();
    let widest = WIDEST.min(length / pieces.len().max(1) / 4);
    // Indexed by the width less 2.
    // Half of the sample shows peaks well enough, and this is the dearest step.
    let half: Vec<&[u8]> = pieces.iter().copied().step_by(2).collect();
    let others: usize = half.iter().map(|p| p.iter().filter(|&&b| b != mode).count()).sum();
    let rates: Vec<u64> =
        (2..=widest).map(|width| repeats(&half, width, mode) * 1000 / (others as u64).max(1)).collect();
    let mut sorted = rates.clone();
    sorted.sort_unstable();
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let mut peaks: Vec<usize> = (2..=widest).filter(|w| rates[w - 2] > usual + usual / 4 + 20).collect();
    peaks.sort_unstable_by_key(|&w| (std::cmp::Reverse(rates[w - 2]), w));
    peaks.truncate(4);
    // A record repeats at its multiples too: prefer the divisor that shows as much.
    let basic = |w: usize| {
        (2..w).find(|d| {
            w.is_multiple_of(*d) && (rates[d - 2].saturating_sub(usual)) * 4 >= (rates[w - 2] - usual) * 3
        })
    };
    let mut out: Vec<usize> =
        peaks.iter().map(|&w| basic(w).unwrap_or(w)).chain(peaks.iter().copied()).collect();
    if !textual {
        out.extend(NARROW.iter().filter(|&&w| w <= widest));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// How many bytes equal the one `width` before, leaving out the commonest byte value.
fn repeats(pieces: &[&[u8]], width: usize, mode: u8) -> u64 {
    let mut same = 0u64;
    for piece in pieces {
        let now = piece.get(width..).unwrap_or_default();
        for (now, before) in now.chunks(128).zip(piece.chunks(128)) {
            let mut hits = 0u8;
            for (&x, &y) in now.iter().zip(before) {
                hits += u8::from((x == y) & (x != mode));
            }
            same += u64::from(hits);
        }
    }
    same
}

/// The cheapest of the three models, in thousandths of a bit per byte.
fn price(pieces: &[&[u8]], width: usize, order0: u32) -> u32 {
    let flagged = flagged(pieces, width, order0);
    let length: usize = pieces.iter().map(|p| p.len()).sum();
    if !sample::PHASE.is_multiple_of(width) || length / width < COLUMN {
        return flagged.min(delta(pieces, width));
    }
    let plain = flagged.min(columns(pieces, width, false));
    // Wider numbers are seldom smooth from one to the next.
    if width > 4 { plain } else { plain.min(columns(pieces, width, true)) }
}

/// One code per column, of the bytes or of their differences to the record before.
fn columns(pieces: &[&[u8]], width: usize, differences: bool) -> u32 {
    let mut counts = vec![0u32; width * 256];
    let mut total = 0u64;
    for piece in pieces {
        // Pieces begin at multiples of the width, so their first byte is of the first column.
        let now = piece.get(width..).unwrap_or_default();
        let mut column = 0;
        for (&x, &y) in now.iter().zip(*piece) {
            let symbol = if differences { x.wrapping_sub(y) } else { x };
            counts[column + usize::from(symbol)] += 1;
            column = if column + 256 == counts.len() { 0 } else { column + 256 };
        }
        total += now.len() as u64;
    }
    if total == 0 {
        return 8000;
    }
    let weighted: u64 = counts
        .chunks(256)
        .map(|c| u64::from(log2::entropy_corrected(c)) * c.iter().map(|&n| u64::from(n)).sum::<u64>())
        .sum();
    (weighted / total) as u32
}

/// One code for all differences at this distance.
fn delta(pieces: &[&[u8]], width: usize) -> u32 {
    let mut counts = [0u32; 256];
    for piece in pieces {
        for (&x, &y) in piece.get(width..).unwrap_or_default().iter().zip(*piece) {
            counts[usize::from(x.wrapping_sub(y))] += 1;
        }
    }
    log2::entropy_corrected(&counts)
}

/// A flag per byte, "same as one record ago", and an order-0 code for those that are not.
fn flagged(pieces: &[&[u8]], width: usize, order0: u32) -> u32 {
    let (mut same, mut all) = (0u32, 0u32);
    for piece in pieces {
        let now = piece.get(width..).unwrap_or_default();
        all += now.len() as u32;
        same += now.iter().zip(*piece).filter(|(x, y)| x == y).count() as u32;
    }
    if all == 0 {
        return 8000;
    }
    let other = all - same;
    log2::entropy(&[same, other]) + (u64::from(other) * u64::from(order0) / u64::from(all)) as u32
}

#[cfg(test)]
mod tests {
    use crate::detect::stats;
    use minlen_core::testing::Rng;

    fn stride(bytes: Vec<u8>) -> u32 {
        stats(&bytes).stride
    }

    #[test]
    fn sixteen_bit_samples_have_width_two() {
        let mut rng = Rng(3);
        let mut value = 0i16;
        let walk = (0..40_000).flat_map(|_| {
            value = value.wrapping_add((rng.below(401) as i16) - 200).clamp(-12_000, 12_000);
            value.to_le_bytes()
        });
        assert_eq!(stride(walk.collect()), 2);
    }

    #[test]
    fn counters_have_width_four() {
        let mut rng = Rng(9);
        let ints = (0..30_000).flat_map(|_| (rng.below(50_000) as u32).to_le_bytes());
        assert_eq!(stride(ints.collect()), 4);
    }

    #[test]
    fn wide_records_are_found() {
        let mut rng = Rng(5);
        let name: Vec<u8> = (0..40).map(|_| rng.next_u64() as u8).collect();
        let records = (0..2000).flat_map(|_| {
            let mut record = name.clone();
            record.extend(rng.next_u64().to_le_bytes());
            record.extend((rng.next_u64() as u32).to_le_bytes());
            record
        });
        assert_eq!(stride(records.collect()), 52);
    }

    #[test]
    fn text_has_none() {
        let mut rng = Rng(2);
        let words = ["alpha ", "of ", "the ", "gamma", ", ", "delta ", "and ", "rho\n"];
        let text: String = (0..20_000).map(|_| words[rng.below(8)]).collect();
        assert_eq!(stride(text.into_bytes()), 0);
    }
}
