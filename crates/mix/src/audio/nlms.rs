//! Adaptive filters: normalised least mean squares over a long past.

use crate::sample::ols::dot;

/// The last values of a signal as one slice: every value is written twice.
#[derive(Clone, Debug)]
pub struct Past<T> {
    data: Vec<T>,
    len: usize,
    at: usize,
}

impl<T: Copy + Default> Past<T> {
    /// A past of `len` values.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self { data: vec![T::default(); 2 * len], len, at: 0 }
    }

    /// The values, the newest first.
    #[inline(always)]
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.data[self.at..self.at + self.len]
    }

    /// Adds a value.
    #[inline(always)]
    pub fn push(&mut self, value: T) {
        self.at = if self.at == 0 { self.len - 1 } else { self.at - 1 };
        self.data[self.at] = value;
        self.data[self.at + self.len] = value;
    }
}

/// A filter whose weights move against its error.
#[derive(Clone, Debug)]
pub struct NlmsFilter {
    weights: Vec<f32>,
    past: Past<f32>,
    rate: f32,
    energy: f32,
}

impl NlmsFilter {
    /// A filter over `order` values that learns with `rate`.
    #[must_use]
    pub fn new(order: usize, rate: f32) -> Self {
        Self { weights: vec![0.0; order], past: Past::new(order), rate, energy: 0.0 }
    }

    /// The next value.
    #[must_use]
    pub fn predict(&self) -> f32 {
        dot(&self.weights, self.past.values())
    }

    /// Learns `truth`, which [`NlmsFilter::predict`] predicted as `guess`; `value` joins the past.
    pub fn update(&mut self, guess: f32, truth: f32, value: f32) {
        let x = self.past.values();
        self.energy = dot(x, x);
        let step = self.rate * (truth - guess) / (self.energy + 1.0 + self.weights.len() as f32);
        for (w, &x) in self.weights.iter_mut().zip(x) {
            *w += step * x;
        }
        self.past.push(value);
    }
}
