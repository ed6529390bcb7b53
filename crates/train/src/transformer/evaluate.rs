//! Loss in bits per byte, and the divergence between two models.

use super::Transformer;
use super::forward::softmax;
use minlen_core::{Env, Result, threads};

/// Windows in a forward pass.
const BATCH: usize = 4;

/// Inputs of some windows, one after another, and the bytes that follow each.
type Group = (Vec<u8>, Vec<u8>);

/// The whole windows of `positions` bytes that a text is cut into, each with the byte that follows it: what is predicted
/// after each byte of a window is the next one. A text shorter than that is a window of its own.
#[must_use]
pub fn windows(text: &[u8], positions: usize) -> Vec<&[u8]> {
    let positions = positions.max(1);
    if (2..=positions).contains(&text.len()) {
        return vec![text];
    }
    let count = text.len().saturating_sub(1) / positions;
    (0..count).map(|i| &text[i * positions..(i + 1) * positions + 1]).collect()
}

/// How well a model does on some windows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Grade {
    /// Loss in bits per byte.
    pub bits: f64,
    /// Kullback-Leibler divergence of its predictions from those of the reference, in bits per byte.
    pub divergence: f64,
    /// Predictions.
    pub bytes: u64,
}

/// What a model predicts on some windows: the yardstick for another.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Groups of windows of the same length.
    groups: Vec<Group>,
    /// The natural logarithms of the probabilities, 256 a byte.
    logs: Vec<Vec<f32>>,
}

impl Reference {
    /// The predictions of `model` on `windows` (see [`windows`]).
    ///
    /// # Errors
    /// Cancelled.
    pub fn new(model: &Transformer, windows: &[&[u8]], env: &Env) -> Result<Self> {
        let groups = groups(windows, model.config.positions);
        let logs = in_parallel(&groups, env, |(inputs, _)| {
            let mut logits = model.forward(inputs).logits;
            logits.chunks_mut(256).for_each(log_softmax);
            logits
        })?;
        Ok(Self { groups, logs })
    }

    /// How `model` does on the same windows.
    ///
    /// # Errors
    /// Cancelled.
    pub fn grade(&self, model: &Transformer, env: &Env) -> Result<Grade> {
        let work: Vec<(&Group, &Vec<f32>)> = self.groups.iter().zip(&self.logs).collect();
        let parts = in_parallel(&work, env, |((inputs, next), logs)| {
            let mut logits = model.forward(inputs).logits;
            let mut sums = (0f64, 0f64);
            for ((row, logs), byte) in logits.chunks_mut(256).zip(logs.chunks(256)).zip(next) {
                log_softmax(row);
                sums.0 -= f64::from(row[usize::from(*byte)]);
                sums.1 += logs.iter().zip(&*row).map(|(p, q)| f64::from(p.exp() * (p - q))).sum::<f64>();
            }
            sums
        })?;
        let bytes: usize = self.groups.iter().map(|(_, next)| next.len()).sum();
        let per_byte = |sum: f64| sum / std::f64::consts::LN_2 / bytes.max(1) as f64;
        let (bits, divergence) = parts.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        Ok(Grade { bits: per_byte(bits), divergence: per_byte(divergence), bytes: bytes as u64 })
    }
}

impl Transformer {
    /// Loss on `windows` in bits per byte.
    ///
    /// # Errors
    /// Cancelled.
    pub fn bits_per_byte(&self, windows: &[&[u8]], env: &Env) -> Result<f64> {
        Ok(Reference::new(self, windows, env)?.grade(self, env)?.bits)
    }
}

/// Inputs and following bytes of several windows at a time.
pub(crate) fn groups(windows: &[&[u8]], positions: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for window in windows {
        let (inputs, next) = (&window[..window.len() - 1], &window[1..]);
        match groups.last_mut() {
            Some((all, following)) if all.len() % positions == 0 && all.len() < BATCH * positions => {
                all.extend_from_slice(inputs);
                following.extend_from_slice(next);
            }
            _ => groups.push((inputs.to_vec(), next.to_vec())),
        }
    }
    groups
}

/// Logits to natural logarithms of probabilities.
fn log_softmax(row: &mut [f32]) {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = row.iter().map(|value| (value - max).exp()).sum();
    let shift = max + sum.ln();
    row.iter_mut().for_each(|value| *value -= shift);
}

/// `work` on each item, on [`Env::threads`] threads; the results are in order.
pub(crate) fn in_parallel<I: Sync, O: Send>(
    items: &[I],
    env: &Env,
    work: impl Fn(&I) -> O + Sync,
) -> Result<Vec<O>> {
    threads::in_order(items.len(), env.threads, |item| env.check().map(|()| work(&items[item])))
}

/// A byte drawn from the model's own distribution, by a number in 0..1.
pub(crate) fn draw(logits: &[f32], at: f32) -> u8 {
    let mut row = logits.to_vec();
    softmax(&mut row);
    let mut left = at;
    let drawn = row.iter().position(|p| {
        left -= p;
        left < 0.0
    });
    drawn.unwrap_or(255) as u8
}

#[cfg(test)]
mod tests {
    use super::super::tests::tiny;
    use super::*;

    #[test]
    fn windows_overlap_by_the_byte_predicted() {
        assert_eq!(windows(b"abcdefg", 3), [&b"abcd"[..], b"defg"]);
        assert_eq!(windows(b"abcdefghi", 3), [&b"abcd"[..], b"defg"]);
        assert_eq!(windows(b"ab", 3), [b"ab"]);
        assert!(windows(b"a", 3).is_empty() && windows(b"", 3).is_empty());
    }

    #[test]
    fn a_model_does_not_diverge_from_itself() {
        let (model, other, env) = (tiny(1), tiny(2), Env::default());
        let text: Vec<u8> = (0..100u8).collect();
        let windows = windows(&text, 12);
        let reference = Reference::new(&model, &windows, &env).unwrap();
        let own = reference.grade(&model, &env.clone().with_threads(3)).unwrap();
        assert!(own.divergence.abs() < 1e-6 && own.bytes == 96, "{own:?}");
        assert!((own.bits - model.bits_per_byte(&windows, &env).unwrap()).abs() < 1e-9);
        assert!(reference.grade(&other, &env).unwrap().divergence > 0.1);
    }
}
