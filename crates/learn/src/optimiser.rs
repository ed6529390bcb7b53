//! How a gradient changes parameters: gradient descent with momentum, Adam, and the rate by the step.

use crate::tape::Gradients;
use crate::{Parameters, Role, math};

/// The rule of an optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Stochastic gradient descent.
    Sgd {
        /// Share of the last step that is gone again.
        momentum: f32,
        /// Share of weights that goes with a step at rate 1 (decoupled).
        decay: f32,
    },
    /// Adam (Kingma and Ba, arXiv 1412.6980); with decay, AdamW (Loshchilov and Hutter, arXiv 1711.05101).
    Adam {
        /// Share of the mean gradient that stays at each step.
        beta1: f32,
        /// The same of the mean square.
        beta2: f32,
        /// Added to roots of mean squares.
        epsilon: f32,
        /// Share of weights that goes with a step at rate 1 (decoupled).
        decay: f32,
    },
}

impl Rule {
    /// Adam with the usual constants.
    #[must_use]
    pub fn adam() -> Self {
        Self::adamw(0.0)
    }

    /// AdamW with the usual constants and this decay.
    #[must_use]
    pub fn adamw(decay: f32) -> Self {
        Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay }
    }

    /// Gradient descent with momentum.
    #[must_use]
    pub fn sgd(momentum: f32) -> Self {
        Self::Sgd { momentum, decay: 0.0 }
    }
}

/// How the learning rate goes with time: a factor of the highest rate. Time is the share of the training that is over, so
/// that it may be counted in steps or by the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// Always 1.
    Constant,
    /// From 0 up to 1 within `warm` (a share of the whole), then half a cosine down to `floor`.
    Cosine {
        /// Share of the training that the rate rises in.
        warm: f64,
        /// Factor at the end.
        floor: f64,
    },
    /// Times `factor` at each of `steps` equal parts after the first.
    Stairs {
        /// Parts of the training.
        steps: u32,
        /// Factor from one to the next.
        factor: f64,
    },
}

impl Schedule {
    /// The factor when `done` (0..1) of the training is over.
    ///
    /// ```
    /// use minlen_learn::Schedule;
    /// let schedule = Schedule::Cosine { warm: 0.1, floor: 0.0 };
    /// assert_eq!(schedule.factor(0.1), 1.0);
    /// assert!((schedule.factor(0.55) - 0.5).abs() < 1e-6 && schedule.factor(1.0) < 1e-6);
    /// assert_eq!(Schedule::Stairs { steps: 4, factor: 0.5 }.factor(0.6), 0.25);
    /// ```
    #[must_use]
    pub fn factor(&self, done: f64) -> f32 {
        let done = done.clamp(0.0, 1.0);
        let factor = match *self {
            Self::Constant => 1.0,
            // Not 0 in the first step, which would be lost.
            Self::Cosine { warm, .. } if done < warm => (done / warm).max(0.01),
            Self::Cosine { warm, floor } => {
                let way = (done - warm) / (1.0 - warm).max(1e-9);
                floor + (1.0 - floor) * 0.5 * (1.0 + (std::f64::consts::PI * way).cos())
            }
            Self::Stairs { steps, factor } => {
                let stair = (done * f64::from(steps)).floor().min(f64::from(steps.max(1) - 1));
                (0..stair as u32).fold(1.0, |product, _| product * factor)
            }
        };
        factor as f32
    }
}

/// An optimiser with what it remembers of the gradients so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimiser {
    pub(crate) rule: Rule,
    pub(crate) steps: u64,
    /// Mean gradients, or the last step; empty for constants.
    pub(crate) first: Vec<Vec<f32>>,
    /// Mean squares of Adam.
    pub(crate) second: Vec<Vec<f32>>,
}

impl Optimiser {
    /// An optimiser for these parameters that has seen nothing.
    #[must_use]
    pub fn new(rule: Rule, params: &Parameters) -> Self {
        let zeros = |wanted: bool| -> Vec<Vec<f32>> {
            let len =
                |i: usize| if wanted && params.learns(i) { params.entries()[i].values.len() } else { 0 };
            (0..params.entries().len()).map(|i| vec![0.0; len(i)]).collect()
        };
        Self { rule, steps: 0, first: zeros(true), second: zeros(matches!(rule, Rule::Adam { .. })) }
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// One step down `factor` times the gradient at this rate. Parameters that the loss does not depend on stay as they are.
    pub fn step(&mut self, params: &mut Parameters, gradients: &Gradients, factor: f32, rate: f32) {
        self.steps += 1;
        let corrections = match self.rule {
            Rule::Sgd { .. } => (1.0, 1.0),
            Rule::Adam { beta1, beta2, .. } => (self.correction(beta1), self.correction(beta2)),
        };
        for (i, entry) in params.entries_mut().iter_mut().enumerate() {
            if entry.role == Role::Constant || !gradients.written[i] {
                continue;
            }
            let (g, m, v) = (&gradients.values[i], &mut self.first[i], &mut self.second[i]);
            let decays = entry.role == Role::Weight;
            match self.rule {
                Rule::Sgd { momentum, decay } => {
                    let keep = 1.0 - if decays { rate * decay } else { 0.0 };
                    for ((w, g), m) in entry.values.iter_mut().zip(g).zip(m) {
                        *m = momentum * *m + factor * g;
                        *w = keep * *w - rate * *m;
                    }
                }
                Rule::Adam { beta1, beta2, epsilon, decay } => {
                    let keep = 1.0 - if decays { rate * decay } else { 0.0 };
                    let numbers = Adam {
                        beta1,
                        beta2,
                        epsilon,
                        keep,
                        factor,
                        rate: rate / corrections.0,
                        root: corrections.1,
                    };
                    numbers.step(&mut entry.values, g, m, v);
                }
            }
        }
    }

    /// 1 - beta^steps.
    fn correction(&self, beta: f32) -> f32 {
        (1.0 - f64::from(beta).powi(self.steps.min(1 << 30) as i32)) as f32
    }
}

/// The numbers of a step of Adam.
struct Adam {
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    keep: f32,
    factor: f32,
    rate: f32,
    root: f32,
}

impl Adam {
    fn step(&self, w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        let unbiased = 1.0 / self.root;
        for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            let g = self.factor * g;
            *m = self.beta1 * *m + (1.0 - self.beta1) * g;
            *v = self.beta2 * *v + (1.0 - self.beta2) * (g * g);
            *w = self.keep * *w - self.rate * *m / ((*v * unbiased).sqrt() + self.epsilon);
        }
    }
}

/// The length of a gradient, over all parameters.
pub(crate) fn norm(gradients: &Gradients) -> f64 {
    let squares =
        |values: &[f32]| -> f64 { values.chunks(4096).map(|block| f64::from(math::dot(block, block))).sum() };
    let written = gradients.values.iter().zip(&gradients.written).filter(|(_, w)| **w);
    written.map(|(values, _)| squares(values)).sum::<f64>().sqrt()
}
