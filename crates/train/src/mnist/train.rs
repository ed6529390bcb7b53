//! Steps of training: shifted batches, a teacher's answers, masks, and weights that are rounded on the way forward.

use super::adam::Adam;
use super::data::{CLASSES, SHIFTS, STILL, Set};
use super::grid::Grid;
use super::loss::{Grading, Lesson, best};
use super::net::{Architecture, Params};
use minlen_core::testing::Rng;
use minlen_learn::Arena;

/// Pictures at a time where nothing is learnt.
const EVAL_BATCH: usize = 250;

/// A network in training.
#[derive(Debug)]
pub struct Trainer<'a> {
    /// Its layers.
    pub architecture: Architecture,
    /// What it learns from.
    pub set: &'a Set,
    /// Parameters in full precision; those that are masked are 0.
    pub params: Params,
    /// 1 where a parameter is alive, 0 where it is pruned.
    pub masks: Params,
    /// Where set, the network computes with parameters rounded by it, and the gradient passes straight through
    /// (Bengio, Léonard and Courville, arXiv 1308.3432).
    pub grid: Option<Grid>,
    /// Where set, weights of the same number in a layer share their gradient, and so stay equal; 0 is pruned.
    pub shared: Option<Vec<Vec<u16>>>,
    /// The optimiser.
    pub adam: Adam,
    /// A teacher's answers: for each shift and picture (or each picture) ten. Empty: no teacher.
    pub teacher: Vec<f32>,
    /// How the teacher counts.
    pub grading: Grading,
    /// Pictures a step.
    pub batch: usize,
    /// Decoupled decay of weights, relative to the rate.
    pub decay: f32,
    rng: Rng,
    pixels: Vec<f32>,
    arena: Arena,
    gradient: Params,
}

/// How long and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// Passes over the set.
    pub epochs: usize,
    /// The rate at the start and at the end; between them it falls along half a cosine.
    pub rates: (f32, f32),
}

impl Phase {
    fn rate(&self, part: f32) -> f32 {
        self.rates.1 + (self.rates.0 - self.rates.1) * 0.5 * (1.0 + (part * std::f32::consts::PI).cos())
    }
}

impl<'a> Trainer<'a> {
    /// A network with random weights.
    #[must_use]
    pub fn new(architecture: &Architecture, set: &'a Set, seed: u64) -> Self {
        let mut rng = Rng(seed);
        let mut masks = Params::zeros(architecture);
        masks.parts_mut().for_each(|part| part.fill(1.0));
        Self {
            architecture: architecture.clone(),
            set,
            params: Params::random(architecture, &mut rng),
            masks,
            grid: None,
            shared: None,
            adam: Adam::new(architecture),
            teacher: Vec::new(),
            grading: Grading { hard: 1.0, temperature: 1.0 },
            batch: 64,
            decay: 0.0,
            rng,
            pixels: Vec::new(),
            arena: Arena::default(),
            gradient: Params::zeros(architecture),
        }
    }

    /// Trains for a phase. `hook` runs before every step, with the part of the phase that is done and the step's number
    /// in its epoch; `done` after every epoch with its mean loss.
    pub fn run(
        &mut self,
        phase: Phase,
        mut hook: impl FnMut(&mut Self, f32, usize),
        mut done: impl FnMut(&mut Self, usize, f32),
    ) {
        let steps = self.set.len() / self.batch.max(1);
        let total = (steps * phase.epochs).max(1) as f32;
        for epoch in 0..phase.epochs {
            let order = self.order();
            let mut loss = 0.0;
            for (step, batch) in order.chunks_exact(self.batch).enumerate() {
                let part = (epoch * steps + step) as f32 / total;
                hook(self, part, step);
                loss += self.step(batch, phase.rate(part));
            }
            done(self, epoch, loss / steps.max(1) as f32);
        }
    }

    /// All pictures once, shuffled, each with a shift.
    fn order(&mut self) -> Vec<(u32, u8)> {
        let mut order: Vec<(u32, u8)> = (0..self.set.len() as u32).map(|i| (i, 0)).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, self.rng.below(i + 1));
        }
        order.iter_mut().for_each(|(_, shift)| *shift = self.rng.below(SHIFTS) as u8);
        order
    }

    fn step(&mut self, batch: &[(u32, u8)], rate: f32) -> f32 {
        let Self { architecture, set, pixels, arena, gradient, .. } = self;
        pixels.clear();
        let mut labels = Vec::with_capacity(batch.len());
        let mut teacher = Vec::new();
        for &(i, shift) in batch {
            let i = i as usize;
            set.put(i, usize::from(shift), pixels);
            labels.push(set.labels[i]);
            if !self.teacher.is_empty() {
                // One answer a picture serves all shifts.
                let at = (usize::from(shift) * set.len() + i) * CLASSES % self.teacher.len();
                teacher.extend_from_slice(&self.teacher[at..at + CLASSES]);
            }
        }
        let rounded = self.grid.as_ref().map(|grid| grid.rounded(&self.params));
        let used = rounded.as_ref().unwrap_or(&self.params);
        let teacher = (!teacher.is_empty()).then_some(&teacher[..]);
        let lesson = Lesson { labels: &labels, teacher, grading: self.grading };
        let loss = architecture.learn(used, pixels, &lesson, arena, gradient);
        for (gradient, mask) in gradient.parts_mut().zip(self.masks.parts_mut()) {
            gradient.iter_mut().zip(mask).for_each(|(g, m)| *g *= *m);
        }
        if let Some(shared) = &self.shared {
            share(gradient, shared);
        }
        self.adam.step(&mut self.params, gradient, rate, self.decay);
        // The moments of what was pruned would go on moving it.
        self.apply_masks();
        loss
    }

    /// Takes units out that are masked, with all that belongs to them: the network computes the same in less time.
    pub fn compact(&mut self) {
        let kept: Vec<Vec<usize>> = self.masks.biases[..self.masks.biases.len() - 1]
            .iter()
            .map(|mask| (0..mask.len()).filter(|&unit| mask[unit] != 0.0 || mask.len() == 1).collect())
            .collect();
        let units: Vec<usize> = kept.iter().map(Vec::len).collect();
        if units == self.architecture.units() || units.contains(&0) {
            return;
        }
        let new = self.architecture.resized(&units);
        let old = std::mem::replace(&mut self.architecture, new);
        self.params = self.params.gathered(&old, &kept);
        self.masks = self.masks.gathered(&old, &kept);
        self.adam = self.adam.gathered(&old, &kept);
        self.gradient = Params::zeros(&self.architecture);
    }

    /// Makes every masked parameter 0.
    pub fn apply_masks(&mut self) {
        for (part, mask) in self.params.parts_mut().zip(self.masks.parts_mut()) {
            part.iter_mut().zip(mask).for_each(|(p, m)| *p = if *m == 0.0 { 0.0 } else { *p });
        }
    }

    /// Weights that are alive.
    #[must_use]
    pub fn alive(&self) -> usize {
        self.masks.weights.iter().flatten().filter(|&&m| m != 0.0).count()
    }

    /// The parameters that the network computes with.
    #[must_use]
    pub fn used(&self) -> Params {
        self.grid.as_ref().map_or_else(|| self.params.clone(), |grid| grid.rounded(&self.params))
    }
}

/// Gives all weights of a number the sum of their gradients.
fn share(gradient: &mut Params, shared: &[Vec<u16>]) {
    for (gradient, numbers) in gradient.weights.iter_mut().zip(shared) {
        let most = numbers.iter().copied().max().unwrap_or(0);
        let mut sums = vec![0.0f32; usize::from(most) + 1];
        gradient.iter().zip(numbers).for_each(|(g, &n)| sums[usize::from(n)] += g);
        sums[0] = 0.0;
        gradient.iter_mut().zip(numbers).for_each(|(g, &n)| *g = sums[usize::from(n)]);
    }
}

/// The answers of a network for all pictures of a set under one shift.
#[must_use]
pub fn answers(architecture: &Architecture, params: &Params, set: &Set, shift: usize) -> Vec<f32> {
    let (mut arena, mut pixels) = (Arena::default(), Vec::new());
    let mut out = Vec::with_capacity(set.len() * CLASSES);
    for start in (0..set.len()).step_by(EVAL_BATCH) {
        let end = (start + EVAL_BATCH).min(set.len());
        pixels.clear();
        (start..end).for_each(|i| set.put(i, shift, &mut pixels));
        out.extend(architecture.answers(params, &pixels, &mut arena));
    }
    out
}

/// The answers of a teacher: under every shift, or once a picture without any, which costs a ninth.
#[must_use]
pub fn teach(architecture: &Architecture, params: &Params, set: &Set, every_shift: bool) -> Vec<f32> {
    let shifts = if every_shift { 0..SHIFTS } else { STILL..STILL + 1 };
    shifts.flat_map(|shift| answers(architecture, params, set, shift)).collect()
}

/// How many pictures of a set a network takes for another digit.
#[must_use]
pub fn errors(architecture: &Architecture, params: &Params, set: &Set) -> usize {
    let answers = answers(architecture, params, set, STILL);
    answers.chunks_exact(CLASSES).zip(&set.labels).filter(|(row, label)| best(row) != **label).count()
}
