//! How a gradient changes parameters: gradient descent with momentum, Adam, and the rate by the step.

use crate::tape::Gradients;
use crate::wide::{Loop, wide_loop};
use crate::{Parameters, Role};

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
        let update = self.begin(factor, rate);
        for (i, entry) in params.entries_mut().iter_mut().enumerate() {
            if gradients.written[i] {
                let memory = (&mut self.first[i][..], &mut self.second[i][..]);
                update.apply(entry.role, &mut entry.values, &gradients.values[i], memory);
            }
        }
    }

    /// Counts a step, and says what it does to any part of a parameter.
    pub(crate) fn begin(&mut self, factor: f32, rate: f32) -> Update {
        self.steps += 1;
        let (first, second) = match self.rule {
            Rule::Sgd { .. } => (1.0, 1.0),
            Rule::Adam { beta1, beta2, .. } => (self.correction(beta1), self.correction(beta2)),
        };
        Update { rule: self.rule, factor, rate, first, second }
    }

    /// 1 - beta^steps.
    fn correction(&self, beta: f32) -> f32 {
        (1.0 - f64::from(beta).powi(self.steps.min(1 << 30) as i32)) as f32
    }
}

/// 0 for what is next to it. A mean of gradients that have ceased (of a pixel that few pictures have) would else fade into
/// numbers so small that each sum with them takes the processor a hundred times as long, and stay there.
#[inline(always)]
fn settled(x: f32) -> f32 {
    if x.abs() < 1e-30 { 0.0 } else { x }
}

/// A step, for any part of a parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    rule: Rule,
    factor: f32,
    rate: f32,
    /// What the means of Adam have reached of their values, at this step.
    first: f32,
    second: f32,
}

/// What a step does to a part of a parameter.
struct Change<'a> {
    update: &'a Update,
    role: Role,
    w: &'a mut [f32],
    g: &'a [f32],
    memory: (&'a mut [f32], &'a mut [f32]),
}

impl Loop for Change<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        self.update.change(self.role, self.w, self.g, self.memory);
    }
}

impl Update {
    /// Changes values by their gradient and what is remembered of it.
    pub(crate) fn apply(&self, role: Role, w: &mut [f32], g: &[f32], memory: (&mut [f32], &mut [f32])) {
        wide_loop(Change { update: self, role, w, g, memory });
    }

    #[inline(always)]
    fn change(&self, role: Role, w: &mut [f32], g: &[f32], (m, v): (&mut [f32], &mut [f32])) {
        let keep = |decay: f32| 1.0 - if role == Role::Weight { self.rate * decay } else { 0.0 };
        match self.rule {
            _ if role == Role::Constant => {}
            Rule::Sgd { momentum, decay } => {
                let keep = keep(decay);
                for ((w, g), m) in w.iter_mut().zip(g).zip(m) {
                    *m = settled(momentum * *m + self.factor * g);
                    *w = keep * *w - self.rate * *m;
                }
            }
            Rule::Adam { beta1, beta2, epsilon, decay } => {
                let (keep, rate, unbiased) = (keep(decay), self.rate / self.first, 1.0 / self.second);
                for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
                    let g = self.factor * g;
                    *m = settled(beta1 * *m + (1.0 - beta1) * g);
                    *v = settled(beta2 * *v + (1.0 - beta2) * (g * g));
                    *w = keep * *w - rate * *m / ((*v * unbiased).sqrt() + epsilon);
                }
            }
        }
    }
}
