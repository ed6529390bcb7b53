//! Steps of training over batches that are cut into shards: fixed parts, each with a tape of its own, whose gradients are
//! added in order. Threads take shards as they come, so their number changes nothing but the time.

use crate::optimiser::{self, Optimiser, Rule, Schedule};
use crate::tape::Gradients;
use crate::{Arena, Context, Parameters, Random, Tape, Var};
use minlen_core::{Error, Result};
use std::sync::Mutex;

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
        let (first, rest) = self.shards.split_at_mut(1);
        let used = records.len().div_ceil(self.settings.shard.max(1));
        for shard in &rest[..used - 1] {
            first[0].gradients.add(&shard.gradients);
        }
        let norm = optimiser::norm(&first[0].gradients);
        if !means.loss.is_finite() || !norm.is_finite() {
            return Err(Error::usage(format!("training left the numbers at step {}", self.optimiser.steps))
                .remedy("use a lower learning rate, or clip gradients"));
        }
        let clip = (f64::from(self.settings.clip) / norm.max(1e-30)).min(1.0) as f32;
        self.optimiser.step(&mut self.params, &first[0].gradients, clip, self.settings.rate * factor);
        self.average();
        Ok(means)
    }

    fn average(&mut self) {
        let Some(averaged) = &mut self.averaged else { return };
        // Less of it in the first steps, so that the start is soon forgotten.
        let steps = self.optimiser.steps as f32;
        let keep = self.settings.average.min((1.0 + steps) / (10.0 + steps));
        for (mean, now) in averaged.entries_mut().iter_mut().zip(self.params.entries()) {
            if now.role != crate::Role::Constant {
                mean.values.iter_mut().zip(&now.values).for_each(|(m, w)| *m += (1.0 - keep) * (w - *m));
            }
        }
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
        let queue = Mutex::new(records.chunks(size).zip(&mut self.shards));
        let work = |arena: &mut Arena| {
            // A thread that panics poisons the queue: the others stop, and the scope panics.
            while let Some((ids, shard)) = queue.lock().ok().and_then(|mut queue| queue.next()) {
                one(params, arena, ids, training.as_ref(), shard, loss);
            }
        };
        let (own, others) = self.arenas.split_at_mut(1);
        if threads == 1 {
            work(&mut own[0]);
        } else {
            std::thread::scope(|scope| {
                for arena in &mut others[..threads - 1] {
                    scope.spawn(|| work(arena));
                }
                work(&mut own[0]);
            });
        }
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
