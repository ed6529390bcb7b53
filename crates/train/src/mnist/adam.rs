//! The optimiser (Kingma and Ba, arXiv 1412.6980), with decoupled decay of the weights.

use super::net::{Architecture, Params};

/// First and second moments of the gradient, and the time.
#[derive(Clone, Debug)]
pub struct Adam {
    first: Params,
    /// Running mean of squared gradients (biased towards 0 at first).
    pub second: Params,
    time: i32,
}

const BETA: (f32, f32) = (0.9, 0.999);
const EPSILON: f32 = 1e-8;

impl Adam {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(architecture: &Architecture) -> Self {
        Self { first: Params::zeros(architecture), second: Params::zeros(architecture), time: 0 }
    }

    /// Only the moments of the units in `kept`.
    #[must_use]
    pub fn gathered(&self, architecture: &Architecture, kept: &[Vec<usize>]) -> Self {
        let [first, second] = [&self.first, &self.second].map(|part| part.gathered(architecture, kept));
        Self { first, second, time: self.time }
    }

    /// One step against `gradient`.
    pub fn step(&mut self, params: &mut Params, gradient: &mut Params, rate: f32, decay: f32) {
        self.time += 1;
        let corrected = (1.0 - BETA.0.powi(self.time), (1.0 - BETA.1.powi(self.time)).sqrt());
        let rate_now = rate * corrected.1 / corrected.0;
        let keep = 1.0 - rate * decay;
        let moments = self.first.parts_mut().zip(self.second.parts_mut());
        for ((w, g), (m, v)) in params.parts_mut().zip(gradient.parts_mut()).zip(moments) {
            for ((w, &mut g), (m, v)) in w.iter_mut().zip(g).zip(m.iter_mut().zip(v)) {
                *m += (1.0 - BETA.0) * (g - *m);
                *v += (1.0 - BETA.1) * (g * g - *v);
                *w = keep * *w - rate_now * *m / (v.sqrt() + EPSILON);
            }
        }
    }
}
