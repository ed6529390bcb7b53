//! Least squares that follows the data: a weighted sum of neighbours, weights solved again every few cells.
//!
//! Recursive with exponential forgetting, solved by Cholesky decomposition, as in the image models of the PAQ8 family and in
//! TMW (Meyer and Tischer, "TMW: a new method for lossless image compression", 1997). Only + - * / and square root, in a
//! fixed order: the same weights on every machine.

/// Weighs up to a fixed number of inputs.
pub(super) struct Ols {
    n: usize,
    keep: f64,
    every: u32,
    seen: u32,
    matrix: Vec<f64>,
    target: Vec<f64>,
    weights: Vec<f64>,
    lower: Vec<f64>,
    inputs: Vec<f64>,
}

impl Ols {
    /// Weights for `n` inputs, solved `every` so many samples, each sample's share fading by `keep` with each further one.
    pub fn new(n: usize, keep: f64, every: u32) -> Self {
        Self {
            n,
            keep,
            every,
            seen: 0,
            matrix: vec![0.0; n * n],
            target: vec![0.0; n],
            weights: vec![0.0; n],
            lower: vec![0.0; n * n],
            inputs: vec![0.0; n],
        }
    }

    /// The prediction from `inputs`, which are kept for [`Ols::learn`].
    pub fn predict(&mut self, inputs: &[f64]) -> f64 {
        self.inputs.copy_from_slice(&inputs[..self.n]);
        let mut sum = 0.0;
        for (w, x) in self.weights.iter().zip(&self.inputs) {
            sum += w * x;
        }
        sum
    }

    /// Learns what the last inputs should have given, with a weight.
    pub fn learn(&mut self, truth: f64, weight: f64) {
        let n = self.n;
        for i in 0..n {
            let x = self.inputs[i] * weight;
            // The lower triangle only.
            let row = &mut self.matrix[i * n..][..=i];
            for (cell, &y) in row.iter_mut().zip(&self.inputs) {
                *cell = *cell * self.keep + x * y;
            }
            self.target[i] = self.target[i] * self.keep + x * truth;
        }
        self.seen += 1;
        if self.seen.is_multiple_of(self.every) || (self.seen < 64 && self.seen.is_multiple_of(4)) {
            self.solve();
        }
    }

    fn solve(&mut self) {
        let n = self.n;
        let mut trace = 0.0;
        for i in 0..n {
            trace += self.matrix[i * n + i];
        }
        if !trace.is_finite() {
            // Numbers beyond all range: start over.
            let fresh = Self::new(n, self.keep, self.every);
            *self = fresh;
            return;
        }
        let ridge = trace / n as f64 * 1e-6 + 1e-300;
        for i in 0..n {
            for j in 0..=i {
                let mut sum = self.matrix[i * n + j];
                if i == j {
                    sum += ridge;
                }
                let (a, b) = (&self.lower[i * n..][..j], &self.lower[j * n..][..j]);
                for (x, y) in a.iter().zip(b) {
                    sum -= x * y;
                }
                self.lower[i * n + j] = if i == j {
                    if sum <= 0.0 {
                        return;
                    }
                    sum.sqrt()
                } else {
                    sum / self.lower[j * n + j]
                };
            }
        }
        let mut y = vec![0.0; n];
        for i in 0..n {
            let mut sum = self.target[i];
            for j in 0..i {
                sum -= self.lower[i * n + j] * y[j];
            }
            y[i] = sum / self.lower[i * n + i];
        }
        for i in (0..n).rev() {
            let mut sum = y[i];
            for j in i + 1..n {
                sum -= self.lower[j * n + i] * self.weights[j];
            }
            self.weights[i] = sum / self.lower[i * n + i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_weights_and_survives_infinities() {
        let mut rng = minlen_core::testing::Rng(8);
        let mut ols = Ols::new(3, 0.999, 8);
        let mut number = || rng.below(1000) as f64 - 500.0;
        let mut last = 0.0;
        for _ in 0..400 {
            let x = [number(), number(), number()];
            let truth = 0.5 * x[0] - 2.0 * x[1] + x[2];
            last = ols.predict(&x) - truth;
            ols.learn(truth, 1.0);
        }
        assert!(last.abs() < 0.1, "{last}");
        for _ in 0..9 {
            ols.predict(&[1e300, -1e300, f64::MAX]);
            ols.learn(1e308, 1.0);
        }
        assert!(!ols.predict(&[1.0, 1.0, 1.0]).is_nan());
    }
}
