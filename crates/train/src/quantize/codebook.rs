//! Shared weights: one-dimensional k-means with importances.

/// Rounds of k-means at most.
const ROUNDS: usize = 30;

/// Moves `levels` (ascending, one of them 0 and staying so) to the means of the values nearest to them, until nothing moves.
pub fn refine(levels: &mut [f32], values: &[f32], importance: impl Fn(usize) -> f64) {
    for _ in 0..ROUNDS {
        let mut sums = vec![(0f64, 0f64); levels.len()];
        for (i, value) in values.iter().enumerate() {
            let (sum, importance) = (&mut sums[nearest(levels, *value)], importance(i));
            sum.0 += importance * f64::from(*value);
            sum.1 += importance;
        }
        let mut moved = false;
        for (level, (sum, all)) in levels.iter_mut().zip(sums) {
            if *level != 0.0 && all > 0.0 {
                let mean = bf16((sum / all) as f32);
                // 0 keeps its own place in the codebook.
                if mean != *level && mean != 0.0 && (mean < 0.0) == (*level < 0.0) {
                    (*level, moved) = (mean, true);
                }
            }
        }
        if !moved {
            break;
        }
    }
}

/// The place of the level nearest to `value`, the lower of two.
#[must_use]
pub fn nearest(levels: &[f32], value: f32) -> usize {
    let above = levels.partition_point(|level| *level < value);
    match (above.checked_sub(1), levels.get(above)) {
        (Some(below), Some(next)) if value - levels[below] <= next - value => below,
        (Some(below), None) => below,
        _ => above,
    }
}

/// Rounded to bf16: levels are stored as such.
pub(super) fn bf16(value: f32) -> f32 {
    f32::from_bits(u32::from(crate::weights::bf16_from_f32(value)) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_move_to_the_means() {
        let mut levels = [-1.0, 0.0, 1.0];
        refine(&mut levels, &[-2.0, -3.0, 0.1, 0.0, 5.0, 6.0], |i| if i == 5 { 3.0 } else { 1.0 });
        assert_eq!(levels, [-2.5, 0.0, 5.75]);
        assert_eq!((nearest(&levels, -9.0), nearest(&levels, -1.25), nearest(&levels, 9.0)), (0, 0, 2));
    }
}
