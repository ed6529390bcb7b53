//! The width of rows that nobody declares, told by how alike values are that stand one above the other.

/// Bytes looked at.
const SAMPLE: usize = 32 << 10;

/// The largest width that is looked for.
const MOST: usize = 1024;

/// Widths so far beside the right one are compared with it: nearer ones are alike in pictures, too.
const BESIDE: usize = 3;

/// The width of the rows of `data`: from `least` on (more than [`BESIDE`]), and one that divides `record` where records have so many values.
pub(super) fn guess(data: &[u8], least: usize, record: Option<u64>) -> Option<u32> {
    let most = MOST + BESIDE;
    let start = data.len().saturating_sub(SAMPLE + most) / 2;
    let sample = data.get(start..)?;
    let sample = &sample[..sample.len().min(SAMPLE + most)];
    if sample.len() < 4 * most {
        return None;
    }
    let differ = |width: usize| -> u64 {
        let pairs = sample[most..].iter().zip(&sample[most - width..]);
        pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
    };
    let fits =
        |width: &usize| record.is_none_or(|record| record % *width as u64 == 0 && record > *width as u64);
    let found = (least..=MOST).filter(fits).min_by_key(|&width| (differ(width), width))?;
    // Rows are alike at every multiple of their width, and chance may favour a large one.
    let divisors = (least..found).filter(fits).filter(|width| found % width == 0);
    let best = { divisors }.find(|&width| differ(width) * 8 <= differ(found) * 9).unwrap_or(found);
    let beside = differ(best - BESIDE).min(differ(best + BESIDE));
    (differ(best) * 5 < beside * 4).then_some(best as u32)
}

#[cfg(test)]
mod tests {
    use super::guess;
    use minlen_core::testing::Rng;

    #[test]
    fn bars_have_a_width_and_noise_has_none() {
        let mut random = Rng(3);
        let mut bars = vec![0u8; 40_000];
        for place in (0..bars.len()).step_by(40) {
            let from = 10 + random.below(4);
            bars[place + from..place + from + 6].fill(200);
        }
        assert_eq!(guess(&bars, 8, None), Some(40));
        assert_eq!(guess(&bars, 8, Some(800)), Some(40));
        assert_eq!(guess(&bars, 8, Some(40)), None);
        assert_eq!(guess(&bars[..3000], 8, None), None);
        let noise: Vec<u8> = (0..40_000).map(|_| random.next_u64() as u8).collect();
        assert_eq!(guess(&noise, 8, None), None);
        assert_eq!(guess(&[0; 40_000], 8, None), None);
    }
}
