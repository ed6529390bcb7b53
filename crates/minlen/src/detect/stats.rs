//! The cheap statistics that planners and codecs look at.

use super::{log2, sample, stride};
use minlen_core::Stats;

/// Bytes looked at in all.
const BUDGET: usize = 32 << 10;
/// The share of large data that is looked at: counting it costs well under a hundredth of zstd level 3.
const SHARE: usize = 128;
/// The shortest useful sample.
const FLOOR: usize = 8 << 10;
/// Bytes per piece: long enough for records of 256 bytes to repeat.
const PIECE: usize = 2048;

/// Statistics of `data`: exact up to 8 KiB, above that from evenly spaced pieces of 32 KiB at most in all.
///
/// ```
/// let stats = minlen::detect::stats(&b"to be or not to be, that is the question. ".repeat(50));
/// assert_eq!((stats.text_permille, stats.zero_permille), (1000, 0));
/// // Letters alone leave about four bits a byte.
/// assert!((3000..4500).contains(&stats.order0_millibits));
/// ```
#[must_use]
pub fn stats(data: &[u8]) -> Stats {
    if data.is_empty() {
        return Stats::default();
    }
    let bytes = (data.len() / SHARE).clamp(FLOOR, BUDGET);
    let counts = sample::histogram_of(sample::pieces(data, bytes / PIECE, PIECE));
    let total: u32 = counts.iter().sum();
    let text = counts[0x20..0x7f].iter().sum::<u32>() + counts[9] + counts[10] + counts[13];
    // A sample shows too little entropy, all of the data just what it has.
    let whole = total as usize == data.len();
    let order0_millibits = if whole { log2::entropy(&counts) } else { log2::entropy_corrected(&counts) };
    let text_permille = permille(text, total);
    Stats {
        order0_millibits,
        text_permille,
        zero_permille: permille(counts[0], total),
        stride: stride::find(data, &counts),
    }
}

fn permille(part: u32, total: u32) -> u32 {
    (u64::from(part) * 1000 / u64::from(total.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn plain_cases() {
        assert_eq!(stats(&[]), Stats::default());
        let zeros = stats(&[0; 5000]);
        assert_eq!((zeros.order0_millibits, zeros.text_permille, zeros.zero_permille), (0, 0, 1000));
        let text = stats(&b"to be or not to be, that is the question. ".repeat(3000));
        assert!(text.text_permille == 1000 && text.order0_millibits < 4500, "{text:?}");
        let mut rng = Rng(1);
        let noise: Vec<u8> = (0..1 << 20).map(|_| rng.next_u64() as u8).collect();
        let noise = stats(&noise);
        assert!(noise.order0_millibits > 7980 && noise.stride <= 1, "{noise:?}");
    }
}
