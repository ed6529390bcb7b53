//! Shared weights: one-dimensional k-means with importances.

use super::plan::Part;
use super::scales::balanced;
use minlen_core::Result;
use minlen_tensor::packed::scales::Scales;
use minlen_tensor::packed::{Content, Entry};
use minlen_tensor::quantized::{INTEGER_MAX, Layer, Levels, Pricer, step_value};

/// Rounds of k-means at most.
const ROUNDS: usize = 30;
/// Shared weights of a sign at most.
const LEVELS_MAX: f32 = 4096.0;

/// As many shared weights as the mean step at `scale` would make levels, moved by k-means; and the bits they take.
pub(super) fn quantize(part: &Part, scale: f64, pricer: &mut Pricer) -> Result<(Entry, f64)> {
    let factors = (&part.factors.0, &part.factors.1);
    let levels = levels(part, step_value(balanced(scale, factors, part.tensor.dtype).base));
    let zero = levels.iter().position(|level| *level == 0.0).unwrap_or(0);
    let choose = |(i, w): (usize, &f32)| {
        let pruned = part.pruned.get(i).copied().unwrap_or(false);
        let q = if pruned { 0 } else { nearest(&levels, *w) as i32 - zero as i32 };
        q.clamp(-INTEGER_MAX, INTEGER_MAX)
    };
    let mut layer =
        Layer::new(part.rows, part.columns, part.weights.iter().enumerate().map(choose).collect());
    let bits = |level: &f32| (level.to_bits() >> 16) as u16;
    layer.levels = Levels::Codebook {
        positive: levels.iter().skip(zero + 1).map(bits).collect(),
        negative: levels[..zero].iter().rev().map(bits).collect(),
    };
    pricer.begin(&layer)?;
    let cost = layer.integers.iter().map(|q| f64::from(pricer.commit(*q))).sum();
    let scales = Scales::uniform(0, part.rows, part.columns, part.tensor.dtype);
    Ok((Entry { start: part.tensor.start, scales, content: Content::Integers(layer) }, cost))
}

/// The shared weights, ascending, 0 among them.
fn levels(part: &Part, step: f32) -> Vec<f32> {
    let largest = part.weights.iter().fold(0f32, |a, w| a.max(w.abs()));
    let count = (largest / step).round().clamp(0.0, LEVELS_MAX) as i32;
    let mut levels: Vec<f32> = (-count..=count).map(|q| bf16(q as f32 * step)).collect();
    levels.dedup();
    let (by_row, by_column) = (&part.factors.0.weights, &part.factors.1.weights);
    refine(&mut levels, &part.weights, |i| by_row[i / part.columns] * by_column[i % part.columns]);
    levels.dedup();
    levels
}

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
    f32::from_bits(u32::from(minlen_tensor::weights::bf16_from_f32(value)) << 16)
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
