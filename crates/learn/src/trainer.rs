//! Steps of training over batches that are cut into shards: fixed parts, each with a tape of its own, whose gradients are
//! added in order. Threads take shards as they come, so their number changes nothing but the time.

use crate::optimiser::{Optimiser, Rule, Schedule};
use crate::tape::Gradients;
use crate::threads::each;
use crate::wide::wide;
use crate::{Arena, Context, Parameters, Random, Role, Tape, Var, math};
use minlen_core::{Error, Result};

/// How a model is trained. All of it decides about the result, but for `threads`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The optimiser's rule.
    pub rule: Rule,
    /// The highest learning rate.
    pub rate: f32,
    /// How the rate goes.
    pub schedule: Schedule,
    /// Gradients longer than this are made this long; infinite for none.
    pub clip: f32,
    /// Share of the averaged weights that stays at each step (as 0.995); 0 for no averaging.
    pub average: f32,
    /// Records of a shard. Small shards keep more threads busy and stay in the cache, large ones make faster products.
    pub shard: usize,
    /// Seed of orders and noise.
    pub seed: u64,
    /// Threads; the result is the same for every number.
    pub threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rule: Rule::adam(),
            rate: 1e-3,
            schedule: Schedule::Constant,
            clip: f32::INFINITY,
            average: 0.0,
            shard: 64,
            seed: 0,
            threads: 1,
        }
    }
}

/// Means over records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Means {
    /// The loss.
    pub loss: f64,
    /// What the model noted with [`Tape::note`].
    pub notes: Vec<(&'static str, f64)>,
}

impl Means {
    /// A noted mean.
    #[must_use]
    pub fn note(&self, name: &str) -> Option<f64> {
        self.notes.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
    }

    fn add(&mut self, loss: f64, notes: &[(&'static str, f64)]) {
        self.loss += loss;
        for &(name, value) in notes {
            match self.notes.iter_mut().find(|(n, _)| *n == name) {
                Some((_, sum)) => *sum += value,
                None => self.notes.push((name, value)),
            }
        }
    }

    fn over(mut self, records: usize) -> Self {
        let n = records.max(1) as f64;
        self.loss /= n;
        self.notes.iter_mut().for_each(|(_, sum)| *sum /= n);
        self
    }
}

/// Values of a part of a parameter that one thread works on.
const PART: usize = 1 << 14;
/// From this many parameters on they are worked on by several threads.
const MANY: usize = 1 << 18;

/// One shard's results.
#[derive(Debug, Default)]
struct Shard {
    gradients: Gradients,
    loss: f64,
    notes: Vec<(&'static str, f64)>,
}

/// A model in training.
///
/// A model is a function that writes the loss of some records on a tape, one number for each record; see the
/// [crate's example](crate).
#[derive(Debug)]
pub struct Trainer {
    pub(crate) params: Parameters,
    pub(crate) averaged: Option<Parameters>,
    pub(crate) optimiser: Optimiser,
    pub(crate) settings: Settings,
    pub(crate) course: crate::fit::Course,
    arenas: Vec<Arena>,
    shards: Vec<Shard>,
}

impl Trainer {
    /// A model that has not learned anything yet.
    #[must_use]
    pub fn new(params: Parameters, settings: Settings) -> Self {
        let averaged = (settings.average > 0.0).then(|| params.clone());
        let optimiser = Optimiser::new(settings.rule, &params);
        let course = crate::fit::Course::default();
        Self { params, averaged, optimiser, settings, course, arenas: Vec::new(), shards: Vec::new() }
    }

    /// The parameters as they are trained.
    #[must_use]
    pub fn params(&self) -> &Parameters {
        &self.params
    }

    /// The parameters to use: the averaged ones, where there are such.
    #[must_use]
    pub fn current(&self) -> &Parameters {
        self.averaged.as_ref().unwrap_or(&self.params)
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Steps taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.optimiser.steps
    }

    /// One step down the gradient of the mean loss of these records, at the full rate times `factor`.
    ///
    /// # Errors
    /// Usage if the loss or its gradient is no finite number; nothing is changed then.
    pub fn step<F>(&mut self, records: &[u32], factor: f32, loss: F) -> Result<Means>
    where
        F: Fn(&mut Tape<'_>, &[u32]) -> Var + Sync,
    {
        if records.is_empty() {
            return Ok(Means::default());
        }
        let seed = 1.0 / records.len() as f32;
        let random = Random::new(self.settings.seed).stream(self.optimiser.steps);
        let means = self.run(records, Some((seed, random)), false, &loss);
        let norm = self.add_up(records.len().div_ceil(self.settings.shard.max(1)));
        if !means.loss.is_finite() || !norm.is_finite() {
            return Err(Error::usage(format!("training left the numbers at step {}", self.optimiser.steps))
                .remedy("use a lower learning rate, or clip gradients"));
        }
        let clip = (f64::from(self.settings.clip) / norm.max(1e-30)).min(1.0) as f32;
        self.update(clip, self.settings.rate * factor);
        Ok(means)
    }

    /// Threads for the work on parameters: one for few of them, since starting others takes longer.
    fn helpers(&self) -> Vec<()> {
        let many = self.params.len() >= MANY;
        vec![(); if many { self.settings.threads.max(1) } else { 1 }]
    }

    /// Adds the gradients of the first shards to that of the very first, and says how long the sum is.
    fn add_up(&mut self, shards: usize) -> f64 {
        let mut helpers = self.helpers();
        let (first, rest) = self.shards.split_at_mut(1);
        let (sum, rest) = (&mut first[0].gradients, &rest[..shards - 1]);
        for (i, (values, written)) in sum.values.iter_mut().zip(&mut sum.written).enumerate() {
            if !*written {
                // Parts of other shards are added to zeros; without any, the parameter stays as it is.
                *written = rest.iter().any(|shard| shard.gradients.written[i]);
                values.clear();
                values.resize(if *written { self.params.entries()[i].values.len() } else { 0 }, 0.0);
            }
        }
        let mut squares = vec![0.0; sum.values.iter().map(|values| values.len().div_ceil(PART)).sum()];
        let parts = sum.values.iter_mut().enumerate().flat_map(|(i, values)| {
            values.chunks_mut(PART).enumerate().map(move |(k, part)| (i, k * PART, part))
        });
        each(&mut helpers, parts.zip(&mut squares), |(), ((i, from, part), squares)| {
            for shard in rest.iter().filter(|shard| shard.gradients.written[i]) {
                let more = &shard.gradients.values[i][from..][..part.len()];
                wide(|| part.iter_mut().zip(more).for_each(|(s, m)| *s += m));
            }
            *squares = wide(|| part.chunks(4096).map(|block| f64::from(math::dot(block, block))).sum());
        });
        squares.iter().sum::<f64>().sqrt()
    }

    /// Changes the parameters by the gradient of the first shard, then their averages.
    fn update(&mut self, factor: f32, rate: f32) {
        let mut helpers = self.helpers();
        let update = self.optimiser.begin(factor, rate);
        // Less is kept in the first steps, so that the start is soon forgotten.
        let steps = self.optimiser.steps as f32;
        let keep = self.settings.average.min((1.0 + steps) / (10.0 + steps));
        let gradients = &self.shards[0].gradients;
        let mut averaged = self.averaged.as_mut().map(|params| params.entries_mut().iter_mut());
        let memory = self.optimiser.first.iter_mut().zip(&mut self.optimiser.second);
        let entries = self.params.entries_mut().iter_mut().zip(memory).enumerate();
        let mut parts = Vec::new();
        for (i, (entry, (first, second))) in entries {
            let mean =
                averaged.as_mut().and_then(Iterator::next).map_or(&mut [][..], |entry| &mut entry.values);
            let role = entry.role;
            let (mut first, mut second, mut mean) =
                (first.chunks_mut(PART), second.chunks_mut(PART), mean.chunks_mut(PART));
            for (k, values) in entry.values.chunks_mut(PART).enumerate() {
                let written = gradients.written[i];
                let gradient = if written { &gradients.values[i][k * PART..][..values.len()] } else { &[] };
                let memory = (first.next().unwrap_or_default(), second.next().unwrap_or_default());
                parts.push((role, values, gradient, memory, mean.next().unwrap_or_default()));
            }
        }
        each(&mut helpers, parts.into_iter(), |(), (role, values, gradient, memory, mean)| {
            if !gradient.is_empty() {
                update.apply(role, values, gradient, memory);
            }
            if role != Role::Constant {
                wide(|| mean.iter_mut().zip(&*values).for_each(|(m, w)| *m += (1.0 - keep) * (w - *m)));
            }
        });
    }

    /// The mean loss of records, without noise and without learning, under [`Self::current`] parameters.
    pub fn evaluate<F>(&mut self, records: &[u32], loss: F) -> Means
    where
        F: Fn(&mut Tape<'_>, &[u32]) -> Var + Sync,
    {
        if records.is_empty() { Means::default() } else { self.run(records, None, true, &loss) }
    }

    /// Runs the loss of all shards, backwards too for training, and adds up losses and notes.
    fn run<F>(&mut self, records: &[u32], training: Option<(f32, Random)>, averaged: bool, loss: &F) -> Means
    where
        F: Fn(&mut Tape<'_>, &[u32]) -> Var + Sync,
    {
        let size = self.settings.shard.max(1);
        let count = records.len().div_ceil(size);
        let threads = self.settings.threads.clamp(1, count);
        if self.shards.len() < count {
            self.shards.resize_with(count, Shard::default);
        }
        if self.arenas.len() < threads {
            self.arenas.resize_with(threads, Arena::default);
        }
        let params = if averaged { self.averaged.as_ref().unwrap_or(&self.params) } else { &self.params };
        let shards = records.chunks(size).zip(&mut self.shards);
        each(&mut self.arenas[..threads], shards, |arena, (ids, shard)| {
            one(params, arena, ids, training.as_ref(), shard, loss);
        });
        let mut means = Means::default();
        for shard in &self.shards[..count] {
            means.add(shard.loss, &shard.notes);
        }
        means.over(records.len())
    }
}

/// The work of one shard.
fn one<F>(
    params: &Parameters,
    arena: &mut Arena,
    ids: &[u32],
    training: Option<&(f32, Random)>,
    shard: &mut Shard,
    loss: &F,
) where
    F: Fn(&mut Tape<'_>, &[u32]) -> Var + Sync,
{
    let random = training.map_or(Random::new(0), |(_, random)| random.clone());
    let context = Context { training: training.is_some(), random, records: ids };
    let mut tape = Tape::new(params, arena, context);
    let var = loss(&mut tape, ids);
    let losses = tape.value(var);
    assert_eq!(losses.len(), ids.len(), "a model has to give a loss for each record");
    shard.loss = losses.iter().map(|&v| f64::from(v)).sum();
    if let Some((seed, _)) = training {
        tape.backward(var, *seed);
        std::mem::swap(&mut arena.gradients, &mut shard.gradients);
    }
    shard.notes.clear();
    shard.notes.extend(&arena.notes);
}
